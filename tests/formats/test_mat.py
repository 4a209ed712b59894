"""Models in files: what is written, what can be read, and what damaged files do."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.io import loadmat, savemat

import octave_compress as oc
from octave_compress.equivalence.levels import EXACT, compare
from octave_compress.formats.mat import mat_bytes
from octave_compress.model import decode
from octave_compress.octave.locate import octave_eval

W = [np.array([[0.5, -1.0, 0.0], [2.0, 0.25, -0.125]]), np.array([[1.0, -3.0]])]
B = [np.array([0.1, -0.2]), np.array([0.3])]


def plain() -> oc.Model:
    return oc.Model.from_arrays(W, B, ["tanh", "linear"])


def pruned() -> oc.Model:
    return oc.prune(plain(), sparsity=0.5, backend="numpy")


def quantized(scheme: str = "symmetric") -> oc.Model:
    X = np.linspace(-1, 1, 12).reshape(4, 3)
    return oc.quantize(pruned(), scheme=scheme, activations=X, backend="numpy")


def shared() -> oc.Model:
    held = oc.Quantization.shared(np.array([[300, 0, 5], [0, 0, 1]]), np.arange(301) / 8 - 1)
    first = oc.Dense(decode(held), B[0], "tanh", np.array([[1, 1, 0], [1, 1, 1]]), held)
    return oc.Model((first, plain().layers[1]))


MODELS = {
    "plain": plain(),
    "single": plain().astype("float32"),
    "pruned": pruned(),
    "symmetric": quantized(),
    "affine": quantized("affine").astype("float32"),
    "grid": quantized("grid"),
    "codebook": shared(),
    "codebook in single": shared().astype("float32"),
    "per neuron": oc.quantize(plain(), axis=0, backend="numpy"),
    "one weight": oc.Model.from_arrays([[[2.0]]]),
}


def assert_same(actual: oc.Model, expected: oc.Model) -> None:
    assert compare(actual, expected, EXACT).mismatch is None


@pytest.mark.parametrize("layout", ["layers", "W"])
@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS.keys())
def test_a_model_is_read_as_it_was_written(tmp_path: Path, model: oc.Model, layout: str) -> None:
    path = tmp_path / "model.mat"
    oc.save(path, model, layout=layout)
    assert_same(oc.load(path), model)


def test_scipy_reads_codes_as_int8_and_masks_as_logical(tmp_path: Path) -> None:
    oc.save(tmp_path / "q.mat", quantized())
    layer = loadmat(tmp_path / "q.mat", simplify_cells=True)["layers"][0]
    assert layer["codes"].dtype == np.int8
    assert layer["mask"].dtype in (np.uint8, np.bool_)
    assert "weights" not in layer
    np.testing.assert_array_equal(layer["bias"], B[0])


@pytest.mark.octave
def test_octave_loads_what_is_written(tmp_path: Path, functions: Path) -> None:
    oc.save(tmp_path / "q.mat", quantized())
    oc.save(tmp_path / "w.mat", pruned(), layout="W")
    oc.save(tmp_path / "c.mat", shared(), layout="W")
    printed = octave_eval(
        f"addpath('{functions}'); cd('{tmp_path}');"
        "q = load('q.mat'); w = load('w.mat'); c = load('c.mat');"
        "printf('%s %s %s %d ', class(q.layers{1}.codes), class(q.layers{1}.mask), "
        "q.layers{1}.activation, size(q.layers{1}.bias, 1));"
        "printf('%.17g ', predict_model(q, [1; 2; 3]), predict_model(w, [1; 2; 3]),"
        "predict_model(c, [1; 2; 3]));"
    ).split()
    assert printed[:4] == ["int8", "logical", "tanh", "2"]
    X = [[1.0, 2.0, 3.0]]
    expected = [
        float(oc.predict(m, X, backend="numpy")[0, 0]) for m in (quantized(), pruned(), shared())
    ]
    np.testing.assert_allclose([float(text) for text in printed[4:]], expected, rtol=1e-14)


def test_the_same_model_is_the_same_file() -> None:
    assert mat_bytes(quantized()) == mat_bytes(quantized())


CELL = np.empty((1, 2), dtype=object)
CELL[0, :] = W
BIAS = np.empty((1, 2), dtype=object)
BIAS[0, :] = [b[:, None] for b in B]
STRUCTS = np.array(
    [(W[0], B[0][:, None]), (W[1], B[1][:, None])],
    dtype=[("weights", object), ("bias", object)],
)
FOREIGN = {
    "W and b at the top": {"W": CELL, "b": BIAS},
    "under model": {"model": {"W": CELL, "b": BIAS}, "other": {"x": 1}},
    "under the only struct": {"small_model": {"W": CELL, "b": BIAS}, "threshold": 0.01},
    "a struct array of layers": {"layers": STRUCTS},
    "cells of layers": {
        "model": {"layers": [{"weights": W[0], "bias": B[0]}, {"weights": W[1], "bias": B[1]}]}
    },
}


@pytest.mark.parametrize("content", FOREIGN.values(), ids=FOREIGN.keys())
@pytest.mark.parametrize("version", ["5", "5 compressed"])
def test_users_own_files_are_read(tmp_path: Path, content: dict[str, Any], version: str) -> None:
    path = tmp_path / "mine.mat"
    content = {
        key: {**value, "layers": _cells(value["layers"])}
        if isinstance(value, dict) and "layers" in value
        else value
        for key, value in content.items()
    }
    savemat(path, content, do_compression=version != "5")
    assert_same(oc.load(path), oc.Model.from_arrays(W, B))


def _cells(items: list[Any]) -> Any:
    cell = np.empty((1, len(items)), dtype=object)
    cell[0, :] = items
    return cell


def test_missing_biases_are_zeros(tmp_path: Path) -> None:
    savemat(tmp_path / "m.mat", {"W": CELL})
    assert_same(oc.load(tmp_path / "m.mat"), oc.Model.from_arrays(W))


def test_the_variable_can_be_named(tmp_path: Path) -> None:
    path = tmp_path / "two.mat"
    savemat(path, {"first": {"W": CELL}, "second": {"W": CELL, "b": BIAS}})
    with pytest.raises(oc.ModelFileError, match="several structs, name one with variable="):
        oc.load(path)
    assert_same(oc.load(path, variable="second"), oc.Model.from_arrays(W, B))
    with pytest.raises(oc.ModelFileError, match="no struct called third"):
        oc.load(path, variable="third")


@pytest.mark.octave
@pytest.mark.parametrize("option", ["-text", "-binary", "-zip -text", "-v6", "-v7", "-v4"])
def test_octave_formats(tmp_path: Path, option: str) -> None:
    path = tmp_path / "model.mat"
    flags = ", ".join(f"'{flag}'" for flag in option.split())
    octave_eval(
        "model.W = {[0.5, -1, 0; 2, 0.25, -0.125], [1, -3]}; model.b = {[0.1; -0.2], 0.3};"
        f"try; save({flags}, '{path}', 'model'); catch; end"
    )
    if option == "-v4":  # which has no structs: the file is empty or missing
        with pytest.raises(oc.OctaveCompressError):
            oc.load(path)
        return
    assert_same(oc.load(path, backend="octave"), oc.Model.from_arrays(W, B))
    if option in ("-text", "-binary", "-zip -text"):
        with pytest.raises(oc.ModelFileError, match="save it again with save -v7"):
            oc.load(path, backend="numpy")


@pytest.mark.octave
def test_a_damaged_octave_text_file(tmp_path: Path) -> None:
    path = tmp_path / "model.mat"
    path.write_text("# Created by Octave 7.3.0\n# name: model\n# type: scalar struct\n# ndims")
    with pytest.raises(oc.ModelFileError, match=r"model\.mat"):
        oc.load(path, backend="octave")


NO_MODELS = {
    "empty": (b"", "the file is empty"),
    "text": (b"hello, this is no MAT file at all\n" * 10, "MAT file"),
    "zeros": (bytes(4096), "damaged|not a model"),
    "hdf5": (b"\x89HDF\r\n\x1a\n" + bytes(600), "save it again with save -v7"),
    "matlab 7.3": (b"MATLAB 7.3 MAT-file".ljust(512) + b"\x89HDF\r\n\x1a\n", "save -v7"),
}


@pytest.mark.parametrize(("content", "message"), NO_MODELS.values(), ids=NO_MODELS.keys())
def test_what_is_no_model_file(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "x.mat"
    path.write_bytes(content)
    with pytest.raises(oc.ModelFileError, match=message):
        oc.load(path, backend="numpy")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"x": 1.0}, "no field layers, W or codes .the file holds x"),
        ({"model": {"y": 1.0}}, "no field LAYERS, W or CODES"),
        ({"layers": {"type": "conv2d", "weights": 1.0}}, 'layer type "conv2d"'),
        ({"layers": {"bias": 1.0}}, "neither WEIGHTS nor CODES"),
        ({"W": _cells([np.ones((2, 2)), np.ones((1, 3))])}, "layer 2 takes 3 inputs, got 2"),
        ({"W": _cells([np.ones((2, 2))]), "b": _cells([np.ones(3)])}, "BIAS must have 2 elements"),
        ({"W": _cells(["text"])}, "WEIGHTS must be a real matrix"),
    ],
)
def test_a_mat_file_without_a_model(tmp_path: Path, content: dict[str, Any], message: str) -> None:
    path = tmp_path / "x.mat"
    savemat(path, content)
    with pytest.raises(oc.ModelFileError, match=message) as caught:
        oc.load(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("compress", [True, False])
def test_a_file_cut_anywhere(tmp_path: Path, compress: bool) -> None:
    whole = tmp_path / "whole.mat"
    savemat(whole, {"W": CELL, "b": BIAS}, do_compression=compress)
    data = whole.read_bytes()
    cut = tmp_path / "cut.mat"
    # The first variable alone is a model, without biases: that cut is a valid file.
    survivors = 0
    for length in range(len(data)):
        cut.write_bytes(data[:length])
        try:
            survivors += oc.load(cut, backend="numpy").sizes == (3, 2, 1)
        except oc.ModelFileError:
            continue
    assert survivors == 1


OWN_FILES = """
layers(1).weights = [1, 2; 3, 4]; layers(1).bias = [1; 2];
layers(2).weights = sparse([1, 0]); layers(2).mask = [true, false];
W = {[1, 2; 3, 4], int8([1, 0])}; b = {single([1; 2]), 0}; extra = {'text', 1 + 2i, {}, struct()};
h = @(x) x + 1; s = struct('f', h);
for v = {'-v6', '-v7', '-text', '-binary'}
  save(v{1}, ['layers', v{1}], 'layers');
  save(v{1}, ['cells', v{1}], 'W', 'b', 'extra');
