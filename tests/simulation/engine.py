"""The engine: one thread, a clock that jumps, and processes that stop only at a port.

A handler runs as a greenlet in exactly the code that is deployed. Whenever it calls a port the
engine decides when the call takes effect, what goes wrong with it, and who runs meanwhile. A process
that is killed is never woken again: no ``finally`` of it runs until the run is over.
"""

from __future__ import annotations

import contextlib
import heapq
import itertools
import zlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from greenlet import greenlet

from lib.core.errors import StudioError, Unavailable
from tests.simulation.chance import Chance
from tests.simulation.faults import Faults

#: Ten minutes before midnight (UTC), POSIX seconds; the clock begins here.
BEGIN = 20_718 * 86_400.0 - 600.0


class Violation(BaseException):
    """Something that must never be; no handler under test can catch it."""


class Gone(BaseException):
    """Raised in a dead process that is cleared away, and at every port it tries to reach."""


@dataclass(eq=False, slots=True)
class Process:
    """One run of a handler."""

    key: str
    kind: str
    born: float
    #: When the platform ends it, whatever it does.
    deadline: float
    #: What its clock says ahead of the true one, seconds.
    skew: float
    #: Called with what the handler returned, or None when it died.
    done: Callable[[Any], None]
    #: Which version of the code it runs.
    version: int = 1
    calls: int = 0
    #: Whether it ran a tool.
    made: bool = False
    #: The revision of each work that it saw last, by the record's path.
    saw: dict[str, int] = field(default_factory=dict)
    dead: bool = False
    run: Any = None


