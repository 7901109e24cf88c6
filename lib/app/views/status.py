"""The state of the studio for one owner, and the activity feed."""

from __future__ import annotations

import itertools
from typing import Any

from lib.app.case import ACTIVITY, WORKS, walk
from lib.app.studio import Studio
from lib.app.views.bursts import bursts
from lib.app.views.jobs import jobs
from lib.app.views.words import counts, iso
from lib.core.recipes.burst import is_burst
from lib.core.rollup import rollup
from lib.core.work import Json
from lib.ports import Query

#: Lines of the activity feed in the status document.
FEED_LINES = 30


def status(studio: Studio, owner: str) -> Json:
    """Return the state of the studio for one owner."""
    now = studio.clock.now()
    latest = bursts(studio, owner, limit=10)
    live = [burst for burst in latest if burst["active"]]
    current = live[0] if live else None
    day = now - now % 86_400
    newest = walk(studio, Query(WORKS, {"owner": owner}, "created_at", descending=True))
    of_today = itertools.takewhile(lambda r: r.data["created_at"] >= day, newest)
    made_today = rollup(r.data["summary"] for r in of_today if not is_burst(r.data["kind"]))
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
        "today": {"day": (iso(day) or "")[:10], **counts(made_today)},
        "attention": [
            {"id": job["id"], "title": job["title"], "reasons": job["reasons"]}
            for job in jobs(studio, owner, failed=True, limit=10)
        ],
        "activity": activity(studio, owner, limit=FEED_LINES),
    }


def activity(studio: Studio, owner: str, *, limit: int = FEED_LINES) -> list[Json]:
    """Return the latest lines of the activity feed, newest first."""
    query = Query(ACTIVITY, {"owner": owner}, "at", descending=True, limit=limit)
    lines = []
    for record in studio.records.query(query):
        line: dict[str, Any] = {k: v for k, v in record.data.items() if k != "owner"}
        lines.append({**line, "id": record.path.rpartition("/")[2], "at": iso(line["at"])})
    return lines