end
for v = {'-text', '-binary'}
  save(v{1}, ['handles', v{1}], 'layers', 'h', 's');
end
clear W b; W = [1, -1]; b = 0;
for v = {'-v4', '-v6', '-v7', '-text', '-binary'}
  save(v{1}, ['one', v{1}], 'W', 'b');
end
"""


@pytest.fixture(scope="module")
def own_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("own")
    octave_eval(f"cd('{folder}'); " + OWN_FILES)
    return folder


@pytest.mark.octave
def test_what_octave_saves_by_itself(own_files: Path) -> None:
    two = oc.Model.from_arrays([[[1, 2], [3, 4]], [[1, 0]]], [[1, 2], [0]])
    one = oc.Model.from_arrays([[[1, -1]]])
    names = sorted(path.name for path in own_files.iterdir())
    assert len(names) == 15
    for name in names:
        model = oc.load(own_files / name, backend="octave")
        expected = one if name.startswith("one") else two
        assert model.dtype == np.float64
        assert model.sizes == expected.sizes, name
        for mine, theirs in zip(model.layers, expected.layers, strict=True):
            np.testing.assert_array_equal(mine.weights, theirs.weights)
            np.testing.assert_array_equal(mine.bias, theirs.bias)
            assert mine.activation == theirs.activation, name


FUZZ = """
import random, sys
import octave_compress as oc
names, count = sys.argv[2:], int(sys.argv[1])
for name in names:
    with open(name, "rb") as file:
        whole = file.read()
    oc.load(name, backend="numpy")
    choose = random.Random(len(whole))
    for _ in range(count):
        data = bytearray(whole)
        for _ in range(choose.randint(1, 3)):
            data[choose.randrange(len(data))] ^= choose.randrange(1, 256)
        with open(name + ".changed", "wb") as file:
            file.write(data)
        try:
            oc.load(name + ".changed", backend="numpy")
        except oc.ModelFileError:
            pass
