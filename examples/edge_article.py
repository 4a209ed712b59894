"""edge_article.m moved to Python, call by call: it prints the same numbers.

    python examples/edge_article.py

Samples are rows here and columns in Octave. OCTAVE_COMPRESS_BACKEND=numpy runs it without Octave.
"""

import numpy as np

import octave_compress as oc
from octave_compress.random import OctaveRandom


def samples(random: OctaveRandom, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return what ``X = rand(10, count)`` draws, as rows, and the targets."""
    X = random.rand(10, count).T
    return X, X[:, 0] * X[:, 1] + X[:, 2] / 2


def train_network(random, X, y, layers, solver, loss, epochs):
    """Train as compat/trainNetwork.m does, with a seed drawn from the script's generator."""
    seed = int(random.randi((0, 2**32 - 1)))
    return oc.train(X, y, layers=layers, solver=solver, loss=loss, epochs=epochs, seed=seed)


random = OctaveRandom(1)
X, y = samples(random, 320)
X_test, y_test = samples(random, 200)

layers = [10, 5, 1]
model = train_network(random, X, y, layers, "adam", "mse", 100)

threshold = 0.1
pruned = oc.prune(model, threshold=threshold)
zeros_before = sum(int(np.sum(layer.weights == 0)) for layer in pruned.layers)
pruned = oc.retrain(pruned, X, y, epochs=100)
zeros_after = sum(int(np.sum(layer.weights == 0)) for layer in pruned.layers)
print(f"connections pruned        {zeros_before}")
print(f"still zero once retrained {zeros_after}")

_, codes, step, _ = oc.ops.quantize_grid(pruned.layers[1].weights)
print(f"grid codes                {' '.join(map(str, codes.ravel()))}")
print(f"grid step                 {step.item():.12g}")
on_grid = oc.quantize(pruned, scheme="grid")
eight_bits = oc.quantize(pruned, bits=8, activations=X)
bits = [quantized.layers[0].quantization.bits for quantized in (on_grid, eight_bits)]
print(f"bits of a code            {bits[0]} on the grid, {bits[1]} symmetric")

alone = train_network(random, X, y, [10, 1], "adam", "mse", 500)
distilled = oc.distill(model, [10, 1], X, y, loss="mse", alpha=0.5, epochs=500)

models = {
    "large": model,
    "pruned": pruned,
    "on the grid": on_grid,
    "eight bits": eight_bits,
    "small, alone": alone,
    "small, distilled": distilled,
}
for name, network in models.items():
    counts = oc.ops.count_model(network)
    energy = oc.ops.energy_model(network)
    error, _ = oc.ops.loss_mse(oc.predict(network, X_test), y_test[:, None])
    seconds = np.median(oc.ops.time_model(network, X_test))
    print(f"\n{name}")
    print(f"  parameters              {counts.parameters}, of which nonzero {counts.nonzeros}")
    print(
        f"  bytes                   {counts.bytes_dense} dense, {counts.bytes_packed} packed, "
        f"{counts.bytes_sparse} sparse"
    )
    print(f"  mean squared error      {error:.12g}")
    print(
        f"  energy                  {energy.proportional:.12g} proportional, "
        f"{energy.total_pj:.12g} pJ physical"
    )
    print(f"  measured                {1000 * seconds:.3g} ms for {len(X_test)} samples")