@dataclass
class Engine:
    """The hub between the processes."""

    chance: Chance
    faults: Faults
    now: float = BEGIN
    #: The process whose code runs, and the one on whose behalf a port acts.
    current: Process | None = None
    acting: Process | None = None
    #: Until when a port cannot be reached.
    away: dict[str, float] = field(default_factory=dict)
    processes: set[Process] = field(default_factory=set)
    seen: Counter[str] = field(default_factory=Counter)
    calls: int = 0
    trace: int = 0
    #: Called after every effect on a port.
    watch: Callable[[Process | None, str], None] = lambda _process, _what: None
    #: Called before the code of a process runs.
    enter: Callable[[Process], None] = lambda _process: None
    #: Called when a person is to do something at this very instant, with words for its chance.
    meddle: Callable[[str], None] = lambda _words: None
    #: Called when a process was killed: what it kept in its memory is gone.
    killed: Callable[[], None] = lambda: None
    _heap: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)
    _order: Any = field(default_factory=itertools.count)
    _graves: list[Process] = field(default_factory=list)
    _hub: Any = field(default_factory=greenlet.getcurrent)

    # --- time ----------------------------------------------------------------------------

    def at(self, instant: float, what: Callable[[], None]) -> None:
        """Have something done at an instant; at once when that is past."""
        heapq.heappush(self._heap, (max(instant, self.now), next(self._order), what))

    def later(self, wait_s: float, what: Callable[[], None]) -> None:
        """Have something done after so many seconds."""
        self.at(self.now + wait_s, what)

    def clock(self) -> float:
        """Return what the running process takes for the time."""
        return self.now + (self.current.skew if self.current else 0.0)

    def run(self, until: float) -> None:
        """Let everything happen that happens before an instant, and go there."""
        while self._heap and self._heap[0][0] <= until:
            self.now, _, what = heapq.heappop(self._heap)
            what()
        self.now = max(self.now, until)

    # --- processes -----------------------------------------------------------------------

    def spawn(
        self,
        key: str,
        handler: Callable[[], Any],
        done: Callable[[Any], None],
        limit_s: float,
        version: int = 1,
    ) -> Process:
        """Begin a process at once. ``key`` tells it from all others of the run."""
        skewed, how_much, back = self.chance.draws("process", key, count=3)
        skew = (how_much - 0.5) * 10 if self.faults.strikes("skewed clock", skewed, key) else 0.0
        if self.faults.strikes("clock set back", back, key):
            skew -= 900.0
        process = Process(key, key.partition(":")[0], self.now, self.now + limit_s, skew, done)
        process.version = version
        process.run = greenlet(lambda _first: self._handle(process, handler), self._hub)
        self.processes.add(process)
        self._wake(process, None, None)
        return process

    def kill(self, process: Process) -> None:
        """End a process as a kill does: it never runs another line."""
        if process.dead:
            return
        process.dead = True
        self.processes.discard(process)
        self._graves.append(process)
        self.killed()
        process.done(None)

    def call(self, port: str, what: str, effect: Callable[[], Any], takes_s: float = 0.0) -> Any:
        """Carry out a call of a port on behalf of the running process: the only place to stop."""
        process = self.current
        if process is None:
            return effect()  # the engine itself, a person's hand, the oracle
        if process.dead:
            raise Gone
        process.calls += 1
        self.calls += 1
        self._schedule(process, port, what, effect, takes_s)
        return self._hub.switch()

    def clear(self) -> None:
        """Throw away every process; call when the run is over."""
        for process in [*self._graves, *self.processes]:
            process.dead = True
            if process.run and not process.run.dead:
                self.current = process
                with contextlib.suppress(Gone):
                    process.run.throw(Gone)
        self.current = None
        self._graves.clear()
        self.processes.clear()

    # --- one call ------------------------------------------------------------------------

    def _schedule(
        self, process: Process, port: str, what: str, effect: Callable[[], Any], takes_s: float
    ) -> None:
        key, number, faults = process.key, process.calls, self.faults
        luck, how_long, answer, odd, person = self.chance.draws(key, number, count=5)
        wait_s = takes_s + 0.002 * 50**how_long  # from 2 to 100 ms
        answer_s = 0.002 * 50**answer
        if faults.raging:
            if faults.strikes("slow call", odd, key, number):
                wait_s += 40 * how_long
            if faults.strikes("paused", 1 - odd, key, number):
                answer_s += 30 + 2000 * answer
            if faults.strikes("person at a call", person, key, number):
                self.later(wait_s, lambda: self.meddle(f"{key}/{number}"))  # right before it
        fate = self._fate(luck, key, number) if faults.raging else ""
        self.later(wait_s, lambda: self._carry_out(process, port, what, effect, fate, answer_s))

    def _fate(self, luck: float, *where: object) -> str:
        """Return which of the faults of a call strikes, if one does; they share one draw."""
        low = 0.0
        for kind in (
            "killed before a call",
            "killed after a call",
            "error before a call",
            "error after a call",
        ):
            rate = self.faults.rates[kind]
            if low <= luck < low + rate:
                return kind if self.faults.name(kind, *where) else ""
            low += rate
        return ""

    def _carry_out(
        self,
        process: Process,
        port: str,
        what: str,
        effect: Callable[[], Any],
        fate: str,
        answer_s: float,
    ) -> None:
        if process.dead:
            return
        if self.now > process.deadline:
            self.seen["a process was ended at its deadline"] += 1
            self.kill(process)
            return
        self.trace = zlib.crc32(f"{self.now:.3f}{process.key}{what}{fate}".encode(), self.trace)
        if fate == "killed before a call":
            self.kill(process)
            return
        value, error = None, None
        if fate == "error before a call" or self.away.get(port, 0.0) > self.now:
            error = Unavailable(f"{port} cannot be reached", retry_after_s=5)
        else:
            value, error = self._effect(process, what, effect)
            if fate == "killed after a call":
                self.kill(process)
                return
            if fate == "error after a call" and error is None:
                error = Unavailable(f"{port} gave no answer", retry_after_s=5)
        self.later(answer_s, lambda: self._wake(process, value, error))

    def _effect(
        self, process: Process, what: str, effect: Callable[[], Any]
    ) -> tuple[Any, StudioError | None]:
        self.acting = process
        try:
            return effect(), None
        except StudioError as error:
            return None, error
        finally:
            self.acting = None
            self.watch(process, what)

    def _wake(self, process: Process, value: Any, error: StudioError | None) -> None:
        if process.dead:
            return
        self.current = process
        try:
            self.enter(process)
            run = process.run
            result = run.switch(value) if error is None else run.throw(error)
        finally:
            self.current = None
        if process.run.dead:
            process.dead = True
            self.processes.discard(process)
            process.done(result)

    def _handle(self, process: Process, handler: Callable[[], Any]) -> Any:
        """Run a handler; what the platform would answer 500 for is the StudioError itself."""
        try:
            return handler()
        except StudioError as error:
            return error
        except Exception as error:
            raise Violation(
                f"a handler broke: {process.key}: {type(error).__name__}: {error}"
            ) from error
