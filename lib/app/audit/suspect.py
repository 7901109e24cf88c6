"""Works whose records say something else than was found, before anything is done about it.

Called by ``run``, which judges a batch of works, holds it against the breaker, and only then has
the records corrected.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from lib.app.case import Case
from lib.app.judgement import due_of
from lib.core.decide import Run, decide
from lib.core.rollup import SETTLED, Phase, phase
from lib.core.status import Assessment
from lib.core.work import Json, Sightings

#: Works that may have lost files at once, whatever share of a batch they are.
HANDFUL = 10
#: Share of a batch's settled works beyond which their loss is taken for a fault of ours.
SHARE = 0.05


@dataclass(frozen=True, slots=True)
class Suspect:
    """One work: what its record claims, and what was found."""

    case: Case
    found: Assessment
    word: Phase

    @property
    def has_lost(self) -> bool:
        """True when a work that rested has fewer files than its record claims."""
        claimed = self.case.summary.get("done")
        return rests(self.case) and isinstance(claimed, int | float) and self.found.done < claimed

    @property
    def starts(self) -> int:
        """How many attempts its correction will set going."""
        if self.word is Phase.ARCHIVED:
            return 0
        actions = decide(self.case.work.plan, self.found)
        return sum(isinstance(action, Run) and action.nudge == 0 for action in actions)

    def line(self, action: str) -> Json:
        """Return what a report says of it."""
        claimed = self.case.summary
        return {
            "work": self.case.work.id,
            "originalStatus": claimed.get("phase"),
            "correctedStatus": self.word.value,
            "claimed": claimed.get("done"),
            "verified": self.found.done,
            "missing": dict(self.found.missing),
            "action": action,
        }


def rests(case: Case) -> bool:
    """Tell whether a record claims that nothing happens any more by itself."""
    word = case.summary.get("phase")
    return isinstance(word, str) and word in SETTLED


def suspect(case: Case, found: Assessment, sightings: Sightings, measured: Json) -> Suspect | None:
    """Return what is wrong with a record: another claim, or no time at which to look again."""
    word = phase(found, archived=case.work.archived_at is not None)
    size = sum(sighting.size for sighting in sightings.values())
    truth = {"phase": word, "done": found.done, "total": found.total, "bytes": size}
    has_time = isinstance(case.due_at, int | float)
    forgotten = not has_time and due_of(case, found) is not None
    told = {name: case.summary.get(name) for name in truth}
    is_true = told == truth and measured == case.measured and not forgotten
    return None if is_true else Suspect(case, found, word)


@dataclass(slots=True)
class Batch:
    """Works that were judged together, and are corrected together or not at all."""

    works: int = 0
    #: Works whose records say that they rest.
    settled: int = 0
    starts: int = 0
    lost: int = 0
    suspects: list[Suspect] = field(default_factory=list)

    def add(self, found: Suspect) -> None:
        """Take in a work of which something is wrong."""
        self.suspects.append(found)
        self.starts += found.starts
        self.lost += found.has_lost

    def has_lost_too_many(self, at_least: int = 0) -> bool:
        """Tell whether more works lost files than can be believed, if this many are settled."""
        return self.lost > max(HANDFUL, SHARE * max(self.settled, at_least))

    def lost_by_owner(self) -> Mapping[str, list[str]]:
        """Return the ids of the works that lost files, by their owner."""
        found: dict[str, list[str]] = {}
        for one in self.suspects:
            if one.has_lost:
                found.setdefault(one.case.work.owner, []).append(one.case.work.id)
        return found
