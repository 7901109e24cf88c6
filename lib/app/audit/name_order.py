"""Works in the order in which a listing names their objects, which is not the order of their ids.

Called by ``merge_join``. Pure but for the records that it is handed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lib.app.audit.listing import END_OF_ID
from lib.ports import Record

#: Sorts right behind all names of a work's objects.
PAST_ID = chr(ord(END_OF_ID) + 1)


class InNameOrder:
    """Records in the order in which a listing names their objects.

    A query sorts "b" before "b-1", but a listing "b-1_…" before "b_…": what may begin another id
    is held until no such id can come. Memory is as deep as ids begin one another.
    """

    def __init__(
        self, records: Iterable[Record], held: Iterable[Record] = (), read: str | None = None
    ) -> None:
        """Reorder ``records``, sorted by id; ``held`` and ``read`` continue an earlier walk."""
        self._records = records
        self._held = list(held)
        self.read = read

    @property
    def held(self) -> tuple[str, ...]:
        """The ids that were read and wait."""
        return tuple(id_of(record) for record in self._held)

    def __iter__(self) -> Iterator[Record]:
        """Yield the records by ``key_of``."""
        for record in self._records:
            while self._held and key_of(self._held[-1]) < key_of(record):
                yield self._held.pop()
            self._held.append(record)
            self.read = id_of(record)
        while self._held:
            yield self._held.pop()


def id_of(record: Record) -> str:
    """Return the id of a work's record."""
    return record.path.rpartition("/")[2]


def key_of(record: Record) -> str:
    """Return with what the names of a work's objects begin."""
    return id_of(record) + END_OF_ID
