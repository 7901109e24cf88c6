"""How the views write instants, counts and reasons."""

from __future__ import annotations

from datetime import UTC, datetime

from lib.core.rollup import Totals
from lib.core.work import Json


def iso(instant: float | None) -> str | None:
    """Return an instant (POSIX seconds) as ISO 8601 in UTC with milliseconds."""
    if instant is None:
        return None
    return datetime.fromtimestamp(instant, UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def counts(totals: Totals) -> Json:
    """Return totals as the documents name them."""
    return {
        "works": totals.works,
        "active": totals.active,
        "ready": totals.ready,
        "failed": totals.failed,
        "files_verified": totals.objects_done,
        "files_required": totals.objects_total,
    }


def first_lines(summary: Json) -> list[str]:
    """Return a summary's reasons, each with its first line only."""
    return [reason.split("\n", 1)[0] for reason in summary.get("reasons", [])]
