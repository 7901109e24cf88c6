"""The world of one seed: one studio in the cloud or on a machine, and everything that drives it.

First faults rage for a while, then they stop, and the studio must come to rest within a number of
ticks that follows from its own time limits. Only the tick is certain to come again.
"""

from __future__ import annotations

import functools
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

from lib.adapters.kits import KitFolders
from lib.adapters.local.dispatch import Lease, Limits
from lib.adapters.offline.writer import OfflineWriter
from lib.app import owed, settle
from lib.app.audit import night, run
from lib.app.case import INDEXED
from lib.app.events import event_delivered, task_delivered
from lib.app.recovery import give_up, recover
from lib.app.salvage import FINISHED
from lib.app.storage import orphans, slices, verdict
from lib.app.studio import Studio
from lib.app.sweep import sweep
from lib.core.brand import BrandKit
from lib.core.retention import GRACE_S
from lib.core.tools import MAX_DELIVERIES, QUEUES, TOOLS, ladder
from lib.deployment import EVENT_S, TICK_S
from lib.ports import ObjectInfo, Task
from lib.settings import ROOT
from tests.simulation.bucket import MemoryBucket
from tests.simulation.chance import Chance
from tests.simulation.documents import MemoryRecords
from tests.simulation.engine import BEGIN, Engine
from tests.simulation.faults import Faults
from tests.simulation.ports import (
    SimBrands,
    SimClock,
    SimObjects,
    SimQueue,
    SimRecords,
    SimTools,
    TrueClock,
)
from tests.simulation.tasks import MemoryQueue

#: Seconds between two ticks.
TICK_EVERY_S = 60.0
#: Deliveries of one event before it is given up.
EVENT_TRIES = 5
#: How far the clock of a process may be wrong, seconds.
SKEW_S = 905.0
#: Seconds for which instances of the old version serve beside the new one.
OVERLAP_S = 120.0
#: The next version of the code has a better tool for this step.
BETTER = "background"
#: What a world sets for the whole process, as it is outside of worlds.
_LIMITS: tuple[tuple[ModuleType, str], ...] = (
    (verdict, "GRACE_S"),
    (slices, "GRACE_S"),
    (orphans, "ORPHAN_AGE_S"),
    (run, "SLICE_WORKS"),
    (night, "TASK_WORKS"),
)
_OUTSIDE = [(module, name, getattr(module, name)) for module, name in _LIMITS]
_TOOL = TOOLS[BETTER]
PORTS = ("objects", "records", "queue")
BRAND = "two-wheels"


@functools.cache
def kits() -> dict[str, BrandKit]:
    """Return one of the project's own kits, read once."""
    folders = KitFolders([ROOT / "assets" / "brands"], fonts=ROOT / "assets" / "fonts")
    return {BRAND: folders.get(BRAND)}


