"""The record of one work, as the verbs read and write it.

A case holds four things side by side: the intent (``work``), the ledger (``attempts`` and
``pardons``), what was measured of single generations (``measured``, a memory of immutable
facts), and the summary that ``settle`` writes for queries and that no judgement ever reads.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from pydantic import ValidationError

from lib.app.journal import note
from lib.app.studio import Studio
from lib.core.errors import NotFound, Unavailable
from lib.core.work import Attempt, Json, Work
from lib.ports import Query, Record

WORKS = "works"
ACTIVITY = "activity"
AUDITS = "audits"
#: Fields that queries use, by collection; every records adapter indexes these.
INDEXED: dict[str, tuple[str, ...]] = {
    WORKS: (
        "owner",
        "brand",
        "kind",
        "parent",
        "created_at",
        "due_at",
        "summary.phase",
        "summary.open",
    ),
    ACTIVITY: ("owner", "at"),
    AUDITS: (),
}
#: How many records one page of a walk reads.
PAGE = 200

Fields = dict[tuple[str, ...], Any]


@dataclass(frozen=True, slots=True)
class Case:
    """One work with its ledger and its last summary; ``version`` is the record's."""

    work: Work
    #: Attempts of the present revision, by number, pardons applied.
    attempts: tuple[Attempt, ...]
    #: By slot: path, generation and the facts that were measured of it.
    measured: Json
    summary: Json
    due_at: float | None
    version: int
    #: Attempts of superseded revisions that were begun and have no end yet.
    former: tuple[Attempt, ...] = ()

    def attempt(self, step: str, number: int) -> Attempt | None:
        """Return one entry of the ledger, or None."""
        return next((a for a in self.attempts if (a.step, a.number) == (step, number)), None)

    def having(self, entry: Attempt) -> Case:
        """Return the case with this entry in the place of the same attempt's older one."""
        same = attempt_field(entry)
        attempts = tuple(entry if attempt_field(a) == same else a for a in self.attempts)
        former = tuple(a for a in self.former if attempt_field(a) != same or entry.ended_at is None)
        return replace(self, attempts=attempts, former=former)

    def is_open(self, attempt: Attempt) -> bool:
        """Tell whether the ledger still waits for the end of this attempt."""
        return any(
            attempt_field(entry) == attempt_field(attempt)
            and entry.ended_at is None
            and entry.executor == attempt.executor
            for entry in (*self.attempts, *self.former)
        )


def record_path(work_id: str) -> str:
    """Return where the record of a work is kept."""
    return f"{WORKS}/{work_id}"


def new_record(work: Work) -> Json:
    """Return the first record of a work: due at once, so that a lost call cannot lose it."""
    return {
        "work": work.model_dump(mode="json"),
        "owner": work.owner,
        "brand": work.brand,
        "kind": work.kind,
        "parent": work.parent,
        "created_at": work.created_at,
        "due_at": work.created_at,
        "attempts": {},
        "pardons": {},
        "measured": {},
        "summary": {"phase": "working", "done": 0, "total": 0},
    }


def attempt_field(attempt: Attempt) -> tuple[str, ...]:
    """Return the field that holds an attempt: one field each, so writers never share one."""
    return ("attempts", f"{attempt.step}-{attempt.revision}-{attempt.number}")


def load(studio: Studio, work_id: str) -> Case | None:
    """Return the case of a work, or None when there is no such work."""
    record = studio.records.get(record_path(work_id))
    return case_of(record) if record else None


def load_own(studio: Studio, owner: str, work_id: str) -> Case:
    """Return the case of an owner's work. Raises NotFound, also for somebody else's."""
    case = load(studio, work_id)
    if case is None or case.work.owner != owner:
        raise NotFound(f"there is no work {work_id!r}")
    return case


def case_of(record: Record) -> Case:
    """Parse a record of the works collection. Raises Unavailable when it cannot be read."""
    try:
        return _case_of(record)
    except (ValidationError, KeyError, TypeError, AttributeError) as error:
        raise Unavailable(f"the record {record.path} cannot be read: {_first(error)}") from error


def readable(records: Iterable[Record]) -> Iterator[Case]:
    """Yield the cases that can be read: who cannot be keeps nobody else waiting."""
    for record in records:
        try:
            yield case_of(record)
        except Unavailable as error:
            note("record_unreadable", str(error), level=logging.WARNING)


def _first(error: Exception) -> str:
    """Return what is wrong in a few words; they may stand in a ledger many times."""
    if not isinstance(error, ValidationError):
        return f"{type(error).__name__} {error}"
    found = error.errors()[0]
    return f"{'.'.join(map(str, found['loc']))}: {found['msg']}"


def _case_of(record: Record) -> Case:
    data = record.data
    work = Work.model_validate(data["work"])
    pardons = data["pardons"]
    for name in ("measured", "summary"):
        if not isinstance(data[name], dict):
            raise TypeError(f"{name} is no map")
    ledger = [Attempt.model_validate(entry) for entry in data["attempts"].values()]
    attempts = [
        attempt.model_copy(update={"pardoned": True})
        if attempt.number <= pardons.get(attempt.step, {}).get("after", 0)
        else attempt
        for attempt in ledger
        if attempt.revision == work.revision
    ]
    former = [
        a
        for a in ledger
        if a.revision != work.revision and a.started_at is not None and a.ended_at is None
    ]
    return Case(
        work=work,
        attempts=tuple(sorted(attempts, key=lambda a: (a.step, a.number))),
        measured=data["measured"],
        summary=data["summary"],
        due_at=data.get("due_at"),
        version=record.version,
        former=tuple(former),
    )


def walk(studio: Studio, query: Query, *, first: int = PAGE) -> Iterator[Record]:
    """Yield every record of a query, page by page, in constant memory.

    ``first`` is the length of the first page, for who expects to stop soon: each record that is
    read is billed.
    """
    limit, after = first, query.after
    while True:
        page = studio.records.query(replace(query, after=after, limit=limit))
        yield from page
        if len(page) < limit:
            return
        limit, after = PAGE, page[-1]
