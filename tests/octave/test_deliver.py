"""What Octave does with values on their way out and in: types, refusals, marks, and its users."""

from __future__ import annotations

import copy
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse
import scipy.sparse.linalg
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import octave_compress as oc
from octave_compress.octave.codec import decode
from octave_compress.octave.locate import octave_command
from octave_compress.structs import Cells, CharMatrix, EmptyText, StructArray, cells

pytestmark = pytest.mark.octave

BRIDGE = Path(oc.__file__).with_name("octave") / "bridge"

FUNCTIONS = {
    # values of expressions as constants of a cell, and the types that Octave holds them in
    "deliver_made": """
        function [values, types] = deliver_made(texts)
          values = cell(size(texts));
          types = cell(size(texts));
          for k = 1:numel(texts)
            values(k) = eval(['{', texts{k}, '}']);
            types{k} = typeinfo(values{k});
          end
        end
    """,
    "deliver_warned": """
        function value = deliver_warned(text)
          lastwarn('kept', 'kept:id');
          value = eval(text);
        end
    """,
    "deliver_fields": """
        function names = deliver_fields(value)
          names = fieldnames(value);
        end
    """,
    "deliver_depends": """
        function texts = deliver_depends(values)
          texts = cellfun(@(v) sprintf('%s%s', class(v), sprintf(' %d', size(v))), values, ...
                          'UniformOutput', false);
        end
    """,
}


@pytest.fixture(scope="module")
def octave(tmp_path_factory: pytest.TempPathFactory) -> Iterator[oc.Session]:
    folder = tmp_path_factory.mktemp("functions")
    for name, text in FUNCTIONS.items():
        (folder / f"{name}.m").write_text(text)
    old = folder / "@deliverold"
    old.mkdir()
    (old / "deliverold.m").write_text(
        "function o = deliverold()\n  o = class(struct('a', 1), 'deliverold');\nend\n"
    )
    with oc.Session() as session:
        session.addpath(folder)
        yield session


def integers(word: str) -> dict[str, tuple[str, Any]]:
    made: dict[str, tuple[str, Any]] = {}
    for name in ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"):
        one = np.dtype(name).type(3)
        value = one if word == "scalar" else np.array([[3, 4]], name)
        made[f"{name} {word}"] = (f"{name}(3)" if word == "scalar" else f"{name}([3 4])", value)
    return made


# For each type: an expression, and what it is in Python.
CARRIED: dict[str, tuple[str, Any]] = {
    "cell": ("{1, 'a'}", cells([1.0, "a"])),
    "scalar": ("2.5", np.float64(2.5)),
    "complex scalar": ("1 + 2i", np.complex128(1 + 2j)),
    "matrix": ("[1 2; 3 4]", np.array([[1.0, 2], [3, 4]])),
    "diagonal matrix": ("2 * eye(2)", np.diag([2.0, 2.0])),
    "complex matrix": ("[1i 2]", np.array([[1j, 2]])),
    "complex diagonal matrix": ("1i * eye(2)", np.diag([1j, 1j])),
    "double_range": ("1:3", np.array([[1.0, 2, 3]])),
    "bool": ("true", np.True_),
    "bool matrix": ("[true false]", np.array([[True, False]])),
    "string": ('"a"', "a"),
    "sq_string": ("'a'", "a"),
    **integers("scalar"),
    **integers("matrix"),
    "sparse bool matrix": ("sparse([true false])", np.array([[True, False]])),
    "sparse matrix": ("sparse([2 0])", np.array([[2.0, 0]])),
    "sparse complex matrix": ("sparse([2i 0])", np.array([[2j, 0]])),
    "struct": ("struct('a', {})", StructArray(np.empty((0, 0), object), ["a"])),
    "scalar struct": ("struct('a', 1)", {"a": np.float64(1)}),
    "float scalar": ("single(2.5)", np.float32(2.5)),
    "float complex scalar": ("single(1 + 2i)", np.complex64(1 + 2j)),
    "float matrix": ("single([1 2])", np.array([[1, 2]], np.float32)),
    "float diagonal matrix": ("single(eye(2))", np.eye(2, dtype=np.float32)),
    "float complex matrix": ("single([1i 2])", np.array([[1j, 2]], np.complex64)),
    "float complex diagonal matrix": ("single(1i * eye(2))", np.diag([1j, 1j]).astype("c8")),
    "permutation matrix": ("eye(2)(:, [2 1])", np.array([[0.0, 1], [1, 0]])),
    "magic_int": ("9007199254740993", np.float64(2.0**53)),
    "magic_uint": ("18446744073709551615", np.float64(2.0**64)),
    "null_matrix": ("[]", np.zeros((0, 0))),
    "null_string": ('""', ""),
    "null_sq_string": ("''", ""),
    "lazy_index": ("find([0 1 1])", np.array([[2.0, 3]])),
}
NAMED = {
    "class": ("deliverold()", "an object of the class deliverold"),
    "function handle": ("@sin", "a function handle"),
    "onCleanup": ("onCleanup(@() 1)", "an onCleanup"),
    "object": ("containers.Map()", "an object of the class containers.Map"),
}
# No variable holds one of these; Java's objects need a Java, and files of old have ranges.
NO_VALUES = {
    "<unknown type>",
    "built-in function",
    "cs-list",
    "dynamically-linked function",
    "magic-colon",
    "octave_java",
    "range",
    "trivial range",
    "user-defined function",
}
# Which a version may take for another of the types that are carried.
NARROWED = {"lazy_index": "matrix", "magic_uint": "magic_int"}


