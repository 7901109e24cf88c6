"""A JSON document as every store keeps it: its path, its text, and what a change makes of it.

Called by the records of every backend. Refuses what Firestore would refuse, so that moving there
works. Knows no database.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from lib.core.errors import Refused
from lib.ports import REMOVE, Json

#: Largest document as JSON in bytes: Firestore's limit.
MOST_BYTES = 1024 * 1024
_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode
_COLLECTION = re.compile(r"[a-z][a-z0-9_]{0,63}")
#: Firestore's rule for ids, without control characters: no slash, not "." or "..", no __x__.
_ID = re.compile(r"(?!\.{1,2}$)(?!__.*__$)[^/\x00-\x1f\x7f]{1,500}")
_PATH = re.compile(rf"({_COLLECTION.pattern})/({_ID.pattern})")

#: What ``dig`` returns for "not there".
MISSING: Any = object()


def split(path: str) -> tuple[str, str]:
    """Return collection and id. Raises Refused when the path is none."""
    found = _PATH.fullmatch(path)
    if found is None:
        raise Refused(f"{path!r} is no document path", hint="write it as collection/id")
    return found[1], found[2]


def text_of(data: Any, path: str) -> str:
    """Return the document as JSON. Raises Refused when it is none, or too large."""
    try:
        text = _encode(data)
        size = len(text) if text.isascii() else len(text.encode())
    except (TypeError, ValueError, RecursionError) as error:
        raise Refused(f"{path} cannot be stored as JSON: {error}") from error
    if size > MOST_BYTES:
        raise Refused(
            f"{path} would have {size} bytes, at most {MOST_BYTES} are allowed",
            hint="put large values into an object and keep its path here",
        )
    return text


def check_fields(path: str, fields: Mapping[tuple[str, ...], Any]) -> None:
    """Raise Refused when these are no fields of a document, or when one lies inside another."""
    if not fields:
        raise Refused(f"an update of {path} without fields changes nothing", hint="name a field")
    for name in fields:
        if not name or not all(isinstance(key, str) and key for key in name):
            raise Refused(f"{name!r} is no field of {path}", hint="give a tuple of keys")
    # Sorted, a field comes right before those inside it.
    for outer, inner in itertools.pairwise(sorted(fields)):
        if inner[: len(outer)] == outer:
            raise Refused(f"the update of {path} sets {outer} and also {inner} inside it")


def set_fields(data: Json, fields: Mapping[tuple[str, ...], Any]) -> None:
    """Set or remove single fields; parents that are missing are made."""
    for name, value in fields.items():
        _set_field(data, name, value)


def dig(data: Any, keys: Sequence[str]) -> Any:
    """Return the value at a path of keys, or ``MISSING``."""
    for key in keys:
        if not isinstance(data, dict) or key not in data:
            return MISSING
        data = data[key]
    return data


def _set_field(data: Json, name: tuple[str, ...], value: Any) -> None:
    *parents, last = name
    for key in parents:
        below = data.get(key)
        if not isinstance(below, dict):
            if value is REMOVE:
                return
            below = data[key] = {}
        data = below
    if value is REMOVE:
        data.pop(last, None)
    else:
        data[last] = value
