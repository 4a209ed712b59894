"""Files that appear whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

from octave_compress.errors import FileAccessError


def write_atomically(
    path: str | os.PathLike[str], data: bytes | Iterable[bytes | memoryview]
) -> None:
    """Write a file by way of a temporary one in the same folder, then rename it.

    The data may come in pieces, which need not all be in memory at once.

    Raises
    ------
    FileAccessError
        If that fails; an older file is then still whole, and nothing is left behind.
    """
    target = Path(path)
    temporary = None
    try:
        handle, temporary = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
        with os.fdopen(handle, "wb") as file:
            file.writelines([data] if isinstance(data, bytes) else data)
            file.flush()
            os.fsync(file.fileno())
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(temporary, 0o666 & ~mask)  # mkstemp's are private
        os.replace(temporary, target)
    except BaseException as error:
        if temporary is not None and os.path.exists(temporary):
            os.unlink(temporary)
        if isinstance(error, OSError):
            text = f"cannot write: {error.strerror}"
            raise FileAccessError(error.errno, text, os.fspath(target)) from None
        raise
