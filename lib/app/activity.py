"""The activity feed: what changed between two summaries, as records in plain English.

``settle`` writes it beside the summary, in the same write. It is news, not state.
"""

from __future__ import annotations

from collections.abc import Iterator

from lib.app.case import ACTIVITY, Case
from lib.core.rollup import SETTLED, Phase
from lib.core.work import Json, Work

_SENTENCES = {
    Phase.READY: ("ok", "is ready: {done} of {total} files verified"),
    Phase.PARTIAL: ("error", "stopped with {done} of {total} files made"),
    Phase.FAILED: ("error", "failed"),
    Phase.UNSURE: ("warn", "needs a look: an effect may have happened"),
    Phase.SCHEDULED: ("info", "waits for its time"),
    Phase.WORKING: ("info", "is being made"),
}


def news(case: Case, after: Json, now: float) -> dict[str, Json]:
    """Return a line for each difference between a case's summary and the next, by its path.

    The paths follow from the version that is replaced: a change is news once.
    """
    work, lines = case.work, {}
    for number, (level, code, message) in enumerate(differences(work, case.summary, after)):
        lines[f"{ACTIVITY}/{work.id}-{case.version}-{number}"] = {
            "at": now,
            "owner": work.owner,
            "brand": work.brand,
            "work_id": work.id,
            "parent": work.parent,
            "level": level,
            "code": code,
            "message": message,
        }
    return lines


def differences(work: Work, before: Json, after: Json) -> Iterator[tuple[str, str, str]]:
    """Yield (level, code, sentence) for everything that a person would want to hear."""
    name = f"{work.kind.capitalize()} “{work.title}”" if work.title else work.id
    lost = {
        slot: why
        for slot, why in after.get("missing", {}).items()
        if slot not in before.get("missing", {slot: ""}) and why != "not made yet"
    }
    for slot, why in lost.items():
        yield "warn", "artifact_lost", f"{name}: {slot} {why}"
    old, new = before.get("phase"), after["phase"]
    if old == new:
        return
    if new == Phase.WORKING and old in SETTLED:
        yield "info", "work_resumed", f"{name} is being mended"
        return
    if new in _SENTENCES:
        level, words = _SENTENCES[Phase(new)]
        why = f" ({'; '.join(after['reasons'])})" if after.get("reasons") else ""
        yield level, f"work_{new}", f"{name} {words.format(**after)}{why}"
