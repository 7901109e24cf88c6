"""A task queue in memory with names, tombstones, leases, backoff and dead letters.

Stands behind the ``Queue`` port in the simulator; ``tests/contract`` holds it to the same clauses as
every other backend. Whoever delivers takes what is due, or one task by its name.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from lib.adapters.asked import check_queue, payload_of
from lib.adapters.local.dispatch import Lease, Limits, Tokens
from lib.ports import Clock, Task

#: Seconds for which the name of a finished task stays taken: Cloud Tasks' own "up to 1 hour".
TOMBSTONE_S = 3600.0


@dataclass(slots=True)
class _Entry:
    task: Task
    due_at: float
    tries: int = 0
    held: bool = False


@dataclass(slots=True)
class MemoryQueue:
    """Tasks by name."""

    clock: Clock
    limits: Mapping[str, Limits]
    #: Called with a task and the instant when it is due, whenever one is stored or put back.
    listener: Callable[[Task, float], None] = lambda _task, _due_at: None
    #: Called with every task that somebody wants stored.
    witness: Callable[[Task], None] = lambda _task: None
    stored: int = 0
    _tasks: dict[str, _Entry] = field(default_factory=dict)
    _tombstones: dict[str, float] = field(default_factory=dict)
    _dead: dict[str, Task] = field(default_factory=dict)
    _tokens: dict[str, Tokens] = field(default_factory=dict)
    _turn: threading.RLock = field(default_factory=threading.RLock)

    def enqueue(self, task: Task) -> bool:
        """Store the task; see the port."""
        check_queue(task.queue, self.limits)
        payload_of(task)
        self.witness(task)
        now = self.clock.now()
        with self._turn:
            taken = self._tombstones.get(task.name, 0.0) > now
            if taken or task.name in self._tasks or task.name in self._dead:
                return False
            entry = self._tasks[task.name] = _Entry(task, max(now, task.not_before))
            self.stored += 1
        self.listener(task, entry.due_at)
        return True

    def lease(self, queue: str, lease_s: float, limit: int = 1, name: str = "") -> list[Lease]:
        """Take up to ``limit`` due tasks, or the one of this name, for ``lease_s`` seconds."""
        now, limits = self.clock.now(), self.limits[queue]
        with self._turn:
            mine = [e for e in self._tasks.values() if e.task.queue == queue]
            held = sum(e.held and e.due_at > now for e in mine)
            free = limit if limits.concurrency is None else min(limit, limits.concurrency - held)
            due = [e for e in mine if e.due_at <= now and name in ("", e.task.name)]
            tokens = self._tokens.setdefault(queue, Tokens(limits, now))
            granted = tokens.take(max(0, min(free, len(due))), now)
            leases = []
            for entry in sorted(due, key=lambda e: e.due_at)[:granted]:
                if entry.tries >= limits.max_tries:
                    self._bury(entry)
                    continue
                entry.tries, entry.held, entry.due_at = entry.tries + 1, True, now + lease_s
                leases.append(Lease(entry.task, entry.tries, entry.due_at))
            return leases

    def done(self, lease: Lease) -> bool:
        """Remove a finished task; False when somebody else has it."""
        with self._turn:
            if self._entry_of(lease) is None:
                return False
            del self._tasks[lease.task.name]
            self._tombstones[lease.task.name] = self.clock.now() + TOMBSTONE_S
            return True

    def retry(self, lease: Lease, delay_s: float | None = None) -> bool:
        """Put a task back; after its last try it is a dead letter. False as above."""
        limits = self.limits[lease.task.queue]
        with self._turn:
            entry = self._entry_of(lease)
            if entry is None:
                return False
            wait_s = limits.backoff_s(lease.tries) if delay_s is None else delay_s
            entry.held, entry.due_at = False, self.clock.now() + wait_s
            if entry.tries >= limits.max_tries:
                self._bury(entry)
                return True
        self.listener(entry.task, entry.due_at)
        return True

    def dead(self) -> list[str]:
        """Return the names of the tasks that were given up."""
        return list(self._dead)

    def revive(self, name: str) -> bool:
        """Give a dead letter all its tries again."""
        with self._turn:
            task = self._dead.pop(name, None)
            if task is None:
                return False
            self._tasks[name] = _Entry(task, self.clock.now())
        self.listener(task, self.clock.now())
        return True

    def forget(self, name: str) -> None:
        """Lose a task, as a queue that is purged does."""
        with self._turn:
            if self._tasks.pop(name, None) is not None:
                self._tombstones[name] = self.clock.now() + TOMBSTONE_S

    def waiting(self) -> list[Task]:
        """Return every task that is stored and not finished."""
        return [entry.task for entry in self._tasks.values()]

    def _entry_of(self, lease: Lease) -> _Entry | None:
        entry = self._tasks.get(lease.task.name)
        # The number of tries is the lease's fence: a holder that was given up has an older one.
        return entry if entry and entry.held and entry.tries == lease.tries else None

    def _bury(self, entry: _Entry) -> None:
        del self._tasks[entry.task.name]
        self._dead[entry.task.name] = entry.task
