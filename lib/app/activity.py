"""The activity feed: what changed between two summaries, as records in plain English.

``settle`` writes it beside the summary, in the same write. It is news, not state.
"""

from __future__ import annotations

from collections.abc import Iterator

from lib.app.case import ACTIVITY, Case
from lib.core.rollup import SETTLED, Phase
from lib.core.work import Json, Work

SENTENCES = {
    Phase.READY: ("ok", "is ready: {done} of {total} files verified"),
    Phase.PARTIAL: ("error", "stopped with {done} of {total} files made"),
    Phase.FAILED: ("error", "failed"),
    Phase.UNSURE: ("warn", "needs a look: an effect may have happened"),
    Phase.SCHEDULED: ("info", "waits for its time"),
    Phase.WORKING: ("info", "is being made"),
}


def news(case: Case, after: Json, now: float, *, correcting: bool = False) -> dict[str, Json]:
    """Return a line for each difference between a case's summary and the next, by its path.

    The paths follow from the version that is replaced: a change is news once. With ``correcting``
    the first line says what the record claimed, and what is so.
    """
    work, lines = case.work, {}
    found = list(differences(work, case.summary, after))
    if correcting:
        found.insert(0, ("warn", "record_corrected", correction(work, case.summary, after)))
    for number, (level, code, message) in enumerate(found):
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
    name = _name(work)
    missed, old = before.get("missing"), before.get("phase")
    lost = {
        slot: why
        for slot, why in after.get("missing", {}).items()
        if isinstance(missed, dict) and slot not in missed and why != "not made yet"
    }
    for slot, why in lost.items():
        yield "warn", "artifact_lost", f"{name}: {slot} {why}"
    new = after["phase"]
    if old == new:
        return
    if new == Phase.WORKING and isinstance(old, str) and old in SETTLED:
        yield "info", "work_resumed", f"{name} is being mended"
        return
    if new in SENTENCES:
        level, words = SENTENCES[Phase(new)]
        why = f" ({'; '.join(after['reasons'])})" if after.get("reasons") else ""
        yield level, f"work_{new}", f"{name} {words.format(**after)}{why}"


def correction(work: Work, before: Json, after: Json) -> str:
    """Return in a sentence what a record claimed, and what was found instead."""
    said = f"said {before.get('phase', 'nothing')}"
    if "done" in before:
        said += f" with {before['done']} of {before.get('total')} files"
    lacking = list(after.get("missing", {}))
    words = f"{_name(work)} {said}; {after['done']} are there"
    if lacking:
        *most, last = lacking
        listed = f"{', '.join(most)} and {last}" if most else last
        return f"{words}, {listed} {'are' if most else 'is'} missing"
    if all(before.get(name) == after[name] for name in ("phase", "done", "total")):
        return f"{words}, and what it remembered was wrong"
    return words


def _name(work: Work) -> str:
    return f"{work.kind.capitalize()} “{work.title}”" if work.title else work.id
