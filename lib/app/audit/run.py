"""Hold every record against the bucket, and correct what no event corrected.

The tick audits a slice and remembers where it stopped; ``reconcile`` audits everything. A work
whose memory agrees with the listing is judged from memory; any difference is looked at by the
ordinary look, and only that decides. What no work claims is counted and named, never touched.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field

from lib.app.audit.breaker import open_breaker
from lib.app.audit.certificate import Certificates
from lib.app.audit.merge_join import Pair, Place, Walk
from lib.app.audit.name_order import id_of
from lib.app.audit.suspect import Batch, rests, suspect
from lib.app.case import AUDITS, Case, case_of, load, record_path
from lib.app.journal import note
from lib.app.judgement import POISON, judge, judge_from_memory
from lib.app.settle import settle
from lib.app.storage.orphans import Orphans
from lib.app.studio import Studio
from lib.core.errors import Conflict
from lib.core.rollup import Phase
from lib.core.status import Assessment
from lib.core.work import Json, Sightings
from lib.ports import ObjectInfo, Record

#: Works that one tick audits; at a tick each minute that is 144,000 a day.
SLICE_WORKS = 100
#: Calls that list after which a slice ends; to begin with a brand may take one for each category.
SLICE_CALLS = 24
#: Works of a whole pass that are judged before any of them is corrected.
BATCH_WORKS = 1000
#: Attempts that the corrections of one pass may set going; the work that reaches it is the last.
PASS_STARTS = 100
CURSOR = f"{AUDITS}/cursor"


@dataclass(frozen=True, slots=True)
class Manner:
    """How a pass goes about what it finds."""

    dry_run: bool = False
    accept_losses: bool = False


@dataclass(slots=True)
class Report:
    """What one pass did; ``corrections`` say what a record claimed and what was found."""

    checked: int = 0
    #: Works of which listing and memory differed, so that their objects were looked at.
    looked_at: int = 0
    due: int = 0
    #: How long the work that waited longest had been due, in seconds.
    oldest_due_s: float = 0.0
    corrections: list[Json] = field(default_factory=list)
    unreachable: list[str] = field(default_factory=list)
    #: Attempts that corrections set going; works that were left for the next pass because of them.
    started: int = 0
    left: int = 0
    #: Why nothing more was corrected; empty while all is believed.
    breaker: Json = field(default_factory=dict)
    orphans: Orphans = field(default_factory=Orphans)


def reconcile(studio: Studio, *, dry_run: bool = False, accept_losses: bool = False) -> Report:
    """Hold every record against the bucket; with ``dry_run`` only say what is wrong.

    ``accept_losses`` is a person's word that what is missing is really gone: neither the breaker
    nor the cap holds then. Raises Unavailable when the records could not be asked.
    """
    report, known, batch = Report(), Certificates(), Batch()
    manner = Manner(dry_run, accept_losses)
    for pair in Walk(studio):
        judge_pair(studio, pair, report, known, batch)
        if batch.works >= BATCH_WORKS or (
            batch.has_lost_too_many(BATCH_WORKS) and not accept_losses
        ):
            conclude(studio, batch, report, manner)
            batch = Batch()
        if report.breaker:
            return report
    conclude(studio, batch, report, manner)
    return report


def audit_slice(studio: Studio, report: Report, passed: list[Record] | None = None) -> bool:
    """Audit what comes next behind the cursor, and tell whether that was all there is.

    The cursor remembers only where. Two slices at once audit the same works twice, which is
    harmless; the cursor is moved by whoever is first. The records that were looked at are added
    to ``passed``. Raises Unavailable when the records could not be asked.
    """
    cursor = studio.records.get(CURSOR)
    begin = Place.of_json(cursor.data.get("place") if cursor else None)
    walk = Walk(studio, begin, most=SLICE_WORKS)
    known, batch = Certificates(), Batch()
    for pair in walk:
        if passed is not None and pair.record is not None:
            passed.append(pair.record)
        judge_pair(studio, pair, report, known, batch)
        # A bucket that is away keeps a tick waiting once, not once for each brand.
        full = walk.works == SLICE_WORKS or walk.calls >= SLICE_CALLS or pair.failure
        if full or batch.starts >= PASS_STARTS:
            break
    conclude(studio, batch, report, Manner())
    place = walk.place.as_json() if walk.place else {}
    try:
        if cursor is None:
            studio.records.create(CURSOR, {"place": place})
        elif cursor.data.get("place") != place:
            studio.records.update(CURSOR, {("place",): place}, version=cursor.version)
    except Conflict:
        pass  # another slice moved it; its place is as good as ours
    return begin is None and not place


def settle_or_tell(
    studio: Studio,
    work_id: str,
    report: Report,
    *,
    read: Record | None = None,
    correcting: bool = False,
) -> bool:
    """Settle a work; False when it could not be, which is in the report then.

    ``read`` is its record, where the caller has it.
    """
    try:
        settle(studio, work_id, known=case_of(read) if read else None, correcting=correcting)
    except POISON as error:
        note("settle_failed", f"{record_path(work_id)}: {error}", level=logging.WARNING)
        report.unreachable.append(f"{work_id}: {error}")
        return False
    return True


def judge_pair(
    studio: Studio, pair: Pair, report: Report, known: Certificates, batch: Batch
) -> None:
    """Judge one work by what the walk shows of it; what is wrong with it enters the batch."""
    if pair.record is not None and known.cover(pair.record, pair.objects):
        report.checked += 1
        batch.works += 1
        batch.settled += 1
        return
    if pair.failure:
        report.unreachable.append(pair.failure)
    if pair.record is None:
        for info in pair.objects:
            report.orphans.add(info, "there is no work of that name", studio.clock.now())
        return
    try:
        case = case_of(pair.record)
        found, sightings, measured = _look(studio, case, pair, report)
        wrong = suspect(case, found, sightings, measured)
        batch.settled += rests(case)
        if wrong is not None:
            batch.add(wrong)
        elif case.summary["phase"] == Phase.READY:
            known.learn(pair.record, case, pair.objects)
    except POISON as error:
        report.unreachable.append(f"{id_of(pair.record)}: {error}")
        return
    report.checked += 1
    batch.works += 1


def conclude(studio: Studio, batch: Batch, report: Report, manner: Manner) -> None:
    """Have the records of a batch corrected, unless more is lost than can be believed."""
    if batch.has_lost_too_many() and not manner.accept_losses:
        report.breaker = open_breaker(studio, batch, quietly=manner.dry_run)
        return
    for one in batch.suspects:
        work_id = one.case.work.id
        fresh = load(studio, work_id)
        if fresh is None or fresh.version != one.case.version:
            continue  # it is moving by itself; what we read was merely old
        if manner.dry_run:
            report.corrections.append(one.line("would correct"))
        elif one.starts and report.started >= PASS_STARTS and not manner.accept_losses:
            report.left += 1
        elif settle_or_tell(studio, work_id, report, correcting=True):
            report.started += one.starts
            report.corrections.append(one.line("corrected"))
            claimed = one.case.summary.get("phase")
            note("record_corrected", f"{work_id}: {claimed} → {one.word}", work_id=work_id)


def _look(
    studio: Studio, case: Case, pair: Pair, report: Report
) -> tuple[Assessment, Sightings, Json]:
    """Judge from memory where the listing agrees with it, else by the ordinary look."""
    now = studio.clock.now()
    paths = {artifact.path for artifact in case.work.plan.artifacts()}
    listed: dict[str, ObjectInfo] = {}
    for info in pair.objects:
        if info.path in paths:
            listed[info.path] = info
        else:
            report.orphans.add(info, "the work's plan does not name it", now)
    known = judge_from_memory(case, listed, now)
    if known is None:
        report.looked_at += 1
        return judge(studio, case)
    return *known, case.measured
