"""Figures as pictures, without a display."""

from __future__ import annotations

import os
import shutil
import struct
import warnings
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

import octave_compress as oc

pytestmark = pytest.mark.octave


@pytest.fixture
def octave() -> Iterator[oc.Session]:
    with oc.Session() as session, warnings.catch_warnings():
        warnings.simplefilter("ignore", oc.OctaveWarning)  # of gnuplot, which may be all there is
        yield session


FONT = Path("/usr/share/fonts/opentype/freefont/FreeSans.otf")  # the one that Octave looks for


@pytest.mark.skipif(
    shutil.which("gnuplot") is None or not FONT.is_file(), reason="needs gnuplot-nox and a font"
)
def test_open_figures_are_pictures(octave: oc.Session) -> None:
    assert octave.figures() == {}
    octave.eval("set (0, 'DefaultFigureVisible', 'off'); figure (3); plot ([1 3 2]);")
    octave.eval("figure (1); imagesc (magic (4));")
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # none comes from the drawing
        try:
            pictures = octave.figures(resolution=50)
        except oc.OctaveError as error:
            if "Ghostscript" not in error.message:
                raise
            pytest.skip("this Octave draws by way of Ghostscript, which is not here")
    assert list(pictures) == [1, 3]
    larger = octave.figures(resolution=100)
    for number, picture in pictures.items():
        assert picture.startswith(b"\x89PNG\r\n")
        size, twice = (struct.unpack(">2I", p[16:24]) for p in (picture, larger[number]))
        assert 100 < size[1] < size[0] < twice[0]
    assert pictures[1] != pictures[3]
    for picture in octave.figures("svg").values():
        assert ElementTree.fromstring(picture).tag.endswith("svg")
    assert octave.call("get", 3, "visible") == "off"
    assert octave._channel is not None
    assert not [name for name in os.listdir(octave._channel.folder) if "figure" in name]


def test_what_figures_takes(octave: oc.Session) -> None:
    with pytest.raises(oc.InvalidValueError, match='FORMAT must be "png" or "svg", got \'gif\''):
        octave.figures("gif")
    with pytest.raises(oc.InvalidValueError, match=r"RESOLUTION must be .* \[1, 1200\], got 0"):
        octave.figures(resolution=0)


def test_without_anything_to_draw_with_it_says_what_to_install(octave: oc.Session) -> None:
    octave.eval("set (0, 'DefaultFigureVisible', 'off'); figure (1);")
    octave.eval("setenv ('PATH', '/nowhere');")
    with pytest.raises(oc.OctaveError, match="sudo apt-get install gnuplot-nox"):
        octave.figures()
