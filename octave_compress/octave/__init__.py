"""All that knows Octave exists: finding it, the session, the codec."""

from octave_compress.octave.session import Session, default_session

__all__ = ["Session", "default_session"]
