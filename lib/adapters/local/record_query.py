"""The SQL that answers a query over documents by the index of their declared fields.

Called by ``record_index.py``. Knows the tables, not how the index is kept.
"""

from __future__ import annotations

from typing import Any

from lib.adapters.asked import cursor_value
from lib.adapters.local.order_keys import order_key
from lib.ports import Query


def select(query: Query, equals: list[tuple[str, bytes]], *, few: bool) -> tuple[str, list[Any]]:
    """Return statement and values for id, version and data of the matching documents.

    ``equals`` are fields with the keys asked for, the rarest first; ``few`` collects by the first
    of them and sorts, else the order's own index is walked.
    """
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
            where.append(f"(o.key, o.id) {beyond} (?, ?)")
            values += [order_key(cursor_value(query)), _id(after.path)]
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
