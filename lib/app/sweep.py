"""The tick: settle what the clock made due, audit a slice of what is settled, tidy up.

Fast loop: works whose ``due_at`` has passed. Slow loop: a slice of the audit, so that a claim
that no event corrected is corrected there. One work that cannot be settled never keeps another
from it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from lib.app import salvage
from lib.app.audit import Report, audit_slice, settle_or_tell
from lib.app.audit.name_order import id_of
from lib.app.case import WORKS, case_of, walk
from lib.app.journal import note
from lib.app.settle import close, settle
from lib.app.studio import Studio
from lib.core.errors import StudioError
from lib.core.status import SKEW_S
from lib.core.work import Outcome
from lib.ports import Query, Record

#: Works that a tick reads to see whether any is due.
DUE_FIRST = 10
#: Fields of an attempt that hold an instant.
INSTANTS = ("enqueued_at", "started_at", "ended_at")


def sweep(studio: Studio) -> Report:
    """Run one tick and report what it did."""
    report = Report()
    now = studio.clock.now()
    for record in walk(studio, Query(WORKS, order_by="due_at"), first=DUE_FIRST):
        if record.data["due_at"] > now:
            break
        report.due += 1
        report.oldest_due_s = max(report.oldest_due_s, now - record.data["due_at"])
        settle_or_tell(studio, id_of(record), report)
    audit_slice(studio, report)
    salvage.forget_old(studio)
    if report.due or report.corrections or report.unreachable:
        note(
            "tick_ended",
            f"{report.due} works were due",
            due=report.due,
            oldest_due_s=round(report.oldest_due_s, 3),
            corrections=len(report.corrections),
            unreachable=len(report.unreachable),
        )
    return report


def look_again(studio: Studio) -> int:
    """Settle the works whose ledger speaks of instants that have not come; return how many.

    For a clock that was set back: what is due by it would else wait for the same instant again.
    """
    ahead = studio.clock.now() + SKEW_S
    late = [
        id_of(record)
        for record in walk(studio, Query(WORKS, order_by="due_at"))
        if any(
            (a[name] or 0.0) > ahead for a in record.data["attempts"].values() for name in INSTANTS
        )
    ]
    report = Report()
    for work_id in late:
        settle_or_tell(studio, work_id, report)
    return len(late)


def recover(studio: Studio) -> int:
    """Close the attempts of executors that are known to be dead, and go on; return how many.

    Only for a studio that holds the exclusive lock of its data: every executor in the ledger
    but this one is then dead.
    """
    salvage.forget_runs(studio)
    salvage.forget_looks(studio)
    return _close(
        studio, "the studio stopped while it was at work", lambda by: by != studio.executor
    )


def give_up(studio: Studio, executor: str) -> int:
    """Close the attempts of one executor that is known to be dead; return how many."""
    return _close(studio, "its worker died", lambda by: by == executor)


def _close(studio: Studio, why: str, is_dead: Callable[[str | None], bool]) -> int:
    closed = 0
    unsettled = Query(WORKS, order_by="due_at")
    # An attempt may die between its upload and its close, when its work is ready already.
    unclosed = Query(WORKS, {"summary.open": True})
    found = {r.path: r for query in (unsettled, unclosed) for r in walk(studio, query)}
    for record in found.values():
        try:
            closed += _close_dead(studio, record, why, is_dead)
        except StudioError as error:  # one that cannot be read or written keeps no other waiting
            note("recovery_failed", f"{record.path}: {error}", level=logging.WARNING)
    return closed


def _close_dead(
    studio: Studio, record: Record, why: str, is_dead: Callable[[str | None], bool]
) -> int:
    case, closed = case_of(record), 0
    for attempt in (*case.attempts, *case.former):
        orphan = attempt.started_at is not None and attempt.ended_at is None
        if not orphan or not is_dead(attempt.executor):
            continue
        end = {"ended_at": studio.clock.now(), "outcome": Outcome.LOST, "message": why}
        lost = attempt.model_copy(update=end)
        try:
            settle(studio, id_of(record), ended=lost)
        except StudioError:
            close(studio, id_of(record), lost)  # that it died needs no look at the bucket
        closed += 1
    salvage.forget_uploaded(studio, case.work.plan.artifacts())
    return closed
