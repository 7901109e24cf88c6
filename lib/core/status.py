"""The heart: from a plan, what was seen in the bucket, the ledger and the clock to a judgement.

``settle`` calls ``assess`` and stores its summary; pages read that summary; nothing else may
say how far a work has come. What is done is decided by sightings alone: the ledger can delay
a step or explain a failure, and can neither create nor destroy doneness.

Demand runs backward (GNU make's rule for intermediate files): only what a missing kept
artifact needs is wanted, so deleting a raw file never un-finishes a work, and losing a final
wants its raw again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from lib.core.reminders import SKEW_S, reminder
from lib.core.work import Artifact, Attempt, Keep, Outcome, Plan, Sighting, Sightings, Step

#: First wait after a failure that may pass, doubled with each further one up to the limit.
BACKOFF_S = 5.0
BACKOFF_MAX_S = 300.0
#: Times a step may succeed and its object vanish again before we stop feeding whoever deletes it.
VANISH_TRIES = 10


class Stage(StrEnum):
    """Where a step stands."""

    DONE = "done"  # all its artifacts are in the bucket and valid
    IDLE = "idle"  # only intermediates are absent, and nothing needs them
    BLOCKED = "blocked"  # something it needs is not there
    WAITING = "waiting"  # its time has not come
    READY = "ready"  # may run now
    RUNNING = "running"  # an attempt is enqueued or at work, and not overdue
    FAILED = "failed"  # no try is left; a person may ask for another
    UNSURE = "unsure"  # an effect was sent and no receipt came; a person must look


@dataclass(frozen=True, slots=True)
class StepState:
    """What is known of one step: its stage, the slots it must still make, its turn."""

    stage: Stage
    missing: tuple[str, ...] = ()
    #: Number of the attempt that is live, or that a Run would be.
    number: int = 0
    #: How often the live attempt's task must have been enqueued again by now.
    nudge: int = 0
    #: When the clock alone changes this state, in POSIX seconds; None: never.
    due_at: float | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Assessment:
    """The judgement over one work at one instant."""

    present: frozenset[str]
    steps: Mapping[str, StepState]
    done: int
    total: int
    #: Raw objects that nothing needs any more; they may be deleted by generation.
    spent: tuple[Sighting, ...]
    #: Open attempts that gave no answer within their patience, each with the end it must be given.
    silent: tuple[Attempt, ...]
    #: Why each kept artifact that is missing is missing, in words, by slot.
    missing: Mapping[str, str]
    reasons: tuple[str, ...]
    due_at: float | None

    @property
    def complete(self) -> bool:
        """True when every kept artifact was seen and is valid."""
        return self.total > 0 and self.done == self.total

    @property
    def stages(self) -> dict[str, Stage]:
        """Return the stage of each step by its name."""
        return {name: state.stage for name, state in self.steps.items()}

    def any(self, *stages: Stage) -> bool:
        """Tell whether any step stands at one of these stages."""
        return any(state.stage in stages for state in self.steps.values())


def assess(plan: Plan, sightings: Sightings, attempts: Iterable[Attempt], now: float) -> Assessment:
    """Judge a work; pure and total.

    ``sightings`` must be a complete look at the plan's paths: a path that is absent from it is
    absent from the bucket. ``attempts`` are those of the plan's revision.
    """
    artifacts = {artifact.slot: artifact for artifact in plan.artifacts()}
    present = frozenset(s for s, a in artifacts.items() if _is_valid(sightings.get(a.path)))
    kept = [slot for slot, artifact in artifacts.items() if artifact.keep is not Keep.RAW]
    wanted = _wanted(plan, kept, present)
    ledger: dict[str, list[Attempt]] = {step.name: [] for step in plan.steps}
    for attempt in attempts:
        ledger.setdefault(attempt.step, []).append(attempt)
    steps = {
        step.name: _step_state(step, present, wanted, ledger[step.name], now) for step in plan.steps
    }
    spent = _spent(plan, steps, wanted, sightings)
    dues = [state.due_at for state in steps.values() if state.due_at is not None]
    dues += [now] if spent else []
    unclosed = [
        _given_up(step, attempt, wanted=bool(steps[step.name].missing))
        for step in plan.steps
        for attempt in sorted(ledger[step.name], key=lambda a: a.number)
        if attempt.started_at is not None and attempt.ended_at is None
    ]
    dues += [attempt.ended_at for attempt in unclosed if attempt.ended_at is not None]
    return Assessment(
        present=present,
        steps=steps,
        done=sum(slot in present for slot in kept),
        total=len(kept),
        spent=spent,
        silent=tuple(a for a in unclosed if a.ended_at is not None and a.ended_at <= now),
        missing={
            slot: _why_missing(artifacts[slot], sightings, ledger, plan)
            for slot in kept
            if slot not in present
        },
        reasons=tuple(f"{name}: {s.reason}" for name, s in steps.items() if s.reason),
        due_at=min(dues, default=None),
    )


def _given_up(step: Step, attempt: Attempt, *, wanted: bool) -> Attempt:
    """Return an open attempt with the end that it has when its patience is over.

    It counts as a failed try only where something is still wanted of it; of an effect, nobody
    knows whether it happened.
    """
    until = (attempt.started_at or 0.0) + step.patience_s
    if step.effect or not wanted:
        return attempt.model_copy(update={"ended_at": until, "outcome": Outcome.LOST})
    message = _no_answer(attempt, step)
    failed = {"ended_at": until, "outcome": Outcome.FAILED, "message": message}
    return attempt.model_copy(update=failed)


def _no_answer(attempt: Attempt, step: Step) -> str:
    return f"attempt {attempt.number} gave no answer within {step.patience_s:g} s"


def _is_valid(sighting: Sighting | None) -> bool:
    return sighting is not None and sighting.valid and sighting.size > 0


def _wanted(plan: Plan, kept: list[str], present: frozenset[str]) -> set[str]:
    """Walk back from the kept artifacts that are missing to everything absent they need."""
    maker = {artifact.slot: step for step in plan.steps for artifact in step.makes}
    wanted: set[str] = set()
    todo = [slot for slot in kept if slot not in present]
    while todo:
        slot = todo.pop()
        if slot in wanted or slot not in maker:
            continue
        wanted.add(slot)
        todo += [need for need in maker[slot].needs if need not in present]
    return wanted


def _step_state(
    step: Step, present: frozenset[str], wanted: set[str], attempts: list[Attempt], now: float
) -> StepState:
    missing = tuple(artifact.slot for artifact in step.makes if artifact.slot in wanted)
    if not missing:
        everything = all(artifact.slot in present for artifact in step.makes)
        return StepState(Stage.DONE if everything else Stage.IDLE)
    latest = max(attempts, key=lambda attempt: attempt.number, default=None)
    if latest is not None and latest.ended_at is None and not latest.pardoned:
        live = _live_state(step, latest, missing, now)
        if live is not None:
            return live
    lacks = [need for need in step.needs if need not in present]
    if lacks:
        return StepState(Stage.BLOCKED, missing)
    return _idle_state(step, attempts, missing, now)


def _live_state(
    step: Step, attempt: Attempt, missing: tuple[str, ...], now: float
) -> StepState | None:
    """Return the state while an attempt is enqueued or at work; None when it went quiet."""
    if attempt.started_at is None:
        nudge, due_at = reminder(attempt.enqueued_at, now)
        return StepState(Stage.RUNNING, missing, attempt.number, nudge, due_at)
    due_at = attempt.started_at + step.patience_s
    if now < due_at:
        return StepState(Stage.RUNNING, missing, attempt.number, 0, due_at)
    return None


def _idle_state(
    step: Step, attempts: list[Attempt], missing: tuple[str, ...], now: float
) -> StepState:
    """Return the state of a step that could run and that nobody is running."""
    number = 1 + max((attempt.number for attempt in attempts), default=0)
    counted = [a for a in attempts if not a.pardoned and a.started_at is not None]
    if step.effect and _sent_without_receipt(counted):
        return StepState(Stage.UNSURE, missing, number, reason="sent, but no receipt came back")
    made = [a.number for a in counted if a.outcome is Outcome.OK]
    recent = sorted((a for a in counted if a.number > max(made, default=0)), key=lambda a: a.number)
    setbacks = [a for a in recent if a.outcome not in (Outcome.OK, Outcome.LOST)]
    failures = [a for a in setbacks if a.outcome is not Outcome.AWAY]
    if len(made) >= VANISH_TRIES:
        reason = f"was made {len(made)} times, and each time its object was gone again"
        return StepState(Stage.FAILED, missing, number, reason=reason)
    if failures and (failures[-1].permanent or len(failures) >= step.tries):
        return StepState(Stage.FAILED, missing, number, reason=_words(failures[-1], step))
    reason = _hindrance(setbacks[-1]) if setbacks else ""
    if setbacks and (setbacks[-1].ended_at or 0.0) > now + SKEW_S:
        setbacks = []  # the clock was set back since, so the pause says nothing
    gate = max(step.not_before or 0.0, _backoff_until(setbacks, step))
    if now < gate:
        return StepState(Stage.WAITING, missing, number, due_at=gate, reason=reason)
    return StepState(Stage.READY, missing, number, due_at=now, reason=reason)


def _sent_without_receipt(counted: list[Attempt]) -> bool:
    return any(a.outcome not in (Outcome.FAILED, Outcome.AWAY) for a in counted)


def _hindrance(last: Attempt) -> str:
    """Return what keeps a step that has tries left, in words; a failure is told by its stage."""
    if last.ended_at is None:
        return f"attempt {last.number} went quiet"
    return last.message if last.outcome is Outcome.AWAY else ""


def _backoff_until(setbacks: list[Attempt], step: Step) -> float:
    if not setbacks:
        return 0.0
    last = setbacks[-1]
    if last.ended_at is None:  # went quiet: its patience was wait enough
        return (last.started_at or 0.0) + step.patience_s
    return last.ended_at + min(BACKOFF_MAX_S, BACKOFF_S * 2.0 ** min(len(setbacks) - 1, 30))


def _words(failure: Attempt, step: Step) -> str:
    if failure.message:
        return failure.message
    return _no_answer(failure, step)


def _spent(
    plan: Plan, steps: Mapping[str, StepState], wanted: set[str], sightings: Sightings
) -> tuple[Sighting, ...]:
    """Return the raw objects whose every consumer has all it must make."""
    busy = {need for step in plan.steps if steps[step.name].missing for need in step.needs}
    return tuple(
        sightings[artifact.path]
        for artifact in plan.artifacts()
        if artifact.keep is Keep.RAW
        and artifact.path in sightings
        and sightings[artifact.path].ours
        and artifact.slot not in busy
        and artifact.slot not in wanted
    )


def _why_missing(
    artifact: Artifact, sightings: Sightings, ledger: Mapping[str, list[Attempt]], plan: Plan
) -> str:
    sighting = sightings.get(artifact.path)
    if sighting is not None:
        return "; ".join(sighting.invalid) or "is empty (0 bytes)"
    maker = next(s.name for s in plan.steps if artifact in s.makes)
    if any(attempt.outcome is Outcome.OK for attempt in ledger[maker]):
        return "was made, but its object is not in the bucket any more"
    return "not made yet"
