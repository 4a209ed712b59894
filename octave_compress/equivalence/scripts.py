"""The bytes of a ``.m`` file, as Octave reads them."""

from __future__ import annotations

import os

from octave_compress.errors import InvalidValueError

_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_LOOKED_AT = 4096


def source_text(path: str | os.PathLike[str], data: bytes) -> bytes:
    """Return the text of a ``.m`` file with the line ends ``\\n``, and without a byte order mark.

    ``\\r\\n`` and a lone ``\\r``, as old Macs wrote it, end lines in Octave too.

    Raises
    ------
    InvalidValueError
        If it is UTF-16, of which Octave reads every byte as a character, or no text.
    """
    if data.startswith(_UTF16) or b"\0" in data[:_LOOKED_AT]:
        raise InvalidValueError(
            f"{os.fspath(path)} is UTF-16, or no text: Octave reads UTF-8, so write it as that, "
            "for example by iconv -f UTF-16 -t UTF-8"
        )
    text = data.removeprefix(b"\xef\xbb\xbf")
    return text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
