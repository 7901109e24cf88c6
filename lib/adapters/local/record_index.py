"""The index over declared fields of documents, brought up to date when it is asked.

Called by ``records.py``. One table holds an entry for each declared field of each document, so
a declared field can be compared and sorted and no other can. A write of a document leaves it
alone: entries lie far apart, and writing them with each change was a tenth of all the studio's
work. What changed since is known by the documents' versions, and is entered many at once.
"""

from __future__ import annotations

import itertools
import json
import sqlite3
from collections.abc import Mapping, Sequence

from pydantic_core import from_json

from lib.adapters.asked import check_query
from lib.adapters.document import MISSING, dig
from lib.adapters.local.database import Database, Row
from lib.adapters.local.order_keys import order_key
from lib.adapters.local.record_query import select
from lib.ports import Json, Query

#: Documents that are entered in one write; a turn to write is held for a few milliseconds.
BATCH = 64
#: Up to so many documents are collected by an equality and then sorted; when more match, the
#: order's own index is walked and the equalities are tested, since most will hold.
FEW = 500
_STATE = (
    "SELECT version, (SELECT coalesce(max(version), 0) FROM document WHERE collection=:collection) "
    "FROM indexed WHERE collection=:collection"
)
_CHANGED = (
    "SELECT id, version, data FROM document WHERE collection=? AND version>"
    "(SELECT version FROM indexed WHERE collection=?) ORDER BY version LIMIT ?"
)


class RecordIndex:
    """The declared fields of each collection."""

    def __init__(self, database: Database, indexed: Mapping[str, Sequence[str]]) -> None:
        """Declare, for each collection, the (dotted) fields that queries may name."""
        self._database = database
        self._fields = {
            collection: {field: tuple(field.split(".")) for field in fields}
            for collection, fields in indexed.items()
        }
        if self._declared_anew():
            self._database.write(self._declare)

    def entries(self, collection: str, data: Json) -> dict[str, bytes]:
        """Return the key of every declared field that the document has.

        Raises Refused when a value cannot be compared.
        """
        found = {}
        for field, keys in self._fields.get(collection, {}).items():
            value = dig(data, keys)
            if value is not MISSING:
                found[field] = order_key(value)
        return found

    def answer(self, query: Query) -> list[Row]:
        """Return id, version and data of the matching documents, as of one instant."""
        check_query(query, self._fields)
        equals = [(field, order_key(value)) for field, value in query.equals.items()]
        counts = {equal: self._count(query.collection, equal) for equal in equals}
        # The rarest first: every later test is made for each document that the first one found.
        equals.sort(key=counts.__getitem__)
        few = bool(equals) and counts[equals[0]] < FEW
        sql, values = select(query, equals, few=few)
        if not equals and query.order_by is None:
            return self._database.read(sql, values)  # it needs no index
        before = self._state(query.collection)
        rows = self._database.read(sql, values)
        indexed, latest = before
        if indexed == latest and self._state(query.collection) == before:
            return rows  # nothing was written meanwhile
        return self._answer_in_a_turn(query.collection, sql, values)

    def keep_up(self) -> None:
        """Enter what changed since the last time, in all collections."""
        for collection in self._fields:
            self._keep_up(collection)

    def _answer_in_a_turn(self, collection: str, sql: str, values: Sequence[object]) -> list[Row]:
        self._keep_up(collection)

        def carry_out(conn: sqlite3.Connection) -> list[Row] | None:
            if self._enter(conn, collection) == BATCH:
                return None
            return conn.execute(sql, values).fetchall()

        while (rows := self._database.write(carry_out, durable=False)) is None:
            pass
        return rows

    def _keep_up(self, collection: str) -> None:
        while True:
            indexed, latest = self._state(collection)
            if indexed == latest:
                return
            entered = self._database.write(
                lambda conn: self._enter(conn, collection), durable=False
            )
            if entered < BATCH:
                return

    def _enter(self, conn: sqlite3.Connection, collection: str) -> int:
        """Enter the next documents that changed; return how many, ``BATCH`` when more may wait."""
        changed = conn.execute(_CHANGED, (collection, collection, BATCH)).fetchall()
        for id_, _, text in changed:
            new = self.entries(collection, from_json(text))
            old: dict[str, bytes] = dict(
                conn.execute(
                    "SELECT field, key FROM field WHERE collection=? AND id=?", (collection, id_)
                ).fetchall()
            )
            _store(conn, collection, id_, old, new)
        if changed:
            sql = "UPDATE indexed SET version=? WHERE collection=?"
            conn.execute(sql, (changed[-1][1], collection))
        return len(changed)

    def _state(self, collection: str) -> tuple[int, int]:
        """Return up to which version the index goes, and the latest there is."""
        found = self._database.read(_STATE, {"collection": collection})
        return found[0] if found else (0, 0)  # nothing was declared for it

    def _declared_anew(self) -> bool:
        return dict(self._database.read("SELECT collection, fields FROM indexed")) != self._texts()

    def _texts(self) -> dict[str, str]:
        return {name: json.dumps(sorted(fields)) for name, fields in self._fields.items()}

    def _declare(self, conn: sqlite3.Connection) -> None:
        """Note the declarations; what is declared otherwise than before is entered anew."""
        before = dict(conn.execute("SELECT collection, fields FROM indexed"))
        now = self._texts()
        for collection in before.keys() | now.keys():
            if before.get(collection) == now.get(collection):
                continue
            conn.execute("DELETE FROM field WHERE collection=?", (collection,))
            conn.execute("DELETE FROM indexed WHERE collection=?", (collection,))
            if collection in now:
                sql = "INSERT INTO indexed VALUES (?,?,0)"
                conn.execute(sql, (collection, now[collection]))

    def _count(self, collection: str, equal: tuple[str, bytes]) -> int:
        sql = (
            "SELECT count(*) FROM (SELECT 1 FROM field WHERE collection=? AND field=? AND key=? "
            "LIMIT ?)"
        )
        count: int = self._database.read(sql, (collection, *equal, FEW))[0][0]
        return count


def _store(
    conn: sqlite3.Connection,
    collection: str,
    id_: str,
    old: Mapping[str, bytes],
    new: Mapping[str, bytes],
) -> None:
    """Write the difference between a document's old and new entries."""
    for field, key in old.items():
        if new.get(field) != key:
            sql = "DELETE FROM field WHERE collection=? AND field=? AND key=? AND id=?"
            conn.execute(sql, (collection, field, key, id_))
    rows = [(collection, f, key, id_) for f, key in new.items() if old.get(f) != key]
    if rows:
        # One statement: each one costs a change of hands of the interpreter's lock.
        marks = ",".join(["(?,?,?,?)"] * len(rows))
        values = list(itertools.chain.from_iterable(rows))
        conn.execute(f"INSERT INTO field VALUES {marks}", values)
