"""The codec: every type of the table, both ways, bit for bit, and every refusal."""

from __future__ import annotations

import collections
import dataclasses
import datetime
import decimal
import enum
import fractions
import random
import sys
import tracemalloc
from array import array as BufferArray
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse
import scipy.sparse.linalg
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import octave_compress as oc
from octave_compress.octave import codec
from octave_compress.octave.codec import Mark
from octave_compress.structs import Cells, CharMatrix, EmptyText, StructArray, cells

INTEGERS = [np.dtype(f"{sign}int{bits}") for sign in ("", "u") for bits in (8, 16, 32, 64)]
FLOATS = [np.dtype(name) for name in ("float32", "float64", "complex64", "complex128")]
DTYPES = [np.dtype(bool), *INTEGERS, *FLOATS]

FUNCTIONS = {
    # [classes, sizes, bits]: what Octave makes of each of some arrays
    "codec_seen": """
        function [classes, sizes, bits] = codec_seen(values)
          classes = cellfun(@class, values, 'UniformOutput', false);
          sizes = cellfun(@size, values, 'UniformOutput', false);
          bits = cellfun(@hex, values, 'UniformOutput', false);
        end
        function text = hex(x)
          if iscomplex(x)
            x = [real(x(:)), imag(x(:))].';
          end
          if islogical(x)
            x = uint8(x);
          end
          text = reshape(num2hex(x(:)).', 1, []);
        end
    """,
    # whether an expression gives a value: its class, size, field names and contents
    "codec_alike": """
        function alike = codec_alike(text, value)
          wanted = eval(text);
          alike = strcmp(class(wanted), class(value)) && isequal(size(wanted), size(value)) ...
                  && isequal(wanted, value);
        end
    """,
    # the values of expressions as they are, the type that Octave holds them in, and made full
    "codec_values": """
        function [values, types, bits] = codec_values(texts)
          values = types = bits = cell(size(texts));
          for k = 1:numel(texts)
            values{k} = eval(texts{k});
            types{k} = typeinfo(values{k});
            bits{k} = full(values{k})(:, :);
          end
        end
    """,
}


@pytest.fixture(scope="module")
def octave(tmp_path_factory: pytest.TempPathFactory) -> Iterator[oc.Session]:
    folder = tmp_path_factory.mktemp("functions")
    for name, text in FUNCTIONS.items():
        (folder / f"{name}.m").write_text(text)
    with oc.Session() as session:
        session.addpath(folder)
        yield session


def same(left: Any, right: Any) -> bool:
    """Whether two values are alike in type, shape and every bit."""
    if type(left) is not type(right):
        return False
    if isinstance(right, dict):
        return list(left) == list(right) and all(same(left[key], right[key]) for key in right)
    if isinstance(right, list):
        shapes = getattr(left, "shape", None) == getattr(right, "shape", None)
        return shapes and len(left) == len(right) and all(map(same, left, right))
    if isinstance(right, str):
        return bool(left == right)
    if scipy.sparse.issparse(right):
        parts = ("data", "indices", "indptr")
        return left.shape == right.shape and all(
            same(np.asarray(getattr(left, part)), np.asarray(getattr(right, part)))
            for part in parts
        )
    if left.dtype != right.dtype or left.shape != right.shape:
        return False
    if right.dtype == object:
        if isinstance(right, StructArray) and left.fields != right.fields:
            return False
        return all(map(same, left.ravel().tolist(), right.ravel().tolist()))
    return bool(left.tobytes() == right.tobytes())


def expected(value: Any) -> Any:
    """What the table says comes back for a value, apart from sparse ones."""
    if isinstance(value, CharMatrix | EmptyText):
        return value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, dict):
        return {key: expected(item) for key, item in value.items()}
    if isinstance(value, range):
        return expected(np.array(value, float))
    if isinstance(value, list | tuple):
        if not isinstance(value, Cells) and all(map(is_number, leaves(value))):
            kinds = {type(leaf) for leaf in leaves(value)}
            wide = float if (kinds & {int, float} and complex not in kinds) or not kinds else None
            return expected(np.array(value, wide) if value else no_numbers())
        row = Cells(map(expected, value))
        row._empty = value.shape if isinstance(value, Cells) else (0, 0)
        return row
    if isinstance(value, int) and not isinstance(value, bool):
        return np.float64(value)
    array = np.asarray(value)
    array = array.astype(array.dtype.newbyteorder("="))
    shape = array.shape if array.ndim > 1 else (1, array.size)
    while len(shape) > 2 and shape[-1] == 1:
        shape = shape[:-1]
    array = array.reshape(shape)
    if array.dtype == object:
        items = [expected(item) for item in array.ravel().tolist()]
        if not isinstance(value, StructArray) and (
            (shape[0] == 1 and len(shape) == 2) or shape == (0, 0)
        ):
            row = Cells(items)
            row._empty = shape
            return row
        result = np.empty(len(items), dtype=object)
        result[:] = items
        result = result.reshape(shape)
        return StructArray(result, value.fields) if isinstance(value, StructArray) else result
    return array[0, 0] if shape == (1, 1) else array


def no_numbers() -> np.ndarray[Any, Any]:
    return np.zeros((0, 0))


def leaves(value: Any) -> Iterator[Any]:
    """What is in lists of lists."""
    if isinstance(value, list | tuple) and not isinstance(value, Cells | CharMatrix):
        for item in value:
            yield from leaves(item)
    else:
        yield value


def is_number(value: Any) -> bool:
    return isinstance(value, int | float | complex | np.number | np.bool_)


def regular(value: Any) -> Any:
    """A list as it is, or as cells if it is one of numbers that make no array."""
    if not all(map(is_number, leaves(value))):
        return value
    try:
        np.array(value, complex)
    except ValueError:
        return cells(value)
    return value


def data_of(values: list[Any], largest: int = codec.LARGEST) -> bytes:
    chunks = codec.encode(values, largest=largest)
    return b"".join(c if isinstance(c, bytes) else c.tobytes(order="F") for c in chunks)


def locally(values: list[Any]) -> Any:
    """Send values from the encoder to the decoder, without an Octave between."""
    return codec.decode(bytearray(data_of(values)))