def test_every_type_of_octave_is_carried_or_named(octave: oc.Session) -> None:
    types = set(octave.call("typeinfo").ravel().tolist())
    assert types <= CARRIED.keys() | NAMED.keys() | NO_VALUES
    texts = [text for text, _ in CARRIED.values()]
    values, made = octave.call("deliver_made", texts, nout=2)
    for (kind, (text, wanted)), value, got in zip(CARRIED.items(), values, made, strict=True):
        assert got in (kind, NARROWED.get(kind)), text
        if scipy.sparse.issparse(value):
            value = value.toarray()
        assert type(value) is type(wanted), text
        if isinstance(wanted, np.ndarray | np.generic):
            assert value.dtype == wanted.dtype
            assert value.shape == wanted.shape
        assert np.array_equal(value, wanted), text
    for kind, (text, name) in NAMED.items():
        handle, got = octave.call("deliver_made", [text], nout=2, keep=True)
        assert got.get() == [kind]
        with pytest.raises(oc.InvalidTypeError, match=rf"^result\{{1\}} cannot .* it is {name};"):
            handle.get()


@pytest.mark.parametrize("made", [text for text, _ in NAMED.values()])
@pytest.mark.parametrize(
    ("form", "nout", "place"),
    [
        ("{}", 1, "result"),
        ("struct('f', {{{{1, {}}}}})", 1, "result.f{2}"),
        ("struct('a', {{1, 2}}, 'b c', {{3, {{{}}}}})", 1, "result(2).('b c'){1}"),
        ("{{1, {{2, 3; {}, 5}}}}", 1, "result{2}{2}"),
        ("deal(1, {{{}}})", 2, "outputs{2}{1}"),
    ],
)
def test_what_cannot_cross_is_named_with_its_place(
    octave: oc.Session, made: str, form: str, nout: int, place: str
) -> None:
    with pytest.raises(oc.InvalidTypeError) as caught:
        octave.call("eval", form.format(made) + ";", nout=nout)
    assert str(caught.value).startswith(f"{place} cannot cross to Python: it is a")
    assert "keep=True" in str(caught.value)
    assert octave.call("plus", 1, 1) == 2


@pytest.mark.filterwarnings("ignore:save. unable to save onCleanup:octave_compress.OctaveWarning")
@pytest.mark.parametrize("state", ["on", "off"])
@pytest.mark.parametrize("text", ["{1, {containers.Map()}};", "{onCleanup(@() 1)};", "{1, 'a'};"])
def test_the_users_warnings_are_left_alone(octave: oc.Session, state: str, text: str) -> None:
    """Octave 11 would save a Map as a struct, with a warning that may be off."""
    usual = octave.call("warning")

    def states() -> dict[str, str]:
        """What is on and off, whether it is said of the warning itself or of all."""
        said = {one["identifier"]: one["state"] for one in octave.call("warning").flat}
        said.setdefault("Octave:save:classdef:unsupported", said["all"])
        return said

    octave.call("warning", state, "x:y", nout=0)
    octave.call("warning", state, "Octave:save:classdef:unsupported", nout=0)
    before = states()
    if "'a'" in text:
        octave.call("deliver_warned", text)
    else:
        with pytest.raises(oc.InvalidTypeError, match="cannot cross"):
            octave.call("deliver_warned", text)
    assert states() == before
    octave.call("warning", usual, nout=0)


