"""The embedded document store: JSON documents in one table, and an index of declared fields.

Called through the port ``Records``. A write is on the disk when it returns, unless its caller
can do without. A document's version is above all others of its collection, so "what changed
since" is one lookup and there is no log to prune. Knows nothing of what documents mean.
"""

from __future__ import annotations

import itertools
import json
import re
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from pydantic_core import from_json

from lib.adapters.local.database import Database
from lib.adapters.local.record_index import RecordIndex, walk_documents
from lib.core.errors import Conflict, NotFound, Refused
from lib.ports import REMOVE, Clock, Json, Query, Record

#: Largest document as JSON in bytes: Firestore's limit, kept here so that moving there works.
MOST_BYTES = 1024 * 1024
#: Longest an own process's watcher sleeps before it looks for writes of other processes, in s.
OTHERS_S = 0.05
#: Documents that one change list holds at most.
MOST_CHANGES = 500
_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode
_COLLECTION = re.compile(r"[a-z][a-z0-9_]{0,63}")
#: Firestore's rule for ids, without control characters: no slash, not "." or "..", no __x__.
_ID = re.compile(r"(?!\.{1,2}$)(?!__.*__$)[^/\x00-\x1f\x7f]{1,500}")
_PATH = re.compile(rf"({_COLLECTION.pattern})/({_ID.pattern})")
_ONE = "SELECT version, data FROM document WHERE collection=? AND id=?"
_LATEST = "SELECT coalesce(max(version), 0) FROM document WHERE collection=:collection"
_INSERT = (
    "INSERT INTO document (collection, id, version, data) "
    f"SELECT :collection, :id, max(:least, ({_LATEST}) + 1), :data WHERE true "
    "ON CONFLICT (collection, id) DO NOTHING RETURNING version"
)
_UPDATE = (
    f"UPDATE document SET version=max(:least, ({_LATEST}) + 1), data=:data "
    "WHERE collection=:collection AND id=:id RETURNING version"
)
_CHANGED = (
    "SELECT id, version, data FROM document WHERE collection=? AND version>? "
    "ORDER BY version LIMIT ?"
)


