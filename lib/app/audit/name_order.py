"""Works in the order in which a listing names their objects, which is not the order of their ids.

Called by ``merge_join``. Pure but for the records that it is handed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lib.ports import Record

#: Ends the work's id in an object's name. Ids hold none, but bytes that sort on both sides of it.
END_OF_ID = "_"
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
        self._held = [(key_of(record), record) for record in held]
        self._read: Record | None = None
        self._begin = read

    @property
    def read(self) -> str | None:
        """The id that was read last."""
        return id_of(self._read) if self._read else self._begin

    @property
    def held(self) -> tuple[str, ...]:
        """The ids that were read and wait."""
        return tuple(id_of(record) for _, record in self._held)

    def __iter__(self) -> Iterator[tuple[str, Record]]:
        """Yield the records by ``key_of``, each with that."""
        held = self._held
        for record in self._records:
            key = key_of(record)
            while held and held[-1][0] < key:
                yield held.pop()
            held.append((key, record))
            self._read = record
        while held:
            yield held.pop()


def id_of(record: Record) -> str:
    """Return the id of a work's record."""
    return record.path.rpartition("/")[2]


def key_of(record: Record) -> str:
    """Return with what the names of a work's objects begin."""
    return id_of(record) + END_OF_ID
