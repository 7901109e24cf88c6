"""A studio on this machine: bucket, records and queue below one folder.

Called by the embedded runtime, the command line and the tests.
"""

from __future__ import annotations

from dataclasses import dataclass

from lib.adapters.clock import SystemClock
from lib.adapters.local.database import Database
from lib.adapters.local.dispatch import Limits
from lib.adapters.local.objects import LocalObjects
from lib.adapters.local.outbox import Outbox
from lib.adapters.local.queue import LocalQueue
from lib.adapters.local.records import LocalRecords
from lib.app.case import INDEXED
from lib.app.salvage import FINISHED
from lib.app.studio import Studio
from lib.core.tools import MAX_DELIVERIES, QUEUES
from lib.ports import Clock, Tools
from lib.settings import Settings
from lib.wiring import parts


@dataclass(frozen=True, slots=True)
class LocalStudio:
    """A studio whose bucket, records and queue are below one folder, with their runner sides."""

    settings: Settings
    studio: Studio
    database: Database
    records: LocalRecords
    objects: LocalObjects
    queue: LocalQueue
    outbox: Outbox

    def close(self) -> None:
        """Close the database; everything acknowledged is on disk already."""
        self.database.close()


def open_local(
    settings: Settings,
    *,
    clock: Clock | None = None,
    tools: Tools | None = None,
    executor: str = "",
) -> LocalStudio:
    """Wire the embedded adapters below ``settings.data``.

    ``executor`` stands in the ledger for whoever runs attempts; by default for this process.
    """
    data = settings.data
    data.mkdir(parents=True, exist_ok=True)
    scratch = data / "scratch"
    (scratch / FINISHED).mkdir(parents=True, exist_ok=True)
    used_clock = clock or SystemClock()
    database = Database(data / "studio.db")
    objects = LocalObjects(
        data / "bucket", database, used_clock, base_url=f"http://127.0.0.1:{settings.port}"
    )
    limits = {name: Limits(max_tries=MAX_DELIVERIES) for name in QUEUES}
    queue = LocalQueue(database, used_clock, limits)
    records = LocalRecords(database, used_clock, indexed=INDEXED)
    studio = Studio(
        objects=objects,
        records=records,
        queue=queue,
        tools=tools or parts.media(settings),
        brands=parts.brands(settings),
        text=parts.writer(),
        clock=used_clock,
        executor=executor or parts.executor(),
        scratch=scratch,
    )
    outbox = Outbox(database, used_clock)
    return LocalStudio(settings, studio, database, records, objects, queue, outbox)