class LocalRecords:
    """Documents at ``collection/id`` in ``database``."""

    def __init__(
        self, database: Database, clock: Clock, indexed: Mapping[str, Sequence[str]]
    ) -> None:
        """Open the store; ``indexed`` names, for each collection, the fields of its queries.

        Fields may be dotted. A field declared for the first time is indexed for the documents
        that are there already.
        """
        self._database = database
        self._clock = clock
        self._index = RecordIndex(indexed)
        self._database.write(self._declare)

    def create(self, path: str, data: Json) -> Record:
        """Create the document; see the port."""
        collection, id_ = _split(path)
        text = _text(data, path)
        stored = from_json(text)

        def carry_out(conn: sqlite3.Connection) -> int:
            version = self._insert(conn, collection, id_, text, stored)
            if version is None:
                raise Conflict(f"{path} exists already")
            return version

        version = self._database.write(carry_out)
        return self._announced(collection, Record(path, stored, version))

    def _insert(
        self, conn: sqlite3.Connection, collection: str, id_: str, text: str, data: Json
    ) -> int | None:
        """Insert a document and return its version; None when there is one already."""
        values = {"collection": collection, "id": id_, "data": text, "least": self._least()}
        created = conn.execute(_INSERT, values).fetchall()
        if not created:
            return None
        self._index.store(conn, collection, id_, {}, self._index.entries(collection, data))
        version: int = created[0][0]
        return version

    def get(self, path: str) -> Record | None:
        """Return the document, or None."""
        rows = self._database.look(_ONE, _split(path))
        return Record(path, from_json(rows[0][1]), rows[0][0]) if rows else None

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
        collection, id_ = _split(path)
        changes = _changes(path, fields)
        touched = {name[0] for name in fields if name}
        others = [
            (*_split(other), _text(data, other), data) for other, data in (beside or {}).items()
        ]

        def carry_out(conn: sqlite3.Connection) -> tuple[str, int]:
            found = conn.execute(_ONE, (collection, id_)).fetchone()
            if found is None:
                raise NotFound(f"there is no {path}")
            if version is not None and found[0] != version:
                raise Conflict(f"{path} has version {found[0]}, not {version}")
            data = from_json(found[1])
            before = self._index.entries(collection, data, touched)
            for change in changes:
                change(data)
            text = _text(data, path)
            values = {"collection": collection, "id": id_, "data": text, "least": self._least()}
            now: int = conn.execute(_UPDATE, values).fetchall()[0][0]
            after = self._index.entries(collection, data, touched)
            self._index.store(conn, collection, id_, before, after)
            for other in others:
                self._insert(conn, *other)
            return text, now

        text, now = self._database.write(carry_out, durable=durable)
        # Read back: what the caller passed stays the caller's.
        record = Record(path, from_json(text), now)
        for other in others:
            self._announced(other[0], record)
        return self._announced(collection, record)

    def query(self, query: Query) -> list[Record]:
        """Return the matching documents; see the port.

        Raises Refused, naming the field, when the query compares or sorts by one that was
        not declared.
        """
        rows = self._index.answer(self._database, query)
        return [_record(query.collection, row) for row in rows]

    def watch(self, collection: str, *, poll_s: float = 0.5) -> Iterator[list[Record]]:
        """Yield the documents that changed, whenever some did; see the port.

        Writes of this process are seen at once, those of another within 50 ms. A document
        that changed twice in between is listed once, as it is now.
        """
        latest = self._database.read(_LATEST, {"collection": collection})[0][0]
        return self._changes(collection, latest, poll_s)

    def _changes(self, collection: str, seen: int, poll_s: float) -> Iterator[list[Record]]:
        bell = self._database.bell(f"records/{collection}")
        quiet_since = time.monotonic()
        while True:
            rings = bell.rings
            rows = self._database.read(_CHANGED, (collection, seen, MOST_CHANGES))
            left_s = poll_s - (time.monotonic() - quiet_since)
            if not rows and left_s > 0:
                bell.wait(rings, min(left_s, OTHERS_S))
                continue
            if rows:
                seen = rows[-1][1]
            yield [_record(collection, row) for row in rows]
            quiet_since = time.monotonic()

    def _announced(self, collection: str, record: Record) -> Record:
        self._database.bell(f"records/{collection}").ring()
        return record

    def _least(self) -> int:
        # Microseconds as a floor: a version is not used twice even when the folder is made anew.
        return int(self._clock.now() * 1_000_000)

    def _declare(self, conn: sqlite3.Connection) -> None:
        for collection in self._index.stale(conn):
            conn.execute("DELETE FROM field WHERE collection=?", (collection,))
            for id_, text in list(walk_documents(conn, collection)):
                entries = self._index.entries(collection, from_json(text))
                self._index.store(conn, collection, id_, {}, entries)


def _split(path: str) -> tuple[str, str]:
    found = _PATH.fullmatch(path)
    if found is None:
        raise Refused(f"{path!r} is no document path", hint="write it as collection/id")
    return found[1], found[2]


def _record(collection: str, row: tuple[Any, ...]) -> Record:
    return Record(f"{collection}/{row[0]}", from_json(row[2]), row[1])


def _text(data: Any, path: str) -> str:
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


def _changes(path: str, fields: Mapping[tuple[str, ...], Any]) -> list[Callable[[Json], None]]:
    if not fields:
        raise Refused(f"an update of {path} without fields changes nothing", hint="name a field")
    for name in fields:
        if not name or not all(isinstance(key, str) and key for key in name):
            raise Refused(f"{name!r} is no field of {path}", hint="give a tuple of keys")
    # Sorted, a field comes right before those inside it.
    for outer, inner in itertools.pairwise(sorted(fields)):
        if inner[: len(outer)] == outer:
            raise Refused(f"the update of {path} sets {outer} and also {inner} inside it")
    return [_change(name, value) for name, value in fields.items()]


def _change(name: tuple[str, ...], value: Any) -> Callable[[Json], None]:
    *parents, last = name

    def change(data: Json) -> None:
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

    return change
