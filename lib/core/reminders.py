"""When a task that nobody started is enqueued again; the clock and the ledger alone tell.

Called by ``status``. A task that was lost on its way is missed by nobody else, and one that only
waits in a long queue is doubled seldom.
"""

from __future__ import annotations

import math

#: Seconds after which a task that nobody started is enqueued once more under another name;
#: each further wait is twice as long. A lost enqueue costs this, a long queue costs little.
NUDGE_S = 20.0
#: The wait stops growing here, so that a queue that was out for hours is noticed within one.
NUDGE_MAX_S = 1280.0
_DOUBLINGS = int(math.log2(NUDGE_MAX_S / NUDGE_S))
#: The clocks of two machines differ by less. What the ledger dates further ahead was written before
#: the clock was set back, and nobody waits for that instant to come again.
SKEW_S = 10.0


def reminder(enqueued_at: float, now: float) -> tuple[int, float]:
    """Return how many reminders an unstarted attempt is due, and when that changes.

    One that lies ahead is due those of its distance, so that each has a name of its own.
    """
    age_s = now - enqueued_at
    if age_s >= -SKEW_S:
        nudge, next_s = _nudge(max(0.0, age_s))
        return nudge, enqueued_at + next_s
    nudge, _ = _nudge(-age_s)
    nudge -= _begin_s(nudge) >= -age_s
    return nudge, enqueued_at - _begin_s(nudge) if nudge else enqueued_at + NUDGE_S


def _nudge(age_s: float) -> tuple[int, float]:
    """Return how many reminders an unstarted attempt is due at this age, and when the next is."""
    nudge = int(math.log2(1 + age_s / NUDGE_S))
    if nudge >= _DOUBLINGS:
        nudge = _DOUBLINGS + int((age_s - _begin_s(_DOUBLINGS)) // NUDGE_MAX_S)
    return nudge, _begin_s(nudge + 1)


def _begin_s(nudge: int) -> float:
    """Return the age at which so many reminders are due."""
    doubled_s: float = NUDGE_S * (2.0 ** min(nudge, _DOUBLINGS) - 1)
    return doubled_s + max(0, nudge - _DOUBLINGS) * NUDGE_MAX_S
