"""The contract suite's table of backends, and the rig that every clause is held to.

A backend joins by a builder in ``BACKENDS`` and by its named deviations; no test changes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pytest

from lib.adapters.clock import ManualClock, SystemClock
from lib.adapters.gcp.clients import tasks_client
from lib.adapters.gcp.objects import GcsObjects
from lib.adapters.gcp.queue import CloudTasks, Target
from lib.adapters.gcp.records import FirestoreRecords
from lib.adapters.local.database import Database
from lib.adapters.local.dispatch import Lease, Limits
from lib.adapters.local.objects import LocalObjects
from lib.adapters.local.outbox import Outbox
from lib.adapters.local.queue import LocalQueue
from lib.adapters.local.records import LocalRecords
from lib.adapters.s3.objects import S3Objects
from lib.ports import Deliver, Json, Objects, Queue, Records, Task
from tests.conftest import missing
from tests.contract.deviations import GCS_DEVIATIONS, Deviations, table
from tests.contract.far import Far, far_bucket
from tests.contract.tasks_rig import ACCOUNT, PLACE, TASKS_DEVIATIONS, DoubleHandovers, queue_of
from tests.simulation.bucket import MemoryBucket
from tests.simulation.documents import MemoryRecords
from tests.simulation.tasks import MemoryQueue
from tests.stand_ins.fake_gcs import (
    FakeGcs,
    OwnClock,
    new_bucket,
    throwaway_signing,
)
from tests.stand_ins.firestore_emulator import FIRESTORE, FirestoreEmulator
from tests.stand_ins.gcloud import jar
from tests.stand_ins.moto_s3 import MotoS3, new_s3_bucket
from tests.stand_ins.tasks_double import TasksDouble

#: The fields that the clauses' queries name, by collection.
INDEXED = {"works": ("owner", "created_at", "summary.due_at", "rank", "on")}
#: The queues of the clauses: an open one, one with two places, a slow one, one with three tries.
LIMITS = {
    "desk": Limits(concurrency=1000),
    "narrow": Limits(concurrency=2),
    "slow": Limits(concurrency=1000, rate_per_s=5.0, burst=5),
    "brief": Limits(max_tries=3, first_retry_s=1.0),
}
#: Seconds after which a task that nobody answered for is handed over again.
PATIENCE_S = 60.0


class Handovers(Protocol):
    """The far side of a queue: what the world does with the tasks."""

    def take(self, queue: str, limit: int = 1) -> list[Any]:
        """Have up to ``limit`` due tasks handed over; each has ``task`` and ``tries``."""

    def finish(self, held: Any) -> None:
        """Answer that the task is done."""

    def fail(self, held: Any, error: str = "it failed") -> None:
        """Answer that the task must come again."""

    def dead(self) -> list[str]:
        """Return the names of the tasks that were given up."""

    def revive(self, name: str) -> bool:
        """Give a task that was given up its tries again."""


@dataclass
class Rig:
    """One backend, freshly made and empty."""

    clock: ManualClock
    objects: Objects
    records: Records
    queue: Queue
    handovers: Handovers
    #: Hands every event that is due to a function and returns how many it took.
    drain: Callable[[Deliver], int]
    folder: Path

    def file(self, data: bytes) -> Path:
        """Return a file with these bytes."""
        number = len(list(self.folder.iterdir()))
        file = self.folder / f"{number}.bin"
        file.write_bytes(data)
        return file

    def put(self, path: str, data: bytes = b"bytes", **metadata: str) -> Any:
        """Create an object."""
        file = self.file(data)
        return self.objects.put_once(path, file, media_type="text/plain", metadata=metadata)

    def events(self) -> list[tuple[Json, Json]]:
        """Take all events that wait."""
        found: list[tuple[Json, Json]] = []
        self.drain(lambda attributes, data: found.append((attributes, data)))
        return found


class _LocalHandovers:
    def __init__(self, queue: LocalQueue) -> None:
        self._queue = queue

    def take(self, queue: str, limit: int = 1) -> list[Lease]:
        return self._queue.lease(queue, "executor", PATIENCE_S, limit)

    def finish(self, held: Lease) -> None:
        self._queue.done(held)

    def fail(self, held: Lease, error: str = "it failed") -> None:
        self._queue.retry(held, error=error)

    def dead(self) -> list[str]:
        return [letter.task.name for letter in self._queue.dead()]

    def revive(self, name: str) -> bool:
        return self._queue.revive(name)


@contextmanager
def _embedded(folder: Path, _: pytest.FixtureRequest) -> Iterator[Rig]:
    clock = ManualClock()
    database = Database(folder / "data" / "studio.db")
    queue = LocalQueue(database, clock, LIMITS)
    (folder / "files").mkdir()
    yield Rig(
        clock=clock,
        objects=LocalObjects(folder / "media", database, clock, base_url="http://127.0.0.1:8080"),
        records=LocalRecords(database, clock, INDEXED),
        queue=queue,
        handovers=_LocalHandovers(queue),
        drain=Outbox(database, clock, bucket="studio").drain,
        folder=folder / "files",
    )
    database.close()


class _MemoryHandovers:
    def __init__(self, queue: MemoryQueue) -> None:
        self._queue = queue
        self.dead, self.revive = queue.dead, queue.revive

    def take(self, queue: str, limit: int = 1) -> list[Lease]:
        return self._queue.lease(queue, PATIENCE_S, limit)

    def finish(self, held: Lease) -> None:
        self._queue.done(held)

    def fail(self, held: Lease, error: str = "") -> None:
        del error
        self._queue.retry(held)


@contextmanager
def _memory(folder: Path, _: pytest.FixtureRequest) -> Iterator[Rig]:
    clock = ManualClock()
    queue = MemoryQueue(clock, LIMITS)
    none: Any = None  # its events are the simulator's own
    (folder / "files").mkdir()
    yield Rig(
        clock=clock,
        objects=MemoryBucket(clock),
        records=MemoryRecords(clock, INDEXED),
        queue=queue,
        handovers=_MemoryHandovers(queue),
        drain=none,
        folder=folder / "files",
    )


@contextmanager
def _gcs(folder: Path, request: pytest.FixtureRequest) -> Iterator[Rig]:
    (folder / "files").mkdir()
    bucket = new_bucket(request.getfixturevalue("fake_gcs"))
    clock: Any = OwnClock()
    none: Any = None  # this backend is a bucket only
    yield Rig(
        clock=clock,
        objects=GcsObjects(bucket.client, bucket.name, signing=throwaway_signing()),
        records=none,
        queue=none,
        handovers=none,
        drain=none,
        folder=folder / "files",
    )


@contextmanager
def _s3(folder: Path, request: pytest.FixtureRequest) -> Iterator[Rig]:
    (folder / "files").mkdir()
    clock: Any = OwnClock()
    none: Any = None  # this backend is a bucket only
    with new_s3_bucket(request.getfixturevalue("moto_s3")) as (client, name):
        yield Rig(
            clock=clock,
            objects=S3Objects(client, name),
            records=none,
            queue=none,
            handovers=none,
            drain=none,
            folder=folder / "files",
        )


@contextmanager
def _firestore(folder: Path, request: pytest.FixtureRequest) -> Iterator[Rig]:
    client = request.getfixturevalue("firestore_emulator").client()
    clock: Any = OwnClock()
    none: Any = None  # this backend has records only
    yield Rig(
        clock=clock,
        objects=none,
        records=FirestoreRecords(client, INDEXED),
        queue=none,
        handovers=none,
        drain=none,
        folder=folder,
    )
    client.close()


@contextmanager
def _tasks(folder: Path, _: pytest.FixtureRequest) -> Iterator[Rig]:
    clock = ManualClock()
    none: Any = None  # this backend is a queue only
    with TasksDouble(clock, [queue_of(name, limits) for name, limits in LIMITS.items()]) as double:
        client = tasks_client(endpoint=double.address)
        target = Target("http://127.0.0.1:9/", ACCOUNT, dispatch_s=PATIENCE_S)
        yield Rig(
            clock=clock,
            objects=none,
            records=none,
            queue=CloudTasks(client, PLACE, dict.fromkeys(LIMITS, target)),
            handovers=DoubleHandovers(double),
            drain=none,
            folder=folder,
        )
        client.transport.close()


@dataclass(frozen=True)
class Backend:
    """How to make one, the ports that it has, and the clauses, by test, that it cannot show."""

    build: Callable[[Path, pytest.FixtureRequest], AbstractContextManager[Rig]]
    ports: frozenset[str]
    deviations: Deviations


BACKENDS = {
    "embedded": Backend(_embedded, frozenset({"objects", "events", "records", "queue"}), {}),
    "firestore": Backend(_firestore, frozenset({"records"}), {}),
    "gcs": Backend(_gcs, frozenset({"objects"}), GCS_DEVIATIONS),
    "memory": Backend(_memory, frozenset({"objects", "records", "queue"}), {}),
    "s3": Backend(_s3, frozenset({"objects"}), {}),
    "tasks": Backend(_tasks, frozenset({"queue"}), TASKS_DEVIATIONS),
}


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print what was not asked of a backend, so that no gap is silent."""
    lines = table({name: backend.deviations for name, backend in BACKENDS.items()})
    terminalreporter.section("clauses that a backend or its stand-in cannot show")
    for line in lines:
        terminalreporter.write_line(line)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Hold every backend that has the module's port, or that it names, to its clauses."""
    if "rig" in metafunc.fixturenames:
        port, clause = metafunc.module.PORT, metafunc.function.__name__
        names = [
            name
            for name, backend in BACKENDS.items()
            if port in backend.ports and clause not in backend.deviations
        ]
        metafunc.parametrize("rig", names, indirect=True)
    if "far" in metafunc.fixturenames:
        metafunc.parametrize("far", metafunc.module.PROVIDERS, indirect=True)


