"""``python -m octave_compress`` is the command ``octave-compress``."""

import sys

from octave_compress.cli import main

sys.exit(main())
