"""Compress neural networks with GNU Octave, from Python.

Every operation exists twice: as an Octave function in ``m_files`` and as the NumPy function that
defines it. `backend` chooses which one runs.
"""

from octave_compress import ops
from octave_compress.backends import Backend, use_backend
from octave_compress.border import Samples, samples
from octave_compress.errors import (
    FileAccessError,
    Frame,
    GoldenFileError,
    InvalidTypeError,
    InvalidValueError,
    ModelFileError,
    OctaveCompressError,
    OctaveDiedError,
    OctaveError,
    OctaveNotFoundError,
    OctaveTimeoutError,
    OctaveWarning,
    StaleHandleError,
)
from octave_compress.formats import load, save
from octave_compress.model import Dense, InputRange, Model, Quantization
from octave_compress.octave import Handle, Session, SessionPool
from octave_compress.ops import compact_model as compact
from octave_compress.ops import deep_compress_model as deep_compress
from octave_compress.ops import distill_model as distill
from octave_compress.ops import gradual_prune_model as gradual_prune
from octave_compress.ops import predict_model as predict
from octave_compress.ops import prune_model as prune
from octave_compress.ops import quantize_model as quantize
from octave_compress.ops import retrain_model as retrain
from octave_compress.ops import retrain_shared_model as retrain_shared
from octave_compress.ops import sensitivity_model as sensitivity
from octave_compress.ops import share_model as share
from octave_compress.ops import train_model as train
from octave_compress.report import Report, ReportRow, report
from octave_compress.results import Counts, Energy
from octave_compress.structs import Cells, CharMatrix, StructArray, cells

__version__ = "0.1.0"

__all__ = [
    "Backend",
    "Cells",
    "CharMatrix",
    "Counts",
    "Dense",
    "Energy",
    "FileAccessError",
    "Frame",
    "GoldenFileError",
    "Handle",
    "InputRange",
    "InvalidTypeError",
    "InvalidValueError",
    "Model",
    "ModelFileError",
    "OctaveCompressError",
    "OctaveDiedError",
    "OctaveError",
    "OctaveNotFoundError",
    "OctaveTimeoutError",
    "OctaveWarning",
    "Quantization",
    "Report",
    "ReportRow",
    "Samples",
    "Session",
    "SessionPool",
    "StaleHandleError",
    "StructArray",
    "cells",
    "compact",
    "deep_compress",
    "distill",
    "gradual_prune",
    "load",
    "ops",
    "predict",
    "prune",
    "quantize",
    "report",
    "retrain",
    "retrain_shared",
    "samples",
    "save",
    "sensitivity",
    "share",
    "train",
    "use_backend",
]
