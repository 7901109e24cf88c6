"""Measure a file: what it really is, by decoding all of it.

The facts are those of ``lib/core/checks.py``; a module for each family of media measures them.
Here is what they share: which of them is asked, and how bad bytes and a weak machine are told
apart.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lib.core.errors import ToolFailed, Unavailable, machine_fault

#: Largest document that is read; a sealed one of a thousand entries has 1 MB. Read, it takes 25
#: times its size of memory at worst.
MAX_DOCUMENT_BYTES = 4_000_000

Facts = dict[str, Any]

#: What bytes raise that nobody can measure; and what a machine does that lacks something.
_BAD = (
    *(OSError, ValueError, LookupError, TypeError, ArithmeticError, struct.error),
    *(RecursionError, MemoryError),
)


def probe(file: Path, media_type: str) -> Facts:
    """Return the facts of a file; ``unreadable`` says why bad bytes cannot be measured.

    Raises Unavailable when the file is not there or the measuring itself was cut off.
    """
    try:
        size = file.stat().st_size
    except OSError as error:
        raise Unavailable(f"{file.name} cannot be opened: {error.strerror}") from error
    if size == 0:
        return {"unreadable": "0 bytes"}
    try:
        return _meter(media_type)(file)
    except ToolFailed as error:
        if not error.permanent:  # killed or out of time, which says nothing about the bytes
            raise Unavailable(str(error)) from error
        return {"unreadable": _plain(file, str(error))}
    except _BAD as error:
        if lacking := machine_fault(error):
            raise Unavailable(f"{file.name} cannot be measured: {lacking}") from error
        words = f"{error}" if isinstance(error, OSError | ValueError) else f"{error!r}"
        return {"unreadable": _plain(file, words or f"{error!r}")}


def _meter(media_type: str) -> Callable[[Path], Facts]:
    """Return what measures a family; imported when it is asked for."""
    if media_type.startswith("image/"):
        from lib.media.probe import pictures

        return pictures.measure
    if media_type == "application/json":
        return _document
    if media_type in ("text/vtt", "application/x-subrip"):
        from lib.media.probe import captions

        return captions.measure
    from lib.media.probe import films

    return films.measure


def _plain(file: Path, words: str) -> str:
    return words.replace(str(file.resolve()), "the file").replace(str(file), "the file")


def _document(file: Path) -> Facts:
    if file.stat().st_size > MAX_DOCUMENT_BYTES:
        raise ValueError("it is too large for a sealed document")
    document = json.loads(file.read_bytes())
    entries = document["entries"]
    if not isinstance(entries, list):
        raise TypeError("its entries are no list")
    facts = {"media_type": "application/json", "entries": len(entries)}
    if entries and isinstance(entries[0], dict) and "stop_s" in entries[0]:
        from lib.media.captions import timed_words
        from lib.media.probe import captions

        timed_words.checked(document)
        facts |= captions.order([(one["start_s"], one["stop_s"]) for one in entries])
    return facts
