"""The ports as a process of the simulator sees them: every call stops, and may go wrong."""

from __future__ import annotations

import json
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lib.core.brand import BrandKit
from lib.core.errors import Conflict, NotFound, ToolFailed
from lib.core.work import Json
from lib.ports import ObjectInfo, Page, Query, Record, Task, ToolCall
from tests.simulation.bucket import MemoryBucket
from tests.simulation.documents import MemoryRecords
from tests.simulation.engine import Engine
from tests.simulation.tasks import MemoryQueue
from tests.spoken import facts_of

#: What a document of timed words tells beside their number.
TIMES = ("in_order", "shown_s", "ends_s")
#: Bytes behind the facts of a picture, and of a film: more than any check's least size.
PADDING, FILM_PADDING = b"." * 10_000, b"." * 120_000


@dataclass
class SimClock:
    """What a process takes for the time."""

    engine: Engine

    def now(self) -> float:
        """Return the present instant, skewed for a process whose clock is wrong."""
        return self.engine.clock()


@dataclass
class TrueClock:
    """What a server takes for the time."""

    engine: Engine

    def now(self) -> float:
        """Return the true instant."""
        return self.engine.now


@dataclass
class SimObjects:
    """The bucket behind a network."""

    engine: Engine
    bucket: MemoryBucket

    def put_once(self, path: str, file: Path, **how: Any) -> ObjectInfo:
        """Create an object."""
        return self._call("put", lambda: self.bucket.put_once(path, file, **how))

    def replace(self, path: str, file: Path, **how: Any) -> ObjectInfo:
        """Replace a generation."""
        return self._call("replace", lambda: self.bucket.replace(path, file, **how))

    def stat(self, path: str) -> ObjectInfo | None:
        """Look."""
        found: ObjectInfo | None = self._call("stat", lambda: self.bucket.stat(path))
        return found

    def read(self, path: str, **how: Any) -> bytes:
        """Read."""
        data: bytes = self._call("read", lambda: self.bucket.read(path, **how))
        return data

    def fetch(self, path: str, generation: int, file: Path) -> None:
        """Fetch."""
        self._call("fetch", lambda: self.bucket.fetch(path, generation, file))

    def list(self, prefix: str, *, cursor: str | None = None, limit: int = 1000) -> Page:
        """List a page."""
        page: Page = self._call(
            "list", lambda: self.bucket.list(prefix, cursor=cursor, limit=limit)
        )
        return page

    def delete(self, path: str, *, generation: int) -> bool:
        """Delete a generation."""
        gone: bool = self._call("delete", lambda: self.bucket.delete(path, generation=generation))
        return gone

    def signed_url(self, path: str, *, expires_s: float) -> str:
        """Sign."""
        return self.bucket.signed_url(path, expires_s=expires_s)

    def _call(self, what: str, effect: Callable[[], Any]) -> Any:
        def counted() -> Any:
            try:
                return effect()
            except Conflict:
                self.engine.seen[f"{what} met another generation"] += 1
                raise

        return self.engine.call("objects", what, counted)


#: What the next version of the code writes into a work, which this one does not know.
NEXT_FIELD = "next_field"


@dataclass
class SimRecords:
    """The documents behind a network.

    A process that runs the next version of the code writes one field more into every work that it
    creates, and does not stumble over it.
    """

    engine: Engine
    records: MemoryRecords

    def create(self, path: str, data: Json) -> Record:
        """Create a document."""
        if self._is_next() and "work" in data:
            data = {**data, "work": {**data["work"], NEXT_FIELD: True}}
        made: Record = self.engine.call(
            "records", "create", lambda: self.records.create(path, data)
        )
        return self._known(made)

    def get(self, path: str) -> Record | None:
        """Read a document."""
        found: Record | None = self.engine.call("records", "get", lambda: self.records.get(path))
        return self._known(found) if found else None

    def _is_next(self) -> bool:
        # The oracle reads what every version writes.
        return self.engine.current is None or self.engine.current.version > 1

    def _known(self, record: Record) -> Record:
        if self.engine.current is not None and "work" in record.data:
            self.engine.current.saw[record.path] = record.data["work"]["revision"]
        return without_next(record) if self._is_next() else record

    def update(self, path: str, fields: Mapping[tuple[str, ...], Any], **how: Any) -> Record:
        """Change a document."""

        def change() -> Record:
            try:
                return self.records.update(path, fields, **how)
            except Conflict:
                self.engine.seen["a compare-and-set was lost"] += 1
                raise

        changed: Record = self.engine.call("records", "update", change)
        return self._known(changed)

    def query(self, query: Query) -> list[Record]:
        """Query."""
        found: list[Record] = self.engine.call(
            "records", "query", lambda: self.records.query(query)
        )
        return [self._known(record) for record in found]

    def watch(self, collection: str, *, poll_s: float = 0.5) -> Iterator[list[Record]]:
        """Nobody watches here."""
        raise NotImplementedError


def without_next(record: Record) -> Record:
    """Return a record as the next version of the code understands it."""
    if NEXT_FIELD not in record.data.get("work", ()):
        return record
    work = {name: value for name, value in record.data["work"].items() if name != NEXT_FIELD}
    return Record(record.path, {**record.data, "work": work}, record.version)


