"""The embedded document store: JSON documents in one table, and an index of declared fields.

Called through the port ``Records``. A write is on the disk when it returns, unless its caller
can do without. A document's version is above all others of its collection, so "what changed
since" is one lookup and there is no log to prune. Knows nothing of what documents mean.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from pydantic_core import from_json

from lib.adapters.document import check_fields, set_fields, split, text_of
from lib.adapters.local.database import Database
from lib.adapters.local.record_index import RecordIndex
from lib.core.errors import Conflict, NotFound
from lib.ports import Clock, Json, Query, Record

#: Longest an own process's watcher sleeps before it looks for writes of other processes, in s.
OTHERS_S = 0.05
#: Documents that one change list holds at most.
MOST_CHANGES = 500
#: Documents whose text is kept from their last read, and the longest text that is, characters.
MOST_AT_HAND = 64
LONGEST_AT_HAND = 65_536
_ONE = "SELECT version, data FROM document WHERE collection=? AND id=?"
_LATEST = "SELECT coalesce(max(version), 0) FROM document WHERE collection=:collection"
_INSERT = (
    "INSERT INTO document (collection, id, version, data) "
    f"SELECT :collection, :id, max(:least, ({_LATEST}) + 1), :data WHERE true "
    "ON CONFLICT (collection, id) DO NOTHING RETURNING version"
)
_UPDATE = (
    f"UPDATE document SET version=max(:least, ({_LATEST}) + 1), data=:data "
    "WHERE collection=:collection AND id=:id AND version=:from RETURNING version"
)
_CHANGED = (
    "SELECT id, version, data FROM document WHERE collection=? AND version>? "
    "ORDER BY version LIMIT ?"
)


class _Draft(NamedTuple):
    """A document as it is to be written."""

    collection: str
    id: str
    #: The version that it was made of; 0 for a new document.
    base: int
    text: str


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
        self._index = RecordIndex(database, indexed)
        #: By path: version and text. A version never comes back with another text.
        self._at_hand: dict[str, tuple[int, str]] = {}

    def create(self, path: str, data: Json) -> Record:
        """Create the document; see the port."""
        draft = self._new(path, data)

        def carry_out(conn: sqlite3.Connection) -> int:
            version = self._store(conn, _INSERT, draft)
            if version is None:
                raise Conflict(f"{path} exists already")
            return version

        version = self._database.write(carry_out)
        self._announce(draft.collection)
        return self._read(path, version, draft.text)

    def get(self, path: str) -> Record | None:
        """Return the document, or None."""
        rows = self._database.look(_ONE, split(path))
        return self._read(path, *rows[0]) if rows else None

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
        check_fields(path, fields)
        others = [self._new(other, data) for other, data in (beside or {}).items()]
        # Most writes are a compare-and-set of what this process read last: they are worked out
        # here, ahead of the turn for which other processes wait.
        known = self._at_hand.get(path)
        ready = self._changed(path, known, fields) if known and known[0] == version else None

        def carry_out(conn: sqlite3.Connection) -> tuple[int, str]:
            draft = ready
            now = self._store(conn, _UPDATE, draft) if draft else None
            if draft is None or now is None:
                draft = self._changed(path, _current(conn, path, version), fields)
                now = self._store(conn, _UPDATE, draft)
            assert now is not None  # nobody else writes meanwhile
            for other in others:
                self._store(conn, _INSERT, other)
            return now, draft.text

        now, text = self._database.write(carry_out, durable=durable)
        self._announce(split(path)[0], *(other.collection for other in others))
        return self._read(path, now, text)

    def _new(self, path: str, data: Json) -> _Draft:
        collection, id_ = split(path)
        return _Draft(collection, id_, 0, self._text(path, data))

    def _changed(
        self, path: str, known: tuple[int, str], fields: Mapping[tuple[str, ...], Any]
    ) -> _Draft:
        collection, id_ = split(path)
        version, text = known
        data = from_json(text)
        set_fields(data, fields)
        return _Draft(collection, id_, version, self._text(path, data))

    def _text(self, path: str, data: Json) -> str:
        text = text_of(data, path)
        self._index.entries(split(path)[0], data)  # refuses what no query could compare
        return text

    def _store(self, conn: sqlite3.Connection, sql: str, draft: _Draft) -> int | None:
        """Write a draft and return its version; None when what it was made of is not there."""
        collection, id_, base, text = draft
        # Microseconds as a floor: a version is not used twice even when the folder is made anew.
        least = int(self._clock.now() * 1_000_000)
        values = {"collection": collection, "id": id_, "data": text, "least": least, "from": base}
        rows = conn.execute(sql, values).fetchall()
        version: int | None = rows[0][0] if rows else None
        return version

    def _read(self, path: str, version: int, text: str) -> Record:
        """Return a record that is the caller's own, and keep its text for the next write."""
        if len(self._at_hand) >= MOST_AT_HAND:
            self._at_hand.clear()
        if len(text) <= LONGEST_AT_HAND:
            self._at_hand[path] = (version, text)
        return Record(path, from_json(text), version)

    def query(self, query: Query) -> list[Record]:
        """Return the matching documents; see the port.

        Raises Refused, naming the field, when the query compares or sorts by one that was
        not declared.
        """
        rows = self._index.answer(query)
        return [_record(query.collection, row) for row in rows]

    def keep_up(self) -> None:
        """Bring the index up to date, so that the next query need not."""
        self._index.keep_up()

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

    def _announce(self, *collections: str) -> None:
        for collection in collections:
            self._database.bell(f"records/{collection}").ring()


def _current(conn: sqlite3.Connection, path: str, version: int | None) -> tuple[int, str]:
    """Return version and text, the version being ``version`` unless None was asked for."""
    found: tuple[int, str] | None = conn.execute(_ONE, split(path)).fetchone()
    if found is None:
        raise NotFound(f"there is no {path}")
    if version is not None and found[0] != version:
        raise Conflict(f"{path} has version {found[0]}, not {version}")
    return found


def _record(collection: str, row: tuple[Any, ...]) -> Record:
    return Record(f"{collection}/{row[0]}", from_json(row[2]), row[1])
