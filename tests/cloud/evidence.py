"""What is in a bucket and in a ledger, here and in the cloud."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from lib.app import intake, views
from lib.app.case import WORKS, Case, case_of, walk
from lib.app.studio import Studio
from lib.embedded import running
from lib.ports import Query
from lib.wiring.local import open_local
from tests.app.crank import OWNER, settings_below
from tests.cloud.cloud import Cloud

#: Seconds within which a burst is made on a busy machine; an outage comes on top.
LIMIT_S = 300.0
Stored = dict[str, tuple[int, str]]


def stored(studio: Studio) -> Stored:
    """Return size and checksum of every object, by path."""
    found: Stored = {}
    cursor: str | None = None
    while True:
        page = studio.objects.list("", cursor=cursor)
        found |= {info.path: (info.size, info.crc32c) for info in page.items}
        cursor = page.cursor
        if cursor is None:
            return found


def cases(studio: Studio) -> list[Case]:
    """Return every work with its ledger."""
    return [case_of(record) for record in walk(studio, Query(WORKS, order_by="created_at"))]


def wait_until_same(cloud: Cloud, here: Stored) -> None:
    """Wait until the cloud's bucket holds what is here; raw files go a moment after the rest."""
    studio = cloud.studio()
    cloud.wait_for(lambda: stored(studio) == here, LIMIT_S)


def made_here(folder: Path, spec: dict[str, Any]) -> Stored:
    """Make the burst by the embedded studio and return what is in its bucket."""
    local = open_local(settings_below(folder))
    try:
        with running(local):
            burst = intake.create_burst(local.studio, OWNER, OWNER, spec, key="one")
            deadline = time.monotonic() + LIMIT_S
            while views.burst(local.studio, OWNER, burst.id)["phase"] != "complete" or any(
                "/raw/" in path for path in stored(local.studio)
            ):
                assert time.monotonic() < deadline
                time.sleep(0.2)
            return stored(local.studio)
    finally:
        local.close()
