"""Works: the card of a list, and one work with its steps, its artifacts and their proof."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Iterator

from lib.app.case import WORKS, Case, load_own, readable, walk
from lib.app.judgement import judge
from lib.app.settle import settle
from lib.app.studio import Studio
from lib.app.views.words import first_lines, iso
from lib.core.errors import NotFound
from lib.core.recipes.burst import is_burst
from lib.core.rollup import SETTLED, Phase
from lib.core.status import Assessment
from lib.core.work import Artifact, Attempt, Json, Sightings
from lib.ports import Query, Record

#: Phases in which a work needs a person.
STOPPED = (Phase.PARTIAL.value, Phase.FAILED.value, Phase.UNSURE.value)
#: Life of a link to an artifact, seconds.
LINK_S = 900.0


def jobs(studio: Studio, owner: str, *, failed: bool = False, limit: int = 500) -> list[Json]:
    """Return the owner's works, newest first; with ``failed`` those that need a person."""
    now = studio.clock.now()
    newest = _stopped(studio, owner) if failed else _content(studio, owner)
    return [card(case, now) for case in itertools.islice(readable(newest), limit)]


def _content(studio: Studio, owner: str) -> Iterator[Record]:
    newest = walk(studio, Query(WORKS, {"owner": owner}, "created_at", descending=True))
    return (record for record in newest if not is_burst(record.data["kind"]))


def _stopped(studio: Studio, owner: str) -> Iterator[Record]:
    """Yield the works that need a person, of which there are few among many."""
    walks = [
        walk(
            studio,
            Query(
                WORKS,
                {"owner": owner, "summary.phase": phase},
                order_by="created_at",
                descending=True,
            ),
        )
        for phase in STOPPED
    ]
    return heapq.merge(*walks, key=lambda record: record.data["created_at"], reverse=True)


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
        "reasons": first_lines(summary),
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
