"""The only builder and the only parser of object names.

    {owner}/{brand}/{category}/{work_id}_{slot}-{fingerprint}.{ext}

The fingerprint covers a step's parameters, the fingerprints of what it needs and the tool's
version: an object that exists under a name is a fresh one, and an edited prompt expects
another name. Recipes build, ``on_object`` and the sweep parse.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any

from lib.core.errors import Refused

CATEGORIES = (
    "thumbnails",
    "reels",
    "videos",
    "posts",
    "clips",
    "audio",
    "raw",
    "receipts",
    "cache",
    "quarantine",
)
#: Characters of a fingerprint: 50 bits, far beyond the versions that one slot ever has.
FINGERPRINT_CHARS = 10
_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford base 32: no i, l, o, u
_SLUG = r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?"
_PATTERN = re.compile(
    rf"(?P<owner>{_SLUG})/(?P<brand>{_SLUG})/(?P<category>{'|'.join(CATEGORIES)})/"
    r"(?P<work_id>[a-z0-9](?:[a-z0-9-]{0,98}[a-z0-9])?)_(?P<slot>[a-z][a-z0-9_]{0,39})"
    rf"-(?P<fingerprint>[{_ALPHABET}]{{{FINGERPRINT_CHARS}}})\.(?P<ext>[a-z0-9]{{1,5}})"
)


@dataclass(frozen=True, slots=True)
class ObjectName:
    """The parts of an object's name."""

    owner: str
    brand: str
    category: str
    work_id: str
    slot: str
    fingerprint: str
    ext: str


def build(name: ObjectName) -> str:
    """Return the object's path. Raises Refused when a part does not fit the pattern."""
    path = (
        f"{name.owner}/{name.brand}/{name.category}/"
        f"{name.work_id}_{name.slot}-{name.fingerprint}.{name.ext}"
    )
    if parse(path) != name:
        raise Refused(f"{path!r} is no object name", hint="check owner, brand, category and slot")
    return path


def parse(path: str) -> ObjectName | None:
    """Return the parts of a path, or None when it is not one of ours."""
    match = _PATTERN.fullmatch(path)
    return ObjectName(**match.groupdict()) if match else None


def fingerprint(*parts: Any) -> str:
    """Return a short digest of JSON values; equal values give equal digests on every machine."""
    number = int.from_bytes(hashlib.sha256(_encode(parts).encode()).digest()[:8], "big")
    return "".join([_ALPHABET[(number >> 5 * place) & 31] for place in range(FINGERPRINT_CHARS)])
