"""Files: models in ``.mat``. No arithmetic here."""

from octave_compress.formats.mat import load, save

__all__ = ["load", "save"]
