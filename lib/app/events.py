"""What arrives from outside, turned into verbs: storage events and delivered tasks."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from lib.app.audit import audit_brand
from lib.app.case import Case, case_of, record_path
from lib.app.journal import note
from lib.app.perform import perform
from lib.app.settle import settle
from lib.app.studio import Studio
from lib.core.errors import Refused, Unavailable
from lib.core.paths import parse

OBJECT_EVENTS = "google.cloud.storage.object.v1."
FINALIZED = f"{OBJECT_EVENTS}finalized"
DELETED = f"{OBJECT_EVENTS}deleted"
MESSAGE = "google.cloud.pubsub.topic.v1.messagePublished"
#: What a bucket's notification calls its events.
_NOTIFIED = {"OBJECT_FINALIZE": FINALIZED, "OBJECT_DELETE": DELETED}
#: Seconds within which an attempt that has put its objects closes itself.
MOMENT_S = 5.0
_TEXT = {"Content-Type": "text/plain; charset=utf-8"}


def object_changed(studio: Studio, event_type: str, data: Any) -> None:
    """Settle the work that an object belongs to; objects that are not ours are left alone.

    The event comes as it is, or inside the message by which a bucket's notification sends it.
    Raises Refused for an event that is no storage event (a wrongly wired trigger must be
    loud), Unavailable when it should be delivered again.
    """
    event_type, data = _unwrapped(event_type, data)
    if not event_type.startswith(OBJECT_EVENTS) or not isinstance(data, dict):
        raise Refused(f"{event_type} is no storage event", hint="check the trigger's filter")
    path, generation = str(data.get("name", "")), str(data.get("generation", ""))
    name = parse(path)
    record = studio.records.get(record_path(name.work_id)) if name is not None else None
    if name is None or record is None:
        return
    seen = record.data.get("measured", {}).get(name.slot)
    same = seen is not None and (seen["path"], str(seen["generation"])) == (path, generation)
    if same and event_type == FINALIZED:
        return  # the record knows this very generation: it was settled by whoever put it
    case = case_of(record)
    if event_type != FINALIZED or not _left_to_its_maker(studio, case, path, data):
        settle(studio, name.work_id, known=case)


def _left_to_its_maker(studio: Studio, case: Case, path: str, data: Any) -> bool:
    """Tell whether an attempt at work has put this object a moment ago, and is about to settle.

    A look at all files for each of them would cost more than the files themselves. Should the
    attempt die in that moment, its patience brings the clock.
    """
    now = studio.clock.now()
    steps = (s for s in case.work.plan.steps if any(a.path == path for a in s.makes))
    step = next(steps, None)
    attempt = next((a for a in reversed(case.attempts) if step and a.step == step.name), None)
    if step is None or attempt is None or attempt.started_at is None or attempt.ended_at:
        return False
    return now < attempt.started_at + step.patience_s and now - _instant(data) < MOMENT_S


def _instant(data: Any) -> float:
    """Return when an event's object was put, in POSIX seconds; long ago when it does not say."""
    try:
        return datetime.fromisoformat(data["timeCreated"]).timestamp()
    except (KeyError, TypeError, ValueError):
        return 0.0


def event_delivered(studio: Studio, event_type: str, data: Any) -> int:
    """Settle what an event is about; return the HTTP status. Raises Refused as above."""
    try:
        object_changed(studio, event_type, data)
    except Unavailable as error:
        note("event_postponed", f"not yet: {error}", level=logging.WARNING)
        return 429
    return 200


def _unwrapped(event_type: str, data: Any) -> tuple[str, Any]:
    """Return a notification's event; anything else as it is."""
    message = data.get("message") if isinstance(data, dict) else None
    if event_type != MESSAGE or not isinstance(message, dict):
        return event_type, data
    told = message.get("attributes") or {}
    kind = _NOTIFIED.get(told.get("eventType", ""), event_type)
    return kind, {
        "name": told.get("objectId", ""),
        "generation": told.get("objectGeneration", ""),
        "timeCreated": told.get("eventTime", ""),
    }


def task_delivered(studio: Studio, payload: Any) -> tuple[str, int, dict[str, str]]:
    """Carry out the attempt or the audit that a task names; return text, HTTP status, headers."""
    try:
        carry_out = _verb_of(studio, payload)
    except (KeyError, TypeError, ValueError):
        note("task_malformed", f"dropped a task with payload {payload!r}", level=logging.ERROR)
        return "dropped: the payload names no attempt", 200, _TEXT
    try:
        return carry_out(), 200, _TEXT
    except Unavailable as error:
        after_s = max(1, round(error.retry_after_s))
        return f"not yet: {error}", 429, {**_TEXT, "Retry-After": str(after_s)}


def _verb_of(studio: Studio, payload: Any) -> Callable[[], str]:
    """Return what a task asks for. Raises KeyError, TypeError or ValueError when it is nothing."""
    if "audit" in payload:
        return partial(audit_brand, studio, int(payload["audit"]), payload["place"])
    work_id, step, number = payload["work_id"], payload["step"], int(payload["number"])
    return partial(perform, studio, work_id, step, number)