def differing(values: list[Any], returned: Any) -> list[tuple[Any, Any]]:
    """The values that did not come back as they should."""
    assert isinstance(returned, list)
    pairs = zip(values, returned, strict=True)
    return [(value, got) for value, got in pairs if not same(got, expected(value))]


def objects(*items: Any) -> np.ndarray[Any, Any]:
    array = np.empty(len(items), dtype=object)
    for k, item in enumerate(items):
        array[k] = item
    return array


def filled(shape: tuple[int, ...], dtype: np.dtype[Any]) -> np.ndarray[Any, Any]:
    """An array of random bits."""
    generator = np.random.default_rng(sum(shape) + dtype.num)
    if dtype.kind == "b":
        return generator.random(shape) < 0.5
    size = int(np.prod(shape)) * dtype.itemsize
    return quiet(np.frombuffer(generator.bytes(size), dtype).reshape(shape))


def quiet(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Make the signalling NaNs of complex64 quiet: Octave saves that type by way of double."""
    if array.dtype.char != "F":
        return array
    with np.errstate(all="ignore"):
        return array.astype(np.complex128).astype(array.dtype)


def one_by_none() -> Cells:
    """A row of no cells: 1x0, not 0x0 as one without elements is otherwise."""
    row = cells()
    row._empty = (1, 0)
    return row


SHAPES = [
    (),
    (0,),
    (1,),
    (3,),
    (0, 0),
    (0, 3),
    (3, 0),
    (1, 1),
    (1, 4),
    (4, 1),
    (3, 5),
    (2, 0, 3),
    (1, 1, 1),
    (1, 1, 3),
    (2, 3, 1),
    (2, 3, 4),
    (2, 3, 2, 2),
    (2, 1, 1, 2),
    (0, 1, 1, 0),
]
LAYOUTS: dict[str, Callable[[np.ndarray[Any, Any]], np.ndarray[Any, Any]]] = {
    "C": np.ascontiguousarray,
    "F": np.asfortranarray,
    "strided": lambda a: np.repeat(a, 2, axis=-1)[..., ::2] if a.ndim else a,
    "reversed": lambda a: a[::-1] if a.ndim else a,
    "transposed": lambda a: a.T,
    "swapped": lambda a: a.astype(a.dtype.newbyteorder("S")),
    "read-only": lambda a: np.lib.stride_tricks.as_strided(a, writeable=False),
    "unaligned": lambda a: (
        np.frombuffer(b"x" + a.tobytes(), a.dtype, a.size, 1).reshape(a.shape) if a.size else a
    ),
    "broadcast": lambda a: np.broadcast_to(a[:1], a.shape) if a.ndim else a,
}
TEXTS = [
    "plain",
    "",
    " ",
    "Grüße, 世界",
    "e\u0301 is not é",
    "שלום עליכם, مرحبا",
    "नमस्ते",
    "👩‍👩‍👧‍👦🏴󠁧󠁢󠁥󠁮󠁧󠁿",
    "\0",
    "in\0side\0",
    "line\r\nline\ttab\x7f",
    "'quoted' \"twice\" %d \\n",
    "\ufeff\uffff\U0010ffff",
    "x" * 5000,
    np.str_("of NumPy"),
    "no UTF-8: \udcff\udce9, \udcc3",
]
PAYLOADS = [
    np.array(bits, unsigned).view(floating)
    for unsigned, floating, bits in (
        (
            np.uint32,
            np.float32,
            [0x7FC00000, 0x7FC12345, 0xFFC00001, 0x7F800001, 0x80000000, 1, 0x807FFFFF],
        ),
        (
            np.uint64,
            np.float64,
            [0x7FF8 << 48, 0x7FF8DEADBEEF1234, 0xFFF8 << 48, (0x7FF0 << 48) + 1954, 1 << 63, 1],
        ),
    )
]
VALUES: dict[str, list[Any]] = {
    "bounds": [
        array
        for dtype in INTEGERS
        for array in (
            np.array([np.iinfo(dtype).min, np.iinfo(dtype).max, 0, 1], dtype),
            np.iinfo(dtype).min + np.zeros((), dtype),
            np.array(np.iinfo(dtype).max, dtype)[()],
        )
    ],
    "every byte": [np.arange(256).astype(np.uint8), np.arange(256).astype(np.int8)],
    "python": [True, False, 0, -1, 2**53, -(2**53), 0.1, -0.0, 5e-324, float("inf"), 1j, 1 + 0j],
    "scalars": [dtype.type(1) for dtype in DTYPES],
    "special": [
        value
        for array in PAYLOADS
        for value in (array, array.reshape(-1, 1), *(array[i : i + 1] for i in range(len(array))))
    ],
    "special complex": [
        value
        for array in PAYLOADS
        for parts in [np.stack([array, array[::-1]], axis=1).reshape(-1)]
        for whole in [quiet(parts.view(f"c{2 * array.itemsize}"))]
        for value in (whole, *(whole[i : i + 1] for i in range(len(whole))))
    ],
    # Octave narrows what it computes to real, not what passes through it.
    "complex without imaginary part": [
        array
        for dtype in (np.complex64, np.complex128)
        for array in (
            np.array([1, 2], dtype),
            dtype(3),
            np.zeros((0, 2), dtype),
            np.array([1 - 0j, -0.0 + 0j]).conj().astype(dtype),
        )
    ],
    "text": TEXTS,
    "lists": [
        [],
        (),
        [[]],
        [[], [[]], ["", [0.5, (True, "x")]]],
        [np.int8(1)] * 3,
        list(range(100)),
        ["s"] * 100,
        {},
        [{}],
        [True, False],
        [True, 2, 0.5],
        (1, 2j),
        [np.float32(0.1), np.float32(2)],
        [np.complex64(1j), np.float32(2)],
        [np.int8(1), True],
        [1.5, np.float64(2), np.bool_(1)],
        [[1, 2], [3, 4], [5, 6]],
        ((1, 2, 3),),
        [[1], [2]],
        [[[1, 2], [3, 4]], [[5, 6], [7, 8]]],
        [[], []],
        [np.eye(2), 1],
        [np.ones(()), np.ones(())],
        [[1, 2], "x", [3]],
        cells(),
        cells([1, 2]),
        cells([[1, 2], [3]]),
        cells([cells([1]), cells(), [True]]),
        cells(["a"]),
        one_by_none(),
        [cells([1])],
    ],
    "char": [
        EmptyText(),
        CharMatrix(["ab", "cd"]),
        CharMatrix(["é", "ab"]),
        CharMatrix(["\udcc3", "\udca9"]),
        CharMatrix(["a\0", "\0b"]),
        CharMatrix(["", "", ""], (3, 0)),
        CharMatrix([], (0, 4)),
        CharMatrix(["ab", "cd", "ef", "gh", "ij", "kl"], (2, 2, 3)),
        CharMatrix(["ab", "cd"], (1, 2, 2)),
        CharMatrix([], (0, 2, 2)),
        CharMatrix([], (2, 2, 0)),
        CharMatrix(["", ""], (1, 0, 2)),
        [CharMatrix(["ab", "cd"]), EmptyText(), {"a": CharMatrix(["x", "y"])}],
    ],
    "dicts": [
        {"a": 1},
        {"_b": [], "B": {"c": {"d": [{"e": "deep"}]}}},
        {"end": 1, "if": 2.5, "class": "words of Octave", "ans": True},
        {"x" * 100: "a long name"},
        {f"field_{k}": np.arange(k) for k in range(50)},
        {"a b": 1, "é": 2, "": 3, "1a": 4, "\udcff": 5, " ": {"\n": "x"}},
        {"ocx_handle_": 1},
    ],
    "cells": [
        objects("row", 1.0),
        objects("a", 1, [], {}, True, "b").reshape(2, 3),
        objects("a", 1, [], {}, True, "b").reshape(3, 2).T,
        objects("a", "b").reshape(2, 1),
        objects(*range(12)).reshape(2, 3, 2),
        np.empty((0, 3), object),
        np.empty((3, 0), object),
        objects(objects("inner", 2.0).reshape(2, 1), np.eye(2)).reshape(2, 1),
    ],
    "struct arrays": [
        array.view(StructArray)
        for array in (
            objects({"a": 1, "b": "x"}, {"a": np.int8(2), "b": [3.5]}),
            objects({"a": 1}, {"a": 2}, {"a": 3}, {"a": 4}).reshape(2, 2),
            objects({"a": np.eye(2)}, {"a": {"b": "nested"}}).reshape(2, 1),
            objects(*({"k": k} for k in range(8))).reshape(2, 2, 2),
            objects({"only": 1}),
            objects({}, {}, {}),
            np.empty((0, 2), object),
            np.empty((0, 0), object),
            objects({"a b": 1, "é": 2}, {"a b": 3, "é": 4}),
        )
    ]
    + [
        StructArray(np.empty(shape, object), fields)
        for shape in ((0, 0), (1, 0), (0, 3), (2, 0, 2))
        for fields in (["a", "b"], ["é"], [])
    ]
    + [StructArray([{"a": 1}, {"a": 2}])[:0].reshape(0, 1)],
}


def arrays_of(dtype: np.dtype[Any]) -> list[Any]:
    plain = [filled(shape, dtype) for shape in SHAPES]
    return [layout(array) for layout in LAYOUTS.values() for array in plain]


def test_same_can_fail() -> None:
    pairs: list[tuple[Any, Any]] = [
        (np.float32(1), np.float64(1)),
        (np.float64(1), np.ones((1, 1))),
        (np.zeros((2, 1)), np.zeros((1, 2))),
        (np.float64(0.0), np.float64(-0.0)),
        ([np.float64(1)], [np.float64(1), np.float64(2)]),
        ({"a": "x"}, {"b": "x"}),
        (objects("a"), objects("b")),
        (objects({}), objects({}).view(StructArray)),
        (PAYLOADS[0][:1], PAYLOADS[0][1:2]),
        (scipy.sparse.csc_array(np.eye(2)), scipy.sparse.csc_array(np.eye(2)[::-1])),
        (["a"], "a"),
        (["a"], cells(["a"])),
        (cells(), one_by_none()),
        ("", EmptyText()),
        (CharMatrix([], (0, 1)), CharMatrix([], (0, 2))),
        (StructArray([], ["a"]), StructArray([], ["b"])),
    ]
    assert not any(same(left, right) for left, right in pairs)


@pytest.mark.parametrize("group", VALUES)
def test_what_is_encoded_is_decoded(group: str) -> None:
    assert differing(VALUES[group], locally(VALUES[group])) == []


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_arrays_are_decoded_as_they_were_encoded(dtype: np.dtype[Any]) -> None:
    values = arrays_of(dtype)
    assert differing(values, locally(values)) == []


@pytest.mark.octave
@pytest.mark.parametrize("group", VALUES)
def test_a_value_comes_back_from_octave(octave: oc.Session, group: str) -> None:
    values = VALUES[group]
    assert differing(values, octave.call("deal", cells(values))) == []
    alone = octave.call("deal", *values, nout=len(values))
    assert differing(values, list(alone)) == []


@pytest.mark.octave
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_octave_sees_the_class_the_size_and_the_bits(
    octave: oc.Session, dtype: np.dtype[Any]
) -> None:
    values = arrays_of(dtype)
    assert differing(values, octave.call("deal", cells(values))) == []
    classes, sizes, bits = octave.call("codec_seen", values, nout=3)
    names = {"bool": "logical", "float32": "single", "float64": "double"}
    names |= {"complex64": "single", "complex128": "double"}
    assert classes == [names.get(dtype.name, dtype.name)] * len(values)
    for value, size, seen in zip(values, sizes, bits, strict=True):
        back = np.atleast_2d(expected(value))
        assert size.ravel().tolist() == list(back.shape)
        parts = back.ravel(order="F")
        if dtype.kind == "c":
            parts = parts.view(parts.real.dtype)
        # Octave writes numbers in hexadecimal with the largest digit first.
        assert seen == parts.astype(parts.dtype.newbyteorder(">")).tobytes().hex()


@pytest.mark.octave
def test_octave_sees_text_as_its_utf_8_bytes(octave: oc.Session) -> None:
    for text in TEXTS:
        codes = np.atleast_2d(octave.call("double", text))
        data = text.encode(errors="surrogateescape")
        assert bytes(codes.ravel().astype(np.uint8)) == data
        assert codes.shape == ((1, len(data)) if text else (0, 0))


@pytest.mark.octave
def test_octave_narrows_the_complex_numbers_that_it_computes(octave: oc.Session) -> None:
    """Not the codec's doing, and not to be undone: Octave users count on it."""
    value = np.array([[1, 2]], np.complex64)
    assert octave.call("iscomplex", value)
    assert same(octave.call("plus", value, 0), np.array([[1, 2]], np.float32))
    assert same(octave.call("times", 1j, 1j), np.float64(-1))


@pytest.mark.octave
def test_octave_makes_the_signalling_nans_of_complex64_quiet(octave: oc.Session) -> None:
    value = PAYLOADS[0][3:5].view(np.complex64)
    assert np.isnan(value.real)
    assert not same(quiet(value), value)
    assert same(octave.call("deal", value), value[0])
    row = np.repeat(value, 3)
    assert same(octave.call("deal", row), quiet(row).reshape(1, -1))


@pytest.mark.octave
def test_text_that_octave_makes_comes_and_goes_back_in(octave: oc.Session) -> None:
    texts = {
        "['ab'; 'cd']": CharMatrix(["ab", "cd"]),
        "['abc'; 'd  ']": CharMatrix(["abc", "d  "]),
        '"double\\tquoted"': "double\tquoted",
        "''": "",
        '""': "",
        "char (zeros (0, 0))": "",
        "zeros (1, 0)": np.zeros((1, 0)),
        "char (zeros (1, 0))": EmptyText(),
        "'abc'(1:0)": EmptyText(),
        "char (zeros (0, 4))": CharMatrix([], (0, 4)),
        "char (zeros (3, 0))": CharMatrix(["", "", ""], (3, 0)),
        "char ([195 169; 206 177])": CharMatrix(["é", "α"]),
        "char ([65 200 66])": "A\udcc8B",
        "char ([195; 169])": CharMatrix(["\udcc3", "\udca9"]),
        "{['ab'; 'cd'], 'e'}": cells([CharMatrix(["ab", "cd"]), "e"]),
        "struct ('a', ['xyz'; 'uvw'])": {"a": CharMatrix(["xyz", "uvw"])},
        "repmat ('ab', [1 1 2])": CharMatrix(["ab", "ab"], (1, 2, 2)),
        "cat (3, ['ab'; 'cd'], ['ef'; 'gh'])": CharMatrix(["ab", "cd", "ef", "gh"], (2, 2, 2)),
    }
    values = octave.call("cellfun", "eval", [f"({text});" for text in texts], "UniformOutput", 0)
    for (text, wanted), value in zip(texts.items(), values, strict=True):
        assert same(value, wanted), text
        assert octave.call("codec_alike", f"({text});", value), text


@pytest.mark.octave
def test_a_file_in_latin_1_comes_and_goes_back_in(octave: oc.Session, tmp_path: Path) -> None:
    path = tmp_path / "latin"
    path.write_bytes("Grüße\r\n".encode("latin-1") + bytes(range(1, 256)))
    text = octave.call("fileread", path)
    assert text.encode(errors="surrogateescape") == path.read_bytes()
    codes = octave.call("double", text)
    assert bytes(codes.astype(np.uint8).ravel()) == path.read_bytes()


def test_rows_of_char_must_be_of_one_length() -> None:
    for rows in (["a", "bc"], ["é", "x"]):
        with pytest.raises(oc.InvalidTypeError, match="one length in bytes of UTF-8"):
            codec.encode([CharMatrix(rows)])
    changed = CharMatrix(["ab", "cd"], (2, 2))
    changed.append("ef")
    assert same(locally([changed])[0], CharMatrix(["ab", "cd", "ef"]))


AWKWARD = (
    "0:0.1:1 10:-3:1 0:0.3:1 -1:1/3:1 1:0 1:5 0:0 -0:2 -2:0 -2:1:-0 0:-1:-3 5:-1:1 "
    "1.8:0.05:1.9 0:pi:10 0:eps:10*eps 1:eps:1+5*eps 1e16:1e16+10 -1e16:2:-1e16+10 "
    "0.1:0.1:0.5 0.5:-0.1:-0.5 1:1e-3:2 -5:1:-0 0:1e-320:1e-318 realmax/4:realmax/8:realmax "
    "0.7:0.1:0.9 0:0.01:1 9:-0.9:0 1:0.2:2 100:-7.3:-100 -0:-1:-4 0:1/7:1 -1/3:1/3:1/3 "
    "1e-300:1e-300:1e-299 1:Inf:5 3:3:3 1.5:4.2 2^53:2^53+6 -0:0.5:3 -4:0.5:0 "
)
RANGES = AWKWARD.split()


def test_there_are_many_awkward_ranges() -> None:
    assert len(RANGES) >= 36


def random_ranges(count: int) -> list[str]:
    """Ranges whose limit is within a few units in the last place of an element, or anywhere."""
    draw = random.Random(11)
    texts = []
    for _ in range(count):
        base = draw.choice([0.0, 1.0, draw.uniform(-9, 9), draw.randint(-99, 99) / 10])
        step = draw.choice([0.1, 1 / 3, draw.uniform(0.001, 3), draw.randint(1, 99) / 100])
        step *= draw.choice([1, -1])
        limit = base + draw.randint(0, 40) * step
        for _ in range(draw.randint(0, 4)):
            limit = np.nextafter(limit, draw.choice([-np.inf, np.inf]))
        limit += draw.choice([0, 0, 0, 0.5 * step])
        texts.append(f"{base!r}:{step!r}:{float(limit)!r}")
    return texts


@pytest.mark.octave
def test_ranges_are_what_octave_makes_of_them(octave: oc.Session) -> None:
    texts = RANGES + random_ranges(3000)
    values, types, full = octave.call("codec_values", texts, nout=3)
    assert types.count("double_range") > 2500
    wrong = [t for t, a, b in zip(texts, values, full, strict=True) if not same(a, b)]
    assert wrong == []
    nested = [f"struct ('a', struct ('b', {{{{{text}, 'x'}}}}))" for text in RANGES]
    values = octave.call("cellfun", "eval", nested, "UniformOutput", False)
    wrong = [
        text
        for text, value, matrix in zip(RANGES, values, full, strict=False)
        if not same(value, {"a": {"b": cells([matrix, "x"])}})
    ]
    assert wrong == []


def test_a_range_of_old_with_no_step_repeats_its_base() -> None:
    head = codec._HEADER + codec._variable(b"x", "range") + b"\x07"
    data = head + np.array([2.5, 3, 0]).tobytes()
    assert same(codec.decode(data), np.full((1, 3), 2.5))


def test_a_range_that_would_fill_the_memory_is_refused() -> None:
    head = codec._HEADER + codec._variable(b"x", "double_range") + b"\x07"
    with pytest.raises(oc.InvalidTypeError, match="8,000,000,000,008 bytes"):
        codec.decode(head + np.array([0, 1e12, 1]).tobytes())


@pytest.mark.octave
def test_matrices_that_octave_keeps_in_a_special_way_are_full(octave: oc.Session) -> None:
    special = {
        "eye (3)": "diagonal matrix",
        "2.5 * eye (2, 4)": "diagonal matrix",
        "-eye (4, 2)": "diagonal matrix",
        "single (eye (3))": "float diagonal matrix",
        "[1+2i, 3] .* eye (2)(1)": "complex matrix",
        "(1+2i) * eye (2, 3)": "complex diagonal matrix",
        "diag (single ([1+2i, 3i]))": "float complex diagonal matrix",
        "eye (3)(:, [2 3 1])": "permutation matrix",
        "eye (4)([2 4 1 3], :)": "permutation matrix",
        "eye (4)([2 4 1 3], :)'": "permutation matrix",
        "eye (5)([2 4 1 3 5], :) * eye (5)(:, [3 4 5 1 2])": "permutation matrix",
        "find ([1 0 1 1])": "matrix",
        "find ([1 0 1 1]')": "matrix",
        "int8 (5):int8 (9)": "int8 matrix",
        "single (1):0.5:3": "float matrix",
        "1:0": "double_range",
        "{}": "cell",
    }
    texts = list(special)[:-1]
    values, types, full = octave.call("codec_values", texts, nout=3)
    narrowed = {"lazy_index": "matrix"}
    told = dict(zip(texts, (narrowed.get(kind, kind) for kind in types), strict=True))
    assert {text: told[text] for text in texts[:11]} == {t: special[t] for t in texts[:11]}
    for text, value, matrix in zip(texts, values, full, strict=True):
        assert same(value, matrix), text


@pytest.mark.octave
def test_a_lazy_index_is_a_matrix(octave: oc.Session) -> None:
    found = octave.call("find", np.array([1.0, 0.0, 1.0]))
    assert same(found, np.array([[1.0, 3.0]]))
    assert same(octave.call("find", np.array([[0], [1]])), np.float64(2))


@pytest.mark.octave
@pytest.mark.parametrize(
    ("name", "args", "kind"),
    [
        ("str2func", ["sin"], "a function handle"),
        ("str2func", ["@(x) x + 1"], "a function handle"),
        ("cellfun", ["str2func", ["sin"], "UniformOutput", False], "a function handle"),
        ("inline", ["x + 1"], "an object of the class inline"),
    ],
)
@pytest.mark.filterwarnings("ignore::octave_compress.OctaveWarning")
def test_what_has_no_form_in_python_is_refused(
    octave: oc.Session, name: str, args: list[Any], kind: str
) -> None:
    with pytest.raises(oc.InvalidTypeError, match=kind):
        octave.call(name, *args)
    assert octave.call("plus", 1, 1) == 2


def sparse_values() -> list[Any]:
    dense = np.array([[0, 1.5, 0, -2], [0, 0, 0, 0], [3, 0, 0, np.nan]])
    values: list[Any] = []
    for array in (dense, dense != 0, dense + 1j * (dense > 0)):
        for form in ("csr", "csc", "coo", "lil", "dok", "bsr", "dia"):
            values += [
                scipy.sparse.coo_array(array).asformat(form),
                scipy.sparse.coo_matrix(array).asformat(form),
            ]
    for shape in ((0, 0), (0, 3), (3, 0), (4, 5), (1, 1)):
        values += [scipy.sparse.csc_array(shape, dtype=t) for t in (bool, float, complex)]
    swapped = scipy.sparse.csc_array(dense)
    swapped.data = swapped.data.astype(">f8")
    random_one = scipy.sparse.random_array((300, 200), density=0.05, rng=np.random.default_rng(3))
    return [*values, swapped, random_one, scipy.sparse.csr_array([[7.0]])]


def canonical(value: Any) -> Any:
    """The only form that Octave has: by column, sorted, without zeros or duplicates."""
    columns = scipy.sparse.csc_array(value.astype(value.dtype.newbyteorder("=")))
    columns.sum_duplicates()
    columns.eliminate_zeros()
    return scipy.sparse.csc_array(
        (columns.data, columns.indices.astype(np.int32), columns.indptr.astype(np.int32)),
        shape=columns.shape,
    )


def duplicated(dtype: type) -> Any:
    entries = (np.array([1, 2, 0, 5], dtype), ([0, 0, 1, 2], [1, 1, 0, 2]))
    return scipy.sparse.coo_array(entries, shape=(3, 3))


@pytest.mark.octave
def test_sparse_matrices_cross(octave: oc.Session) -> None:
    values = [*sparse_values(), *(duplicated(dtype) for dtype in (bool, float, complex))]
    for returned in (locally(values), octave.call("deal", cells(values))):
        assert all(map(same, returned, map(canonical, values)))
    full = octave.call("cellfun", "full", values, "UniformOutput", False)
    for value, matrix in zip(values, full, strict=True):
        np.testing.assert_array_equal(np.atleast_2d(matrix), value.toarray())
        if value.dtype.kind != "c":  # which Octave narrows
            assert matrix.dtype.kind == value.dtype.kind
    assert octave.call("nnz", duplicated(float)) == 2
    assert octave.call("full", duplicated(float))[0, 1] == 3
    assert all(octave.call("cellfun", "issparse", values).ravel())


def test_sparse_values_are_not_changed_by_sending_them() -> None:
    value = duplicated(float).tocsr(copy=True)
    rows = scipy.sparse.csr_array((value.data, value.indices, value.indptr), shape=(3, 3))
    columns = scipy.sparse.csc_array(([2.0, 0.0], [1, 0], [0, 2, 2, 2]), shape=(3, 3))
    before = [x.copy() for x in (rows, columns)]
    data_of([rows, columns])
    assert all(map(same, [rows, columns], before))


@pytest.mark.octave
def test_octaves_own_sparse_logical_is_read_rightly(octave: oc.Session) -> None:
    one = octave.call("gt", scipy.sparse.csc_array(np.ones((2, 2))), 0)
    assert same(one, scipy.sparse.csc_array(np.ones((2, 2), bool)))


class Color(enum.IntEnum):
    RED = 3


@pytest.mark.octave
def test_an_int_of_any_kind_is_a_double(octave: oc.Session) -> None:
    assert same(octave.call("deal", Color.RED), np.float64(3))
    assert octave.call("class", Color.RED) == "double"


class Odd:
    pass


@dataclasses.dataclass
class Point:
    x: float
    y: float


class Word(enum.Enum):
    ONE = "one"


class Series:
    """Has what one of pandas has."""

    def to_numpy(self) -> Any: ...

    def __array__(self) -> Any: ...


class Frame(Series):
    columns = ("a", "b")


class NAType:
    pass


class Tensor:
    def __array__(self) -> Any: ...


Odd.__module__ = "scipy.sparse_but_not_really"

REFUSED: list[tuple[Any, str]] = [
    (None, "NoneType cannot cross.*no such value"),
    (object(), "type object cannot cross"),
    ({1, 2}, "type set cannot cross"),
    (frozenset(), "type frozenset cannot cross.*send sorted"),
    (b"bytes", "type bytes cannot cross.*np.frombuffer"),
    (bytearray(b"x"), "type bytearray cannot cross.*np.frombuffer"),
    (decimal.Decimal(1), "type Decimal cannot cross"),
    (fractions.Fraction(1, 3), r"type Fraction cannot cross.*send float"),
    (range(2**53, 2**53 + 2), "54 bits cannot cross.*beyond 2"),
    ((x for x in ()), r"type generator cannot cross.*send list"),
    (collections.deque([1]), r"type deque cannot cross.*send list"),
    ({1: 2}.values(), r"type dict_values cannot cross.*send list"),
    (BufferArray("d", [1]), r"type array cannot cross.*send np.asarray"),
    (memoryview(b"x"), "type memoryview cannot cross.*np.frombuffer"),
    (Point(1, 2), r"type Point cannot cross.*dataclasses.asdict"),
    (Word.ONE, r"type Word cannot cross.*send its .value"),
    (Frame(), r"type Frame cannot cross.*to_dict"),
    (Series(), r"type Series cannot cross.*to_numpy"),
    (NAType(), r"type NAType cannot cross.*np.nan"),
    (Tensor(), r"type Tensor cannot cross.*np.asarray"),
    (scipy.sparse.linalg.aslinearoperator(np.eye(2)), "LinearOperator cannot cross.*calls Python"),
    (datetime.date(2020, 1, 1), "type date cannot cross.*send text"),
    (datetime.timedelta(1), "type timedelta cannot cross.*send text"),
    ([np.datetime64("2020-01-01")], "no dates"),
    ([np.timedelta64(1, "s")], "no dates"),
    ([np.float16(1), np.float16(2)], "type float16 cannot cross.*float32"),
    ([np.longdouble(1)], "cannot cross.*float64"),
    ([[1, 2], [3]], r"of other lengths cannot cross.*cells"),
    ([1, [2]], r"of other lengths cannot cross.*cells"),
    ([np.int8(1), 2.5], r"types float64, int8 cannot cross.*np.array.*cells"),
    ([np.float32(1), 2.5], r"types float32, float64 cannot cross"),
    ([np.int8(1), np.int16(1)], r"types int16, int8 cannot cross"),
    ([np.complex64(1), 1.0], r"types complex64, float64 cannot cross"),
    ([2**53 + 1, 1], "54 bits cannot cross"),
    ([[1], [2**60]], "61 bits cannot cross"),
    (np.datetime64("2020-01-01"), "no dates"),
    (np.array(["2020-01-01"], "M8[D]"), "no dates"),
    (np.timedelta64(1, "s"), "no dates"),
    (np.float16(1), "type float16 cannot cross.*no floats of that width"),
    (np.zeros(3, np.float16), "type float16 cannot cross"),
    (np.zeros(3, np.longdouble), "type float128 cannot cross.*no floats of that width"),
    (np.zeros(3, np.clongdouble), "type complex256 cannot cross.*no floats of that width"),
    (np.array([b"a"]), r"send text, as .astype\(str\)"),
    (np.zeros(2, [("a", "f2")]), "float16 cannot cross"),
    (np.void(b"abc"), "cannot cross"),
    (np.ma.masked_array([1.0, 2.0], [True, False]), "MaskedArray cannot cross.*mask would be lost"),
    (np.ma.masked_array([1.0, 2.0]), "mask would be lost"),
    (np.ma.masked_array(objects("a", 1)), "mask would be lost"),
    (np.ma.masked, "mask would be lost"),
    (2**53 + 1, "54 bits cannot cross.*beyond 2\\*\\*53"),
    (-(2**64), "beyond 2\\*\\*53"),
    (10**5000, "16610 bits cannot cross.*beyond 2\\*\\*53"),
    ({1: 2}, "key 1 cannot cross.*texts as names"),
    ({None: 2}, "key None cannot cross"),
    ({"a\0": 1}, "cannot cross"),
    ({"\ud800": 1}, "lone surrogate"),
    ("\ud800", "lone surrogate"),
    (sum, "type builtin_function_or_method cannot cross.*only as an argument of a call"),
    (scipy.sparse.csr_array(np.eye(2, dtype=np.float32)), "sparse array of type float32"),
    (scipy.sparse.csr_array(np.eye(2, dtype=int)), "sparse array of type int64"),
    (scipy.sparse.coo_array(np.arange(3.0)), "1 dimensions"),
    (scipy.sparse.csc_array((2**31, 1)), "too large"),
    (np.zeros((2**31, 0)), r"shape \(2147483648, 0\) cannot cross"),
    (objects({"a": 1}, {"b": 1}).view(StructArray), "same keys"),
    (objects({"a": 1}, 1).view(StructArray), "same keys"),
    (objects(1, {"a": 1}).view(StructArray), "same keys"),
    (objects({1: 1}).view(StructArray), "key 1 cannot cross"),
    (StructArray([{"a": 1}, {"a": {2}}]), "type set cannot cross"),
]


@pytest.mark.parametrize(("value", "why"), REFUSED, ids=lambda value: repr(type(value))[8:-2])
def test_what_cannot_cross_is_refused_wherever_it_is(value: Any, why: str) -> None:
    for place in (value, ["x", value], {"a": {"b": value}}, objects("x", value)):
        with pytest.raises(oc.InvalidTypeError, match=f"(?s){why}") as caught:
            codec.encode([place])
        assert isinstance(caught.value, TypeError)
        assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    ("values", "place"),
    [
        ([1, [2, {3}]], "args{2}{2}"),
        ([{"a": ["x", {"b": {3}}]}], "args{1}.a{2}.b"),
        ([{"a b": {3}}], "args{1}.('a b')"),
        ([StructArray([{"a": 1}, {"a": cells([{3}])}])], "args{1}(2).a{1}"),
        ([objects(1, 2, {3}, 4).reshape(2, 2).T], "args{1}{3}"),
    ],
)
def test_the_error_names_the_place(values: list[Any], place: str) -> None:
    with pytest.raises(oc.InvalidTypeError) as caught:
        codec.encode(values)
    assert str(caught.value).endswith(f"(it is {place})")