@pytest.fixture
def rig(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Rig]:
    """Return an empty backend."""
    with BACKENDS[request.param].build(tmp_path, request) as built:
        yield built


@pytest.fixture
def far(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Far]:
    """Return an empty bucket behind a network that a test can spoil."""
    with far_bucket(request.param, tmp_path, request) as built:
        yield built


@pytest.fixture(scope="session")
def fake_gcs() -> Iterator[FakeGcs]:
    """Return a running fake-gcs-server, one for all tests of the session."""
    with FakeGcs() as server:
        yield server


@pytest.fixture(scope="session")
def moto_s3() -> Iterator[MotoS3]:
    """Return a running moto, one for all tests of the session."""
    with MotoS3() as server:
        yield server


@pytest.fixture(scope="session")
def firestore_emulator() -> Iterator[FirestoreEmulator]:
    """Return a running Firestore emulator, one for all tests of the session."""
    if jar(FIRESTORE) is None:
        missing("Google's Firestore emulator (it comes with the Google Cloud command line)")
    with FirestoreEmulator() as emulator:
        yield emulator


@pytest.fixture
def task() -> Callable[..., Task]:
    """Return a maker of tasks."""

    def make(name: str = "a", queue: str = "desk", not_before: float = 0.0) -> Task:
        return Task(name=name, queue=queue, payload={"work": name}, not_before=not_before)

    return make


def together(threads: int, call: Callable[[int], Any]) -> list[Any]:
    """Run ``call(number)`` in as many threads at once; return what each gave or raised."""
    with ThreadPoolExecutor(threads) as pool:
        futures = [pool.submit(call, number) for number in range(threads)]
    return [future.exception() or future.result() for future in futures]


@pytest.fixture(name="together")
def _together() -> Callable[[int, Callable[[int], Any]], list[Any]]:
    return together


@pytest.fixture
def take_events() -> Callable[[Database], list[tuple[str, str, int]]]:
    """Return a function that empties an outbox: kind, name and generation of each event."""

    def take(database: Database) -> list[tuple[str, str, int]]:
        found: list[tuple[str, str, int]] = []

        def note(attributes: Json, data: Json) -> None:
            kind = attributes["type"].rpartition(".")[2]
            found.append((kind, data["name"], int(data["generation"])))

        Outbox(database, SystemClock()).drain(note)
        return found

    return take


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """Return a new database, for the tests of the embedded backend's own parts."""
    with closing(Database(tmp_path / "studio.db")) as opened:
        yield opened
