"""What operations return besides arrays and models: plain frozen records."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Counts:
    """How large a model is. See `count_model`."""

    parameters: int
    nonzeros: int
    macs: int
    macs_nonzero: int
    flops: int
    bytes_dense: int
    bytes_packed: int
    bytes_sparse: int


@dataclass(frozen=True)
class Energy:
    """Estimates of the energy of one prediction, with their constants. See `energy_model`."""

    format: str
    proportional: float
    mac_pj: float
    memory_pj: float
    activation_pj: float
    compute_pj: float
    weights_pj: float
    activations_pj: float
    total_pj: float
