"""What a studio does about its own past: executors that died, and a clock that was set back.

Called by the embedded studio when it starts, when a worker of it dies, and when its clock jumps. In
the cloud nobody can know who is dead, and silence is waited out.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from lib.app import salvage
from lib.app.audit import Report, settle_or_tell
from lib.app.case import WORKS, Case, readable, walk
from lib.app.journal import note
from lib.app.settle import close, settle
from lib.app.studio import Studio
from lib.core.errors import StudioError
from lib.core.reminders import SKEW_S
from lib.core.work import Attempt, Outcome
from lib.ports import Query

#: Fields of an attempt that hold an instant.
INSTANTS = ("enqueued_at", "started_at", "ended_at")


def recover(studio: Studio) -> int:
    """Close the attempts of executors that are known to be dead, and go on; return how many.

    Only for a studio that holds the exclusive lock of its data: every executor in the ledger
    but this one is then dead.
    """
    salvage.forget_runs(studio)
    salvage.forget_looks(studio)
    why = "the studio stopped while it was at work"
    return _close_all(studio, why, Outcome.LOST, lambda by: by != studio.executor)


def give_up(studio: Studio, executor: str) -> int:
    """Close the attempts of one executor that is known to be dead; return how many.

    The studio lives, so what it was at is what may have killed it: it counts as a failed try.
    """
    return _close_all(studio, "its worker died", Outcome.FAILED, lambda by: by == executor)


def look_again(studio: Studio) -> int:
    """Settle the works whose ledger speaks of instants that have not come; return how many.

    For a clock that was set back: what is due by it would else wait for the same instant again.
    """
    ahead = studio.clock.now() + SKEW_S
    late = [
        case.work.id
        for case in readable(walk(studio, Query(WORKS, order_by="due_at")))
        if any((getattr(a, name) or 0.0) > ahead for a in case.attempts for name in INSTANTS)
    ]
    report = Report()
    for work_id in late:
        settle_or_tell(studio, work_id, report)
    return len(late)


def _close_all(
    studio: Studio, why: str, outcome: Outcome, is_dead: Callable[[str | None], bool]
) -> int:
    """Close every open attempt of a dead executor; what cannot be is left to its patience."""
    closed = 0
    unsettled = Query(WORKS, order_by="due_at")
    # An attempt may die between its upload and its close, when its work is ready already.
    unclosed = Query(WORKS, {"summary.open": True})
    found = {r.path: r for query in (unsettled, unclosed) for r in walk(studio, query)}
    for case in readable(found.values()):
        try:
            for attempt in (*case.attempts, *case.former):
                begun = attempt.started_at is not None and attempt.ended_at is None
                if begun and is_dead(attempt.executor):
                    _close(studio, case, attempt, why, outcome)
                    closed += 1
            salvage.forget_uploaded(studio, case.work.plan.artifacts())
        except StudioError as error:  # one that cannot be written keeps no other waiting
            note("recovery_failed", f"{case.work.id}: {error}", level=logging.WARNING)
    return closed


def _close(studio: Studio, case: Case, attempt: Attempt, why: str, outcome: Outcome) -> None:
    """Write the end of an attempt, and settle its work if its objects can be looked at."""
    step = case.work.plan.step(attempt.step)
    # Of an effect nobody knows whether it happened.
    known = outcome if step is None or not step.effect else Outcome.LOST
    end = {"ended_at": studio.clock.now(), "outcome": known, "message": why}
    ended = attempt.model_copy(update=end)
    try:
        settle(studio, case.work.id, ended=ended)
    except StudioError:
        close(studio, case.work.id, ended)  # that it died needs no look at the bucket
