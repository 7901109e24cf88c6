"""What one look at a work comes to: the judgement, what to write of it, and what to do about it.

Called by ``settle``, which writes and acts, and by whoever only wants to know. Nothing is changed
here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lib.app.case import Case, Fields, attempt_field
from lib.app.observe import observe, recall
from lib.app.studio import Studio
from lib.core.decide import Action, Close, Run, decide
from lib.core.errors import StudioError
from lib.core.rollup import SETTLED, Phase, phase
from lib.core.status import Assessment, assess
from lib.core.tools import QUEUES, ladder
from lib.core.work import Attempt, Json, Outcome, Sightings, Work
from lib.ports import REMOVE, ObjectInfo

#: What is raised when a record cannot be judged: one that was written by hand may hold numbers
#: that no calculation takes.
POISON = (StudioError, ArithmeticError, LookupError, TypeError, ValueError, AttributeError)
#: Silence after which an attempt of any step is given up, seconds.
LONGEST_S = max(ladder(queue).lease_s for queue in QUEUES)


def judge(studio: Studio, case: Case) -> tuple[Assessment, Sightings, Json]:
    """Return the judgement over a case as the bucket is now; changes nothing."""
    plan = case.work.plan
    sightings, measured = observe(studio, plan.artifacts(), case.measured)
    return assess(plan, sightings, case.attempts, studio.clock.now()), sightings, measured


def judge_from_memory(
    case: Case, listed: Mapping[str, ObjectInfo], now: float
) -> tuple[Assessment, Sightings] | None:
    """Return the judgement where a record's memory agrees with a listing; None: look yourself.

    ``listed`` holds by path at least what a listing shows at the plan's paths.
    """
    plan = case.work.plan
    sightings = recall(plan.artifacts(), case.measured, listed)
    if sightings is None:
        return None
    return assess(plan, sightings, case.attempts, now), sightings


@dataclass(frozen=True, slots=True)
class Decided:
    """What one look at a case came to."""

    changes: Fields
    summary: Json
    actions: tuple[Action, ...]


def decide_for(studio: Studio, case: Case, closed: list[Attempt]) -> Decided:
    """Judge a case with these attempts closed, claim what may run, and say what to write."""
    work, now = case.work, studio.clock.now()
    for attempt in closed:
        case = case.having(attempt)
    found, sightings, measured = judge(studio, case)
    archived = work.archived_at is not None
    actions = () if archived else decide(work.plan, found)
    claims = [
        Attempt(step=a.step, number=a.number, revision=work.revision, enqueued_at=now)
        for a in actions
        if isinstance(a, Run) and a.nudge == 0
    ]
    silent = [action.attempt for action in actions if isinstance(action, Close)]
    silent += [_lost(a, now) for a in _abandoned(case) if _until(a) <= now]
    for attempt in silent:
        case = case.having(attempt)
    attempts = (*case.attempts, *claims)
    final = assess(work.plan, sightings, attempts, now) if claims or silent else found
    summary = summarise(work, final, sightings, attempts)
    summary["open"] |= bool(case.former)
    changes = _changes(case, [*closed, *silent, *claims], measured, summary, due_of(case, final))
    return Decided(changes, summary, actions)


def due_of(case: Case, found: Assessment) -> float | None:
    """Return when a work must be looked at again though nothing happens to it; None: never."""
    archived = case.work.archived_at is not None
    dues = [] if archived or found.due_at is None else [found.due_at]
    return min([*dues, *map(_until, _abandoned(case))], default=None)


def _lost(attempt: Attempt, now: float) -> Attempt:
    return attempt.model_copy(update={"ended_at": now, "outcome": Outcome.LOST})


def _abandoned(case: Case) -> list[Attempt]:
    """Return the attempts at work on what nobody wants any more."""
    unwanted = case.attempts if case.work.archived_at is not None else ()
    begun = [a for a in unwanted if a.started_at is not None and a.ended_at is None]
    return [*case.former, *begun]


def _until(abandoned: Attempt) -> float:
    """Return when such an attempt is given up; its step may be gone with its revision."""
    return (abandoned.started_at or 0.0) + LONGEST_S


def summarise(
    work: Work, found: Assessment, sightings: Sightings, attempts: tuple[Attempt, ...]
) -> Json:
    """Return what queries and pages read of a judgement; nothing in it depends on who asks."""
    word = phase(found, archived=work.archived_at is not None)
    starts = [a.started_at for a in attempts if a.started_at is not None]
    finished = None
    if word is Phase.READY:
        finished = max(sighting.updated_at for sighting in sightings.values())
    elif word in SETTLED:
        finished = max((a.ended_at or 0.0 for a in attempts), default=None)
    return {
        "phase": word.value,
        "done": found.done,
        "total": found.total,
        "stages": {name: stage.value for name, stage in found.stages.items()},
        "missing": dict(found.missing),
        "reasons": list(found.reasons),
        "revision": work.revision,
        "open": any(a.started_at is not None and a.ended_at is None for a in attempts),
        "started_at": min(starts, default=None),
        "finished_at": finished,
        "bytes": sum(s.size for s in sightings.values()),
    }


def _changes(
    case: Case, written: list[Attempt], measured: Json, summary: Json, due_at: float | None
) -> Fields:
    changes: Fields = {attempt_field(a): a.model_dump(mode="json") for a in written}
    if measured != case.measured:
        changes["measured",] = measured
    if summary != case.summary:
        changes["summary",] = summary
    if due_at != case.due_at:
        changes["due_at",] = REMOVE if due_at is None else due_at
    return changes
