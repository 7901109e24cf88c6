"""Carry out one attempt of one step: claim, fetch, run the tool, check, put, close, settle.

Called by ``on_step`` for every delivery of a task; a delivery may be doubled, late, or for an
attempt that is over. The ledger owns retries: an attempt that failed is recorded and answered
with success, so that the queue does not try it a second time on its own account.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from lib.app import desk, salvage
from lib.app.case import Case, attempt_field, load, record_path
from lib.app.deposit import deposit
from lib.app.journal import note
from lib.app.observe import sight
from lib.app.owed import owe, pay
from lib.app.settle import judge, settle
from lib.app.studio import Studio
from lib.core.checks import faults
from lib.core.errors import (
    Conflict,
    NotFound,
    Refused,
    ToolFailed,
    Unavailable,
    machine_fault,
)
from lib.core.tools import TOOLS
from lib.core.work import Artifact, Attempt, Json, Outcome, Sighting, Step
from lib.ports import ToolCall

#: What the judgement found missing of a step, each with the bad bytes that are in its place.
Missing = Sequence[tuple[Artifact, Sighting | None]]


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
        return "dropped: another delivery of it was first"
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
    """Claim the attempt and return the case as it is then; None when another delivery has it."""
    # After a power cut a render is simply made again; an effect must not be forgotten.
    durable = case.work.plan.touches_the_world()
    current: Case | None = case
    for _ in range(20):
        if current is None or _refusal(current, attempt.step, attempt.number):
            return None
        started = attempt.model_copy(
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
    try:
        _make(studio, case, step, missing)
    except ToolFailed as error:
        message = f"{error}\n{error.tail}".strip()
        end = {"outcome": Outcome.FAILED, "message": message, "permanent": error.permanent}
    except Refused as error:
        message = f"{error} ({error.hint})" if error.hint else str(error)
        end = {"outcome": Outcome.FAILED, "message": message, "permanent": True}
    except Exception as error:  # noqa: BLE001 - any fault becomes an entry of the ledger
        # Out of reach, or moved by somebody meanwhile: neither says anything against the step.
        lacking, moved = machine_fault(error), isinstance(error, Unavailable | NotFound | Conflict)
        away = moved or bool(lacking)
        message = str(error) if moved else f"{type(error).__name__}: {error}"
        message = f"{lacking} ({message})" if lacking else message
        outcome = Outcome.AWAY if away else Outcome.FAILED
        # Of an effect nobody knows now whether it happened; only its tool can say that it did not.
        outcome = Outcome.LOST if step.effect else outcome
        end = {"outcome": outcome, "message": message, "permanent": False}
    return attempt.model_copy(update={**end, "ended_at": studio.clock.now()})


def _make(studio: Studio, case: Case, step: Step, missing: Missing) -> None:
    """Make the artifacts of a step that are missing, and put them."""
    files = {a.slot: salvage.place(studio.scratch, a) for a, _ in missing}
    facts = {a.slot: salvage.facts_of(studio, a, files[a.slot]) for a, _ in missing}
    lacking = [a for a, _ in missing if facts[a.slot] is None]
    if lacking:
        facts |= _run_tool(studio, case, step, lacking, files)
    for artifact, seen in missing:
        measured = facts[artifact.slot]
        assert measured is not None
        _put(studio, case, _Finished(artifact, files[artifact.slot], measured), seen)


def _run_tool(
    studio: Studio, case: Case, step: Step, lacking: list[Artifact], files: Mapping[str, Path]
) -> dict[str, Json | None]:
    """Run the tool in a private folder, check its files, and move them to their waiting place."""
    with salvage.room(studio.scratch) as workdir:
        makes = {a.slot: workdir / f"{a.slot}{Path(a.path).suffix}" for a in lacking}
        needs = _fetch_needs(studio, case, step, workdir)
        deadline_s = TOOLS[step.tool].deadline_s if step.tool in TOOLS else step.patience_s
        call = ToolCall(step.tool, step.params, needs, makes, workdir, deadline_s)
        own = desk.TOOLS.get(step.tool)
        if own is not None:
            own(studio, case, call)
        else:
            studio.tools.run(call)
        facts: dict[str, Json | None] = {}
        for artifact in lacking:
            facts[artifact.slot] = _checked(studio, step, artifact, makes[artifact.slot])
        for artifact in lacking:
            makes[artifact.slot].replace(files[artifact.slot])
        return facts


def _fetch_needs(studio: Studio, case: Case, step: Step, workdir: Path) -> dict[str, Path]:
    """Fetch what the step needs, each file pinned to the generation that was checked."""
    artifacts = {a.slot: a for a in case.work.plan.artifacts()}
    files: dict[str, Path] = {}
    for slot in step.needs:
        artifact = artifacts[slot]
        seen = sight(studio, artifact, case.measured.get(slot))
        if seen is None or not seen.valid:
            raise Unavailable(f"{slot} is not in the bucket any more")
        files[slot] = workdir / f"need_{slot}{Path(artifact.path).suffix}"
        studio.objects.fetch(artifact.path, seen.generation, files[slot])
    return files


def _checked(studio: Studio, step: Step, artifact: Artifact, file: Path) -> Json:
    """Return the facts of a file that a tool made. Raises ToolFailed when it is no good."""
    if not file.is_file():
        raise ToolFailed(step.tool, f"did not write {artifact.slot}", permanent=False)
    facts = studio.tools.probe(file, artifact.check.media_type)
    wrong = faults(artifact.check, file.stat().st_size, facts)
    if wrong:
        raise ToolFailed(step.tool, f"made a bad {artifact.slot}: {'; '.join(wrong)}")
    return facts


@dataclass(frozen=True, slots=True)
class _Finished:
    """A file that passed its artifact's check, with what was measured of it."""

    artifact: Artifact
    file: Path
    facts: Json


def _put(studio: Studio, case: Case, finished: _Finished, seen: Sighting | None) -> None:
    """Put a checked file and unlink it only after the bucket showed the same bytes."""
    artifact, file = finished.artifact, finished.file
    try:
        deposit(studio, case.work.id, artifact, file, facts=finished.facts, seen=seen)
    except Conflict:
        winner = sight(studio, artifact, None)
        if winner is None or not winner.valid:
            raise
        note("put_lost", f"{artifact.path} was put by another", work_id=case.work.id)
    file.unlink(missing_ok=True)
