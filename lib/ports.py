"""The ports: what the app needs from the world. The docstrings are the contract.

``tests/contract`` holds every adapter to them. All methods are synchronous and thread-safe.
Every method may raise ``Unavailable`` (could not look, could not reach); none may answer
"absent" when it could not look.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from lib.core.brand import BrandKit
from lib.core.errors import Refused
from lib.core.proposals import Brief, Draft

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """One generation of one object, as the bucket itself describes it."""

    path: str
    generation: int
    size: int
    #: Base64 of the big-endian 4 bytes, as Cloud Storage writes it. Empty in a *listing* of bytes
    #: that others put into a bucket which keeps no such checksum (S3); ``stat`` always tells it.
    crc32c: str
    media_type: str
    updated_at: float
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a listing; ``cursor`` continues it and is None at the end."""

    items: tuple[ObjectInfo, ...]
    cursor: str | None


class Objects(Protocol):
    """A bucket. A stored generation never changes; every event is delivered at least once."""

    def put_once(
        self,
        path: str,
        file: Path,
        *,
        media_type: str,
        metadata: Mapping[str, str],
        move: bool = False,
    ) -> ObjectInfo:
        """Create the object from ``file``; the bytes are durable when this returns.

        With ``move`` the file is given away: it may be gone afterwards, and is kept when this
        raises, unless the object is there then.
        An object that exists already with the same size and crc32c is our own lost
        acknowledgement: its info is returned. Raises Conflict when other bytes are there.
        """

    def replace(
        self,
        path: str,
        file: Path,
        *,
        generation: int,
        media_type: str,
        metadata: Mapping[str, str],
        move: bool = False,
    ) -> ObjectInfo:
        """Replace exactly this generation by ``file``; ``move`` as above.

        Raises Conflict when it is another generation.
        """

    def stat(self, path: str) -> ObjectInfo | None:
        """Return what is stored at ``path`` now, or None when nothing is."""

    def read(self, path: str, *, start: int = 0, end: int | None = None) -> bytes:
        """Return bytes ``start`` (inclusive) to ``end`` (exclusive). Raises NotFound."""

    def fetch(self, path: str, generation: int, file: Path) -> None:
        """Copy exactly this generation into ``file``. Raises NotFound when it is gone."""

    def list(self, prefix: str, *, cursor: str | None = None, limit: int = 1000) -> Page:
        """Return one page of the objects below ``prefix``, sorted by path (UTF-8 bytes)."""

    def delete(self, path: str, *, generation: int) -> bool:
        """Delete exactly this generation; False when it is not there any more."""

    def signed_url(self, path: str, *, expires_s: float) -> str:
        """Return a URL that lets anyone read this object until it expires."""


@dataclass(frozen=True, slots=True)
class Record:
    """One document: ``version`` grows with every write that changes it."""

    path: str
    data: Json
    version: int


@dataclass(frozen=True, slots=True)
class Query:
    """Documents of one collection, by equality, in the order of one field.

    Documents without the order field are left out; ties are ordered by path, in the same
    direction; without an order the documents come by path. Field names may be dotted. ``after``
    continues behind a record of an earlier answer to the same query.
    """

    collection: str
    equals: Mapping[str, Any] = field(default_factory=dict)
    order_by: str | None = None
    descending: bool = False
    after: Record | None = None
    limit: int = 100

    def __post_init__(self) -> None:
        """Raise Refused for what Firestore cannot do: walk backwards by path."""
        if self.descending and self.order_by is None:
            raise Refused("a descending query has no order", hint="name the field in order_by")


#: As a value in ``update``: remove the field.
REMOVE: Any = object()


class Records(Protocol):
    """Documents at ``collection/id``. A write is durable and visible when it returns."""

    def create(self, path: str, data: Json) -> Record:
        """Create the document. Raises Conflict when it exists."""

    def get(self, path: str) -> Record | None:
        """Return the document, or None."""

    def update(
        self,
        path: str,
        fields: Mapping[tuple[str, ...], Any],
        *,
        version: int | None = None,
        beside: Mapping[str, Json] | None = None,
        durable: bool = True,
    ) -> Record:
        """Set single fields by their path (a tuple of keys); other fields are untouched.

        With ``version``, only if the document still has it. ``beside`` are documents, by path,
        that are created in the same write, all or none; one that exists already is left as it
        is. Not ``durable``: the write outlives the process at once, but the machine's power
        perhaps only with the next write. Raises Conflict when the document has another
        version, NotFound when there is no document: an update never creates one.
        """

    def query(self, query: Query) -> list[Record]:
        """Return the matching documents, at most ``query.limit``."""

    def watch(self, collection: str, *, poll_s: float = 0.5) -> Iterator[list[Record]]:
        """Yield, whenever documents of the collection changed, those that did; never ends.

        The first list holds nothing older than the call. An empty list is a heartbeat that
        comes at least every ``poll_s`` seconds, so that a reader can stop.
        """


@dataclass(frozen=True, slots=True)
class Task:
    """One named call of a step; the payload holds ids only."""

    name: str
    queue: str
    payload: Json
    not_before: float = 0.0


class Queue(Protocol):
    """Named tasks, each handed over at least once, in no promised order."""

    def enqueue(self, task: Task) -> bool:
        """Store the task; False when its name is in use or was lately (a tombstone).

        It outlives the process; whoever enqueues must be able to make good a power cut, as the
        ledger does by its reminders.
        """


@dataclass(frozen=True, slots=True)
class ToolCall:
    """One run of a tool: its parameters, the files it reads and the files it must write.

    ``makes`` names only the slots that are missing; a tool writes those and no others.
    ``workdir`` is private to this run and is emptied afterwards.
    """

    tool: str
    params: Json
    needs: Mapping[str, Path]
    makes: Mapping[str, Path]
    workdir: Path
    deadline_s: float


class Tools(Protocol):
    """The media tools and the probe."""

    def run(self, call: ToolCall) -> None:
        """Make the files of ``call.makes``; kill the tool at its deadline.

        Raises ToolFailed, and Unavailable when the machine lacks what it takes: room, memory.
        """

    def probe(self, file: Path, media_type: str) -> Json:
        """Measure a file (names in ``core.checks.Facts``); ``unreadable`` says why it cannot be.

        Decodes the whole of it, so that a truncated file is found out. Never raises for bad
        bytes, only Unavailable when it could not look.
        """


class Brands(Protocol):
    """The brand kits."""

    def slugs(self) -> Sequence[str]:
        """Return the slugs of all brands, sorted."""

    def get(self, slug: str) -> BrandKit:
        """Return a kit. Raises NotFound, or Refused with file, key and mend when it is broken."""


class Text(Protocol):
    """A writer: people, a language model, or the offline writer."""

    def write(self, brief: Brief) -> Sequence[Draft]:
        """Return drafts for the brief, fewer when there is nothing new left to say."""


class Clock(Protocol):
    """Time, so that a test can own it."""

    def now(self) -> float:
        """Return the present instant in POSIX seconds (UTC)."""


#: Called with a CloudEvent's attributes and data; an exception means "deliver it again".
Deliver = Callable[[Json, Json], None]
