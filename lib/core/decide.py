"""From a judgement to what must be done about it; pure, so that it can be read and tested.

``settle`` carries the actions out. A Run whose attempt exists already is a reminder: its task
is enqueued again under another name, because nobody started it in time.
"""

from __future__ import annotations

from dataclasses import dataclass

from lib.core.status import Assessment, Stage
from lib.core.work import Attempt, Plan, Sighting


@dataclass(frozen=True, slots=True)
class Run:
    """Give a step to the queue as this attempt."""

    step: str
    tool: str
    number: int
    #: 0 for a new attempt; n for the nth reminder of an attempt that nobody started.
    nudge: int = 0


@dataclass(frozen=True, slots=True)
class Discard:
    """Delete exactly this generation of a raw object that nothing needs any more."""

    sighting: Sighting


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask the platform or a person what became of an effect."""

    step: str
    reason: str


@dataclass(frozen=True, slots=True)
class Close:
    """Write the end of an attempt that never answered; ``attempt`` has it already."""

    attempt: Attempt


Action = Run | Discard | Ask | Close


def decide(plan: Plan, assessment: Assessment) -> tuple[Action, ...]:
    """Return what to do now, in plan order; deciding twice gives the same actions."""
    actions: list[Action] = []
    for step in plan.steps:
        state = assessment.steps[step.name]
        due = state.stage is Stage.READY or (state.stage is Stage.RUNNING and state.nudge > 0)
        if due:
            actions.append(Run(step.name, step.tool, state.number, state.nudge))
        elif state.stage is Stage.UNSURE:
            actions.append(Ask(step.name, state.reason))
    actions += [Discard(sighting) for sighting in assessment.spent]
    actions += [Close(attempt) for attempt in assessment.silent]
    return tuple(actions)
