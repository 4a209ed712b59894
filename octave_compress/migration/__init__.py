"""Moving a script from Octave to Python: what to write, what to look out for, how to check it."""

from octave_compress.migration.skeleton import write_test
from octave_compress.migration.survey import Suggestion, Survey, survey, survey_text

__all__ = ["Suggestion", "Survey", "survey", "survey_text", "write_test"]
