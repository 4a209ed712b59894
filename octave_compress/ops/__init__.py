"""The operations, one module a family.

Each function is the NumPy definition of an operation and its declaration: signature, defaults,
documentation, level of equality. The ``.m`` file of the same name is its twin in Octave.
"""

from octave_compress.ops.analysis import count_model, energy_model, time_model
from octave_compress.ops.augmentation import warp_images
from octave_compress.ops.coding import (
    huffman_decode,
    huffman_encode,
    huffman_lengths,
    rans_decode,
    rans_encode,
    relative_index,
)
from octave_compress.ops.deep_compression import deep_compress_model
from octave_compress.ops.distillation import distill_model, distillation_loss, soft_targets
from octave_compress.ops.gradual_pruning import gradual_prune_model
from octave_compress.ops.losses import accuracy, loss_crossentropy, loss_mse
from octave_compress.ops.network import (
    dense_backward,
    dense_forward,
    gradient_model,
    predict_model,
)
from octave_compress.ops.packing import count_huffman_model, pack_model, unpack_model
from octave_compress.ops.pruning import (
    compact_model,
    prune_magnitude,
    prune_model,
    prune_neurons,
    prune_quality,
    prune_relative,
    prune_threshold,
    sensitivity_model,
    sparsity_schedule,
    surgery_mask,
)
from octave_compress.ops.quantization import (
    dequantize_affine,
    dequantize_grid,
    dequantize_symmetric,
    quantize_affine,
    quantize_grid,
    quantize_model,
    quantize_symmetric,
)
from octave_compress.ops.shared_training import retrain_shared_model
from octave_compress.ops.sharing import kmeans_codebook, quantize_codebook, share_model
from octave_compress.ops.training import adam_step, retrain_model, sgd_step, train_model

__all__ = [
    "accuracy",
    "adam_step",
    "compact_model",
    "count_huffman_model",
    "count_model",
    "deep_compress_model",
    "dense_backward",
    "dense_forward",
    "dequantize_affine",
    "dequantize_grid",
    "dequantize_symmetric",
    "distill_model",
    "distillation_loss",
    "energy_model",
    "gradient_model",
    "gradual_prune_model",
    "huffman_decode",
    "huffman_encode",
    "huffman_lengths",
    "kmeans_codebook",
    "loss_crossentropy",
    "loss_mse",
    "pack_model",
    "predict_model",
    "prune_magnitude",
    "prune_model",
    "prune_neurons",
    "prune_quality",
    "prune_relative",
    "prune_threshold",
    "quantize_affine",
    "quantize_codebook",
    "quantize_grid",
    "quantize_model",
    "quantize_symmetric",
    "rans_decode",
    "rans_encode",
    "relative_index",
    "retrain_model",
    "retrain_shared_model",
    "sensitivity_model",
    "sgd_step",
    "share_model",
    "soft_targets",
    "sparsity_schedule",
    "surgery_mask",
    "time_model",
    "train_model",
    "unpack_model",
    "warp_images",
]
