"""What is known about moving Octave to Python, as data: no row is code.

`CALLS` are the functions that this package has a Python form for besides its own operations,
`NUMPY` those with a counterpart in NumPy, and `TRAPS` what goes wrong without a word.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Call:
    """The Python form of an Octave function.

    Attributes
    ----------
    python : str
        With ``{0}``, ``{1}`` for the arguments by position.
    arguments : int
        How many it takes; with another number the form is not given.
    returns : int
        How many values the Python form returns.
    note : str
    """

    python: str
    arguments: int
    returns: int = 1
    note: str = ""


_ROWS = "samples are columns in Octave and rows in Python"

CALLS = {
    "trainNetwork": Call(
        "oc.train({0}, {1}, layers={2}, solver={3}, loss={4}, epochs={5}, seed=...)",
        6,
        note=f"{_ROWS}; its seed is randi([0, 2^32 - 1]) of the script's own generator",
    ),
    "quantize": Call("oc.ops.quantize_affine({0}, bits={1})", 2, 4),
    "mse": Call("oc.ops.loss_mse({0}, {1})", 2, 2, f"{_ROWS}; the second value is the gradient"),
    "load": Call("oc.load({0})", 1, note="if the file holds a model"),
    "rand": Call("random.rand({0}, {1})", 2, note="random = OctaveRandom(seed), bit for bit"),
    "randn": Call("random.randn({0}, {1})", 2, note="random = OctaveRandom(seed), bit for bit"),
    "rande": Call("random.rande({0}, {1})", 2, note="random = OctaveRandom(seed), bit for bit"),
    "randi": Call(
        "random.randi({0}, {1}, {2})", 3, note="random = OctaveRandom(seed), bit for bit"
    ),
    "randperm": Call(
        "random.randperm({0})", 1, note="random = OctaveRandom(seed); it counts from 0"
    ),
}

# Functions whose Python form depends on what they are for: told in words.
WORDS = {
    "optimize": "oc.distill(teacher, sizes, X, y) if the loss compares with a larger network; "
    "else scipy.optimize.minimize",
    "save": "oc.save(path, model) for a model, scipy.io.savemat for other variables",
    "load": "oc.load(path) for a model, scipy.io.loadmat for other variables",
    "trainNetwork": "oc.train(X, y, layers=..., solver=..., loss=..., epochs=...)",
    "rand": "OctaveRandom(seed).rand(rows, columns); rand('twister', seed) seeds rand, randi and "
    "randperm, and no others",
    "randn": "OctaveRandom(seed).randn(rows, columns)",
    "rande": "OctaveRandom(seed).rande(rows, columns)",
    "randi": "OctaveRandom(seed).randi(bounds, rows, columns)",
    "randperm": "OctaveRandom(seed).randperm(n), which counts from 0",
    "quantize": "oc.ops.quantize_affine(w, bits=...)",
    "mse": "oc.ops.loss_mse(outputs, targets)",
}

# Counterparts. "..." stands for arguments; whether they fit is for the port's test to say.
NUMPY = {
    "abs": "np.abs",
    "all": "np.all(..., axis=0)",
    "any": "np.any(..., axis=0)",
    "ceil": "np.ceil",
    "columns": ".shape[1]",
    "conv2": "scipy.signal.convolve2d",
    "cos": "np.cos",
    "cumsum": "np.cumsum(..., axis=0)",
    "diag": "np.diag",
    "disp": "print",
    "error": "raise an exception",
    "exp": "np.exp",
    "eye": "np.eye",
    "false": "np.zeros(..., dtype=bool)",
    "fieldnames": "list(d)",
    "filter": "scipy.signal.lfilter",
    "find": "np.flatnonzero(a.ravel(order='F')) + 1",
    "fix": "np.trunc",
    "floor": "np.floor",
    "fprintf": "print",
    "inv": "np.linalg.inv",
    "isempty": "a.size == 0",
    "isfield": "name in d",
    "isfinite": "np.isfinite",
    "isnan": "np.isnan",
    "length": "max(a.shape) if a.size else 0",
    "linspace": "np.linspace",
    "log": "np.log (of negative numbers complex in Octave, NaN in NumPy)",
    "logical": "a.astype(bool)",
    "max": "np.fmax.reduce(..., axis=0)",
    "mean": "np.mean(..., axis=0)",
    "median": "np.median(..., axis=0)",
    "min": "np.fmin.reduce(..., axis=0)",
    "mod": "np.mod (mod(x, 0) is x in Octave)",
    "ndims": "max(2, a.ndim)",
    "norm": "np.linalg.norm (of a matrix: ord=2)",
    "num2str": "f'{x:.5g}' (num2str's own format is another for large numbers)",
    "numel": "a.size",
    "ones": "np.ones((rows, columns))",
    "pi": "np.pi",
    "polyfit": "np.polyfit",
    "printf": "print",
    "prod": "np.prod(..., axis=0)",
    "quantile": "np.quantile(..., method='hazen', axis=0)",
    "rem": "np.fmod",
    "repmat": "np.tile",
    "reshape": "np.reshape(..., order='F')",
    "round": "octave_compress.ops.rounding.round_half_away",
    "rows": ".shape[0]",
    "sign": "np.sign",
    "sin": "np.sin",
    "single": "np.float32",
    "size": ".shape",
    "sort": "np.sort(..., axis=0, kind='stable')",
    "sprintf": "'%...' % (...)",
    "sqrt": "np.sqrt (of negative numbers complex in Octave, NaN in NumPy)",
    "std": "np.std(..., axis=0, ddof=1)",
    "strcat": "''.join (trailing blanks of char arguments go in Octave)",
    "strcmp": "==",
    "sum": "np.sum(..., axis=0)",
    "tan": "np.tan",
    "tanh": "np.tanh",
    "tic": "time.perf_counter()",
    "toc": "time.perf_counter()",
    "trace": "np.trace",
    "true": "np.ones(..., dtype=bool)",
    "unique": "np.unique",
    "var": "np.var(..., axis=0, ddof=1)",
    "zeros": "np.zeros((rows, columns))",
}

# Names of Octave that mean the same whatever a script is about, or nothing in Python.
_PLAIN = """addpath ans cd clc close double e figure format i Inf NA NaN hold inf j more nan nargin
nargout pkg warning eps isargout rmpath eval evalc evalin assignin source run clear clearvars exit
quit rethrow struct cell cellfun arrayfun num2cell int8 int16 int32 int64 uint8 uint16 uint32
uint64 idivide isequal mfilename fileparts fullfile pwd ischar isnumeric isstruct iscell transpose
ctranspose diff mode"""
PLAIN = frozenset(_PLAIN.split())

TRAPS = {
    "lost_asterisk": (
        "An operator is missing here; Octave cannot parse this line. The web pages of the two "
        "articles lost every *: put it back."
    ),
    "inverted_mask": (
        "abs(w) < t is true for the small weights: multiplied with it, w keeps exactly those. To "
        "prune below t: oc.ops.prune_threshold(w, t), or w * (np.abs(w) >= t)."
    ),
    "max_per_column": (
        "max(abs(w)) of a matrix is one maximum a column, so a threshold made of it is too; of "
        "the whole matrix: oc.ops.prune_relative(w, rate), or np.abs(w).max(). "
        "scope='column' does what the line does."
    ),
    "grid": (
        "round(w * 255) / 255 is a fixed grid with a step of 1/255: nine bits within +-1, and "
        "still doubles. oc.ops.quantize_grid(w) gives the same values with codes; "
        "oc.ops.quantize_symmetric(w) fits the step to the weights."
    ),
    "cellfun": (
        "cellfun wants a cell array: of a matrix it is an error. Whether this one is a cell "
        "cannot be told from here. In Python: [f(x) for x in cells]."
    ),
    "mean_accuracy": (
        "A mean of outputs is no accuracy: it is the same for a network that is always right and "
        "for one that is always wrong. oc.ops.accuracy(oc.predict(model, X), y)."
    ),
    "load_shape": (
        "x = load(file) is a struct of the file's variables: if the file was written with "
        "save(file, 'model'), the model is x.model. oc.load takes either."
    ),
    "load_blind": (
        "load without an output makes variables that cannot be seen from here: names below "
        "that look like functions may be variables."
    ),
    "save_text": (
        "save without -v7 writes Octave's own text format, which SciPy cannot read: "
        "save('-v7', ...). oc.load and octave-compress compare read it by way of Octave."
    ),
    "eval": (
        "Code in a string is not looked at: what it calls and which variables it makes is "
        "unknown here. octave-compress record sees what it did."
    ),
    "round": (
        "round goes half away from zero in Octave and half to even in NumPy and Python: "
        "round(2.5) is 3 there and 2 here. round_half_away of octave_compress.ops.rounding is "
        "Octave's."
    ),
    "integers": (
        "Octave's integers saturate, round and keep their class against doubles "
        "(uint8(200) + 100 is 255); NumPy's wrap, truncate and are promoted. Compute in float, "
        "np.clip, then convert."
    ),
    "column_major": ("Elements are counted column by column: order='F' in reshape and ravel."),
    "index": (
        "Indices count from 1 and ranges hold their end: a(1:3) is a[0:3]. An index beyond the "
        "end grows an array in Octave."
    ),
    "ddof": "std and var divide by n - 1: ddof=1. NumPy's default is 0.",
    "first_dimension": (
        "Works along the first dimension that is not 1: by column for a matrix, along the row for "
        "1xN. np's functions without axis take all elements."
    ),
    "nan_max": (
        "max and min skip NaN in Octave; np.max and np.min return it. np.fmax and np.fmin skip it."
    ),
    "transpose": (
        "' is the conjugate transpose: a.conj().T for complex numbers, a.T for real ones. A 1-D "
        "array of NumPy has no transpose."
    ),
    "ties": (
        "Octave's sort is stable, also descending, and puts NaN last (first when descending): "
        "kind='stable'. A reversed np.sort reverses equal elements too."
    ),
    "single": (
        "single with double gives single in Octave; in NumPy a float64 array makes the result "
        "float64. A Python float does not."
    ),
    "matrix_product": (
        "* of two matrices is the matrix product, @ in NumPy; * in NumPy is Octave's .* . With a "
        "scalar they are the same. Which one this is cannot be told from here."
    ),
    "division": (
        "/ and \\ of matrices solve linear systems: np.linalg.solve or lstsq. With a scalar "
        "divisor / is /. Which one this is cannot be told from here."
    ),
    "power": "^ is ** for numbers and np.linalg.matrix_power for matrices; .^ is ** .",
    "copy": (
        "Assignment copies in Octave. In Python b = a is the same array: b = a.copy() if one of "
        "them changes later."
    ),
    "random": (
        "NumPy's generators draw other numbers from the same seed; OctaveRandom draws Octave's."
    ),
    "find": "find counts from 1 and column by column.",
    "unique": (
        "unique sorts, in both. Its index outputs count from 1; whether they name the first or the "
        "last of equal elements depends on Octave's version and options."
    ),
}

# A function's traps.
OF_NAMES = {
    "round": ("round",),
    **dict.fromkeys(
        ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "idivide"),
        ("integers",),
    ),
    "reshape": ("column_major",),
    "std": ("ddof", "first_dimension"),
    "var": ("ddof", "first_dimension"),
    "max": ("first_dimension", "nan_max"),
    "min": ("first_dimension", "nan_max"),
    **dict.fromkeys(
        ("sum", "mean", "median", "prod", "cumsum", "any", "all", "quantile", "diff", "mode"),
        ("first_dimension",),
    ),
    "sort": ("ties", "first_dimension"),
    "single": ("single",),
    "cellfun": ("cellfun",),
    "find": ("find",),
    "unique": ("unique",),
    **dict.fromkeys(("rand", "randn", "rande", "randi", "randperm"), ("random",)),
    **dict.fromkeys(("eval", "evalin", "assignin", "evalc", "source", "run"), ("eval",)),
}
