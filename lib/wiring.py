"""The composition root: Settings → a wired studio. The only file that knows all adapters.

The functions ask ``studio()`` for the one of this process; the embedded runtime installs its
own there, so that the very same function files run in both places.
"""

from __future__ import annotations

import os
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lib.adapters.local.clock import SystemClock
from lib.adapters.local.database import Database
from lib.adapters.local.dispatch import Limits
from lib.adapters.local.objects import LocalObjects
from lib.adapters.local.outbox import Outbox
from lib.adapters.local.queue import LocalQueue
from lib.adapters.local.records import LocalRecords
from lib.app.case import INDEXED
from lib.app.salvage import FINISHED
from lib.app.studio import Studio
from lib.core.errors import Refused
from lib.core.tools import QUEUES
from lib.ports import Clock, Objects, Text, Tools
from lib.settings import Settings, load

if TYPE_CHECKING:
    from lib.adapters.kits import KitFolders

#: Deliveries of one task before it is put aside as a dead letter.
MAX_DELIVERIES = 20

_installed: dict[str, tuple[Studio, Settings]] = {}


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


def local(
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
        tools=tools or _media(settings),
        brands=brands(settings),
        text=_writer(),
        clock=used_clock,
        executor=executor or f"{os.getpid()}-{uuid.uuid4().hex[:8]}",
        scratch=scratch,
    )
    outbox = Outbox(database, used_clock)
    return LocalStudio(settings, studio, database, records, objects, queue, outbox)


def brands(settings: Settings) -> KitFolders:
    """Return the brand kits alone, for callers that need no studio."""
    from lib.adapters.kits import KitFolders

    return KitFolders(settings.kits, fonts=settings.assets / "fonts")


def foreign_bucket(
    bucket: str, *, endpoint: str | None = None, region: str | None = None
) -> Objects:
    """Return a bucket of any S3-compatible service, with the credentials of the environment."""
    from lib.adapters.s3.clients import s3_client
    from lib.adapters.s3.objects import S3Objects

    return S3Objects(s3_client(endpoint=endpoint, region=region), bucket)


def _media(settings: Settings) -> Tools:
    from lib.media.toolbox import MediaTools

    return MediaTools(assets=settings.assets, kits=settings.kits)


def _writer() -> Text:
    from lib.adapters.offline.writer import OfflineWriter

    return OfflineWriter()


def install(studio: Studio, settings: Settings) -> None:
    """Make this studio the one that the functions of this process use."""
    _installed["studio"] = (studio, settings)


def studio() -> Studio:
    """Return the studio of this process, wired from the environment at the first call."""
    return _current()[0]


def settings() -> Settings:
    """Return the settings that the studio of this process was wired from."""
    return _current()[1]


def _current() -> tuple[Studio, Settings]:
    if "studio" not in _installed:
        found = load()
        if found.mode != "local":
            raise Refused(f"BRANDCAST_MODE is {found.mode!r}", hint="only 'local' is wired so far")
        install(local(found).studio, found)
    return _installed["studio"]
