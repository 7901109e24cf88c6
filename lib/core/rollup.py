"""Words and totals for people: the phase of a work, and the sum over many works.

Derived on read, or kept by ``settle`` for queries; never an input of ``assess``.
A burst is live exactly while one of its works is, or works it ordered do not exist yet.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from lib.core.status import Assessment, Stage
from lib.core.work import Json


class Phase(StrEnum):
    """How a work stands, in one word for people."""

    DRAFT = "draft"  # nothing was asked for yet
    SCHEDULED = "scheduled"  # everything left waits for its time
    WORKING = "working"  # a step is running, may run, or waits to be tried again
    READY = "ready"  # every artifact was seen in the bucket and is valid
    PARTIAL = "partial"  # stopped with some artifacts made
    FAILED = "failed"  # stopped with none
    UNSURE = "unsure"  # an effect may have happened; a person must look
    ARCHIVED = "archived"  # put away by its owner


#: Phases in which nothing happens any more unless a person or the bucket changes something.
SETTLED = frozenset({Phase.READY, Phase.PARTIAL, Phase.FAILED, Phase.UNSURE, Phase.ARCHIVED})


def phase(assessment: Assessment, *, archived: bool = False) -> Phase:
    """Return the one word for a judgement."""
    if archived:
        return Phase.ARCHIVED
    if assessment.total == 0:
        return Phase.DRAFT
    if assessment.complete:
        return Phase.READY
    if assessment.any(Stage.RUNNING, Stage.READY):
        return Phase.WORKING
    if assessment.any(Stage.WAITING):
        retrying = any(s.stage is Stage.WAITING and s.number > 1 for s in assessment.steps.values())
        return Phase.WORKING if retrying else Phase.SCHEDULED
    if assessment.any(Stage.UNSURE) and not assessment.any(Stage.FAILED):
        return Phase.UNSURE
    return Phase.PARTIAL if assessment.done else Phase.FAILED


@dataclass(frozen=True, slots=True)
class Totals:
    """Counts over works; ``active`` are those that still move by themselves."""

    works: int
    active: int
    by_phase: dict[str, int]
    objects_done: int
    objects_total: int

    @property
    def ready(self) -> int:
        """Works of which every artifact is verified."""
        return self.by_phase.get(Phase.READY, 0)

    @property
    def failed(self) -> int:
        """Works that stopped short of ready."""
        return sum(self.by_phase.get(p, 0) for p in (Phase.PARTIAL, Phase.FAILED, Phase.UNSURE))


def rollup(summaries: Iterable[Json]) -> Totals:
    """Sum the summaries that ``settle`` wrote (``phase``, ``done``, ``total``)."""
    phases: Counter[str] = Counter()
    done = total = 0
    for summary in summaries:
        phases[summary.get("phase", Phase.WORKING)] += 1
        done += summary.get("done", 0)
        total += summary.get("total", 0)
    works = sum(phases.values())
    still = (*SETTLED, Phase.DRAFT)  # a draft waits for a person, so it is not active either
    settled = sum(count for word, count in phases.items() if word in still)
    return Totals(works, works - settled, dict(phases), done, total)


class BurstPhase(StrEnum):
    """How a burst stands, in one word for people."""

    PLANNING = "planning"  # proposals are being written and examined
    MAKING = "making"  # its works are being made
    COMPLETE = "complete"  # every work is ready
    PARTIAL = "partial"  # everything stopped, and not every work is ready
    FAILED = "failed"  # it stopped before or without anything being made


def burst_phase(own: Phase, ordered: int | None, totals: Totals) -> BurstPhase:
    """Return the word for a burst.

    ``own`` is the phase of the burst's own work (planning); ``ordered`` the number of works
    its sealed receipt names, None while there is no receipt.
    """
    if own not in SETTLED:
        return BurstPhase.MAKING if totals.works else BurstPhase.PLANNING
    if totals.active or totals.works < (ordered or 0):
        return BurstPhase.MAKING
    if own is not Phase.READY or totals.works == 0:
        return BurstPhase.PARTIAL if totals.ready else BurstPhase.FAILED
    if totals.ready + totals.by_phase.get(Phase.ARCHIVED, 0) == totals.works:
        return BurstPhase.COMPLETE
    return BurstPhase.PARTIAL if totals.objects_done else BurstPhase.FAILED