def test_no_place_is_named_for_an_argument_itself() -> None:
    with pytest.raises(oc.InvalidTypeError) as caught:
        codec.encode([{3}])
    assert "args" not in str(caught.value)


def test_what_does_not_travel_is_asked_for_wherever_it_is() -> None:
    asked: list[Any] = []

    def register(value: Any) -> Mark | None:
        asked.append(value)
        return Mark("ocx_handle_", len(asked)) if callable(value) else None

    codec.encode(
        [1, len, [sum, {"a": (max, "x")}], objects(min), StructArray([{"f": abs}])], register
    )
    assert asked == [len, sum, max, min, abs]
    with pytest.raises(oc.InvalidTypeError, match="type set cannot cross"):
        codec.encode([[len, {1}]], register)
    assert asked[-1] == {1}


def test_a_value_that_contains_itself_is_refused() -> None:
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(oc.InvalidTypeError, match="contains itself"):
        codec.encode([endless])


@pytest.mark.octave
def test_nesting_is_kept_or_refused(octave: oc.Session) -> None:
    value: Any = "core"
    for _ in range(100):
        value = [value]
    assert octave.call("deal", value) == value
    for _ in range(sys.getrecursionlimit()):
        value = [value]
    with pytest.raises(oc.InvalidTypeError, match="nested too deep"):
        octave.call("deal", value)
    assert octave.call("plus", 1, 1) == 2


