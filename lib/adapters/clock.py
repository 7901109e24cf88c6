"""Time: the system's, and one that a test turns by hand.

Called by the wiring and by tests. Knows nothing of what anybody does with an instant.
"""

from __future__ import annotations

import threading
import time


class SystemClock:
    """The machine's own clock."""

    def now(self) -> float:
        """Return the present instant in POSIX seconds (UTC)."""
        return time.time()


class ManualClock:
    """A clock that stands still until somebody turns it."""

    def __init__(self, now: float = 1_700_000_000.0) -> None:
        """Start at ``now`` in POSIX seconds."""
        self._now = now
        self._turning = threading.Lock()

    def now(self) -> float:
        """Return the instant the clock was turned to."""
        return self._now

    def advance(self, seconds: float) -> float:
        """Turn the clock by ``seconds`` (negative turns it back) and return the new instant."""
        with self._turning:
            self._now += seconds
            return self._now