@dataclass
class World:
    """One studio and its surroundings, seen from outside."""

    chance: Chance
    engine: Engine
    bucket: MemoryBucket
    records: MemoryRecords
    queue: MemoryQueue
    tools: SimTools
    studio: Studio
    #: On one machine everything dies together and is recovered at its start; in the cloud nobody
    #: ever knows who is dead.
    on_a_machine: bool
    scratch: Path
    ticks: int = 0
    handed_over: list[Lease] = field(default_factory=list)
    tick_every_s: float = TICK_EVERY_S
    running: bool = True
    stopped: bool = False
    #: Works that one slice of the audit holds.
    slice_works: int = 100
    #: The version of the code that is deployed, the one before it, and since when.
    version: int = 1
    before: int = 1
    deployed_at: float = 0.0

    # --- driving -------------------------------------------------------------------------

    def begin(self, minutes: float) -> None:
        """Plan the outages and stops of a run, and begin to tick."""
        faults, length_s = self.engine.faults, minutes * 60
        for port in PORTS:
            for number in range(2):
                luck, start, long = self.chance.draws("outage", port, number, count=3)
                if faults.strikes("outage", luck, port, number):
                    until = start * length_s + 20 + 1500 * long**3
                    self.engine.later(start * length_s, functools.partial(self._away, port, until))
        for number in range(3):
            luck, start, stop = self.chance.draws("deploy", number, count=3)
            if faults.strikes("deploy", luck, number):
                self.engine.later(start * length_s, functools.partial(self._deploy, stop < 0.5))
            luck, start, down = self.chance.draws("machine", number, count=3)
            if self.on_a_machine and faults.strikes("machine stops", luck, number):
                self.engine.later(
                    start * length_s, functools.partial(self._crash, 1 + 200 * down**2)
                )
        self._tick()

    def spawn(
        self,
        key: str,
        verb: Callable[[Studio], Any],
        done: Callable[[Any], None],
        limit_s: float,
    ) -> None:
        """Run a verb in a process of its own."""
        studio = replace(self.studio, executor=key)
        old = self.engine.now < self.deployed_at + OVERLAP_S and self.chance.draw(key) < 0.5
        version = self.before if old else self.version
        self.engine.spawn(key, lambda: verb(studio), done, limit_s, version)

    def calm(self) -> None:
        """Let nothing go wrong any more; the next version is the one that stays."""
        self.engine.faults.raging = False
        self.engine.away.clear()
        self.before = self.version = 2

    def _away(self, port: str, until: float) -> None:
        self.engine.seen["a whole service was away"] += 1
        self.engine.away[port] = BEGIN + until

    def _deploy(self, they_die: bool) -> None:
        """Another version comes, or the last one back; old instances end, or run on beside it."""
        self.engine.seen["a deploy met work in flight"] += bool(self.engine.processes)
        self.before, self.version = self.version, 3 - self.version
        self.deployed_at = self.engine.now
        for process in list(self.engine.processes) if they_die else ():
            self.engine.kill(process)

    def _crash(self, down_s: float) -> None:
        """The machine stops at once with all that runs on it, and starts again."""
        if self.stopped:
            return
        self.engine.seen["the machine stopped with work in flight"] += bool(self.engine.processes)
        self.stopped = True
        for process in list(self.engine.processes):
            self.engine.kill(process)
        self.engine.later(down_s, self._start)

    def _start(self, number: int = 0) -> None:
        """What a starting machine does before anything else; it is started until that worked."""

        def started(result: Any) -> None:
            if isinstance(result, int):
                self.engine.seen["a machine recovered what died with it"] += result > 0
                self.stopped = False
            elif self.running:
                self.engine.later(5, lambda: self._start(number + 1))

        self.spawn(f"start:{self.engine.now:.3f}/{number}", recover, started, 600)

    # --- the tick ------------------------------------------------------------------------

    def _tick(self) -> None:
        if not self.running:
            return
        self.ticks += 1
        number, faults = self.ticks, self.engine.faults
        missed, doubled, late, _ = self.chance.draws("tick", number)
        if not self.stopped and not faults.strikes("tick missed", missed, number):
            self._sweep(f"tick:{number}")
            if faults.strikes("tick doubled", doubled, number):
                self.engine.later(20 * late, lambda: self._sweep(f"tick:{number}/again"))
        self.engine.later(self.tick_every_s, self._tick)

    def _sweep(self, key: str) -> None:
        if self.stopped:
            return
        others = [p for p in self.engine.processes if p.kind == "tick"]
        self.engine.seen["two ticks ran at once"] += bool(others)
        self.spawn(key, sweep, lambda _result: None, TICK_S)

    # --- events --------------------------------------------------------------------------

    def cuts(self, path: str) -> bool:
        """Tell of an upload whether half of it is lost on its way."""
        process = self.engine.acting
        where = (process.key if process else "", path)
        luck = self.chance.draw("upload", *where)
        return self.engine.faults.strikes("upload cut short", luck, *where)

    def event(self, kind: str, info: ObjectInfo) -> None:
        """Tell of a change in the bucket: perhaps never, twice, late and in any order."""
        key, faults = f"event:{kind}/{info.path}/{info.generation}", self.engine.faults
        dropped, doubled, late, how_late = self.chance.draws(key)
        if faults.strikes("event dropped", dropped, key):
            return
        created = datetime.fromtimestamp(info.updated_at, UTC).isoformat()
        data = {"name": info.path, "generation": str(info.generation), "timeCreated": created}
        wait_s = 2 * how_late
        if faults.strikes("event late", late, key):
            wait_s += 3000 * how_late**2
        told = f"google.cloud.storage.object.v1.{kind}"
        self.engine.later(wait_s, lambda: self._deliver_event(key, told, data, 1))
        if faults.strikes("event doubled", doubled, key):
            self.engine.later(wait_s * 2, lambda: self._deliver_event(f"{key}b", told, data, 1))

    def _deliver_event(self, key: str, told: str, data: Any, number: int) -> None:
        def again(result: Any) -> None:
            if result != 200 and number < EVENT_TRIES:
                wait_s = 10.0 * number
                self.engine.later(wait_s, lambda: self._deliver_event(key, told, data, number + 1))

        if not self.running:
            return
        if self.stopped:
            again(None)
            return
        self.spawn(
            f"{key}#{number}", lambda studio: event_delivered(studio, told, data), again, EVENT_S
        )

    # --- tasks ---------------------------------------------------------------------------

    def task(self, task: Task, due_at: float) -> None:
        """Have a task handed over some time after it is due, unless the queue forgets it."""
        where = (task.name, f"{due_at:.3f}")
        late, how_late, lost, _ = self.chance.draws("task", *where)
        wait_s = 2 * how_late
        if self.engine.faults.strikes("task late", late, *where):
            wait_s += 600 * how_late**2
        if self.engine.faults.strikes("task lost for good", lost, *where):
            self.queue.forget(task.name)
            return
        self.engine.at(due_at + wait_s, lambda: self._hand_over(task))

    def _hand_over(self, task: Task) -> None:
        if not self.running:
            return
        if self.stopped:
            self.engine.later(5, lambda: self._hand_over(task))
            return
        limit_s = ladder(task.queue).request_s
        for lease in self.queue.lease(task.queue, ladder(task.queue).dispatch_s, name=task.name):
            key = f"task:{task.name}#{lease.tries}"
            self.handed_over.append(lease)
            self._deliver_task(key, lease, limit_s)
            doubled = self.chance.draw("task doubled", key)
            if self.engine.faults.strikes("task doubled", doubled, key):
                self._deliver_task(f"{key}/again", lease, limit_s)

    def deliver_again(self, key: str, lease: Lease) -> None:
        """Deliver a task once more that was handed over before."""
        self._deliver_task(key, lease, ladder(lease.task.queue).request_s)

    def _deliver_task(self, key: str, lease: Lease, limit_s: float) -> None:
        def answered(result: Any) -> None:
            if isinstance(result, tuple) and result[1] == 200:
                self.queue.done(lease)
                return
            if result is None and self.on_a_machine and not self.stopped and self.running:
                self._bury(key)
            told = result[2].get("Retry-After") if isinstance(result, tuple) else None
            self.queue.retry(lease, float(told) if told else None)

        payload = lease.task.payload
        self.spawn(key, lambda studio: task_delivered(studio, payload), answered, limit_s)

    def _bury(self, executor: str, number: int = 0) -> None:
        """A worker of the machine died: close what it left, as the crew does, until that worked."""

        def closed(result: Any) -> None:
            if not isinstance(result, int) and self.running and not self.stopped:
                self.engine.later(1, lambda: self._bury(executor, number + 1))

        key = f"bury:{executor}/{number}"
        self.spawn(key, lambda studio: give_up(studio, executor), closed, 600)

    def close(self) -> None:
        """End everything that still runs, and remove the files."""
        self.running = False
        self.engine.clear()
        TOOLS[BETTER] = _TOOL
        for module, name, value in _OUTSIDE:
            setattr(module, name, value)
        shutil.rmtree(self.scratch, ignore_errors=True)


