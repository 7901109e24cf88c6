"""Dynamic time warping: the cheapest way to lay one series over another, coarse first, then fine.

Used by ``alignment.py``; knows nothing of sound. Rows are the series that is laid over the other,
columns the other one. A row of the table is computed at once: what may be added along a row is a
running minimum.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
#: What it costs to stand still in one series beside what two unlike windows cost.
STILL = 0.3
#: Windows that are taken together at the coarsest level, at least, and how much finer each is.
COARSE, FINER = 8, 8
#: Rows that the coarsest level may have; and how far a finer one may leave its path, windows.
MOST_ROWS, BAND = 2500, 60


@dataclass(frozen=True, slots=True)
class Path:
    """For each window of the one series the first and the last of the other that it lies on."""

    first: NDArray[np.int64]
    last: NDArray[np.int64]
    #: Mean cost of a step.
    distance: float


def warp(rows: Floats, columns: Floats) -> Path:
    """Return the way on which two series (windows × numbers) are least unlike."""
    coarse = COARSE
    while max(len(rows), len(columns)) / coarse > MOST_ROWS:
        coarse *= FINER
    path = lay(pooled(rows, coarse), pooled(columns, coarse))
    while coarse > 1:
        coarse //= FINER
        path = lay(pooled(rows, coarse), pooled(columns, coarse), path)
    return path


def pooled(series: Floats, count: int) -> Floats:
    """Return a series with each ``count`` windows taken together; the last may be fewer."""
    whole = max(1, len(series) // count) * count
    padded = np.pad(series[:whole], ((0, max(0, whole - len(series))), (0, 0)), mode="edge")
    together: Floats = padded.reshape(whole // count, count, -1).mean(1, dtype=np.float32)
    return together


def lay(rows: Floats, columns: Floats, coarser: Path | None = None) -> Path:
    """Return the cheapest path; it stays near that of a coarser level if there is one."""
    ranges = _ranges(len(rows), len(columns), coarser)
    lengths = (columns**2).sum(1)
    table: list[Floats] = []
    before, before_start = np.zeros(1), -1
    for row, (start, stop) in zip(rows, ranges, strict=True):
        seen = columns[start:stop]
        unlike = lengths[start:stop] + (row**2).sum() - 2 * (seen @ row)
        cost = np.sqrt(np.maximum(0.0, unlike)).astype(np.float64)
        aslant = _between(before, before_start + 1, start, stop)
        if table:
            aslant = np.minimum(aslant, _between(before, before_start, start, stop) + STILL)
        along = np.cumsum(cost + STILL)
        before, before_start = along + np.minimum.accumulate(aslant + cost - along), start
        table.append(before.astype(np.float32))
    return _walked(table, [start for start, _ in ranges], len(columns))


def _ranges(rows: int, columns: int, coarser: Path | None) -> list[tuple[int, int]]:
    """Return the columns that each row may lie on; a pause makes a range as long as it is."""
    if coarser is None:
        return [(0, columns)] * rows
    places = np.minimum(np.arange(rows) // FINER, len(coarser.first) - 1)
    starts = np.maximum(0, coarser.first[places] * FINER - BAND)
    stops = np.minimum(columns, (coarser.last[places] + 1) * FINER + BAND)
    stops[places == len(coarser.first) - 1] = columns
    return [(int(start), int(stop)) for start, stop in zip(starts, stops, strict=True)]


def _between(values: NDArray[np.float64], first: int, start: int, stop: int) -> NDArray[np.float64]:
    """Return the values of columns, which begin at ``first``; none where there is no value."""
    found = np.full(stop - start, np.inf)
    low, high = max(first, start), min(first + len(values), stop)
    if low < high:
        found[low - start : high - start] = values[low - first : high - first]
    return found


def _walked(table: list[Floats], starts: list[int], total: int) -> Path:
    """Walk the table back from its end."""
    row, column = len(table) - 1, total - 1
    first, last = np.zeros(len(table), np.int64), np.zeros(len(table), np.int64)
    last[row] = column
    steps = 1

    def at(row: int, column: int) -> float:
        place = column - starts[row]
        inside = row >= 0 and 0 <= place < len(table[row])
        return float(table[row][place]) if inside else float("inf")

    while row or column:
        first[row] = column
        steps += 1
        aslant, above = at(row - 1, column - 1), at(row - 1, column) + STILL
        beside = at(row, column - 1) + STILL
        if row and aslant <= min(above, beside):
            row, column = row - 1, column - 1
            last[row] = column
        elif row and above <= beside:
            row -= 1
            last[row] = column
        else:
            column -= 1
    return Path(first, last, float(table[-1][-1]) / steps)
