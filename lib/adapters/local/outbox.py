"""Deliver the bucket's events, at least once each, as Cloud Storage sends them by Eventarc.

Called by the runner of the embedded studio. An event leaves the outbox only after its
delivery returned; one that fails waits longer each time and holds up no other. Knows nothing
of what a delivery does.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from lib.adapters.local.caught import Caught
from lib.adapters.local.database import EVENTS, Database, Row
from lib.adapters.local.object_index import DELETED
from lib.ports import Clock, Deliver, Json

#: Seconds before the second delivery; doubled each time, as Eventarc does from 10 s to 600 s.
FIRST_RETRY_S = 1.0
MOST_RETRY_S = 600.0
#: Events that one thread takes at a time; small, so that several threads share the work.
TAKE = 16
#: Seconds after which deliveries are written down, even if more of the same take are to come.
NOTE_S = 0.1
#: Characters of an error that are kept for people.
MOST_ERROR = 500
_PENDING = (
    "SELECT seq, kind, at, path, generation, size, crc32c, media_type, metadata, updated_at, "
    "tries FROM event WHERE due_at <= :now OR due_at > :now + :longest ORDER BY seq LIMIT :most"
)


class Outbox:
    """The events that were committed with a change and not yet delivered."""

    def __init__(self, database: Database, clock: Clock, *, bucket: str = "studio") -> None:
        """Serve the events of ``database`` under the name of ``bucket``."""
        self._database = database
        self._clock = clock
        self._bucket = bucket
        self._news = database.door(EVENTS)
        self._claiming = threading.Lock()
        self._claimed: set[int] = set()

    def drain(self, deliver: Deliver) -> int:
        """Deliver what is due, oldest object first; return how many deliveries succeeded.

        Several threads may drain at once: each event is with one of them at a time.
        """
        delivered = 0
        while True:
            with self._claim() as rows:
                if not rows:
                    return delivered
                delivered += self._deliver(rows, deliver)
            if len(rows) < TAKE:
                return delivered

    def pending(self) -> int:
        """Return how many events wait, due or not."""
        count: int = self._database.read("SELECT count(*) FROM event")[0][0]
        return count

    def failing(self) -> list[tuple[str, int, str]]:
        """Return subject, tries and last error of every event whose delivery failed so far."""
        sql = "SELECT path, tries, error FROM event WHERE tries > 0 ORDER BY seq"
        return [(f"objects/{row[0]}", row[1], row[2]) for row in self._database.read(sql)]

    def oldest_age_s(self) -> float:
        """Return for how many seconds the oldest event has waited; 0 when none does."""
        oldest = self._database.read("SELECT at FROM event ORDER BY seq LIMIT 1")
        return max(0.0, self._clock.now() - oldest[0][0]) if oldest else 0.0

    def wait(self, timeout_s: float) -> bool:
        """Sleep until an event is due, at most ``timeout_s``; tell whether one is."""
        self._news.clear()
        soonest: float | None = self._database.read("SELECT min(due_at) FROM event")[0][0]
        ahead_s = timeout_s if soonest is None else soonest - self._clock.now()
        if ahead_s > 0 or soonest is None:
            rang = self._news.wait(min(timeout_s, ahead_s))
            return rang or (soonest is not None and soonest <= self._clock.now())
        return True

    @contextmanager
    def _claim(self) -> Iterator[list[Row]]:
        with self._claiming:
            most = TAKE + len(self._claimed)
            # Nobody waits longer than the longest pause: the clock was set back since.
            values = {"now": self._clock.now(), "longest": MOST_RETRY_S, "most": most}
            rows = self._database.read(_PENDING, values)
            rows = [row for row in rows if row[0] not in self._claimed][:TAKE]
            self._claimed.update(row[0] for row in rows)
        try:
            yield rows
        finally:
            with self._claiming:
                self._claimed.difference_update(row[0] for row in rows)

    def _deliver(self, rows: list[Row], deliver: Deliver) -> int:
        done: list[tuple[int]] = []
        count, noted = 0, time.monotonic()
        for row in rows:
            caught = Caught()
            with caught:
                deliver(*self._event(row))
            if caught.error is not None:
                self._postpone(row, caught.error)
                continue
            done.append((row[0],))
            count += 1
            if time.monotonic() - noted > NOTE_S:
                self._remove(done)
                done, noted = [], time.monotonic()
        if done:
            self._remove(done)
        return count

    def _remove(self, done: list[tuple[int]]) -> None:
        self._database.execute_many("DELETE FROM event WHERE seq = ?", done, durable=False)

    def _postpone(self, row: Row, error: Exception) -> None:
        wait_s = min(MOST_RETRY_S, FIRST_RETRY_S * 2.0 ** min(row[10], 16))
        words = f"{type(error).__name__}: {error}"[:MOST_ERROR]
        values = (self._clock.now() + wait_s, words, row[0])
        sql = "UPDATE event SET tries = tries + 1, due_at = ?, error = ? WHERE seq = ?"
        self._database.execute(sql, values, durable=False)

    def _event(self, row: Row) -> tuple[Json, Json]:
        seq, kind, at, path, generation, size, crc32c, media_type, metadata, updated_at, _ = row
        attributes: dict[str, Any] = {
            "specversion": "1.0",
            "id": str(seq),
            "source": f"//storage.googleapis.com/projects/_/buckets/{self._bucket}",
            "type": f"google.cloud.storage.object.v1.{kind}",
            "subject": f"objects/{path}",
            "time": _rfc3339(at),
            "datacontenttype": "application/json",
            "bucket": self._bucket,
        }
        stamp = _rfc3339(updated_at)
        data: dict[str, Any] = {
            "kind": "storage#object",
            "id": f"{self._bucket}/{path}/{generation}",
            "bucket": self._bucket,
            "name": path,
            # 64-bit integers are strings in Google's JSON.
            "generation": str(generation),
            "metageneration": "1",
            "size": str(size),
            "crc32c": crc32c,
            "contentType": media_type,
            "timeCreated": stamp,
            "updated": stamp,
        }
        if metadata != "{}":
            data["metadata"] = json.loads(metadata)
        if kind == DELETED:
            data["timeDeleted"] = _rfc3339(at)
        return attributes, data


def _rfc3339(instant: float) -> str:
    return datetime.fromtimestamp(instant, UTC).isoformat(timespec="microseconds")[:-6] + "Z"