def test_an_array_over_the_limit_is_refused() -> None:
    fits = np.zeros(125)
    codec.encode([fits, [fits], "x" * 5000], largest=1000)
    for value in (np.zeros(126), np.zeros((126, 1)), np.zeros((2, 501), np.int8)):
        for place in (value, [value], {"a": value}, objects(value, 1)):
            with pytest.raises(oc.InvalidTypeError, match=r"limit is 1,000 bytes.*in parts"):
                codec.encode([place], largest=1000)
    with pytest.raises(oc.InvalidTypeError, match="126 elements"):
        codec.encode([scipy.sparse.csc_array(np.ones((126, 1)))], largest=1000)
    huge = np.broadcast_to(np.float64(1), (2**16, 2**15))
    with pytest.raises(oc.InvalidTypeError, match=r"17,179,869,184 bytes.*2,147,483,647"):
        codec.encode([huge])


# ---------------------------------------------------------------------------------------------


def some_arrays() -> st.SearchStrategy[Any]:
    shapes = hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4)
    kinds = st.sampled_from(DTYPES + [d.newbyteorder("S") for d in DTYPES])
    plain = st.builds(filled, shapes, kinds)
    layouts = st.sampled_from(list(LAYOUTS.values()))
    return st.builds(lambda layout, array: layout(array), layouts, plain)