def test_plain_values_leave_the_last_error_alone(octave: oc.Session) -> None:
    for text in ("{1, 'a'}", "struct('a', 1)", "5", "cell(3)"):
        octave.call("lasterr", "E", nout=0)
        octave.call("eval", f"{text};")
        assert octave.call("lasterr") == "E"


def compiled_names() -> list[str]:
    """The functions that the bridge calls by way of `builtin`, and some more."""
    text = "".join((BRIDGE / f"{name}.m").read_text() for name in ("ocx_deliver", "ocx_resolve"))
    names = set(re.findall(r"builtin\('(\w+)'", text))
    assert len(names) > 20
    return sorted(names | {"strjoin", "fieldnames", "load", "ismember", "mod", "repmat", "cellfun"})


def test_a_users_functions_change_nothing_in_what_delivers(tmp_path: Path) -> None:
    """In an Octave of its own, where a user's functions of those names come first."""
    hostile = tmp_path / "hostile"
    hostile.mkdir()
    for name in compiled_names():
        (hostile / f"{name}.m").write_text(
            f"function varargout = {name}(varargin)\n  varargout = {{'wrong'}};\nend\n"
        )
    for folder in ("one", "two", "two_more", "three"):
        (tmp_path / folder).mkdir()
    (tmp_path / "script.m").write_text(
        f"""
        builtin('addpath', '{BRIDGE}');
        builtin('save_default_options', '-zip');
        value = struct('a', {{{{'x', [1 2 3]}}}});
        marks = {{struct('type', {{'{{}}', '{{}}'}}, 'subs', {{{{2}}, {{1}}}})}};
        map = containers.Map();
        builtin('warning', 'off', 'Octave:shadowed-function');
        builtin('addpath', '{hostile}');
        % Read once before: Octave 11 notes warnings of its parser that are off.
        ocx_deliver({{value}}, {{'{tmp_path}/one'}});
        builtin('lastwarn', 'kept', 'kept:id');
        builtin('lasterr', 'kept');
        ocx_deliver({{value, 5}}, {{'{tmp_path}/one'}});
        [text, identifier] = builtin('lastwarn');
        last = {{text, identifier, builtin('lasterr')}};
        args = ocx_resolve({{1, {{struct('ocx_callback_', 1)}}}}, marks, {{}});
        ocx_deliver({{builtin('class', args{{2}}{{1}}), builtin('size', zeros(2, 3))}}, ...
                    {{'{tmp_path}/two'}});
        try
          ocx_deliver({{1, {{value, map}}}}, {{'{tmp_path}/two_more'}});
        catch failure
          ocx_deliver({{failure.message, builtin('save_default_options'), last{{:}}}}, ...
                      {{'{tmp_path}/three'}});
        end
        builtin('rmpath', '{hostile}');
        """
    )
    subprocess.run(
        [*octave_command(), "--norc", "--no-gui", str(tmp_path / "script.m")],
        check=True,
        capture_output=True,
        env={**os.environ, "LC_ALL": "C.UTF-8"},
    )

    def delivered(name: str) -> Any:
        return decode(bytearray((tmp_path / name / "reply").read_bytes()))

    value, five = delivered("one")
    assert list(value) == ["a"]
    assert value["a"][0] == "x"
    assert value["a"][1].tolist() == [[1, 2, 3]]
    assert five == 5
    kind, size = delivered("two")
    assert kind == "function_handle"
    assert size.tolist() == [[2, 3]]
    message, options, *last = delivered("three")
    assert message.startswith("outputs{2}{2} cannot cross to Python: it is an object of the class")
    assert options == "-zip"
    assert last == ["kept", "kept:id", "kept"]


def test_the_users_way_to_save_does_not_matter(octave: oc.Session, tmp_path: Path) -> None:
    for options in ("-zip", "-text", "-append", "-v7", "-hdf5 -zip", "-float-binary"):
        octave.call("save_default_options", options, nout=0)
        try:
            value = octave.call("deal", {"a": np.arange(3.0) + 0.1})
            assert value["a"].tolist() == [[0.1, 1.1, 2.1]]
            assert octave.call("save_default_options") == options
        finally:
            octave.call("save_default_options", "-text", nout=0)


