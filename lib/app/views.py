"""What the pages and the command line read: works, bursts and the state of the whole studio.

Everything is derived here from records and the clock, nothing in the browser. Instants are
ISO 8601 in UTC; durations are seconds. Field names follow design of the Observatory's status
document, so that it can grow without breaking a script.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from lib.app.case import ACTIVITY, WORKS, Case, case_of, load_own, walk
from lib.app.settle import judge, settle
from lib.app.studio import Studio
from lib.core.errors import NotFound
from lib.core.recipes.burst import KIND, is_burst
from lib.core.rollup import SETTLED, BurstPhase, Phase, Totals, burst_phase, rollup
from lib.core.status import Assessment
from lib.core.work import Artifact, Attempt, Json, Sightings
from lib.ports import Query, Record

#: Lines of the activity feed in the status document.
FEED_LINES = 30
#: Cards of one list.
LIST_LIMIT = 500
#: Life of a link to an artifact, seconds.
LINK_S = 900.0
BURST_LABELS = {
    BurstPhase.PLANNING: "Writing and examining proposals",
    BurstPhase.MAKING: "Making content",
    BurstPhase.COMPLETE: "Complete",
    BurstPhase.PARTIAL: "Stopped with some content missing",
    BurstPhase.FAILED: "Failed",
}


def iso(instant: float | None) -> str | None:
    """Return an instant (POSIX seconds) as ISO 8601 in UTC with milliseconds."""
    if instant is None:
        return None
    return datetime.fromtimestamp(instant, UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def status(studio: Studio, owner: str) -> Json:
    """Return the state of the studio for one owner."""
    now = studio.clock.now()
    latest = bursts(studio, owner, limit=10)
    live = [burst for burst in latest if burst["active"]]
    current = live[0] if live else None
    day = now - now % 86_400
    made_today = rollup(
        r.data["summary"]
        for r in walk(studio, Query(WORKS, {"owner": owner}, "created_at", descending=True))
        if r.data["created_at"] >= day and not is_burst(r.data["kind"])
    )
    return {
        "schema": "observatory.status/1",
        "generated_at": iso(now),
        "mode": "live" if current else "overview",
        "phase": current["phase"] if current else None,
        "phase_label": current["phase_label"] if current else "Nothing is being made",
        "burst_id": current["id"] if current else None,
        "burst_started_at": current["started_at"] if current else None,
        "elapsed_s": current["elapsed_s"] if current else None,
        "active_jobs": current["counts"]["active"] if current else 0,
        "burst": current,
        "last_burst": next((b for b in latest if not b["active"]), None),
        "today": {"day": (iso(day) or "")[:10], **_counts(made_today)},
        "attention": [
            {"id": job["id"], "title": job["title"], "reasons": job["reasons"]}
            for job in jobs(studio, owner, failed=True, limit=10)
        ],
        "activity": activity(studio, owner, limit=FEED_LINES),
    }


def bursts(studio: Studio, owner: str, *, limit: int = 50) -> list[Json]:
    """Return the owner's bursts, newest first."""
    query = Query(WORKS, {"owner": owner, "kind": KIND}, "created_at", descending=True, limit=limit)
    return [_burst(studio, case_of(record))[0] for record in studio.records.query(query)]


def burst(studio: Studio, owner: str, burst_id: str) -> Json:
    """Return one burst with its works. Raises NotFound."""
    settle(studio, burst_id)
    case = load_own(studio, owner, burst_id)
    if not is_burst(case.work.kind):
        raise NotFound(f"there is no burst {burst_id!r}")
    view, children = _burst(studio, case)
    return {**view, "jobs": [card(case_of(child), studio.clock.now()) for child in children]}


def _burst(studio: Studio, case: Case) -> tuple[Json, list[Record]]:
    work, now = case.work, studio.clock.now()
    children = list(walk(studio, Query(WORKS, {"parent": work.id}, order_by="created_at")))
    summaries = [child.data["summary"] for child in children]
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
        "counts": _counts(totals),
        "planning": {"stages": case.summary.get("stages", {}), "reasons": _reasons(case.summary)},
    }
    return view, children


def jobs(
    studio: Studio, owner: str, *, failed: bool = False, limit: int = LIST_LIMIT
) -> list[Json]:
    """Return the owner's works, newest first; with ``failed`` those that need a person."""
    now, cards = studio.clock.now(), []
    for record in walk(studio, Query(WORKS, {"owner": owner}, "created_at", descending=True)):
        data = record.data
        stopped = data["summary"]["phase"] in (Phase.PARTIAL, Phase.FAILED, Phase.UNSURE)
        if (is_burst(data["kind"]) and not (failed and stopped)) or (failed and not stopped):
            continue
        cards.append(card(case_of(record), now))
        if len(cards) == limit:
            break
    return cards


