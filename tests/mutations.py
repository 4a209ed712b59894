"""Damaged packed models for both decoders. Run it for 100,000 of each kind: `make fuzz`."""

from __future__ import annotations

import argparse
import hashlib
import resource
import tempfile
import time
from collections import Counter
from pathlib import Path

import numpy as np
from scipy.io import savemat

from octave_compress import Model, ModelFileError, ops
from octave_compress.octave.locate import m_files, octave_eval

OUTCOMES = ("refused", "read")


def samples() -> list[bytes]:
    """Return small packed models, one for each way of coding."""
    random = np.random.default_rng(0)

    def levels(rows: int, columns: int, density: float, count: int) -> np.ndarray:
        kept = random.random((rows, columns)) < density
        return np.where(kept, random.integers(-count, count + 1, (rows, columns)) / 8.0, 0.0)

    image = np.zeros((12, 64))
    for row in image:
        at = int(random.integers(0, 54))
        row[[at, at + 1, at + 8, at + 9]] = random.choice([-0.5, 0.5, 1.0], 4)
    networks = [
        ([image, levels(3, 12, 0.4, 2)], "entropy"),
        ([levels(20, 30, 0.1, 3), levels(4, 20, 0.9, 3)], "entropy"),
        ([levels(40, 60, 0.9, 100), levels(2, 40, 0.5, 2)], "entropy"),
        ([random.normal(size=(8, 9)), random.normal(size=(2, 8)) * (np.arange(8) < 1)], "entropy"),
        ([levels(150, 150, 0.2, 30)], "entropy"),
        ([levels(90, 120, 1.0, 5000) + 1e-9 * (np.arange(120) % 2)], "entropy"),
        ([levels(20, 30, 0.1, 3), levels(4, 20, 0.9, 3)], "huffman"),
        ([np.zeros((700, 900))], "entropy"),
    ]
    packed = []
    for weights, coding in networks:
        model = Model.from_arrays([w.astype(np.float32) for w in weights])
        packed.append(ops.pack_model(model, coding=coding, backend="numpy").tobytes())
    return packed


def signed(data: bytes) -> bytes:
    """Return a file with its checksum made right."""
    return data[:4] + hashlib.md5(data[8:]).digest()[:4] + data[8:]


def mutated(data: bytes, random: np.random.Generator) -> bytes:
    """Return a file that differs from `data`."""
    out = bytearray(data)
    while bytes(out) == data:
        kind = random.integers(6)
        at = int(random.integers(len(out)))
        if kind == 0:
            out = out[:at]
        elif kind == 1:
            out[at] ^= 1 << int(random.integers(8))
        elif kind == 2:
            for place in random.integers(0, len(out), int(random.integers(1, 6))):
                out[place] = int(random.integers(256))
        elif kind == 3:
            out[at:at] = random.bytes(int(random.integers(1, 9)))
        elif kind == 4:
            del out[at : at + int(random.integers(1, 9))]
        else:  # a number that lies, at the front more often than not
            at = 8 + int(random.integers(min(12, max(1, len(out) - 8))))
            out[at : at + 4] = b"\xff\xff\xff\xff"
        if not out:
            out = bytearray(data)
    return bytes(out)


def batch(count: int, seed: int, *, sign: bool) -> list[bytes]:
    """Return damaged files, their checksums right or not."""
    random = np.random.default_rng(seed)
    originals = samples()
    # Small files more often: Octave reads the largest ones a hundred times more slowly.
    odds = 1 / np.sqrt([len(original) for original in originals])
    chosen = random.choice(len(originals), size=count, p=odds / odds.sum())
    files = [mutated(originals[k], random) for k in chosen]
    return [signed(file) if len(file) > 8 else file for file in files] if sign else files


def by_numpy(files: list[bytes]) -> tuple[list[str], float, float]:
    """Return what became of each file, the longest CPU time in s, and the memory in MB."""
    outcomes, longest = [], 0.0
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for file in files:
        begin = time.process_time()
        try:
            ops.unpack_model(file, backend="numpy")
            outcome = "read"
        except ModelFileError:
            outcome = "refused"
        except Exception as error:  # what must not happen is reported, not raised
            outcome = f"{type(error).__name__}: {error}"
        longest = max(longest, time.process_time() - begin)
        outcomes.append(outcome)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return outcomes, longest, (peak - before) / 1024


_LOOP = """
addpath('{m_files}');
load('{file}');
longest = 0;
before = memory_kb();
for k = 1:numel(files)
  begin = cputime;
  try
    unpack_model(files{{k}});
    outcome = 'read';
  catch problem
    outcome = problem.identifier;
    if strcmp(outcome, 'octave_compress:file')
      outcome = 'refused';
    end
  end
  longest = max(longest, cputime - begin);
  printf('%s\\n', outcome);
end
printf('%g\\n%g\\n', longest, (memory_kb() - before) / 1024);
"""

_MEMORY = """
function kb = memory_kb()
  text = fileread('/proc/self/status');
  kb = str2double(regexp(text, 'VmHWM:\\s+(\\d+)', 'tokens'){1}{1});
end
"""


def by_octave(files: list[bytes]) -> tuple[list[str], float, float]:
    """Return what became of each file, the longest CPU time in s, and the memory in MB."""
    cell = np.empty((1, len(files)), object)
    cell[0, :] = [np.frombuffer(file, np.uint8)[None, :] for file in files]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "files.mat"
        savemat(path, {"files": cell})
        code = _MEMORY + _LOOP.format(m_files=m_files(), file=path)
        printed = octave_eval(code, timeout=550).splitlines()
    return printed[:-2], float(printed[-2]), float(printed[-1])


def main() -> None:
    """Read many damaged files with both decoders, and say what became of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=100_000, help="of each kind")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--backend", choices=["numpy", "octave"], action="append")
    options = parser.parse_args()
    backends = {"numpy": by_numpy, "octave": by_octave}
    for name in options.backend or backends:
        for sign in (False, True):
            total: Counter[str] = Counter()
            longest = memory = 0.0
            for start in range(0, options.count, 2000):
                count = min(2000, options.count - start)
                outcomes, seconds, megabytes = backends[name](
                    batch(count, options.seed + start, sign=sign)
                )
                total.update(outcomes)
                longest, memory = max(longest, seconds), max(memory, megabytes)
            kind = "checksum made right" if sign else "checksum as it was"
            print(f"{name}, {kind}: {dict(total)}, {longest:.2f} s and {memory:.0f} MB at most")
            allowed = OUTCOMES if sign else OUTCOMES[:1]
            assert set(total) <= set(allowed)


if __name__ == "__main__":
    main()
