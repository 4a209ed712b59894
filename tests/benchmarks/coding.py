"""Packing and unpacking: speed, and bytes beside zlib, lzma and the entropy.

    python tests/benchmarks/coding.py [--sizes 1e6 1e7] [--json FILE]

Large networks have 5-bit codes, as normal as trained weights are. Rates are millions of weights
a second, the best of three, of the whole operation: from a model to bytes, and back. Octave's are
measured inside Octave, without the way to Python. The small network has about 4,000 nonzeros of
235,000 weights.
"""

from __future__ import annotations

import argparse
import json
import lzma
import resource
import tempfile
import time
import zlib
from pathlib import Path
from typing import Any

import numpy as np

import octave_compress as oc
from octave_compress import ops
from octave_compress.octave.locate import m_files, octave_eval

_OCTAVE = """
addpath('{m_files}');
data = load('{file}');
model = unpack_model(data.packed);
times = zeros(2, {repeats});
for k = 1:{repeats}
  begin = tic;
  packed = pack_model(model);
  times(1, k) = toc(begin);
  begin = tic;
  unpack_model(packed);
  times(2, k) = toc(begin);
end
text = fileread('/proc/self/status');
peak = str2double(regexp(text, 'VmHWM:\\s+(\\d+)', 'tokens'){{1}}{{1}});
printf('%g\\n', [min(times, [], 2); isequal(packed(:), data.packed(:)); peak / 1024]);
"""


def dense(count: int) -> oc.Model:
    """Return a network with `count` weights in 5-bit codes."""
    random = np.random.default_rng(0)
    levels = np.linspace(-1, 1, 32).astype(np.float32)
    width = round((count / 2) ** 0.5)
    layers = []
    for activation in ("relu", "linear"):
        drawn = random.standard_normal((width, width), np.float32)
        codes = np.clip(np.round(drawn * 5 + 15.5), 0, 31).astype(np.uint8)
        held = oc.Quantization.shared(codes, levels)
        layers.append(oc.Dense(levels[codes], None, activation, None, held))
    return oc.Model(tuple(layers))


def sparse() -> oc.Model:
    """Return a network of a shape and density that Deep Compression ends with."""
    random = np.random.default_rng(0)
    sizes, weights = (784, 300, 100, 10), []
    for rows, columns, density in zip(sizes[1:], sizes, (0.011, 0.035, 0.5), strict=False):
        kept = random.random((rows, columns)) < density
        drawn = np.where(kept, random.choice([-0.5, -0.25, 0.25, 0.5], (rows, columns)), 0)
        weights.append(drawn[np.argsort(-np.count_nonzero(drawn, axis=1), kind="stable")])
    biases = [np.round(random.normal(size=size) * 4) / 16 for size in sizes[1:]]
    return oc.Model.from_arrays([w.astype(np.float32) for w in weights], biases).astype("float32")


def by_numpy(model: oc.Model, repeats: int) -> tuple[list[float], bytes]:
    """Return the seconds of packing and unpacking, and the bytes."""
    times = np.zeros((2, repeats))
    for k in range(repeats):
        begin = time.perf_counter()
        packed = ops.pack_model(model, backend="numpy")
        times[0, k] = time.perf_counter() - begin
        begin = time.perf_counter()
        ops.unpack_model(packed, backend="numpy")
        times[1, k] = time.perf_counter() - begin
    return times.min(axis=1).tolist(), packed.tobytes()


def by_octave(model: oc.Model, repeats: int) -> list[float]:
    """Return the seconds of packing and unpacking, whether the bytes agree, and the peak in MB."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.mat"
        oc.save(path, model, layout="packed")
        code = _OCTAVE.format(m_files=m_files(), file=path, repeats=repeats)
        return [float(line) for line in octave_eval(code, timeout=900).split()]


def measured(name: str, model: oc.Model, repeats: int) -> dict[str, Any]:
    """Return one row of the table."""
    weights = sum(layer.weights.size for layer in model.layers)
    (pack, unpack), packed = by_numpy(model, repeats)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    octave_pack, octave_unpack, agree, octave_peak = by_octave(model, repeats)
    codes, ideal = [], 0.0
    for layer in model.layers:
        found = np.unique(layer.weights, return_inverse=True)[1].astype(np.uint8)
        counts = np.bincount(found.ravel())
        ideal -= (counts * np.log2(counts / counts.sum())).sum() / 8
        codes.append(found.tobytes())
    joined = b"".join(codes)
    return {
        "network": name,
        "weights": weights,
        "numpy_pack_s": pack,
        "numpy_unpack_s": unpack,
        "octave_pack_s": octave_pack,
        "octave_unpack_s": octave_unpack,
        "bytes": len(packed),
        "entropy_bytes": round(ideal),
        "zlib_bytes": len(zlib.compress(joined, 9)),
        "lzma_bytes": len(lzma.compress(joined)),
        "bytes_agree": bool(agree),
        "numpy_peak_mb": round(peak),
        "octave_peak_mb": round(octave_peak),
    }


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=float, nargs="*", default=[1e6, 1e7], help="1e8 too, say")
    parser.add_argument("--json", type=Path, help="write the figures there")
    options = parser.parse_args()
    rows = [measured("sparse", sparse(), 3)]
    print(
        f"{'weights':>11} {'':7} {'pack M/s':>9} {'unpack M/s':>10} {'pack s':>8} {'unpack s':>8}"
        f" {'peak MB':>8}"
    )
    rows += [measured("dense", dense(int(size)), 3 if size < 5e7 else 1) for size in options.sizes]
    for row in rows:
        for backend in ("numpy", "octave"):
            pack, unpack = row[f"{backend}_pack_s"], row[f"{backend}_unpack_s"]
            print(
                f"{row['weights']:11,} {backend:7} {row['weights'] / pack / 1e6:9.1f}"
                f" {row['weights'] / unpack / 1e6:10.1f} {pack:8.3f} {unpack:8.3f}"
                f" {row[f'{backend}_peak_mb']:8,}"
            )
    print(f"\n{'weights':>11} {'bytes':>11} {'entropy':>11} {'zlib -9':>11} {'lzma':>11}  agree")
    for row in rows:
        sizes = [row[name] for name in ("bytes", "entropy_bytes", "zlib_bytes", "lzma_bytes")]
        print(
            f"{row['weights']:11,} " + " ".join(f"{n:11,}" for n in sizes), "", row["bytes_agree"]
        )
    if options.json:
        options.json.write_text(json.dumps(rows, indent=2) + "\n")


if __name__ == "__main__":
    main()