def card(case: Case, now: float) -> Json:
    """Return what a list shows of a work."""
    work, summary = case.work, case.summary
    started, finished = summary.get("started_at"), summary.get("finished_at")
    settled = summary["phase"] in SETTLED
    elapsed = None
    if started is not None:
        elapsed = round(max(0.0, (finished if settled and finished else now) - started), 3)
    return {
        "id": work.id,
        "burst_id": work.parent,
        "brand": work.brand,
        "kind": work.kind,
        "title": work.title,
        "phase": summary["phase"],
        "active": not settled,
        "files_verified": summary["done"],
        "files_required": summary["total"],
        "bytes": summary.get("bytes", 0),
        "queued_at": iso(work.created_at),
        "started_at": iso(started),
        "finished_at": iso(finished) if settled else None,
        "elapsed_s": elapsed,
        "reasons": _reasons(summary),
    }


def job(studio: Studio, owner: str, work_id: str) -> Json:
    """Return one work with its steps, and each artifact with its state and proof.

    Looks at the bucket now. Raises NotFound.
    """
    settle(studio, work_id)
    case = load_own(studio, owner, work_id)
    found, sightings, _ = judge(studio, case)
    steps = []
    for step in case.work.plan.steps:
        state = found.steps[step.name]
        tries = [_attempt(a) for a in case.attempts if a.step == step.name]
        steps.append(
            {
                "key": step.name,
                "tool": step.tool,
                "state": state.stage.value,
                "reason": state.reason,
                "attempts": tries,
                "max_attempts": step.tries,
                "can_retry": state.stage.value in ("failed", "unsure"),
            }
        )
    artifacts = [
        {**_artifact(a, sightings, found.missing.get(a.slot, "")), "url": _url(studio, a, found)}
        for a in case.work.plan.artifacts()
    ]
    return {
        **card(case, studio.clock.now()),
        "actor": case.work.actor,
        "revision": case.work.revision,
        "spec": case.work.spec,
        "steps": steps,
        "artifacts": artifacts,
    }


def _url(studio: Studio, artifact: Artifact, found: Assessment) -> str | None:
    """Return a link to a verified artifact, minted anew for each request, or None."""
    if artifact.slot not in found.present:
        return None
    try:
        return studio.objects.signed_url(artifact.path, expires_s=LINK_S)
    except NotFound:
        return None  # gone since it was seen; the next look says so


def _artifact(artifact: Artifact, sightings: Sightings, why: str) -> Json:
    seen = sightings.get(artifact.path)
    state = "verified" if seen and seen.valid else "invalid" if seen else "missing"
    if seen is None and artifact.keep.value == "raw":
        state = "not_needed"
    proof = None
    if seen is not None:
        proof = {
            "generation": seen.generation,
            "size": seen.size,
            "crc32c": seen.crc32c,
            "updated_at": iso(seen.updated_at),
            "facts": seen.facts,
        }
    return {
        "slot": artifact.slot,
        "role": artifact.keep.value,
        "object": artifact.path,
        "state": state,
        "reason": why,
        "proof": proof,
    }


def _attempt(attempt: Attempt) -> Json:
    return {
        "n": attempt.number,
        "enqueued_at": iso(attempt.enqueued_at),
        "started_at": iso(attempt.started_at),
        "ended_at": iso(attempt.ended_at),
        "outcome": attempt.outcome.value if attempt.outcome else None,
        "message": attempt.message,
        "pardoned": attempt.pardoned,
    }


def activity(studio: Studio, owner: str, *, limit: int = FEED_LINES) -> list[Json]:
    """Return the latest lines of the activity feed, newest first."""
    query = Query(ACTIVITY, {"owner": owner}, "at", descending=True, limit=limit)
    lines = []
    for record in studio.records.query(query):
        line: dict[str, Any] = {k: v for k, v in record.data.items() if k != "owner"}
        lines.append({**line, "id": record.path.rpartition("/")[2], "at": iso(line["at"])})
    return lines


def _counts(totals: Totals) -> Json:
    return {
        "works": totals.works,
        "active": totals.active,
        "ready": totals.ready,
        "failed": totals.failed,
        "files_verified": totals.objects_done,
        "files_required": totals.objects_total,
    }


def _reasons(summary: Json) -> list[str]:
    """Return a summary's reasons, each with its first line only."""
    return [reason.split("\n", 1)[0] for reason in summary.get("reasons", [])]
