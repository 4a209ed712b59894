"""Choosing a backend, and what a missing Octave means."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import octave_compress as oc
from octave_compress import backends
from octave_compress.backends import current_backend


@pytest.fixture(autouse=True)
def no_choice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backends, "_plain_calls", [])
    monkeypatch.delenv("OCTAVE_COMPRESS_BACKEND", raising=False)


def test_octave_is_the_default() -> None:
    assert current_backend() == "octave"


def test_use_backend_holds_until_the_end_of_its_block() -> None:
    with oc.use_backend("numpy"):
        assert current_backend() == "numpy"
        with oc.use_backend("octave"):
            assert current_backend() == "octave"
        assert current_backend() == "numpy"
    assert current_backend() == "octave"


def test_a_plain_call_of_use_backend_holds_everywhere() -> None:
    oc.use_backend("numpy")
    assert current_backend() == "numpy"
    seen: list[str] = []
    thread = threading.Thread(target=lambda: seen.append(current_backend()))
    thread.start()
    thread.join()
    assert seen == ["numpy"]
    with oc.use_backend("octave"):
        assert current_backend() == "octave"
    assert current_backend() == "numpy"


def test_blocks_made_before_they_are_entered_leave_nothing_behind() -> None:
    first, second = oc.use_backend("numpy"), oc.use_backend("numpy")
    with first, second:
        assert current_backend() == "numpy"
    assert current_backend() == "octave"


def test_a_block_of_use_backend_holds_in_its_thread_alone() -> None:
    seen: list[str] = []
    with oc.use_backend("numpy"):
        thread = threading.Thread(target=lambda: seen.append(current_backend()))
        thread.start()
        thread.join()
    assert seen == ["octave"]


def test_the_environment_chooses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OCTAVE_COMPRESS_BACKEND", "numpy")
    assert current_backend() == "numpy"
    with oc.use_backend("octave"):
        assert current_backend() == "octave"
    monkeypatch.setenv("OCTAVE_COMPRESS_BACKEND", "matlab")
    with pytest.raises(oc.InvalidValueError, match=r'OCTAVE_COMPRESS_BACKEND.*got "matlab"'):
        current_backend()


def test_a_wrong_backend_is_named() -> None:
    with pytest.raises(oc.InvalidValueError, match='BACKEND must be "octave" or "numpy"'):
        oc.ops.prune_threshold([1.0], 0.1, backend="jax")  # type: ignore[arg-type]


def test_a_typo_in_an_argument_is_pythons_own_error() -> None:
    with pytest.raises(TypeError, match=r"prune_model\(\) got an unexpected keyword .*'sparsty'"):
        oc.prune(oc.Model.from_arrays([[[1.0]]]), sparsty=0.5)  # type: ignore[call-arg]


def test_there_is_no_silent_fallback(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from octave_compress.octave import session

    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("OCTAVE_EXECUTABLE", raising=False)
    monkeypatch.setattr(session, "_default", None)
    with pytest.raises(oc.OctaveNotFoundError, match="not found on PATH"):
        oc.ops.prune_threshold([1.0], 0.1)
    w, _ = oc.ops.prune_threshold([1.0], 0.1, backend="numpy")
    np.testing.assert_array_equal(w, [[1.0]])


def test_every_operation_spells_out_its_backend() -> None:
    for name, op in backends.OPERATIONS.items():
        assert "backend" in op.signature.parameters, name
        assert op.signature.parameters["backend"].default is None, name


@pytest.mark.parametrize("module", ["oct2py", "scipy", "rich", "matplotlib", "hypothesis"])
def test_importing_the_package_loads_nothing_heavy(module: str) -> None:
    code = f"import sys, octave_compress; print({module!r} in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "False"


def test_the_numpy_side_never_loads_oct2py() -> None:
    code = (
        "import sys, octave_compress as oc; oc.use_backend('numpy')\n"
        "model = oc.train([[0.0], [1.0]], [0.0, 1.0], [1, 1], loss='mse', epochs=1)\n"
        "oc.predict(oc.quantize(oc.prune(model, sparsity=0.5)), [[1.0]])\n"
        "print('oct2py' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize("backend", ["numpy", pytest.param("octave", marks=pytest.mark.octave)])
def test_none_for_an_option_means_left_out(backend: backends.Backend) -> None:
    samples, shared = ([[0.0, 1.0], [1.0, 0.0]], [0, 1], [2, 2]), {"backend": backend}
    given = backends.OPERATIONS["train_model"].signature.parameters
    options = [name for name in given if given[name].default is not given[name].empty]
    nothing: dict[str, Any] = {**dict.fromkeys(options), **shared}
    trained, plain = oc.train(*samples, **nothing), oc.train(*samples, **shared)  # type: ignore[arg-type]
    np.testing.assert_array_equal(trained.layers[0].weights, plain.layers[0].weights)
    assert trained.layers[0].activation == plain.layers[0].activation


@pytest.mark.octave
def test_a_callback_may_use_the_numpy_side() -> None:
    X, y = [[0.0, 1.0], [1.0, 0.0]], [0, 1]
    start = oc.train(X, y, [2, 2], epochs=0, backend="numpy")
    seen: list[float] = []

    def watch(info: dict[str, float]) -> bool:
        seen.append(float(oc.predict(start, X, backend="numpy")[0, 0]))
        return len(seen) == 2

    oc.train(X, y, [2, 2], epochs=5, callback=watch)
    oc.train(X, y, [2, 2], epochs=5, callback=watch, backend="numpy")
    assert len(seen) == 7  # 2, then from 3 to 7: the second run never sees 2 again
    assert len(set(seen)) == 1
