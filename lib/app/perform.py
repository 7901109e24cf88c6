"""Carry out one attempt of one step: claim it, make what is missing, close it, settle.

Called by ``on_step`` for every delivery of a task; a delivery may be doubled, late, or for an
attempt that is over. The ledger owns retries: an attempt that failed is recorded and answered
with success, so that the queue does not try it a second time on its own account.
"""

from __future__ import annotations

from dataclasses import replace

from lib.app.case import Case, attempt_field, load, record_path
from lib.app.journal import note
from lib.app.judgement import judge
from lib.app.make import Missing, Reach, Run, make
from lib.app.owed import owe, pay
from lib.app.settle import settle
from lib.app.studio import Studio
from lib.core.errors import (
    Conflict,
    NotFound,
    Refused,
    ToolFailed,
    Unavailable,
    machine_fault,
)
from lib.core.work import Attempt, Json, Outcome


def perform(studio: Studio, work_id: str, step_name: str, number: int) -> str:
    """Carry out an attempt and return in words what came of it.

    Raises Unavailable only before the attempt began (the delivery should come again).
    """
    pay(studio)
    case = load(studio, work_id)
    refusal = _refusal(case, step_name, number)
    if case is None or refusal:
        return f"dropped: {refusal}"
    step = case.work.plan.step(step_name)
    attempt = case.attempt(step_name, number)
    assert step is not None
    assert attempt is not None  # both were looked at by _refusal
    found, sightings, _ = judge(studio, case)
    wanted = found.steps[step_name].missing
    missing = [(a, sightings.get(a.path)) for a in step.makes if a.slot in wanted]
    if not missing:
        return "dropped: there is nothing left to make"
    known = _start(studio, case, attempt)
    started = known.attempt(step_name, number) if known else None
    if known is None or started is None:
        return "dropped: another delivery was first, or the work has changed since"
    ended = _try(studio, known, started, missing)
    note(
        "step_ended",
        f"{step_name} of {work_id}: {ended.outcome}",
        work_id=work_id,
        step=step_name,
        number=number,
        seconds=round((ended.ended_at or 0) - (ended.started_at or 0), 3),
        error=ended.message,
    )
    try:
        settle(studio, work_id, ended=ended, known=known)
    except Unavailable:
        owe(studio, work_id, ended)
        pay(studio)  # what it came to needs no look at the bucket
        raise
    return ended.message or "done"


def _refusal(case: Case | None, step_name: str, number: int) -> str:
    """Return why this delivery must not run, or an empty string."""
    if case is None:
        return "there is no such work"
    if case.work.archived_at is not None:
        return "the work is archived"
    attempt = case.attempt(step_name, number)
    if attempt is None or case.work.plan.step(step_name) is None:
        return "the attempt is not in the ledger of this revision"
    if attempt.ended_at is not None:
        return "the attempt is over"
    if attempt.started_at is not None:
        return "the attempt is at work elsewhere"
    if number < max(a.number for a in case.attempts if a.step == step_name):
        return "a later attempt exists"
    return ""


def _start(studio: Studio, case: Case, attempt: Attempt) -> Case | None:
    """Claim the attempt and return the case as it is then; None when it is not ours to begin.

    That is when another delivery has it, or when the work was changed since it was looked at: what
    is missing then is for who looks again to say.
    """
    # After a power cut a render is simply made again; an effect must not be forgotten.
    durable = case.work.plan.touches_the_world()
    current: Case | None = case
    for _ in range(20):
        entry = current.attempt(attempt.step, attempt.number) if current else None
        if current is None or entry is None or current.work != case.work:
            return None
        if _refusal(current, attempt.step, attempt.number):
            return None
        started = entry.model_copy(
            update={"started_at": studio.clock.now(), "executor": studio.executor}
        )
        fields = {attempt_field(started): started.model_dump(mode="json")}
        try:
            record = studio.records.update(
                record_path(case.work.id), fields, version=current.version, durable=durable
            )
        except Conflict:
            current = load(studio, case.work.id)
            # An acknowledgement that was lost: the claim in the ledger is this very one.
            if current and current.attempt(attempt.step, attempt.number) == started:
                return current
            continue
        return replace(current.having(started), version=record.version)
    raise Unavailable(f"{case.work.id} is being written by others", retry_after_s=1)


def _try(studio: Studio, case: Case, attempt: Attempt, missing: Missing) -> Attempt:
    """Run the step and return the closed attempt; never raises for what a tool or input did."""
    step = case.work.plan.step(attempt.step)
    assert step is not None
    end: Json = {"outcome": Outcome.OK}
    run = Run(studio, case, step)
    try:
        make(run, missing)
    except Exception as error:  # noqa: BLE001 - any fault becomes an entry of the ledger
        end = _end_of(error)
        # Only the tool itself can say of an effect that it did not happen.
        said = run.reach is Reach.IN_TOOL and isinstance(error, ToolFailed | Refused)
        if step.effect and run.reach is not Reach.BEFORE_TOOL and not said:
            end |= {"outcome": Outcome.LOST, "permanent": False}
    return attempt.model_copy(update={**end, "ended_at": studio.clock.now()})


def _end_of(error: Exception) -> Json:
    """Return how an attempt ends by a fault: outcome, words, and whether it is no use to try on."""
    if isinstance(error, ToolFailed):
        message = f"{error}\n{error.tail}".strip()
        return {"outcome": Outcome.FAILED, "message": message, "permanent": error.permanent}
    if isinstance(error, Refused):
        message = f"{error} ({error.hint})" if error.hint else str(error)
        return {"outcome": Outcome.FAILED, "message": message, "permanent": True}
    # Out of reach, or moved by somebody meanwhile: neither says anything against the step.
    lacking, moved = machine_fault(error), isinstance(error, Unavailable | NotFound | Conflict)
    message = str(error) if moved else f"{type(error).__name__}: {error}"
    message = f"{lacking} ({message})" if lacking else message
    outcome = Outcome.AWAY if moved or lacking else Outcome.FAILED
    return {"outcome": outcome, "message": message, "permanent": False}
