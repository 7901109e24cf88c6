"""The index over declared fields of documents, and the SQL that answers a query with it.

Called by ``records.py``. One table holds an entry for each declared field of each document, so
a declared field can be compared and sorted and no other can. Knows nothing of writes' rules.
"""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Container, Iterator, Mapping, Sequence
from typing import Any

from lib.adapters.local.database import Database
from lib.adapters.local.order_keys import order_key
from lib.core.errors import Refused
from lib.ports import Json, Query

#: Up to so many documents are collected by an equality and then sorted; when more match, the
#: order's own index is walked and the equalities are tested, since most will hold.
FEW = 500
_MISSING: Any = object()


def dig(data: Any, keys: Sequence[str]) -> Any:
    """Return the value at a path of keys, or a mark for "not there"."""
    for key in keys:
        if not isinstance(data, dict) or key not in data:
            return _MISSING
        data = data[key]
    return data


class RecordIndex:
    """The declared fields of each collection."""

    def __init__(self, indexed: Mapping[str, Sequence[str]]) -> None:
        """Declare, for each collection, the (dotted) fields that queries may name."""
        self._fields = {
            collection: {field: tuple(field.split(".")) for field in fields}
            for collection, fields in indexed.items()
        }

    def entries(
        self, collection: str, data: Json, touched: Container[str] | None = None
    ) -> dict[str, bytes]:
        """Return the key of every declared field that the document has.

        With ``touched``, only of fields that lie below one of these top-level names.
        """
        found = {}
        for field, keys in self._fields.get(collection, {}).items():
            if touched is not None and keys[0] not in touched:
                continue
            value = dig(data, keys)
            if value is not _MISSING:
                found[field] = order_key(value)
        return found

    def store(
        self,
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

    def stale(self, conn: sqlite3.Connection) -> set[str]:
        """Note the declarations; return the collections whose documents must be indexed anew."""
        before = set(conn.execute("SELECT collection, field FROM indexed"))
        now = {(name, field) for name, fields in self._fields.items() for field in fields}
        conn.executemany("INSERT INTO indexed VALUES (?,?)", now - before)
        conn.executemany("DELETE FROM indexed WHERE collection=? AND field=?", before - now)
        conn.executemany("DELETE FROM field WHERE collection=? AND field=?", before - now)
        return {collection for collection, _ in now - before}

    def answer(self, database: Database, query: Query) -> list[tuple[Any, ...]]:
        """Return id, version and data of the matching documents."""
        if query.limit < 1:
            raise Refused(f"a query for {query.limit} records is none", hint="ask for at least 1")
        equals = [
            (self._declared(query.collection, field), order_key(value))
            for field, value in query.equals.items()
        ]
        if query.order_by is not None:
            self._declared(query.collection, query.order_by)
        counts = {equal: self._count(database, query.collection, equal) for equal in equals}
        # The rarest first: every later test is made for each document that the first one found.
        equals.sort(key=counts.__getitem__)
        few = bool(equals) and counts[equals[0]] < FEW
        sql, values = self._select(query, equals, few=few)
        return database.read(sql, values)

    def _declared(self, collection: str, field: str) -> str:
        if field in self._fields.get(collection, {}):
            return field
        declared = ", ".join(sorted(self._fields.get(collection, {}))) or "none"
        raise Refused(
            f"{collection}.{field} is not indexed (indexed are: {declared})",
            hint="declare the field for this collection where the records are opened",
        )

    def _count(self, database: Database, collection: str, equal: tuple[str, bytes]) -> int:
        sql = (
            "SELECT count(*) FROM (SELECT 1 FROM field WHERE collection=? AND field=? AND key=? "
            "LIMIT ?)"
        )
        count: int = database.read(sql, (collection, *equal, FEW))[0][0]
        return count

    def _select(
        self, query: Query, equals: list[tuple[str, bytes]], *, few: bool
    ) -> tuple[str, list[Any]]:
        way = "DESC" if query.descending else "ASC"
        beyond = "<" if query.descending else ">"
        first, tables, where, values = _joined(query, equals, few=few)
        after = query.after
        if query.order_by is None:
            order = f"{first}.id {way}"
            if after is not None:
                where.append(f"{first}.id {beyond} ?")
                values.append(_id(after.path))
        else:
            order = f"o.key {way}, o.id {way}"
            if after is not None:
                value = dig(after.data, query.order_by.split("."))
                if value is _MISSING:
                    raise Refused(
                        f"{after.path} has no {query.order_by}, so nothing can come after it",
                        hint="continue with a record of an earlier answer to the same query",
                    )
                where.append(f"(o.key, o.id) {beyond} (?, ?)")
                values += [order_key(value), _id(after.path)]
        # CROSS JOIN makes SQLite walk the tables in the order given.
        sql = (
            f"SELECT d.id, d.version, d.data FROM {' CROSS JOIN '.join(tables)} "
            f"WHERE {' AND '.join(where)} ORDER BY {order} LIMIT ?"
        )
        return sql, [*values, query.limit]


def _joined(
    query: Query, equals: list[tuple[str, bytes]], *, few: bool
) -> tuple[str, list[str], list[str], list[Any]]:
    """Return the first table, all tables in the order of the walk, conditions and values."""
    parts: list[tuple[str, str, list[Any]]] = [
        (
            f"e{number}",
            f"e{number}.collection=? AND e{number}.field=? AND e{number}.key=?",
            [*equal],
        )
        for number, equal in enumerate(equals)
    ]
    if query.order_by is not None:
        ordered = ("o", "o.collection=? AND o.field=?", [query.order_by])
        parts.insert(1 if few else 0, ordered)
    parts.append(("d", "d.collection=?", []))
    first = parts[0][0]
    tables, where, values = [], [], []
    for name, test, given in parts:
        tables.append(f"document {name}" if name == "d" else f"field {name}")
        where.append(test if name == first else f"{test} AND {name}.id={first}.id")
        values += [query.collection, *given]
    return first, tables, where, values


def _id(path: str) -> str:
    return path.partition("/")[2]


def walk_documents(conn: sqlite3.Connection, collection: str) -> Iterator[tuple[str, str]]:
    """Yield id and JSON of every document of a collection."""
    yield from conn.execute("SELECT id, data FROM document WHERE collection=?", (collection,))
