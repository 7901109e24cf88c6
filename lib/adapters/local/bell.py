"""Wake whoever waits for news, so that idle work starts in about a millisecond.

Rung by the adapters after a durable write, waited on by runners and watchers of the same
process. It carries no news itself: a sleeper that wakes looks into the database.
"""

from __future__ import annotations

import threading


class Bell:
    """A counter of rings that threads can wait on; no ring between look and sleep is lost."""

    def __init__(self) -> None:
        """Start with no ring."""
        self._changed = threading.Condition(threading.Lock())
        self._rings = 0

    @property
    def rings(self) -> int:
        """How often it rang; read this before looking, then pass it to ``wait``."""
        return self._rings

    def ring(self) -> None:
        """Wake every waiting thread."""
        with self._changed:
            self._rings += 1
            self._changed.notify_all()

    def wait(self, seen: int, timeout_s: float) -> bool:
        """Sleep until it rang more often than ``seen``; False when the timeout came first."""
        with self._changed:
            return self._changed.wait_for(lambda: self._rings > seen, max(0.0, timeout_s))
