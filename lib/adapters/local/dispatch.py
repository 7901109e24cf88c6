"""The terms on which tasks are handed over: limits, leases, dead letters, token buckets.

Used by ``queue.py`` and by the runner. Pure values and arithmetic; knows no database.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

from lib.core.errors import Refused
from lib.ports import Task

#: A token that is all but there counts: sums of floats fall short by about this much.
_GRAIN = 1e-6


@dataclass(frozen=True, slots=True)
class Limits:
    """How fast a queue may be emptied and how often a task is tried."""

    #: Leases alive at once; None: as many as there are runners.
    concurrency: int | None = None
    #: Leases begun in a second on average, ``burst`` at once; None: no limit.
    rate_per_s: float | None = None
    burst: int = 10
    #: Handovers after which a task becomes a dead letter.
    max_tries: int = 10
    #: Seconds before the second handover, doubled each time up to the most.
    first_retry_s: float = 1.0
    most_retry_s: float = 600.0

    def __post_init__(self) -> None:
        """Raise Refused for limits that would let nothing through."""
        if min(self.concurrency or 1, self.burst, self.max_tries) < 1 or 0 in (
            self.concurrency,
            self.rate_per_s,
        ):
            raise Refused(f"{self} lets nothing through", hint="set every limit to 1 or more")

    def backoff_s(self, tries: int) -> float:
        """Return the pause after so many handovers, in seconds."""
        return min(self.most_retry_s, self.first_retry_s * 2.0 ** min(max(tries, 1) - 1, 30))


@dataclass(frozen=True, slots=True)
class Lease:
    """A task in somebody's hands until ``until``; ``tries`` counts this handover too."""

    task: Task
    tries: int
    until: float


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A task that was handed over as often as its queue allows."""

    task: Task
    tries: int
    error: str
    died_at: float


@dataclass(frozen=True, slots=True)
class Depth:
    """How full a queue is; ``oldest_age_s`` is how long the oldest waiting task has been due."""

    waiting: int
    scheduled: int
    leased: int
    oldest_age_s: float


class Tokens:
    """A token bucket: ``rate_per_s`` tokens flow in, at most ``burst`` lie ready."""

    def __init__(self, limits: Limits, now: float) -> None:
        """Start with a full bucket."""
        self._limits = limits
        self._tokens = float(limits.burst)
        self._filled_at = now
        self._filling = threading.Lock()

    def take(self, wanted: int, now: float) -> int:
        """Take up to ``wanted`` tokens; return how many there were."""
        if self._limits.rate_per_s is None:
            return wanted
        with self._filling:
            self._fill(now, self._limits.rate_per_s)
            granted = min(wanted, int(self._tokens + _GRAIN))
            self._tokens -= granted
            return granted

    def give_back(self, unused: int) -> None:
        """Return tokens that were taken and not needed."""
        with self._filling:
            self._tokens = min(float(self._limits.burst), self._tokens + unused)

    def next_in_s(self, now: float) -> float:
        """Return in how many seconds a token lies ready; 0 when one does."""
        if self._limits.rate_per_s is None:
            return 0.0
        with self._filling:
            self._fill(now, self._limits.rate_per_s)
            return max(0.0, (1.0 - self._tokens - _GRAIN) / self._limits.rate_per_s)

    def _fill(self, now: float, rate_per_s: float) -> None:
        gained = max(0.0, now - self._filled_at) * rate_per_s
        self._tokens = min(float(self._limits.burst), self._tokens + gained)
        self._filled_at = now
