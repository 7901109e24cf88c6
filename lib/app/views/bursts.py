"""Bursts: the rollup of the works that they ordered, by query and never by a counter."""

from __future__ import annotations

from lib.app.case import WORKS, Case, load_own, readable, walk
from lib.app.settle import settle
from lib.app.studio import Studio
from lib.app.views.jobs import card
from lib.app.views.words import counts, first_lines, iso
from lib.core.errors import NotFound
from lib.core.recipes.burst import KIND, is_burst
from lib.core.rollup import BurstPhase, Phase, burst_phase, rollup
from lib.core.work import Json
from lib.ports import Query

BURST_LABELS = {
    BurstPhase.PLANNING: "Writing and examining proposals",
    BurstPhase.MAKING: "Making content",
    BurstPhase.COMPLETE: "Complete",
    BurstPhase.PARTIAL: "Stopped with some content missing",
    BurstPhase.FAILED: "Failed",
}


def bursts(studio: Studio, owner: str, *, limit: int = 50) -> list[Json]:
    """Return the owner's bursts, newest first."""
    query = Query(WORKS, {"owner": owner, "kind": KIND}, "created_at", descending=True, limit=limit)
    return [_burst(studio, case)[0] for case in readable(studio.records.query(query))]


def burst(studio: Studio, owner: str, burst_id: str) -> Json:
    """Return one burst with its works. Raises NotFound."""
    settle(studio, burst_id)
    case = load_own(studio, owner, burst_id)
    if not is_burst(case.work.kind):
        raise NotFound(f"there is no burst {burst_id!r}")
    view, children = _burst(studio, case)
    return {**view, "jobs": [card(child, studio.clock.now()) for child in children]}


def _burst(studio: Studio, case: Case) -> tuple[Json, list[Case]]:
    work, now = case.work, studio.clock.now()
    query = Query(WORKS, {"parent": work.id}, order_by="created_at")
    children = list(readable(walk(studio, query)))
    summaries = [child.summary for child in children]
    totals = rollup(summaries)
    receipt = case.measured.get("commissioned")
    ordered = receipt["facts"].get("entries") if receipt else None
    word = burst_phase(Phase(case.summary["phase"]), ordered, totals)
    active = word in (BurstPhase.PLANNING, BurstPhase.MAKING)
    ends = [s.get("finished_at") or 0.0 for s in [*summaries, case.summary]]
    finished = None if active else max(ends)
    until = now if finished is None else finished
    view = {
        "id": work.id,
        "kind": work.spec["kind"],
        "label": work.title,
        "brands": work.spec["brands"],
        "phase": word.value,
        "phase_label": BURST_LABELS[word],
        "active": active,
        "started_at": iso(work.created_at),
        "finished_at": iso(finished),
        "elapsed_s": round(max(0.0, until - work.created_at), 3),
        "jobs_total": max(ordered or 0, totals.works),
        "counts": counts(totals),
        "planning": {
            "stages": case.summary.get("stages", {}),
            "reasons": first_lines(case.summary),
        },
    }
    return view, children