def some_shape() -> st.SearchStrategy[tuple[int, ...]]:
    return hnp.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=3)


def some_char() -> st.SearchStrategy[Any]:
    """A char array of any shape, apart from 1xN, which is text."""

    def made(shape: tuple[int, ...], draw: random.Random) -> Any:
        count = shape[0] * int(np.prod(shape[2:]))
        rows = [draw.randbytes(shape[1]).decode(errors="surrogateescape") for _ in range(count)]
        while len(shape) > 2 and shape[-1] == 1:
            shape = shape[:-1]
        if shape == (0, 0):
            return ""
        if len(shape) == 2 and shape[0] == 1:
            return rows[0] or EmptyText()
        return CharMatrix(rows, shape)

    shapes = hnp.array_shapes(min_dims=2, max_dims=4, min_side=0, max_side=3)
    return st.builds(made, shapes, st.randoms(use_true_random=False))


def a_struct_array(names: list[str], shape: tuple[int, ...], value: Any) -> StructArray:
    count = int(np.prod(shape))
    items = [{name: cells([value, k]) for name in names} for k in range(count)]
    return StructArray(objects(*items).reshape(shape), names)


def some_values() -> st.SearchStrategy[Any]:
    names = st.one_of(
        st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,12}", fullmatch=True),
        st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=5),
    )
    leaves = st.one_of(
        some_arrays(),
        st.booleans(),
        st.integers(-(2**53), 2**53),
        st.floats(),
        st.complex_numbers(),
        st.text(max_size=20),
        st.binary(max_size=8).map(lambda data: data.decode(errors="surrogateescape")),
        st.lists(st.one_of(st.booleans(), st.integers(-9, 9), st.floats()), max_size=5),
        st.integers(0, 3).flatmap(
            lambda n: st.lists(st.lists(st.floats(), min_size=n, max_size=n), max_size=3)
        ),
        some_char(),
        st.builds(range, st.integers(-9, 9), st.integers(-9, 9), st.integers(1, 3)),
    )
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.lists(inner, max_size=4).map(regular),
            st.lists(inner, max_size=3).map(tuple).map(regular),
            st.lists(inner, max_size=4).map(cells),
            st.dictionaries(names, inner, max_size=4),
            st.lists(inner, min_size=4, max_size=4).map(lambda v: objects(*v).reshape(2, 2)),
            st.builds(
                a_struct_array, st.lists(names, unique=True, max_size=3), some_shape(), inner
            ),
        ),
        max_leaves=12,
    )


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(some_values(), max_size=8))
def test_any_values_survive_the_codec(values: list[Any]) -> None:
    assert differing(values, locally(values)) == []


