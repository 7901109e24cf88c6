"""What may be asked of any backend: the checks that all of them make before they ask anybody.

Called by the objects, records and queues of every backend, so that each refuses the same in the
same words.
"""

from __future__ import annotations

import json
import re
from collections.abc import Container, Iterable, Mapping
from typing import Any

from lib.adapters.document import MISSING, dig, split
from lib.core.errors import Refused
from lib.ports import Query, Task

#: Longest life of a signed link, seconds: seven days, as Cloud Storage allows.
MOST_LIFE_S = 7 * 24 * 3600.0
#: Largest payload as JSON in bytes: Cloud Tasks' limit for a task, so payloads hold ids only.
MOST_PAYLOAD = 100 * 1024
_TASK = re.compile(r"[A-Za-z0-9_-]{1,500}")


def check_page(limit: int) -> None:
    """Raise Refused for a page of a listing that holds nothing."""
    if limit < 1:
        raise Refused(f"a page of {limit} objects is none", hint="ask for at least 1")


def check_range(start: int, end: int | None) -> None:
    """Raise Refused for what is no range of bytes."""
    if start < 0 or (end is not None and end < start):
        raise Refused(f"{start} to {end} is no range of bytes", hint="start at 0 or later")


def check_life(expires_s: float) -> None:
    """Raise Refused for a link that would never live, or too long."""
    if not 0 < expires_s <= MOST_LIFE_S:
        raise Refused(f"a link cannot live {expires_s:g} s", hint=f"up to {MOST_LIFE_S:g} s")


def check_query(query: Query, indexed: Mapping[str, Container[str]]) -> None:
    """Raise Refused for a query of nothing, by a field that was not declared, or behind nothing.

    ``indexed`` holds the declared fields of each collection.
    """
    if query.limit < 1:
        raise Refused(f"a query for {query.limit} records is none", hint="ask for at least 1")
    declared: Any = indexed.get(query.collection, ())
    for field in (*query.equals, *([query.order_by] if query.order_by else [])):
        if field not in declared:
            raise Refused(
                f"{query.collection}.{field} is not indexed (indexed are: {_listed(declared)})",
                hint="declare the field for this collection where the records are opened",
            )
    if query.after is not None and split(query.after.path)[0] != query.collection:
        raise Refused(
            f"{query.after.path} is no document of {query.collection}",
            hint="continue with a record of an earlier answer to the same query",
        )


def cursor_value(query: Query) -> Any:
    """Return the value behind which an ordered query continues. Raises Refused when it has none."""
    assert query.after is not None
    assert query.order_by is not None
    value = dig(query.after.data, query.order_by.split("."))
    if value is MISSING:
        raise Refused(
            f"{query.after.path} has no {query.order_by}, so nothing can come after it",
            hint="continue with a record of an earlier answer to the same query",
        )
    return value


def payload_of(task: Task) -> str:
    """Return a task's payload as JSON. Raises Refused for a name or payload that cannot travel."""
    if _TASK.fullmatch(task.name) is None:
        raise Refused(f"{task.name!r} is no task name", hint="use letters, digits, _ and -")
    try:
        payload = json.dumps(task.payload, allow_nan=False, separators=(",", ":"))
    except (TypeError, ValueError) as error:
        raise Refused(f"task {task.name} carries no JSON: {error}", hint="send ids") from error
    if len(payload) > MOST_PAYLOAD:
        raise Refused(
            f"task {task.name} carries {len(payload)} bytes, at most {MOST_PAYLOAD} are allowed",
            hint="put ids into the payload and the rest into a record or an object",
        )
    return payload


def check_queue(name: str, served: Iterable[str]) -> None:
    """Raise Refused for a queue that nobody serves."""
    if name not in served:
        raise Refused(f"there is no queue {name}", hint=f"choose one of {_listed(served)}")


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "none"
