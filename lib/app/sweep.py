"""The tick: settle what the clock made due, audit a slice of what is settled, tidy up.

Fast loop: works whose ``due_at`` has passed. Slow loop: every work in the order of its
creation, a slice each time, so that a claim that no event corrected is corrected here. One
work that cannot be settled never keeps another from it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field

from lib.app import salvage
from lib.app.case import AUDITS, WORKS, case_of, load, record_path, walk
from lib.app.journal import note
from lib.app.settle import judge, settle
from lib.app.studio import Studio
from lib.core.errors import Conflict, StudioError
from lib.core.rollup import phase
from lib.core.work import Json, Outcome
from lib.ports import Query, Record

#: Works that one tick audits; at a tick each 5 s that is 17,000 an hour.
AUDIT_SLICE = 25
CURSOR = f"{AUDITS}/cursor"


@dataclass(slots=True)
class Report:
    """What one pass did; ``corrections`` say what a record claimed and what was found."""

    checked: int = 0
    due: int = 0
    #: How long the work that waited longest had been due, in seconds.
    oldest_due_s: float = 0.0
    corrections: list[Json] = field(default_factory=list)
    unreachable: list[str] = field(default_factory=list)


def sweep(studio: Studio) -> Report:
    """Run one tick and report what it did."""
    report = Report()
    now = studio.clock.now()
    for record in walk(studio, Query(WORKS, order_by="due_at")):
        if record.data["due_at"] > now:
            break
        report.due += 1
        report.oldest_due_s = max(report.oldest_due_s, now - record.data["due_at"])
        _settle(studio, record.data["work"]["id"], report)
    _audit_slice(studio, report)
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


def reconcile(studio: Studio, *, dry_run: bool = False) -> Report:
    """Hold every record against the bucket; with ``dry_run`` only say what is wrong."""
    report = Report()
    for record in walk(studio, Query(WORKS, order_by="created_at")):
        _check(studio, record, report, dry_run=dry_run)
    return report


def recover(studio: Studio) -> int:
    """Close the attempts of executors that are known to be dead, and go on; return how many.

    Only for a studio that holds the exclusive lock of its data: every executor in the ledger
    but this one is then dead.
    """
    salvage.forget_runs(studio)
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
        salvage.forget_uploaded(studio, case_of(record).work.plan.artifacts())
        for attempt in case_of(record).attempts:
            orphan = attempt.started_at is not None and attempt.ended_at is None
            if not orphan or not is_dead(attempt.executor):
                continue
            lost = attempt.model_copy(
                update={
                    "ended_at": studio.clock.now(),
                    "outcome": Outcome.LOST,
                    "message": why,
                }
            )
            settle(studio, record.path.rpartition("/")[2], ended=lost)
            closed += 1
    return closed


def _audit_slice(studio: Studio, report: Report) -> None:
    """Check the next few works behind the cursor; the cursor only remembers where, not what."""
    cursor = studio.records.get(CURSOR)
    after = None
    if cursor and cursor.data["path"]:
        after = Record(cursor.data["path"], {"created_at": cursor.data["created_at"]}, 0)
    page = studio.records.query(Query(WORKS, order_by="created_at", after=after, limit=AUDIT_SLICE))
    for record in page:
        _check(studio, record, report, dry_run=False)
    last = page[-1] if len(page) == AUDIT_SLICE else None
    place = {
        "path": last.path if last else "",
        "created_at": last.data["created_at"] if last else 0.0,
    }
    if cursor is None:
        try:
            studio.records.create(CURSOR, place)
        except Conflict:
            return  # another pass made it; its place is as good as ours
    elif cursor.data != place:
        studio.records.update(CURSOR, {(key,): value for key, value in place.items()})


def _check(studio: Studio, record: Record, report: Report, *, dry_run: bool) -> None:
    work_id = record.path.rpartition("/")[2]
    try:
        case = case_of(record)
        found, _, _ = judge(studio, case)
    except StudioError as error:
        report.unreachable.append(f"{work_id}: {error}")
        return
    report.checked += 1
    word = phase(found, archived=case.work.archived_at is not None)
    claimed = case.summary
    if word == claimed["phase"] and found.done == claimed["done"]:
        return
    fresh = load(studio, work_id)
    if fresh is None or fresh.version != case.version:
        return  # it is moving by itself; what we read was merely old
    if not dry_run:
        _settle(studio, work_id, report)
    report.corrections.append(
        {
            "work": work_id,
            "originalStatus": claimed["phase"],
            "correctedStatus": word.value,
            "claimed": claimed["done"],
            "verified": found.done,
            "missing": dict(found.missing),
            "action": "would correct" if dry_run else "corrected",
        }
    )
    note("record_corrected", f"{work_id}: {claimed['phase']} → {word}", work_id=work_id)


def _settle(studio: Studio, work_id: str, report: Report) -> None:
    try:
        settle(studio, work_id)
    except StudioError as error:
        note("settle_failed", f"{record_path(work_id)}: {error}", level=logging.WARNING)
        report.unreachable.append(f"{work_id}: {error}")