@pytest.mark.octave
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(values=st.lists(some_values(), min_size=15, max_size=40))
def test_any_values_survive_octave(octave: oc.Session, values: list[Any]) -> None:
    assert differing(values, octave.call("deal", cells(values))) == []


# ---------------------------------------------------------------------------------------------


def damaged(data: bytes, draw: random.Random) -> bytes:
    """Some bytes with something wrong about them."""
    broken = bytearray(data)
    for _ in range(draw.choice([1, 1, 1, 2, 5])):
        at = draw.randrange(len(broken))
        match draw.randrange(6):
            case 0:
                broken[at] = draw.randrange(256)
            case 1:
                broken[at] ^= 1 << draw.randrange(8)
            case 2:
                wild = draw.choice([-1, 0, 1, 2**31 - 1, -(2**31), 2**30, 65536, -2, -3])
                broken[at : at + 4] = wild.to_bytes(4, "little", signed=True)
            case 3:
                del broken[at : at + draw.randint(1, 8)]
            case 4:
                broken[at:at] = draw.randbytes(draw.randint(1, 8))
            case 5:
                del broken[at:]
        broken = broken or bytearray(1)
    return bytes(broken)


def whole_files() -> list[bytes]:
    values = [value for group in VALUES.values() for value in group if len(data_of([value])) < 2000]
    files = [data_of([value]) for value in values + sparse_values()[:45]]

    def named(kind: str, *parts: Any) -> bytes:
        return codec._HEADER + codec._variable(b"x", kind) + b"".join(map(bytes, parts))

    two, tag = np.array([2, 3], "<i4"), b"\x07"
    files += [named("double_range", tag, np.array([0.0, end, 0.1])) for end in (1, -1, 1e3)]
    files += [
        named("diagonal matrix", two, tag, np.ones(2)),
        named("float complex diagonal matrix", two, b"\x06", np.ones(2, np.complex64)),
        named("permutation matrix", two[1:], b"\x01", np.arange(3)),
        named("permutation matrix", two[1:], b"\x00", np.arange(3)[::-1].copy()),
        named("lazy_index", codec._variable(b"index_value", "scalar"), tag, np.ones(1)),
        named("matrix", codec._dimensions((2, 2)), b"\x03", bytes(4)),
        named("string", codec._dimensions((2, 2)), b"abcd"),
    ]
    return files


