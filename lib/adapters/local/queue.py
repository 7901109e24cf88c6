"""The embedded task queue: named tasks, leases, backoff, limits and dead letters.

``enqueue`` is called through the port ``Queue``; ``lease``, ``done`` and ``retry`` by the
runner that stands in for Cloud Tasks. A lease is a due time moved ahead, so a task whose
holder died comes back by itself. Knows nothing of what a task does.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping

from lib.adapters.asked import check_queue, payload_of
from lib.adapters.local.database import Database, Row
from lib.adapters.local.dispatch import DeadLetter, Depth, Lease, Limits, Tokens
from lib.core.errors import Refused
from lib.core.tools import QUEUES
from lib.ports import Clock, Task

#: Seconds for which a finished task's name stays taken: Cloud Tasks' own "up to 1 hour".
TOMBSTONE_S = 3600.0
#: Seconds after which a finished task's name is forgotten altogether.
PURGE_S = 24 * 3600.0
#: Characters of an error that are kept for people.
MOST_ERROR = 500

_ENQUEUE = (
    "INSERT INTO task (name, queue, payload, not_before, due_at) SELECT ?,?,?,?,? "
    "WHERE NOT EXISTS (SELECT 1 FROM tombstone WHERE name = ? AND until > ?) "
    "AND NOT EXISTS (SELECT 1 FROM dead WHERE name = ?) ON CONFLICT (name) DO NOTHING"
)
_IS_DUE = "SELECT 1 FROM task WHERE queue = ? AND due_at <= ? LIMIT 1"
_NEXT = "SELECT min(due_at) FROM task WHERE queue = ? AND due_at > ?"
_LIVE = "SELECT count(*) FROM task WHERE queue = :queue AND due_at > :now AND executor IS NOT NULL"
_LEASE = (
    "UPDATE task SET executor = :executor, tries = tries + 1, due_at = :until WHERE name IN ("
    "SELECT name FROM task WHERE queue = :queue AND due_at <= :now ORDER BY due_at LIMIT {most}"
    ") RETURNING name, queue, payload, not_before, tries, due_at"
)
_LEASE_ANY = _LEASE.format(most=":wanted")
_LEASE_FEW = _LEASE.format(most=f"max(0, min(:wanted, :concurrency - ({_LIVE})))")
# The number of tries is the lease's fence: a holder that was given up has an older one.
_DONE = "DELETE FROM task WHERE name = ? AND tries = ? AND executor IS NOT NULL"
_RETRY = (
    "UPDATE task SET executor = NULL, due_at = ? "
    "WHERE name = ? AND tries = ? AND executor IS NOT NULL"
)
_RELEASE = "UPDATE task SET executor = NULL, due_at = ? WHERE executor IS NOT NULL"
_REVIVE = (
    "INSERT INTO task (name, queue, payload, not_before, due_at) "
    "SELECT name, queue, payload, not_before, ? FROM dead WHERE name = ?"
)
_DEPTH = """
    SELECT count(*) FILTER (WHERE due_at <= :now),
           count(*) FILTER (WHERE due_at > :now AND executor IS NULL),
           count(*) FILTER (WHERE due_at > :now AND executor IS NOT NULL),
           min(due_at) FILTER (WHERE due_at <= :now)
    FROM task WHERE queue = :queue
