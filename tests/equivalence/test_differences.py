"""The differences of two values as data: where they are, what they are, how large they are."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from scipy.sparse import coo_array, csc_array, csr_array
from scipy.sparse.linalg import aslinearoperator

from octave_compress.equivalence.levels import (
    EXACT,
    Difference,
    compare,
    differences,
    octave_class,
    rtol,
    ulp,
)
from octave_compress.structs import StructArray

NAN, INF = np.nan, np.inf


def structs(*items: dict[str, Any], shape: tuple[int, ...] = (1, -1)) -> StructArray:
    array = np.empty(len(items), dtype=object)
    array[:] = items
    return array.reshape(shape).view(StructArray)


def cell(rows: list[list[Any]]) -> Any:
    array = np.empty((len(rows), len(rows[0])), dtype=object)
    for i, row in enumerate(rows):
        for j, item in enumerate(row):
            array[i, j] = item
    return array


def only(actual: Any, expected: Any, level: Any = EXACT) -> Difference:
    (found,) = differences(actual, expected, level, "m")
    return found


MODEL = {"W": [np.zeros((2, 2)), np.arange(6.0).reshape(3, 2)], "name": "net", "n": np.int8(3)}


def changed(**fields: Any) -> dict[str, Any]:
    return {**MODEL, **fields}


def test_equal_values_have_no_differences() -> None:
    assert differences(MODEL, changed(), EXACT) == ()


def test_an_element_deep_inside_is_named_in_both_languages() -> None:
    other = np.arange(6.0).reshape(3, 2)
    other[2, 0] = 4.5
    found = only(changed(W=[MODEL["W"][0], other]), MODEL)
    assert found.location == "m.W{2}(3,1)"
    assert found.python_location == "m['W'][1][2, 0]"
    assert (found.path, found.index, found.octave_index) == ("m.W{2}", (2, 0), (3, 1))
    assert (found.kind, found.actual, found.expected) == ("value", 4.5, 4.0)
    assert (found.count, found.size, found.absolute, found.relative) == (1, 6, 0.5, 0.125)
    assert found.ulps == 0.5 / np.spacing(4.0)


def test_all_differences_are_returned() -> None:
    left = changed(W=[np.ones((2, 2)), np.zeros((3, 2), np.float32)], name="nut", extra=1.0)
    del left["n"]
    found = {d.path: d.kind for d in differences(left, MODEL, EXACT, "m")}
    assert found == {"m": "fields", "m.W{1}": "value", "m.W{2}": "class", "m.name": "text"}
    (fields, *_) = differences(left, MODEL, EXACT, "m")
    assert fields.message == "field n is missing, field extra is not expected"


def test_the_first_element_is_the_first_in_octaves_order() -> None:
    expected = np.zeros((3, 4))
    actual = expected.copy()
    actual[0, 2] = actual[2, 1] = 1
    for a, b in ((actual, expected), (np.asfortranarray(actual), expected)):
        assert only(a, b).octave_index == (3, 2)
    cube = np.zeros((2, 3, 4))
    cube[1, 0, 2] = cube[0, 2, 1] = 7
    assert only(cube, np.zeros((2, 3, 4))).octave_index == (1, 3, 2)


@pytest.mark.parametrize(
    ("actual", "expected", "location", "kind"),
    [
        (cell([[1.0, "a"], [2.0, "b"]]), cell([[1.0, "a"], [2.5, "b"]]), "m{2,1}", "value"),
        ([np.ones(3)], [np.ones((1, 3))], "m{1}", "shape"),
        (structs({"a": 1.0}, {"a": 2.0}), structs({"a": 1.0}, {"a": 3.0}), "m(1,2).a", "value"),
        (structs({"a": 1.0}, {"a": 2.0}), structs({"b": 1.0}, {"b": 2.0}), "m", "fields"),
        (structs({"a": 1.0}, {"a": 2.0}), [{"a": 1.0}, {"a": 2.0}], "m", "class"),
        (structs({"a": 1.0}), {"a": 2.0}, "m.a", "value"),
        (cell([[1.0, 2.0]]), [1.0, 3.0], "m{2}", "value"),
        (cell([[1.0], [2.0]]), [1.0, 2.0], "m", "shape"),
        ("abc", "abd", "m", "text"),
        ("abc", np.array([97.0, 98, 99]), "m", "class"),
        (1 + 2j, 1 + 3j, "m", "value"),
        (np.complex64(1), np.complex128(1), "m", "class"),
        (csc_array([[0.0, 1.0]]), np.array([[0.0, 1.0]]), "m", "class"),
        (csc_array([[0.0, 1.0]]), csc_array([[0.0, 2.0]]), "m(1,2)", "value"),
        (csc_array([[0.0, 1.0]]), csc_array([[0.0, 1.0, 0.0]]), "m", "shape"),
        (np.ma.masked_array([1.0], [True]), np.array([1.0]), "m", "incomparable"),
        (print, print, "m", "incomparable"),
        (object(), 1.0, "m", "incomparable"),
        ({"f": len}, {"f": len}, "m.f", "incomparable"),
        (np.float16(1), np.float16(1), "m", "incomparable"),
    ],
)
def test_where_and_what(actual: Any, expected: Any, location: str, kind: str) -> None:
    found = only(actual, expected)
    assert (found.location, found.kind) == (location, kind)
    assert compare(actual, expected, EXACT).mismatch is not None


def test_text_is_quoted_around_the_difference() -> None:
    found = only("x" * 100 + "a" + "y" * 100, "x" * 100 + "b" + "y" * 99)
    assert found.message.startswith("...'" + "x" * 30 + "a" + "y" * 29 + "'... is not ...'xxx")
    assert found.message.endswith("(lengths 201 and 200)")


def test_complex_numbers_are_compared_by_their_parts() -> None:
    one_up = complex(np.nextafter(1.0, 2.0), 1.0)
    assert differences(one_up, 1 + 1j, ulp(1)) == ()
    assert only(one_up, 1 + 1j, ulp(0.5)).ulps == 1
    assert only(complex(1.0, -0.0), complex(1.0, 0.0)).kind == "value"
    assert differences(complex(1, NAN), complex(1, NAN), rtol(1e-12)) == ()
    assert only(complex(1, NAN), complex(NAN, 1), rtol(1e-12)).kind == "value"
    assert differences(1 + 1e-14j, 1 + 0j, rtol(1e-12)) == ()
    assert only(1 + 1e-11j, 1 + 0j, rtol(1e-12)).relative == pytest.approx(1e-11)


def test_sparse_matrices_are_compared_by_their_elements() -> None:
    eye = np.eye(4)
    formats = (csc_array(eye), csr_array(eye), coo_array(eye))
    assert all(differences(a, b, EXACT) == () for a in formats for b in formats)
    stored_zero = csc_array((np.array([1.0, 0.0]), ([0, 1], [0, 1])), shape=(4, 4))
    assert differences(stored_zero, csc_array(np.diag([1.0, 0, 0, 0])), EXACT) == ()
    shifted = csc_array(np.eye(4, k=1))
    found = only(shifted, csc_array(eye))
    assert (found.octave_index, found.count, found.size) == ((1, 1), 7, 7)
    tall = csc_array((np.ones(1), ([2**30], [2])), shape=(2**31 - 1, 3))
    assert only(tall, tall * 2).index == (2**30, 2)


def test_whole_numbers_differ_by_what_they_differ() -> None:
    assert only(np.int8([127]), np.int8([-128])).absolute == 255
    assert only(np.uint64([2**64 - 1]), np.uint64([0])).absolute == 2.0**64
    assert only(np.uint64([2**64 - 1]), np.uint64([2**64 - 2])).absolute == 1
    assert only(np.int64([2**62]), np.int64([2**62 + 1]), rtol(1.0)).absolute == 1


def test_what_is_not_finite_is_not_measured() -> None:
    found = only(np.array([NAN, 2.0, INF]), np.array([1.0, 1.0, 1.0]))
    assert (found.count, found.absolute) == (3, 1.0)
    assert only(NAN, 1.0).ulps is None


def test_octaves_names_of_classes() -> None:
    values = [True, np.float32(1), 1.0, 1j, "a", [], {}, structs({}), np.uint16(1), print]
    names = ["logical", "single", "double", "complex double", "char", "cell", "struct", "struct"]
    assert [octave_class(v) for v in values] == [*names, "uint16", ""]
    assert octave_class(csc_array([[True]])) == "sparse logical"


FLOATS = st.floats(width=64) | st.sampled_from([0.0, -0.0, 1.0, NAN, INF])


@given(st.data())
def test_counts_and_places_equal_a_plain_loop(data: st.DataObject) -> None:
    shape = data.draw(array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=4))
    left, right = (data.draw(arrays(np.float64, shape, elements=FLOATS)) for _ in "ab")
    apart = [
        at
        for at in (at[::-1] for at in np.ndindex(shape[::-1]))
        if repr(float(left[at])) != repr(float(right[at]))  # tells -0 from 0, and NaN is NaN
    ]
    found = differences(left, right, EXACT)
    assert [d.index for d in found] == apart[:1]
    assert [d.count for d in found] == [len(apart)] * bool(apart)


def test_a_large_array_takes_little_memory_whatever_its_order() -> None:
    left = np.ones((2000, 2500))
    right = np.asfortranarray(left)
    right[1999, 2499] = 2
    tracemalloc.start()
    try:
        for level in (EXACT, ulp(1), rtol(1e-9)):
            found = only(left, right, level)
            assert (found.octave_index, found.count) == ((2000, 2500), 1)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < left.nbytes / 4


def test_a_large_cell_is_compared_in_full() -> None:
    left = [np.float64(k) for k in range(20_000)]
    right = [*left[:-1], np.float64(-1)]
    assert only(left, right).location == "m{20000}"


def test_struct_arrays_without_elements_have_fields() -> None:
    left, right = StructArray([], ["a", "b"]), StructArray([], ["b", "c"])
    found = only(left, right)
    assert found.kind == "fields"
    assert found.message == "field c is missing, field a is not expected"
    assert differences(left, StructArray([], ["b", "a"]), EXACT) == ()


def test_a_struct_and_a_struct_array_differ_in_their_shapes() -> None:
    one, two = {"a": 1.0}, structs({"a": 1.0}, {"a": 2.0})
    assert only(one, two).kind == only(two, one).kind == "shape"
    assert differences(one, structs({"a": 1.0}), EXACT) == ()


def test_what_is_no_sparse_matrix_cannot_be_compared() -> None:
    operator = aslinearoperator(np.eye(2))
    assert only(operator, np.eye(2)).kind == "incomparable"