def test_a_dimension_too_long_for_the_format_is_refused(octave: oc.Session) -> None:
    for text in ("zeros(2^32, 0);", "sparse(2^32, 1);"):
        with pytest.raises(oc.InvalidTypeError, match="dimension beyond"):
            octave.call("eval", text)


# ---------------------------------------------------------------- what does not travel by itself


def test_handles_stand_inside_of_other_values(octave: oc.Session) -> None:
    x = np.arange(6.0).reshape(2, 3)
    handle, text = octave.put(x), octave.put("text")
    value = octave.call("deal", [1, handle, {"a": [text, {"b c": handle}]}])
    assert value[0] == 1
    assert np.array_equal(value[1], x)
    assert value[2]["a"][0] == "text"
    assert np.array_equal(value[2]["a"][1]["b c"], x)
    array = octave.call("deal", StructArray([{"f": 1}, {"f": cells([2, handle])}]))
    assert array[0, 0] == {"f": 1}
    assert np.array_equal(array[0, 1]["f"][1], x)
    objects = np.empty((2, 2), object)
    objects[:] = [[handle, 1], [2, text]]
    grid = octave.call("deal", objects)
    assert np.array_equal(grid[0, 0], x)
    assert grid[1, 1] == "text"
    assert octave.call("numel", cells([handle, handle, 3])) == 3
    assert octave.call("plus", handle, handle).tolist() == (2 * x).tolist()


def test_a_handle_keeps_what_it_stands_for_inside(octave: oc.Session) -> None:
    map_ = octave.call("eval", "containers.Map('KeyType', 'char', 'ValueType', 'any');", keep=True)
    kinds = octave.call("deliver_depends", [map_, "x", octave.put([])])
    assert kinds[0].startswith("containers.Map")
    assert kinds[1:] == ["char 1 1", "double 0 0"]


def test_a_stale_handle_or_one_of_another_session_is_found_inside(octave: oc.Session) -> None:
    with oc.Session() as other:
        handle = other.put(1)
        with pytest.raises(oc.InvalidValueError, match="another session"):
            octave.call("deal", [["x", handle]])


def test_python_functions_stand_inside_of_other_values(octave: oc.Session) -> None:
    seen = []

    def note(info: Any) -> bool:
        seen.append(info)
        return True

    kinds = octave.call("deliver_depends", [note, len, "x"])
    assert kinds == ["function_handle 1 1", "function_handle 1 1", "char 1 1"]
    feval = octave.call("eval", "@(s) s.f{2}(struct('k', 3));", keep=True)
    octave.call("feval", feval, {"f": ["x", note]}, nout=1)
    assert seen == [{"k": 3.0}]


def test_an_operator_in_a_list_is_a_function_too(octave: oc.Session) -> None:
    operator = scipy.sparse.linalg.aslinearoperator(np.eye(2))
    assert octave.call("deliver_depends", ["x", operator])[1] == "function_handle 1 1"


def test_a_dict_that_looks_like_a_mark_is_a_dict(octave: oc.Session) -> None:
    for key in ("ocx_handle_", "ocx_callback_"):
        for value in ({key: 1.0}, ["x", {key: 1.0}], [octave.put(5), {key: 1.0}]):
            got = octave.call("deal", value)
            last = got if isinstance(value, dict) else got[-1]
            assert last == {key: 1.0}


def test_a_functions_name_is_text(octave: oc.Session) -> None:
    for name in (len, None, 5, b"sin"):
        with pytest.raises(oc.InvalidTypeError, match="NAME must be a function's name"):
            octave.call(name, 1)  # type: ignore[arg-type]


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_handles_stand_for_their_values_anywhere(octave: oc.Session, data: st.DataObject) -> None:
    stored = [1.0, "text", np.arange(3.0), {"a": 2.0}]
    handles = [octave.put(value) for value in stored]
    pairs = st.integers(0, 3).map(lambda k: (stored[k], handles[k]))
    plain = st.sampled_from([0.5, "x", True]).map(lambda value: (value, value))

    def both(make: Any) -> Any:
        """A strategy's pairs of values, put into two containers of one kind."""
        return lambda inner: tuple(make([pair[side] for pair in inner]) for side in (0, 1))

    nested = st.recursive(
        pairs | plain,
        lambda inner: st.lists(inner, min_size=1, max_size=3).flatmap(
            lambda items: st.sampled_from(
                [
                    both(cells),
                    both(lambda values: dict(zip(["a", "b c", "é"], values, strict=False))),
                    both(lambda values: StructArray([{"f": value, "g": 1} for value in values])),
                ]
            ).map(lambda make: make(items))
        ),
        max_leaves=10,
    )
    args = data.draw(st.lists(nested, min_size=1, max_size=4))
    values, sent = (cells(pair[side] for pair in args) for side in (0, 1))
    assert octave.call("isequal", values, sent)


