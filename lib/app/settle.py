"""The one verb: load, observe, assess, write what changed, act.

A finalize event, a delete event, the tick, an opened page and an ended task all call it; each
call may be lost, doubled or late, and two may run at once: the write is a compare-and-set of
the record, and whoever loses it looks again.
"""

from __future__ import annotations

import contextlib
import logging
import random
import time
from dataclasses import replace

from lib.app.activity import news
from lib.app.case import (
    Case,
    Fields,
    attempt_field,
    case_of,
    load,
    new_record,
    record_path,
)
from lib.app.journal import note
from lib.app.judgement import decide_for
from lib.app.studio import Studio
from lib.core.decide import Action, Discard, Run
from lib.core.errors import Conflict, NotFound, Unavailable
from lib.core.paths import fingerprint
from lib.core.tools import TOOLS
from lib.core.work import Attempt, Json, Work
from lib.ports import REMOVE, Task

#: Compare-and-set rounds before a contended record is left to the next call.
ROUNDS = 12
#: Longest pause between two rounds, seconds; the real one is random below it.
PAUSE_S = 0.02


def settle(
    studio: Studio,
    work_id: str,
    *,
    ended: Attempt | None = None,
    known: Case | None = None,
    correcting: bool = False,
) -> Case | None:
    """Bring the record of a work in line with the bucket and set going what is due.

    ``ended`` is an attempt that the caller closes: it enters the ledger in the same write.
    ``known`` is the case as the caller wrote it last; when it is out of date, it is read again.
    With ``correcting`` the feed says what the record claimed that was not so.
    Returns the case that was found; None when there is no such work. Raises Unavailable when
    the bucket could not be looked at completely, or when the record stays contended.
    """
    for round_number in range(ROUNDS):
        case = known or load(studio, work_id)
        known = None
        if case is None or _settle_once(studio, case, ended, correcting):
            return case
        if round_number:  # the first loss is most often our own event: what it wrote is enough
            time.sleep(random.uniform(0, PAUSE_S))  # noqa: S311 - spreads writers, no secret
    raise Unavailable(f"{work_id} is being written by others", retry_after_s=1)


def close(studio: Studio, work_id: str, ended: Attempt) -> None:
    """Write the end of an attempt without a look at the bucket; the next tick looks.

    An attempt that was given up meanwhile stays as it was closed. Raises Unavailable when the
    record stays contended.
    """
    for _ in range(ROUNDS):
        case = load(studio, work_id)
        if case is None or not case.is_open(ended):
            return
        end: Fields = {
            attempt_field(ended): ended.model_dump(mode="json"),
            ("due_at",): studio.clock.now(),
        }
        with contextlib.suppress(Conflict):
            studio.records.update(record_path(work_id), end, version=case.version)
            return
    raise Unavailable(f"{work_id} is being written by others", retry_after_s=1)


def begin(studio: Studio, work: Work) -> None:
    """Store a new work with its first steps claimed already, and set them going.

    Raises Conflict when there is a work of that id.
    """
    data = new_record(work)
    case = Case(work, (), data["measured"], data["summary"], data["due_at"], version=0)
    decided = decide_for(studio, case, [])
    for name, value in decided.changes.items():
        if value is REMOVE:
            data.pop(name[0], None)
        elif len(name) == 1:
            data[name[0]] = value
        else:
            data[name[0]][name[1]] = value
    studio.records.create(record_path(work.id), data)
    for action in decided.actions:
        _carry_out(studio, work, action)


def amend(studio: Studio, work_id: str, fields: Fields, *, version: int | None = None) -> Case:
    """Change what is wanted of a work, with all that follows from it, in one write.

    A kill between two writes would leave a summary that speaks of what was wanted before.
    ``fields`` are of the record, with paths of one or two keys. Raises NotFound, Unavailable as
    ``settle`` does, and Conflict when the record does not have ``version`` any more.
    """
    for _ in range(ROUNDS):
        record = studio.records.get(record_path(work_id))
        if record is None:
            raise NotFound(f"there is no work {work_id!r}")
        if version not in (None, record.version):
            raise Conflict(f"{work_id} was changed meanwhile")
        old = case_of(record)
        case = case_of(replace(record, data=_with(record.data, fields)))
        decided = decide_for(studio, case, [])
        try:
            studio.records.update(
                record.path,
                {**fields, **decided.changes},
                version=record.version,
                beside=news(old, decided.summary, studio.clock.now()),
            )
        except Conflict:
            continue
        for action in decided.actions:
            _carry_out(studio, case.work, action)
        return case
    raise Unavailable(f"{work_id} is being written by others", retry_after_s=1)


def _with(data: Json, fields: Fields) -> Json:
    """Return a record's data with these fields set."""
    new = dict(data)
    for path, value in fields.items():
        new[path[0]] = value if len(path) == 1 else {**new[path[0]], path[1]: value}
    return new


def _settle_once(studio: Studio, case: Case, ended: Attempt | None, correcting: bool) -> bool:
    """Do one round; False when somebody else wrote the record meanwhile."""
    closed = [ended] if ended is not None and case.is_open(ended) else []
    decided = decide_for(studio, case, closed)
    work = case.work
    if decided.changes:
        try:
            studio.records.update(
                record_path(work.id),
                decided.changes,
                version=case.version,
                beside=news(case, decided.summary, studio.clock.now(), correcting=correcting),
                # What the bucket shows is found again after a power cut; what was sent is not.
                durable=work.plan.touches_the_world(),
            )
        except Conflict:
            return False
    for action in decided.actions:
        _carry_out(studio, work, action)
    return True


def _carry_out(studio: Studio, work: Work, action: Action) -> None:
    if isinstance(action, Run):
        tool = TOOLS.get(action.tool)
        task = Task(
            name=fingerprint(work.id, work.revision, action.step, action.number, action.nudge),
            queue=tool.queue if tool else "render",
            payload={"work_id": work.id, "step": action.step, "number": action.number},
        )
        try:
            stored = studio.queue.enqueue(task)
        except Unavailable as error:
            # The claim is on record: when nobody begins, the ledger's reminder sends another task.
            note("enqueue_postponed", f"{task.name}: {error}", level=logging.WARNING)
            return
        if stored:
            note("step_enqueued", f"{action.step} of {work.id} enqueued", **task.payload)
    elif isinstance(action, Discard):
        gone = action.sighting
        if studio.objects.delete(gone.path, generation=gone.generation):
            note("raw_discarded", f"{gone.path} is not needed any more", work_id=work.id)
