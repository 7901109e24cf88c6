"""The tick: settle what the clock made due, audit a slice of what is settled, tidy up.

Fast loop: works whose ``due_at`` has passed. Slow loop: a slice of the audit, so that a claim
that no event corrected is corrected there. One work that cannot be settled never keeps another
from it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from lib.app import salvage
from lib.app.audit import Report, audit_slice, settle_or_tell
from lib.app.audit.name_order import id_of
from lib.app.case import WORKS, readable, walk
from lib.app.journal import note
from lib.app.settle import settle
from lib.app.storage.orphans import Gathered
from lib.app.storage.overheard import Overheard
from lib.app.storage.report import Swept
from lib.app.storage.slices import sweep_slice
from lib.app.storage.verdict import InUse, nobody
from lib.app.studio import Studio
from lib.core.work import Outcome
from lib.ports import Query

#: Works that a tick reads to see whether any is due.
DUE_FIRST = 10


@dataclass(slots=True)
class Tick(Report):
    """What one tick did."""

    swept: Swept = field(default_factory=Swept)


def sweep(studio: Studio, *, in_use: InUse = nobody) -> Tick:
    """Run one tick and report what it did; nothing that is ``in_use`` is removed."""
    orphans = Gathered()
    report = Tick(orphans=orphans)
    now = studio.clock.now()
    for record in walk(studio, Query(WORKS, order_by="due_at"), first=DUE_FIRST):
        if record.data["due_at"] > now:
            break
        report.due += 1
        report.oldest_due_s = max(report.oldest_due_s, now - record.data["due_at"])
        settle_or_tell(studio, id_of(record), report)
    overheard = Overheard(studio.records)
    audit_slice(replace(studio, records=overheard), report)
    works = overheard.works.values()
    report.swept = sweep_slice(studio, works, orphans.found, in_use=in_use)
    if report.due or report.corrections or report.unreachable or report.swept.proofs:
        note(
            "tick_ended",
            f"{report.due} works were due",
            due=report.due,
            oldest_due_s=round(report.oldest_due_s, 3),
            corrections=len(report.corrections),
            unreachable=len(report.unreachable),
            removed=len(report.swept.proofs),
        )
    return report


def recover(studio: Studio) -> int:
    """Close the attempts of executors that are known to be dead, and go on; return how many.

    Only for a studio that holds the exclusive lock of its data: every executor in the ledger
    but this one is then dead.
    """
    salvage.forget_runs(studio)
    salvage.forget_looks(studio)
    why = "the studio stopped while it was at work"
    return _close(studio, why, Outcome.LOST, lambda by: by != studio.executor)


def give_up(studio: Studio, executor: str) -> int:
    """Close the attempts of one executor that is known to be dead; return how many.

    The studio lives, so what it was at is what may have killed it: it counts as a failed try.
    """
    return _close(studio, "its worker died", Outcome.FAILED, lambda by: by == executor)


def _close(
    studio: Studio, why: str, outcome: Outcome, is_dead: Callable[[str | None], bool]
) -> int:
    closed = 0
    unsettled = Query(WORKS, order_by="due_at")
    # An attempt may die between its upload and its close, when its work is ready already.
    unclosed = Query(WORKS, {"summary.open": True})
    found = {r.path: r for query in (unsettled, unclosed) for r in walk(studio, query)}
    for case in readable(found.values()):
        salvage.forget_uploaded(studio, case.work.plan.artifacts())
        for attempt in (*case.attempts, *case.former):
            orphan = attempt.started_at is not None and attempt.ended_at is None
            if not orphan or not is_dead(attempt.executor):
                continue
            step = case.work.plan.step(attempt.step)
            # Of an effect nobody knows whether it happened.
            unsure = step is not None and step.effect
            end = {
                "ended_at": studio.clock.now(),
                "outcome": Outcome.LOST if unsure else outcome,
                "message": why,
            }
            settle(studio, case.work.id, ended=attempt.model_copy(update=end))
            closed += 1
    return closed
