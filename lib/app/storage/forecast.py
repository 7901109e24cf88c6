"""What the bucket holds by class, and what it will hold, from bytes that were measured.

Called by ``report.py``. Pure. Counts while a listing passes, in constant memory.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from lib.core.retention import DAY_S, POLICY, StorageClass
from lib.core.work import Json

#: Lengths of time over which arriving bytes are averaged, in days.
WINDOWS = (7, 30)
YEAR_DAYS = 365


@dataclass(slots=True)
class Holding:
    """What is there of one class."""

    objects: int = 0
    bytes: int = 0
    #: By days of the window: bytes that were put within it and are still there.
    lately: dict[int, int] = field(default_factory=lambda: dict.fromkeys(WINDOWS, 0))
    oldest_at: float | None = None

    def add(self, size: int, at: float, now: float) -> None:
        """Count one object of ``size`` bytes that was put at an instant."""
        self.objects += 1
        self.bytes += size
        self.oldest_at = at if self.oldest_at is None else min(self.oldest_at, at)
        for days in WINDOWS:
            if now - at < days * DAY_S:
                self.lately[days] += size


Holdings = dict[StorageClass, Holding]


def bytes_a_day(cls: StorageClass, holding: Holding, days: int, now: float) -> float:
    """Return bytes that arrive a day, averaged over the last ``days``.

    A class that is kept for less, or is younger, is averaged over as long as it can be seen; less
    than a day counts as one, so that a first hour does not become a year of first hours.
    """
    if holding.oldest_at is None:
        return 0.0
    seen_s = min(days * DAY_S, now - holding.oldest_at)
    keep_s = POLICY[cls].keep_s
    if keep_s is not None:
        seen_s = min(seen_s, keep_s)
    return holding.lately[days] * DAY_S / max(seen_s, DAY_S)


def forecast(holdings: Holdings, now: float) -> Json:
    """Return what arrives a day by class, where each class comes to rest, and the sum in a year.

    A class with a keep time rests at what arrives within it. The others grow without end, but for
    raw files, of which there are as many as are being worked on.
    """
    by_class: Json = {}
    fixed, growing = 0.0, 0.0
    for cls, holding in holdings.items():
        rates = {f"bytes_a_day_{d}": round(bytes_a_day(cls, holding, d, now)) for d in WINDOWS}
        keep_s = POLICY[cls].keep_s
        rate = bytes_a_day(cls, holding, WINDOWS[-1], now)
        steady = None if keep_s is None else round(rate * keep_s / DAY_S)
        if cls is StorageClass.RAW:
            steady = holding.bytes
        if steady is None:
            fixed, growing = fixed + holding.bytes, growing + rate
        else:
            fixed += steady
        by_class[cls.value] = {**rates, "steady_bytes": steady}
    return {
        "by_class": by_class,
        "grows_bytes_a_day": round(growing),
        "in_30_days_bytes": round(fixed + 30 * growing),
        "in_a_year_bytes": round(fixed + YEAR_DAYS * growing),
    }
