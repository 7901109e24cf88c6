"""Whether Firestore can answer a query with the indexes that infra/firestore.indexes.json declares.

Google's emulator answers every query, with or without an index, so a missing one would only show
in production. A query of ours is a shape: collection, fields that equal something, one order.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

INDEXES = Path(__file__).resolve().parents[2] / "infra" / "firestore.indexes.json"
ASCENDING, DESCENDING = "ASCENDING", "DESCENDING"


@dataclass(frozen=True)
class Shape:
    """What a query asks, whatever the values are."""

    collection: str
    equals: frozenset[str] = frozenset()
    order_by: str | None = None
    descending: bool = False

    @property
    def direction(self) -> str:
        return DESCENDING if self.descending else ASCENDING


@dataclass(frozen=True)
class Indexes:
    """The composite indexes and the fields that do not have the usual ones."""

    #: Collection, and its fields with their directions.
    composite: frozenset[tuple[str, tuple[tuple[str, str], ...]]]
    #: Collection and field → the directions that the field is indexed in.
    overrides: Mapping[tuple[str, str], frozenset[str]]


def declared(document: Mapping[str, Any] | None = None) -> Indexes:
    """Read the declarations in the Firebase format, by default those of infra/."""
    said = json.loads(INDEXES.read_text()) if document is None else document
    return Indexes(
        frozenset(
            (i["collectionGroup"], tuple((f["fieldPath"], f["order"]) for f in i["fields"]))
            for i in said["indexes"]
            if i["queryScope"] == "COLLECTION"
        ),
        {
            (o["collectionGroup"], o["fieldPath"]): frozenset(i["order"] for i in o["indexes"])
            for o in said["fieldOverrides"]
        },
    )


def single(indexes: Indexes, collection: str, field: str) -> frozenset[str]:
    """Return the directions in which a field is indexed by itself.

    Firestore indexes every field both ways; an override of a field, or of a map around it, changes
    that, and the nearest one counts.
    """
    parts = field.split(".")
    for length in range(len(parts), 0, -1):
        found = indexes.overrides.get((collection, ".".join(parts[:length])))
        if found is not None:
            return found
    return frozenset({ASCENDING, DESCENDING})


def lacking(shape: Shape, indexes: Indexes) -> str:
    """Return what a query lacks, in words; an empty string when it can be answered.

    Equalities alone are answered by merging the indexes of single fields. With an order, every
    equality must be in a composite index that ends in that order; several of them are merged.
    """
    if shape.order_by is None:
        # The results are in the order of their names, which every index ends with.
        bare = [
            f for f in sorted(shape.equals) if shape.direction not in _single(shape, indexes, f)
        ]
        return f"no index of {', '.join(bare)} alone" if bare else ""
    if not shape.equals:
        ways = single(indexes, shape.collection, shape.order_by)
        return "" if shape.direction in ways else f"no index of {shape.order_by} {shape.direction}"
    end = (shape.order_by, shape.direction)
    served = {
        frozenset(field for field, _ in fields[:-1])
        for collection, fields in indexes.composite
        if collection == shape.collection and fields[-1] == end
    }
    usable = [fields for fields in served if fields <= shape.equals]
    if frozenset().union(*usable) == shape.equals:
        return ""
    wanted = ", ".join([*sorted(shape.equals), f"{end[0]} {end[1]}"])
    return f"no composite index of {shape.collection}: {wanted}"


def _single(shape: Shape, indexes: Indexes, field: str) -> frozenset[str]:
    return single(indexes, shape.collection, field)


def uncovered(shapes: Iterable[Shape], indexes: Indexes | None = None) -> list[str]:
    """Return what each of these queries lacks; nothing when all can be answered."""
    known = indexes or declared()
    return [why for shape in sorted(set(shapes), key=repr) if (why := lacking(shape, known))]