def test_numbers_stored_narrower_than_they_are_get_their_width_back() -> None:
    for tag, dtype in enumerate(("u1", "u2", "u4", "i1", "i2", "i4", "f4", "f8")):
        stored = np.array([[1, 2], [3, 100]], f"<{dtype}")
        for prefix, final in (("", "f8"), ("float ", "f4"), ("complex ", "c16")):
            numbers = stored.tobytes(order="F")
            if final == "c16":
                numbers = np.repeat(stored.ravel(order="F"), 2).tobytes()
            head = codec._HEADER + codec._variable(b"x", f"{prefix}matrix")
            data = head + codec._dimensions((2, 2)) + bytes([tag]) + numbers
            wanted = stored * (1 + 1j) if final == "c16" else stored
            assert same(codec.decode(data), wanted.astype(final))


def test_whole_files_are_read() -> None:
    for data in whole_files():
        codec.decode(bytearray(data))


def test_damaged_bytes_are_an_error_or_a_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codec, "LARGEST", 1 << 16)
    monkeypatch.setattr(codec, "_MOST_EMPTY", 1 << 10)
    draw = random.Random(5)
    files = whole_files()
    outcomes = {"value": 0, "type": 0, "damaged": 0}
    tracemalloc.start()
    try:
        for _ in range(20_000):
            data = damaged(draw.choice(files), draw)
            try:
                codec.decode(bytearray(data))
                outcomes["value"] += 1
            except oc.InvalidTypeError:
                outcomes["type"] += 1
            except oc.OctaveDiedError:
                outcomes["damaged"] += 1
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert min(outcomes.values()) > 100
    assert peak < 20e6


def test_every_truncation_is_an_error() -> None:
    for data in whole_files():
        for end in range(0, len(data), 1 + len(data) // 60):
            with pytest.raises((oc.OctaveDiedError, oc.InvalidTypeError)):
                codec.decode(bytearray(data[:end]))


@pytest.mark.octave
def test_a_reply_of_random_bits_is_never_taken_for_a_value(octave: oc.Session) -> None:
    for data in (b"", b"\0" * 100, b"Octave-1-B\0" + bytes(50), b"# Created by Octave"):
        with pytest.raises(oc.OctaveDiedError):
            codec.decode(bytearray(data))


@pytest.mark.octave
def test_files_of_the_codec_are_files_of_octave(octave: oc.Session, tmp_path: Path) -> None:
    values = [*VALUES["dicts"], *VALUES["cells"], *VALUES["struct arrays"], *VALUES["text"]]
    (tmp_path / "values").write_bytes(data_of(values))
    loaded = octave.call("load", str(tmp_path / "values"))
    assert differing(values, loaded["args"]) == []
