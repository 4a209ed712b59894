"""The `.m` files as an Octave user meets them: self-tests, help, names."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from octave_compress.equivalence.verify import operations
from octave_compress.octave.locate import m_files, octave_eval

FOLDER = m_files()
PUBLIC = sorted(path.stem for path in FOLDER.glob("*.m"))
COMPAT = sorted(path.stem for path in (FOLDER / "compat").glob("*.m"))
OPERATIONS = operations()
MARK = "@@"
# Python's own business, of which Octave never hears.
LOCAL = {"backend", "progress"}


def quoted(text: object) -> str:
    """Return an Octave string literal."""
    return "'" + str(text).replace("'", "''") + "'"


def cells(names: list[str]) -> str:
    return "{" + ", ".join(map(quoted, names)) + "}"


def octave_lines(code: str, *, add_path: bool = True) -> list[list[str]]:
    """Return what a fresh Octave prints after the mark, split at tabs; warnings go to stdout."""
    folders = (FOLDER, FOLDER / "compat") if add_path else ()
    paths = "".join(f"addpath({quoted(folder)});" for folder in folders)
    printed = octave_eval(paths + code, timeout=280)
    return [
        line.removeprefix(MARK).split("\t")
        for line in printed.splitlines()
        if line.startswith(MARK)
    ]


@pytest.fixture(scope="module")
def self_tests() -> dict[str, tuple[int, int]]:
    """How many self-tests of each file passed, of how many."""
    code = f"""
        names = {cells(PUBLIC + COMPAT)};
        for k = 1:numel(names)
          [passed, total] = test(names{{k}}, 'quiet', stderr);
          printf('\\n{MARK}%s\\t%d\\t%d\\n', names{{k}}, passed, total);
        end
    """
    return {name: (int(passed), int(total)) for name, passed, total in octave_lines(code)}


@pytest.fixture(scope="module")
def help_texts() -> dict[str, tuple[str, str, str]]:
    """Format, first sentence and whole text of each file's help, as Octave shows them."""
    code = f"""
        names = {cells(PUBLIC + COMPAT)};
        for k = 1:numel(names)
          [text, format] = get_help_text(names{{k}});
          [plain, status] = __makeinfo__(text, 'plain text');
          sentence = regexprep(get_first_help_sentence(names{{k}}, 400), '\\s+', ' ');
          plain = regexprep(plain, '\\s+', ' ');
          printf('\\n{MARK}%s\\t%s\\t%d\\t%s\\t%s\\n', names{{k}}, format, status, sentence, plain);
        end
    """
    found = {}
    for name, kind, status, sentence, plain in octave_lines(code):
        assert status == "0", f"makeinfo cannot read the help of {name}"
        found[name] = (kind, sentence, plain)
    return found


@pytest.mark.octave
@pytest.mark.parametrize("name", PUBLIC + COMPAT)
def test_self_tests_exist_and_pass(name: str, self_tests: dict[str, tuple[int, int]]) -> None:
    passed, total = self_tests[name]
    assert total > 0
    assert passed == total


@pytest.mark.parametrize("name", PUBLIC + COMPAT)
def test_self_tests_hold_an_error(name: str) -> None:
    folder = FOLDER if name in PUBLIC else FOLDER / "compat"
    text = (folder / f"{name}.m").read_text()
    assert re.search(r"^%!error <", text, re.MULTILINE)


@pytest.mark.octave
@pytest.mark.parametrize("name", PUBLIC + COMPAT)
def test_help_is_texinfo_with_a_first_sentence(
    name: str, help_texts: dict[str, tuple[str, str, str]]
) -> None:
    kind, sentence, plain = help_texts[name]
    assert kind == "texinfo"
    assert sentence.strip().endswith(".")
    assert f"{name} (" in plain


@pytest.mark.octave
@pytest.mark.parametrize("name", OPERATIONS)
def test_help_names_every_argument(name: str, help_texts: dict[str, tuple[str, str, str]]) -> None:
    words = set(re.findall(r"\w+", help_texts[name][2].lower()))
    arguments = {argument.lower() for argument in OPERATIONS[name].signature.parameters}
    assert arguments - LOCAL - words == set()


def test_every_operation_has_a_twin_and_the_other_way_round() -> None:
    assert sorted(OPERATIONS) == PUBLIC


@pytest.mark.octave
def test_no_public_name_exists_in_octave() -> None:
    code = f"""
        names = {cells(PUBLIC)};
        for k = 1:numel(names)
          printf('\\n{MARK}%s\\t%d\\n', names{{k}}, exist(names{{k}}));
        end
        printf('\\n{MARK}plus\\t%d\\n', exist('plus'));
    """
    found = {name: int(kind) for name, kind in octave_lines(code, add_path=False)}
    assert found.pop("plus") > 0
    assert found == dict.fromkeys(PUBLIC, 0)


def test_every_private_function_is_called() -> None:
    files = list(FOLDER.rglob("*.m"))
    texts = {path: path.read_text() for path in files}

    def is_called(private: Path) -> bool:
        call = re.compile(rf"\b{private.stem}\b")
        return any(call.search(text) for path, text in texts.items() if path != private)

    assert [p.stem for p in files if p.parent.name == "private" and not is_called(p)] == []
