"""The works that pass by while somebody else reads them, so that the sweep reads none again.

Stands before the records while the tick audits its slice; every call goes on to the real ones.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lib.app.case import WORKS
from lib.core.work import Json
from lib.ports import Query, Record, Records


class Overheard:
    """Records of which the works that somebody read are kept, by path."""

    def __init__(self, records: Records) -> None:
        """Stand before ``records``."""
        self._records = records
        self.works: dict[str, Record] = {}

    def create(self, path: str, data: Json) -> Record:
        """Create a document; see the port."""
        return self._records.create(path, data)

    def get(self, path: str) -> Record | None:
        """Return a document, or None, and keep it if it is a work."""
        found = self._records.get(path)
        if found is not None and path.startswith(f"{WORKS}/"):
            self.works[path] = found
        return found

    def update(
        self,
        path: str,
        fields: Mapping[tuple[str, ...], Any],
        *,
        version: int | None = None,
        beside: Mapping[str, Json] | None = None,
        durable: bool = True,
    ) -> Record:
        """Set single fields, and keep a work as it is then."""
        found = self._records.update(path, fields, version=version, beside=beside, durable=durable)
        if path in self.works:
            self.works[path] = found
        return found

    def query(self, query: Query) -> list[Record]:
        """Return the matching documents, and keep those that are works."""
        found = self._records.query(query)
        if query.collection == WORKS:
            self.works.update((record.path, record) for record in found)
        return found

    def watch(self, collection: str, *, poll_s: float = 0.5) -> Iterator[list[Record]]:
        """Yield what changes; see the port."""
        return self._records.watch(collection, poll_s=poll_s)
