"""What somebody wants made, and the plan that says when it is made.

Used by every room. A work holds intent only: nothing here says how far it has come.
All instants are POSIX seconds (UTC, float); all durations are seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from lib.core.checks import Check

#: JSON values as they are stored; the kernel never looks inside a spec or a tool's parameters.
Json = dict[str, Any]

Slug = Annotated[str, Field(pattern=r"^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$")]
WorkId = Annotated[str, Field(pattern=r"^[a-z0-9](?:[a-z0-9-]{0,98}[a-z0-9])?$")]
#: Slots and step names: no hyphen, because the object name puts one between slot and fingerprint.
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]


class Stored(BaseModel):
    """A value that is kept as JSON: frozen, and unknown fields are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Keep(StrEnum):
    """How long an artifact is wanted."""

    FINAL = "final"  # what the user asked for; kept
    RAW = "raw"  # an intermediate: wanted only while something unfinished needs it
    RECEIPT = "receipt"  # proof that an effect happened; kept


class Artifact(Stored):
    """One object that a step must leave in the bucket, and what makes it valid."""

    slot: Name
    path: str
    check: Check
    keep: Keep = Keep.FINAL


class Step(Stored):
    """One run of one tool: what it needs, what it makes, and how patient we are with it."""

    name: Name
    tool: Name
    makes: tuple[Artifact, ...]
    needs: tuple[Name, ...] = ()
    params: Json = Field(default_factory=dict)
    #: Silence after which a started attempt is given up. Must exceed the tool's deadline.
    patience_s: float = 1800.0
    #: Attempts that really ran before the step is called failed.
    tries: int = 3
    #: The step may not run before this instant (a publication's slot).
    not_before: float | None = None
    #: The step touches the outside world: sent without a receipt is unsure, never repeated.
    effect: bool = False


class Plan(Stored):
    """The steps of a work, expanded once by a recipe and sealed; new code never re-judges it."""

    steps: tuple[Step, ...] = ()

    def artifacts(self) -> tuple[Artifact, ...]:
        """Return every artifact of every step, in plan order."""
        return tuple(artifact for step in self.steps for artifact in step.makes)

    def touches_the_world(self) -> bool:
        """Tell whether any step has an effect that the bucket alone cannot prove."""
        return any(step.effect for step in self.steps)

    def step(self, name: str) -> Step | None:
        """Return the step called ``name``, or None."""
        return next((step for step in self.steps if step.name == name), None)


class Work(Stored):
    """One thing that somebody wants: whose, who asked, for which brand, and its sealed plan."""

    id: WorkId
    owner: Slug  # whose it is
    actor: str  # who asked: a user id, or "maestro"
    brand: Slug
    kind: Name
    title: str = ""
    spec: Json = Field(default_factory=dict)
    plan: Plan = Plan()
    revision: int = 1
    parent: WorkId | None = None
    created_at: float
    archived_at: float | None = None


class Sighting(Stored):
    """One generation of one object, as it was seen and measured in the bucket.

    ``(path, generation)`` never changes, so a sighting is measured once. ``invalid`` names
    what is wrong with the bytes; empty means that the artifact's check passes.
    """

    path: str
    generation: int
    size: int
    crc32c: str
    updated_at: float
    facts: Json = Field(default_factory=dict)
    invalid: tuple[str, ...] = ()
    #: We put these bytes; what a person put in their place is never ours to delete.
    ours: bool = True

    @property
    def valid(self) -> bool:
        """True when the bytes passed their artifact's check."""
        return not self.invalid


class Outcome(StrEnum):
    """How an attempt ended."""

    OK = "ok"  # the tool ran and its files were put; the bucket alone says whether they are there
    FAILED = "failed"  # it ended with an error that is on the record
    LOST = "lost"  # its executor is known to be dead; nobody will ever end it
    AWAY = "away"  # what it needs could not be reached, which speaks against nothing


class Attempt(Stored):
    """One entry of the ledger: a try of a step. The number is part of the task's name."""

    step: Name
    number: int
    revision: int = 1
    enqueued_at: float
    started_at: float | None = None
    ended_at: float | None = None
    executor: str | None = None
    outcome: Outcome | None = None
    message: str = ""
    permanent: bool = False
    #: A person asked to try again after this attempt; it no longer counts against the step.
    pardoned: bool = False


#: What was seen in the bucket for a plan, by path. A path that is absent here was looked for
#: and is not there: an observation is complete, or it is an exception.
Sightings = Mapping[str, Sighting]
