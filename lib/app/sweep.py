"""The tick: settle what the clock made due, audit a slice of what is settled, tidy up.

Fast loop: works whose ``due_at`` has passed. Slow loop: a slice of the audit, so that a claim
that no event corrected is corrected there. One work that cannot be settled never keeps another
from it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from lib.app.audit import Report, audit_slice, begin_night, settle_or_tell
from lib.app.audit.merge_join import LAST_ID
from lib.app.audit.name_order import id_of
from lib.app.case import WORKS, record_path, walk
from lib.app.journal import note
from lib.app.storage.orphans import Gathered
from lib.app.storage.report import Swept
from lib.app.storage.slices import sweep_slice
from lib.app.storage.verdict import InUse, nobody
from lib.app.studio import Studio
from lib.ports import Query, Record

#: Works that a tick reads to see whether any is due.
DUE_FIRST = 10
#: Works that a tick settles because they are due. Those that cannot be settled do not count.
DUE_WORKS = 500
#: Seconds after which a tick leaves the due works for the audit, whoever took the time.
DUE_S = 240.0


@dataclass(slots=True)
class Tick(Report):
    """What one tick did."""

    swept: Swept = field(default_factory=Swept)


def sweep(studio: Studio, *, in_use: InUse = nobody) -> Tick:
    """Run one tick and report what it did; nothing that is ``in_use`` is removed."""
    orphans = Gathered()
    report = Tick(orphans=orphans)
    _settle_due(studio, report)
    passed: list[Record] = []
    if not audit_slice(studio, report, passed):
        begin_night(studio)
    works = _as_corrected(studio, passed, report)
    report.swept = sweep_slice(studio, works, orphans.found, in_use=in_use)
    if (
        report.due
        or report.corrections
        or report.unreachable
        or report.breaker
        or report.swept.proofs
    ):
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


def _as_corrected(studio: Studio, records: Iterable[Record], report: Report) -> Iterator[Record]:
    """Yield the records as they are after the corrections: those may want something back."""
    corrected = {line["work"] for line in report.corrections}
    for record in records:
        fresh = studio.records.get(record.path) if id_of(record) in corrected else record
        if fresh is not None:
            yield fresh


def _settle_due(studio: Studio, report: Report) -> None:
    """Settle what is due, the longest waiting first, for as long as a tick has for it.

    What cannot be settled stays due and comes first again in every tick. It does not count; and
    should it take so long that nothing else gets its turn, the other end of the queue gets half of
    the time.
    """
    now = studio.clock.now()
    tried: set[str] = set()
    oldest = walk(studio, Query(WORKS, order_by="due_at"), first=DUE_FIRST)
    if _settle_these(studio, _due(oldest, now), tried, report):
        return
    here = Record(record_path(LAST_ID), {"due_at": now}, 0)
    youngest = Query(WORKS, order_by="due_at", descending=True, after=here)
    _settle_these(studio, _due(walk(studio, youngest), now), tried, report)


def _due(records: Iterable[Record], now: float) -> Iterator[Record]:
    """Yield the records up to the first that is not due."""
    for record in records:
        due_at = record.data["due_at"]
        if isinstance(due_at, int | float) and due_at > now:
            return
        yield record


def _settle_these(
    studio: Studio, records: Iterable[Record], tried: set[str], report: Report
) -> bool:
    """Settle works that were not tried yet; False when time was up before the last."""
    begin, settled = studio.clock.now(), 0
    for record in records:
        if settled >= DUE_WORKS:
            return True
        if studio.clock.now() >= begin + DUE_S / 2:
            return False
        work_id = id_of(record)
        if work_id in tried:
            continue
        tried.add(work_id)
        report.due += 1
        due_at = record.data["due_at"]
        if isinstance(due_at, int | float):
            report.oldest_due_s = max(report.oldest_due_s, begin - due_at)
        settled += settle_or_tell(studio, work_id, report, read=record)
    return True