"""


class LocalQueue:
    """Tasks in ``database``; one instance in a process keeps the rate limits."""

    def __init__(
        self, database: Database, clock: Clock, limits: Mapping[str, Limits] | None = None
    ) -> None:
        """Open the queues named in ``limits`` (the tools' queues without limits if None)."""
        self._database = database
        self._clock = clock
        self._limits = dict(limits) if limits else {name: Limits() for name in QUEUES}
        now = clock.now()
        self._tokens = {name: Tokens(limit, now) for name, limit in self._limits.items()}
        self._doors = {name: database.door(f"tasks-{name}") for name in self._limits}

    def enqueue(self, task: Task) -> bool:
        """Store the task durably; False when its name is in use or was lately; see the port."""
        self._limit(task.queue)
        payload = payload_of(task)
        now = self._clock.now()
        due_at = max(now, task.not_before)
        values = (task.name, task.queue, payload, task.not_before, due_at, task.name, now)
        stored = self._database.execute(_ENQUEUE, (*values, task.name), durable=False) == 1
        if stored:
            self._doors[task.queue].knock()
        return stored

    def lease(
        self,
        queue: str,
        executor: str,
        lease_s: float,
        limit: int = 1,
        *,
        finished: Lease | None = None,
    ) -> list[Lease]:
        """Take up to ``limit`` due tasks until ``lease_s`` from now; none when limits say so.

        ``finished`` is removed in the same write, as by ``done``.
        """
        limits, now = self._limit(queue), self._clock.now()
        if limit < 1 or lease_s <= 0:
            raise Refused(f"{limit} leases of {lease_s:g} s are none", hint="ask for more")
        # A look costs microseconds, a write much more: idle runners only look.
        looked = finished is not None or self._database.look(_IS_DUE, (queue, now))
        granted = self._tokens[queue].take(limit, now) if looked else 0
        if not granted and finished is None:
            return []
        values = {
            "queue": queue,
            "executor": executor,
            "now": now,
            "until": now + lease_s,
            "wanted": granted,
            "concurrency": limits.concurrency,
        }
        sql = _LEASE_ANY if limits.concurrency is None else _LEASE_FEW

        def carry_out(conn: sqlite3.Connection) -> list[Row]:
            if finished is not None:
                _remove(conn, finished, now)
            return conn.execute(sql, values).fetchall()

        rows = self._database.write(carry_out, durable=False)
        leases = [lease for row in rows if (lease := self._handed(row, now)) is not None]
        self._tokens[queue].give_back(granted - len(leases))
        if finished is not None and not leases:
            self._returned(finished)
        return leases

    def done(self, lease: Lease) -> bool:
        """Remove a finished task; False when the lease ran out and somebody else has it."""
        now = self._clock.now()
        removed = self._database.write(lambda conn: _remove(conn, lease, now), durable=False)
        self._returned(lease)
        return removed

    def _returned(self, lease: Lease) -> None:
        """Wake who sleeps because all leases were taken."""
        if self._limit(lease.task.queue).concurrency is not None:
            self._doors[lease.task.queue].knock()

    def retry(self, lease: Lease, delay_s: float | None = None, *, error: str = "") -> bool:
        """Put a task back, due after ``delay_s`` (None: the queue's backoff).

        After the queue's last try it becomes a dead letter. False when the lease ran out and
        somebody else has the task.
        """
        limits, now = self._limit(lease.task.queue), self._clock.now()
        wait_s = limits.backoff_s(lease.tries) if delay_s is None else delay_s

        def carry_out(conn: sqlite3.Connection) -> bool:
            name = lease.task.name
            if conn.execute(_RETRY, (now + wait_s, name, lease.tries)).rowcount == 0:
                return False
            if lease.tries >= limits.max_tries:
                _bury(conn, name, error or "gave up after its last try", now)
            return True

        put_back = self._database.write(carry_out, durable=False)
        self._doors[lease.task.queue].knock()
        return put_back

    def release(self, executor: str) -> int:
        """Free what an executor held that is known to be dead; return how many tasks."""
        return self._free(f"{_RELEASE} AND executor = ?", executor)

    def release_others(self, executor: str) -> int:
        """Free what other executors held; call at start, when they are known to be dead."""
        return self._free(f"{_RELEASE} AND executor != ?", executor)

    def _free(self, sql: str, executor: str) -> int:
        freed = self._database.execute(sql, (self._clock.now(), executor), durable=False)
        for door in self._doors.values():
            door.knock()
        return freed

    def dead(self) -> list[DeadLetter]:
        """Return the tasks that were given up, oldest first."""
        sql = (
            "SELECT name, queue, payload, not_before, tries, error, died_at FROM dead "
            "ORDER BY died_at, name"
        )
        return [
            DeadLetter(_task(row[:4]), row[4], row[5], row[6]) for row in self._database.read(sql)
        ]

    def revive(self, name: str) -> bool:
        """Give a dead letter all its tries again, due now; False when there is none."""

        def carry_out(conn: sqlite3.Connection) -> bool:
            if conn.execute(_REVIVE, (self._clock.now(), name)).rowcount == 0:
                return False
            conn.execute("DELETE FROM dead WHERE name = ?", (name,))
            return True

        revived = self._database.write(carry_out)
        for door in self._doors.values():
            door.knock()
        return revived

    def depth(self) -> dict[str, Depth]:
        """Return how full each queue is."""
        now, found = self._clock.now(), {}
        for queue in self._limits:
            row = self._database.read(_DEPTH, {"queue": queue, "now": now})[0]
            age_s = 0.0 if row[3] is None else max(0.0, now - row[3])
            found[queue] = Depth(row[0], row[1], row[2], age_s)
        return found

    def wait(self, queue: str, timeout_s: float) -> bool:
        """Sleep until a task may be due; False when ``timeout_s`` came first."""
        door, now = self._doors[queue], self._clock.now()
        door.clear()
        ahead_s = [timeout_s]
        # A queue whose leases are all taken is woken by the knock when one comes back.
        if self._may_lease(queue, now):
            ahead_s.append(self._tokens[queue].next_in_s(now))
        soonest = self._database.look(_NEXT, (queue, now))[0][0]
        if soonest is not None:
            ahead_s.append(soonest - now)
        sleep_s = max(0.0, min(ahead_s))
        knocked = sleep_s == 0 or door.wait(sleep_s)
        return knocked or sleep_s < timeout_s

    def purge(self) -> int:
        """Forget the names of tasks that were finished a day ago; return how many."""
        horizon = self._clock.now() - (PURGE_S - TOMBSTONE_S)
        return self._database.execute("DELETE FROM tombstone WHERE until < ?", (horizon,))

    def _limit(self, queue: str) -> Limits:
        check_queue(queue, self._limits)
        return self._limits[queue]

    def _may_lease(self, queue: str, now: float) -> bool:
        """Tell whether a task is due and a lease is free, the rate aside."""
        if not self._database.look(_IS_DUE, (queue, now)):
            return False
        most = self._limit(queue).concurrency
        if most is None:
            return True
        live: int = self._database.read(_LIVE, {"queue": queue, "now": now})[0][0]
        return live < most

    def _handed(self, row: Row, now: float) -> Lease | None:
        """Return the lease, or None when its holder died once too often: then it is buried."""
        task, tries, until = _task(row[:4]), row[4], row[5]
        if tries <= self._limits[task.queue].max_tries:
            return Lease(task, tries, until)
        why = "its executor died or fell silent at the last try"
        self._database.write(lambda conn: _bury(conn, task.name, why, now))
        return None


def _remove(conn: sqlite3.Connection, lease: Lease, now: float) -> bool:
    """Remove a task, keep its name from being used again; False when it is not ours any more."""
    name = lease.task.name
    if conn.execute(_DONE, (name, lease.tries)).rowcount == 0:
        return False
    conn.execute("INSERT OR REPLACE INTO tombstone VALUES (?,?)", (name, now + TOMBSTONE_S))
    return True


def _bury(conn: sqlite3.Connection, name: str, error: str, now: float) -> None:
    conn.execute(
        "INSERT INTO dead SELECT name, queue, payload, not_before, tries, ?, ? "
        "FROM task WHERE name = ?",
        (error[:MOST_ERROR], now, name),
    )
    conn.execute("DELETE FROM task WHERE name = ?", (name,))


def _task(row: Row) -> Task:
    return Task(name=row[0], queue=row[1], payload=json.loads(row[2]), not_before=row[3])