def open_world(seed: int, *, faults: bool = True, only: frozenset[str] | None = None) -> World:
    """Return the empty world of a seed."""
    settle.PAUSE_S = 0.0  # a pause between two rounds costs no time here
    chance = Chance(seed)
    engine = Engine(chance, Faults(chance, only, raging=faults))
    clock = TrueClock(engine)
    bucket, records = MemoryBucket(clock), MemoryRecords(clock, INDEXED)
    queue = MemoryQueue(clock, {name: Limits(max_tries=MAX_DELIVERIES) for name in QUEUES})
    tools = SimTools(engine)
    scratch = _scratch()
    studio = Studio(
        objects=SimObjects(engine, bucket),
        records=SimRecords(engine, records),
        queue=SimQueue(engine, queue),
        tools=tools,
        brands=SimBrands(kits()),
        text=OfflineWriter(),
        clock=SimClock(engine),
        executor="",
        scratch=scratch,
    )
    on_a_machine = chance.draw("on a machine") < 0.4
    world = World(chance, engine, bucket, records, queue, tools, studio, on_a_machine, scratch)
    # Some studios are too large for one slice of the audit, and are audited by night as well.
    world.slice_works = 2 if chance.draw("large") < 0.3 else 100
    # In others what nothing needs goes after five minutes, so that it goes while faults rage.
    grace_s = 300.0 if chance.draw("hasty") < 0.5 else GRACE_S
    verdict.GRACE_S = slices.GRACE_S = orphans.ORPHAN_AGE_S = grace_s
    run.SLICE_WORKS = night.TASK_WORKS = world.slice_works
    bucket.listener, queue.listener = world.event, world.task
    bucket.cuts = world.cuts
    versions = {n: replace(TOOLS[BETTER], version=n) for n in (1, 2)}
    engine.killed = owed._owed.clear
    engine.enter = lambda process: TOOLS.update({BETTER: versions[process.version]})
    return world


def _scratch() -> Path:
    memory = Path("/dev/shm")
    folder = Path(
        tempfile.mkdtemp(prefix="brandcast-sim-", dir=memory if memory.is_dir() else None)
    )
    (folder / FINISHED).mkdir()
    return folder
