"""Documents in memory, as strict as Firestore: by version, all or none, and never by reference.

Stands behind the ``Records`` port in the simulator; ``tests/contract`` holds it to the same clauses
as every other backend.
"""

from __future__ import annotations

import json
import marshal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from lib.adapters.asked import check_query, cursor_value
from lib.adapters.document import MISSING, check_fields, dig, set_fields, split, text_of
from lib.adapters.local.order_keys import order_key
from lib.core.errors import Conflict, NotFound
from lib.ports import Clock, Json, Query, Record

#: Called before a write with the path, the document before and the one after (None: not there).
Witness = Callable[[str, Json | None, Json | None], None]


@dataclass(slots=True)
class _Stored:
    version: int
    #: The document as ``marshal`` writes it: what is read is nobody's handle on the store.
    packed: bytes
    #: The same for queries, which hand none of it out.
    data: Json


@dataclass(slots=True)
class MemoryRecords:
    """Documents by path; every write is one step."""

    clock: Clock
    indexed: Mapping[str, tuple[str, ...]]
    witness: Witness = lambda _path, _before, _after: None
    writes_of: Counter[str] = field(default_factory=Counter)
    _stored: dict[str, _Stored] = field(default_factory=dict)
    _latest: int = 0
    _turn: threading.RLock = field(default_factory=threading.RLock)

    # --- the port ------------------------------------------------------------------------

    def create(self, path: str, data: Json) -> Record:
        """Create the document; see the port."""
        clean = self._clean(path, data)
        with self._turn:
            if path in self._stored:
                raise Conflict(f"{path} exists already")
            return self._write(path, None, clean)

    def get(self, path: str) -> Record | None:
        """Return the document, or None."""
        split(path)
        with self._turn:
            return self._record(path)

    def update(
        self,
        path: str,
        fields: Mapping[tuple[str, ...], Any],
        *,
        version: int | None = None,
        beside: Mapping[str, Json] | None = None,
        durable: bool = True,
    ) -> Record:
        """Set single fields by their path; see the port."""
        del durable  # nothing here outlives the process
        check_fields(path, fields)
        others = {other: self._clean(other, data) for other, data in (beside or {}).items()}
        with self._turn:
            found = self._record(path)
            if found is None:
                raise NotFound(f"there is no {path}")
            if version is not None and found.version != version:
                raise Conflict(f"{path} has version {found.version}, not {version}")
            after = marshal.loads(self._stored[path].packed)
            set_fields(after, fields)
            written = self._write(path, found.data, self._clean(path, after))
            for other, data in others.items():
                if other not in self._stored:
                    self._write(other, None, data)
            return written

    def query(self, query: Query) -> list[Record]:
        """Return the matching documents; see the port."""
        check_query(query, self.indexed)
        order = query.order_by.split(".") if query.order_by else None
        with self._turn:
            found = [(self._key(r, order), r) for r in self._matching(query, order)]
        found.sort(key=lambda pair: pair[0], reverse=query.descending)
        if query.after is not None:
            value = order_key(cursor_value(query)) if order else b""
            behind = (value, query.after.path.encode())
            found = [p for p in found if (p[0] < behind if query.descending else p[0] > behind)]
        chosen = (self._record(record.path) for _, record in found[: query.limit])
        return [record for record in chosen if record is not None]

    def watch(self, collection: str, *, poll_s: float = 0.5) -> Iterator[list[Record]]:
        """Yield the documents that changed; see the port."""
        return self._changes(collection, self._latest, poll_s)

    # --- for people and for the oracle -----------------------------------------------------

    @property
    def writes(self) -> int:
        """Return how many writes there were."""
        return self.writes_of.total()

    def all(self, collection: str) -> list[Record]:
        """Return every document of a collection."""
        with self._turn:
            return [
                r for p in self._stored if p.startswith(f"{collection}/") and (r := self._record(p))
            ]

    def drop(self, path: str) -> None:
        """Delete a document, as only a person can."""
        with self._turn:
            found = self._record(path)
            if found is not None:
                self.witness(path, found.data, None)
                del self._stored[path]

    # --- one write -------------------------------------------------------------------------

    def _clean(self, path: str, data: Json) -> Json:
        collection, _ = split(path)
        clean: Json = json.loads(text_of(data, path))
        for name in self.indexed.get(collection, ()):
            value = dig(clean, name.split("."))
            if value is not MISSING:
                order_key(value)  # refuses what no query could compare
        return clean

    def _write(self, path: str, before: Json | None, after: Json) -> Record:
        self.witness(path, before, after)
        self._latest = max(self._latest + 1, int(self.clock.now() * 1_000_000))
        self._stored[path] = _Stored(self._latest, marshal.dumps(after), after)
        self.writes_of[path] += 1
        return Record(path, marshal.loads(self._stored[path].packed), self._latest)

    def _record(self, path: str) -> Record | None:
        found = self._stored.get(path)
        if found is None:
            return None
        return Record(path, marshal.loads(found.packed), found.version)

    def _matching(self, query: Query, order: list[str] | None) -> Iterator[Record]:
        wanted = [(name.split("."), order_key(value)) for name, value in query.equals.items()]
        for path, stored in self._stored.items():
            if not path.startswith(f"{query.collection}/"):
                continue
            values = [(dig(stored.data, name), value) for name, value in wanted]
            if any(has is MISSING or order_key(has) != value for has, value in values):
                continue
            if order is None or dig(stored.data, order) is not MISSING:
                yield Record(path, stored.data, stored.version)

    def _key(self, record: Record, order: list[str] | None) -> tuple[bytes, bytes]:
        return (order_key(dig(record.data, order)) if order else b"", record.path.encode())

    def _changes(self, collection: str, seen: int, poll_s: float) -> Iterator[list[Record]]:
        quiet_since = time.monotonic()
        while True:
            changed = [r for r in self.all(collection) if r.version > seen]
            if not changed and time.monotonic() - quiet_since < poll_s:
                time.sleep(poll_s / 10)
                continue
            seen = max((r.version for r in changed), default=seen)
            yield changed
            quiet_since = time.monotonic()
