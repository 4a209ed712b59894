"""What has been compared in this process, for a summary at the end."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass
class Row:
    """The comparisons of one Octave function at one level.

    Attributes
    ----------
    function : str
        Name of the Octave function.
    file : str
        Its file; empty for a function that is built in.
    level : str
    cases : int
        How many calls were compared.
    raised : int
        In how many of them both sides raised an error, so that no values were compared.
    failures : int
        How many of them differed.
    worst, worst_single : float
        Largest difference within the level, in its unit, in float64 and in float32.
    """

    function: str
    file: str
    level: str
    cases: int = 0
    raised: int = 0
    failures: int = 0
    worst: float = 0.0
    worst_single: float = 0.0


class Tally:
    """Rows by function and level, which can be sent between processes and merged."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str, str, str], Row] = {}

    def add(self, row: Row) -> None:
        """Count the cases of a row to those that are there."""
        key = (row.function, row.file, row.level)
        known = self._rows.setdefault(key, Row(*key))
        known.cases += row.cases
        known.raised += row.raised
        known.failures += row.failures
        known.worst = max(known.worst, row.worst)
        known.worst_single = max(known.worst_single, row.worst_single)

    def rows(self) -> list[Row]:
        """Return all rows, by the functions' names."""
        return [self._rows[key] for key in sorted(self._rows)]

    def to_plain(self) -> list[dict[str, Any]]:
        """Return the rows as dicts of numbers and texts."""
        return [asdict(row) for row in self.rows()]

    def merge(self, plain: list[dict[str, Any]]) -> None:
        """Add what `to_plain` returned in another process."""
        for row in plain:
            self.add(Row(**row))


TALLY = Tally()
