"""The documented arithmetic of a Cloud Tasks queue: rate, backoff, and when it gives up."""

from __future__ import annotations

from google.cloud import tasks_v2

#: Days that a task is kept when nothing else ends it.
RETENTION_S = 31 * 24 * 3600.0
#: A token that is all but there counts: sums of floats fall short by about this much.
_GRAIN = 1e-6


class Bucket:
    """Tokens of one queue; as many as its burst lie ready at most."""

    def __init__(self, queue: tasks_v2.Queue, now: float) -> None:
        limits = queue.rate_limits
        self._rate = limits.max_dispatches_per_second or 500.0
        self._most = float(limits.max_burst_size or 100)
        self._tokens, self._at = self._most, now

    def take(self, wanted: int, now: float) -> int:
        """Take up to ``wanted`` tokens and return how many there were."""
        self._tokens = min(self._most, self._tokens + (now - self._at) * self._rate)
        self._at = now
        taken = max(0, min(wanted, int(self._tokens + _GRAIN)))
        self._tokens -= taken
        return taken


def backoff_s(terms: tasks_v2.RetryConfig, tries: int) -> float:
    """Return the pause after so many handovers: doubled, then linear, then the most."""
    least_s = terms.min_backoff.total_seconds() if terms.min_backoff else 0.1
    most_s = terms.max_backoff.total_seconds() if terms.max_backoff else 3600.0
    doublings = terms.max_doublings or 16
    last = least_s * 2.0**doublings
    if tries - 1 <= doublings:
        return min(most_s, least_s * 2.0 ** (tries - 1))
    return min(most_s, last * (tries - doublings))


def is_spent(terms: tasks_v2.RetryConfig, tries: int, trying_s: float) -> bool:
    """Tell whether a task is deleted: only when *both* limits are reached.

    An unlimited one counts as reached; when both are unlimited, the retention ends it.
    """
    attempts = terms.max_attempts or 100
    duration_s = terms.max_retry_duration.total_seconds() if terms.max_retry_duration else 0.0
    if attempts < 0 and not duration_s:
        return trying_s >= RETENTION_S
    return (attempts < 0 or tries >= attempts) and (not duration_s or trying_s >= duration_s)