"""


@pytest.mark.octave
def test_changed_bytes_never_end_the_process(own_files: Path, tmp_path: Path) -> None:
    names = ["layers-v6", "layers-v7", "cells-v6", "cells-v7", "one-v4"]
    for name in names:
        (tmp_path / name).write_bytes((own_files / name).read_bytes())
    arguments = [sys.executable, "-W", "ignore", "-c", FUZZ, "200", *names]
    ended = subprocess.run(arguments, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert ended.returncode == 0, ended.stderr


@pytest.mark.octave
def test_every_byte_of_a_tag_may_be_damaged(own_files: Path, tmp_path: Path) -> None:
    whole = (own_files / "layers-v6").read_bytes()
    path = tmp_path / "m.mat"
    for at in range(128, len(whole), 4):
        data = bytearray(whole)
        data[at] = 176
        path.write_bytes(data)
        with contextlib.suppress(oc.ModelFileError):
            oc.load(path, backend="numpy")


def test_a_small_file_cannot_claim_a_large_matrix(tmp_path: Path) -> None:
    path = tmp_path / "m.mat"
    savemat(path, {"W": scipy.sparse.csc_matrix((2**30, 1)), "b": 0.0})
    with pytest.raises(oc.ModelFileError, match="sparse matrix of 1073741824x1 is too large"):
        oc.load(path)
    savemat(path, {"W": scipy.sparse.csc_matrix([[1.0, 0.0, 2.0]])})
    assert oc.load(path).layers[0].weights.tolist() == [[1.0, 0.0, 2.0]]


def test_nested_without_end(tmp_path: Path) -> None:
    nested: Any = 1.0
    for _ in range(40):
        nested = _cells([nested])
    savemat(tmp_path / "m.mat", {"W": CELL, "x": nested})
    with pytest.raises(oc.ModelFileError, match="damaged: variables inside each other"):
        oc.load(tmp_path / "m.mat")


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.data())
def test_flipped_bits_give_a_model_or_one_typed_error(data: st.DataObject) -> None:
    content = bytearray(mat_bytes(data.draw(st.sampled_from((quantized(), shared())))))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, 8 * len(content) - 1))
        content[at // 8] ^= 1 << at % 8
    path = Path(os.environ.get("TMPDIR", "/tmp")) / f"flipped-{os.getpid()}.mat"
    try:
        path.write_bytes(content)
        with contextlib.suppress(oc.ModelFileError):
            assert isinstance(oc.load(path, backend="numpy"), oc.Model)
    finally:
        path.unlink()


def test_a_length_that_lies(tmp_path: Path) -> None:
    data = bytearray(mat_bytes(plain()))
    data[132:136] = (2**31 - 8).to_bytes(4, "little")
    path = tmp_path / "x.mat"
    path.write_bytes(data)
    with pytest.raises(oc.ModelFileError, match="ends inside a variable"):
        oc.load(path)


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(oc.FileAccessError, match="cannot read") as caught:
        oc.load(tmp_path / "none.mat")
    assert isinstance(caught.value, OSError)
    assert caught.value.filename == str(tmp_path / "none.mat")


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "file" / "m.mat", tmp_path / "missing" / "m.mat", Path("/proc/m.mat")):
        with pytest.raises(oc.FileAccessError, match="cannot write"):
            oc.save(path, plain())


def test_a_failed_write_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "m.mat"
    oc.save(path, plain())
    before = path.read_bytes()

    def full_disk(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(oc.FileAccessError, match="No space left"):
        oc.save(path, quantized())
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["m.mat"]


def test_bad_arguments(tmp_path: Path) -> None:
    text = 'LAYOUT must be "layers", "W" or "packed", got "b"'
    with pytest.raises(oc.InvalidValueError, match=text):
        oc.save(tmp_path / "m.mat", plain(), layout="b")
    with pytest.raises(oc.InvalidValueError, match='LAYOUT must be "packed", got "W"'):
        oc.save(tmp_path / "m.ocz", plain(), layout="W")
    with pytest.raises(oc.InvalidTypeError, match="MODEL must be a Model"):
        oc.save(tmp_path / "m.mat", {"W": 1})  # type: ignore[arg-type]
