"""All that knows Octave exists: finding it, the process, the bytes, the session."""

from octave_compress.octave.pool import SessionPool
from octave_compress.octave.session import Handle, Session, default_session

__all__ = ["Handle", "Session", "SessionPool", "default_session"]