# ------------------------------------------------------------------------- what goes in


def test_what_goes_in_is_what_the_table_says(octave: oc.Session) -> None:
    records = np.array([(1, 2.5, "x"), (2, 3.5, "yz")], [("n", "i4"), ("v", "f4"), ("t", "U3")])
    given: list[tuple[Any, str]] = [
        ([1, 2, 3], "double 1 3"),
        ((1, 2.5), "double 1 2"),
        ([], "double 0 0"),
        ([[1, 2], [3, 4], [5, 6]], "double 3 2"),
        ([[]], "double 1 0"),
        ([True, False], "logical 1 2"),
        ([np.int8(1), np.int8(2)], "int8 1 2"),
        ([np.float32(1), np.float32(2)], "single 1 2"),
        (cells([1, 2, 3]), "cell 1 3"),
        (cells(), "cell 0 0"),
        (["a", 1], "cell 1 2"),
        ([np.eye(2)], "cell 1 1"),
        (range(4), "double 1 4"),
        (range(0), "double 1 0"),
        (Path("/tmp/é"), "char 1 7"),
        (np.array(["a", "bc"]), "cell 1 2"),
        (np.array([["a"], ["bc"]]), "cell 2 1"),
        (records, "struct 1 2"),
        (records.view(np.recarray), "struct 1 2"),
        (records.reshape(2, 1), "struct 2 1"),
        (records[0], "struct 1 1"),
        (StructArray(np.empty((0, 3), object), ["a"]), "struct 0 3"),
        (CharMatrix(["ab", "cd"]), "char 2 2"),
        (EmptyText(), "char 1 0"),
        ("", "char 0 0"),
    ]
    kinds = octave.call("deliver_depends", cells(value for value, _ in given))
    assert list(zip([value for value, _ in given], kinds, strict=True)) == given
    back = octave.call("deal", records)
    assert back.fields == ("n", "v", "t")
    assert back[0, 1] == {"n": np.int32(2), "v": np.float32(3.5), "t": "yz"}
    assert back[0, 1]["n"].dtype == np.int32
    assert back[0, 1]["v"].dtype == np.float32


def test_a_list_of_lists_has_its_rows_as_rows(octave: oc.Session) -> None:
    assert octave.call("det", [[1, 2], [3, 4]]) == pytest.approx(-2)
    assert octave.call("max", [[1, 5], [7, 2]], [], 2).tolist() == [[5], [7]]


@pytest.mark.parametrize("fields", [["a", "b"], ["a b", "é"], []])
def test_an_empty_struct_array_keeps_its_fields(octave: oc.Session, fields: list[str]) -> None:
    value = StructArray(np.empty((0, 2), object), fields)
    names = octave.call("deliver_fields", value)
    assert np.ravel(np.asarray(names, dtype=object)).tolist() == fields
    back = octave.call("deal", value)
    assert back.fields == tuple(fields)
    assert back.shape == (0, 2)


def test_cells_that_come_out_go_back_in_as_cells(octave: oc.Session) -> None:
    for text in ("{1, 2};", "{};", "cell(1, 0);", "{5};", "{{1, 2}, {3}};", "{[1 2]; 3};"):
        value = octave.call("eval", text)
        wanted = octave.call("eval", text, keep=True)
        assert octave.call("isequal", value, wanted)
        sizes = octave.call("deliver_depends", cells([value, wanted]))
        assert sizes[0] == sizes[1]
    numbers = octave.call("eval", "{1, 2, 3};")
    assert isinstance(numbers[1:], Cells)
    assert isinstance(numbers + numbers, Cells)
    assert isinstance(numbers * 2, Cells)
    assert isinstance(numbers.copy(), Cells)
    assert isinstance(copy.deepcopy(numbers), Cells)
    assert numbers == [1, 2, 3]