@dataclass
class SimQueue:
    """The queue behind a network."""

    engine: Engine
    queue: MemoryQueue

    def enqueue(self, task: Task) -> bool:
        """Store a task."""

        def store() -> bool:
            stored = self.queue.enqueue(task)
            self.engine.seen["a task's name was taken"] += not stored
            return stored

        stored: bool = self.engine.call("queue", "enqueue", store)
        return stored


@dataclass
class SimBrands:
    """The kits of this project, read once."""

    kits: Mapping[str, BrandKit]

    def slugs(self) -> Sequence[str]:
        """Return the names of the brands."""
        return sorted(self.kits)

    def get(self, slug: str) -> BrandKit:
        """Return a kit."""
        if slug not in self.kits:
            raise NotFound(f"there is no brand {slug!r}")
        return self.kits[slug]


@dataclass
class SimTools:
    """Tools that write files with their facts in front, fail by chance, and know what is good."""

    engine: Engine
    #: What reached the world outside, by what the step's parameters say that it is.
    sent: Counter[str] = field(default_factory=Counter)

    def run(self, call: ToolCall) -> None:
        """Make the files of a call, which takes its time."""
        process = self.engine.current
        assert process is not None
        faults, where = self.engine.faults, (process.key, call.tool)
        fails, rubbish, hangs, how_long = self.engine.chance.draws("tool", *where)
        inputs = zlib.crc32(json.dumps(call.params, sort_keys=True).encode())
        always = self.engine.chance.draw("inputs", call.tool, inputs)
        takes_s = 0.5 + 40 * how_long
        if faults.strikes("tool hangs", hangs, *where):
            takes_s = call.deadline_s

        def work() -> None:
            if takes_s >= call.deadline_s:
                raise ToolFailed(call.tool, "was ended at its deadline", permanent=False)
            if faults.lasts("inputs that always fail", always, call.tool, inputs):
                raise ToolFailed(call.tool, "cannot be made from this")
            if faults.strikes("tool fails", fails, *where):
                raise ToolFailed(call.tool, "failed this time", permanent=False)
            if "effect" in call.params:
                self.sent[call.params["effect"]] += 1
            self._make(call, spoilt=faults.strikes("tool makes rubbish", rubbish, *where))

        process.made = True
        self.engine.call("tools", call.tool, work, takes_s)

    def _make(self, call: ToolCall, *, spoilt: bool) -> None:
        for file in call.needs.values():
            assert file.is_file(), f"{file.name} was not fetched"
        for slot, file in call.makes.items():
            told = call.params.get("facts", {}).get(slot)
            file.write_bytes(content(told or _facts_of(call, slot), slot)[: 40 if spoilt else None])

    def probe(self, file: Path, media_type: str) -> Json:
        """Return the facts that a file carries, unless it is cut short or something else."""
        return facts_in(file.read_bytes(), media_type)


def content(facts: Json, slot: str) -> bytes:
    """Return good bytes that carry their facts."""
    if facts["media_type"] == "application/json":
        entries = [slot] * facts.get("entries", 1)
        times = {name: facts[name] for name in TIMES if name in facts}
        return json.dumps({"entries": entries, "times": times, "padding": "." * 50}).encode()
    padding = FILM_PADDING if facts["media_type"] == "video/mp4" else PADDING
    head = json.dumps({**facts, "padding": len(padding)}, sort_keys=True)
    return head.encode() + b"\n" + padding


def facts_in(data: bytes, media_type: str) -> Json:
    """Return the facts that bytes carry; ``unreadable`` when they are no good."""
    head, _, rest = data.partition(b"\n")
    try:
        told = json.loads(data if media_type == "application/json" else head)
        if media_type == "application/json":
            times = told.get("times", {})
            return {"media_type": media_type, "entries": len(told["entries"]), **times}
        if told.pop("padding") != len(rest):
            return {"unreadable": "the file is cut short"}
    except (ValueError, KeyError, TypeError):
        return {"unreadable": "not a file of these tools"}
    return dict(told)


def _facts_of(call: ToolCall, slot: str) -> Json:
    """Return what a file of a recipe's step must be like."""
    if (spoken := facts_of(call, slot)) is not None:
        return spoken
    params = {"width": 1080, "height": 1920, **call.params}
    size = params["pages"][slot] if "pages" in params else params
    facts = {"width": size["width"], "height": size["height"], "spread": 50.0, "upright": True}
    kinds = {"background": "image/webp", "stills": "image/jpeg"}
    if call.tool in kinds:
        return {
            "media_type": kinds[call.tool],
            **facts,
            "colour_mode": "RGB",
            "progressive": False,
            "embedded": "nothing",
            "drawn": 100.0,
        }
    frames = params.get("count", 30 * int(params["seconds"]))
    sound = {"audio_codec": "aac", "heard_s": frames / 30, "true_peak_dbtp": -5.0, "lufs": -14.0}
    if call.tool in ("reel_sound", "voice_mix"):
        return {"media_type": "audio/mp4", "seconds": frames / 30, **sound}
    return {
        "media_type": "video/mp4",
        **facts,
        **sound,
        "seconds": frames / 30,
        "video_codec": "h264",
        "pixel_format": "yuv420p",
        "faststart": True,
        "frames": frames,
        "fps": 30.0,
        "steady": True,
        "video_profile": "High",
        "level": 40,
        "colours": "bt709/bt709/bt709/tv",
        "edit_list": False,
        "lit_s": frames / 30,
        "moving_s": frames / 30,
        "drift_s": 0.02,
    }
