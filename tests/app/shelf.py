"""Records and objects on a shelf: the sorted, paged answers of the two ports and nothing else.

For properties over thousands of small histories; the embedded adapters stand in every other test.
Cursors of a listing are opaque, as those of Cloud Storage are.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from lib.ports import ObjectInfo, Page, Query, Record


@dataclass
class Shelf:
    """Works by id, each with its fields; objects by path."""

    works: dict[str, dict[str, Any]] = field(default_factory=dict)
    paths: set[str] = field(default_factory=set)
    #: Objects that a page of a listing shows at most.
    most: int = 1000

    @property
    def studio(self) -> Any:
        return SimpleNamespace(records=self, objects=self)

    def get(self, path: str) -> Record | None:
        data = self.works.get(path.partition("/")[2])
        return None if data is None else Record(path, data, 1)

    def query(self, query: Query) -> list[Record]:
        def place(record: Record) -> Any:
            first = record.data[query.order_by] if query.order_by else ""
            return (first, record.path)

        found = [Record(f"works/{i}", data, 1) for i, data in self.works.items()]
        found = [r for r in found if query.equals.items() <= r.data.items()]
        found = [r for r in found if query.after is None or place(r) > place(query.after)]
        return sorted(found, key=place)[: query.limit]

    def list(self, prefix: str, *, cursor: str | None = None, limit: int = 1000) -> Page:
        assert cursor is None or cursor.startswith(f"token of {prefix}: ")
        after = cursor.removeprefix(f"token of {prefix}: ") if cursor else ""
        below = sorted(p for p in self.paths if p.startswith(prefix) and p > after)
        shown = below[: min(limit, self.most)]
        more = f"token of {prefix}: {shown[-1]}" if len(shown) < len(below) else None
        return Page(tuple(ObjectInfo(p, 1, 1, "", "", 0.0) for p in shown), more)
