"""deep_learning_article.m moved to Python, call by call: same numbers, same models.

    python examples/deep_learning_article.py

The four .mat files go to the current folder. OCTAVE_COMPRESS_BACKEND=numpy runs it without Octave.
"""

import numpy as np

import octave_compress as oc
from octave_compress.random import OctaveRandom


def samples(random: OctaveRandom, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return what ``X = rand(8, count)`` draws, as rows, and the classes, counted from 0."""
    X = random.rand(8, count).T
    return X, (X[:, 0:3] + X[:, 3:6] * X[:, [6, 7, 6]]).argmax(axis=1)


def accuracy(model: oc.Model) -> float:
    """Return the share of the test samples whose class the model gets right."""
    return float(oc.ops.accuracy(oc.predict(model, X_test), y_test))


random = OctaveRandom(2)
X, y = samples(random, 400)
X_test, y_test = samples(random, 300)
oc.save("model.mat", oc.train(X, y, layers=[8, 24, 3], epochs=60))
model = oc.load("model.mat")
print(f"model             {accuracy(model):.12g} accuracy")

prune_rate = 0.2
weights = model.layers[0].weights
_, by_layer = oc.ops.prune_relative(weights, prune_rate)
_, by_column = oc.ops.prune_relative(weights, prune_rate, scope="column")
print(
    f"first layer       {np.sum(~by_layer)} of {weights.size} weights go, "
    f"by column {np.sum(~by_column)}"
)
pruned = oc.retrain(oc.prune(model, rate=prune_rate), X, y, epochs=30)
oc.save("pruned_model.mat", pruned)
counts = oc.ops.count_model(oc.load("pruned_model.mat"))
print(
    f"pruned            {accuracy(pruned):.12g} accuracy, "
    f"{counts.nonzeros} of {counts.parameters} parameters nonzero"
)

narrow = oc.retrain(oc.prune(model, sparsity=0.5, unit="neuron"), X, y, epochs=30)
parameters = oc.ops.count_model(narrow).parameters
print(f"half the neurons  {accuracy(narrow):.12g} accuracy, {parameters} parameters")

model = oc.load("pruned_model.mat")
quant_bits = 8
layer = model.layers[0]
quant_weights, codes, scale, zero_point = oc.ops.quantize_affine(layer.weights, bits=quant_bits)
print(
    f"weights           scale {scale.item():.12g}, zero point {zero_point.item():.0f}, "
    f"codes of class {codes.dtype}"
)
print(f"                  off by {abs(quant_weights - layer.weights).max():.12g} at most")
activation, _ = oc.ops.dense_forward(layer.weights, layer.bias, X, layer.activation)
quant_activation, _, scale, zero_point = oc.ops.quantize_affine(activation, bits=quant_bits)
print(f"activations       scale {scale.item():.12g}, zero point {zero_point.item():.0f}")
print(f"                  off by {abs(quant_activation - activation).max():.12g} at most")
quantized = oc.quantize(model, bits=quant_bits, scheme="affine", activations=X)
oc.save("quantized_model.mat", quantized)
print(
    f"quantized         {accuracy(quantized):.12g} accuracy, "
    f"{oc.ops.count_model(quantized).bytes_packed} bytes packed, "
    f"{oc.ops.count_model(model).bytes_packed} before"
)

large_model = oc.load("model.mat")
alone = oc.train(X, y, layers=[8, 4, 3], epochs=120)
print(f"small, alone      {accuracy(alone):.12g} accuracy")
small_model = oc.distill(large_model, [8, 4, 3], X, y, temperature=2.0, alpha=0.9, epochs=120)
oc.save("distilled_model.mat", small_model)
print(f"small, distilled  {accuracy(small_model):.12g} accuracy")
