"""Call jobs every so many seconds: the embedded stand-in for Cloud Scheduler.

Started by the wiring with the sweep, the burst and the housekeeping. Two runs of one job never
overlap; however many runs were missed, one is caught up. Knows nothing of what a job does.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from lib.adapters.local.caught import Caught
from lib.core.errors import Refused
from lib.ports import Clock

#: Longest sleep before the clock is read again, in seconds: a clock may be set, or a lid closed.
LONGEST_SLEEP_S = 1.0


@dataclass(slots=True)
class Job:
    """One job and when it runs next."""

    name: str
    period_s: float
    call: Callable[[], object]
    due_at: float
    runs: int = 0
    running: threading.Lock = field(default_factory=threading.Lock, repr=False)


class Ticker:
    """Jobs, each with a period; ``start`` gives every one its own thread."""

    def __init__(self, clock: Clock, failed: Callable[[str, Exception], object]) -> None:
        """Start without jobs; ``failed`` is told the name of a job that raised, and what."""
        self._clock = clock
        self._failed = failed
        self._jobs: dict[str, Job] = {}
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    def every(self, name: str, period_s: float, call: Callable[[], object]) -> Job:
        """Register a job, due at once and then every ``period_s``. Raises Refused for a bad one."""
        if period_s <= 0:
            raise Refused(f"job {name!r} has period {period_s} s", hint="use one above 0")
        if name in self._jobs or self._threads:
            raise Refused(f"job {name!r} comes twice or too late", hint="register before start")
        job = self._jobs[name] = Job(name, period_s, call, self._clock.now())
        return job

    def run_due(self) -> list[str]:
        """Run every job that is due, in this thread; return the names of those that ran."""
        return [job.name for job in self._jobs.values() if self._run_if_due(job)]

    def start(self) -> None:
        """Run the jobs in threads of their own, so that a long one delays no other."""
        for job in self._jobs.values():
            thread = threading.Thread(
                target=self._keep, args=(job,), name=f"tick-{job.name}", daemon=True
            )
            self._threads.append(thread)
            thread.start()

    def stop(self, *, patience_s: float = 30.0) -> bool:
        """Start no further run and wait for those under way; False when one outlasted us."""
        self._stop.set()
        for thread in self._threads:
            thread.join(patience_s)
        return not any(thread.is_alive() for thread in self._threads)

    def _keep(self, job: Job) -> None:
        while not self._stop.is_set():
            self._run_if_due(job)
            ahead_s = job.due_at - self._clock.now()
            self._stop.wait(min(LONGEST_SLEEP_S, max(0.0, ahead_s)))

    def _run_if_due(self, job: Job) -> bool:
        if not job.running.acquire(blocking=False):
            return False
        try:
            now = self._clock.now()
            if now < job.due_at - job.period_s:
                job.due_at = now + job.period_s  # the clock was set back; do not wait for years
            if now < job.due_at:
                return False
            # The first instant of the job's own rhythm after now: missed runs are one run.
            job.due_at += job.period_s * (int((now - job.due_at) // job.period_s) + 1)
            caught = Caught()
            with caught:
                job.call()
            job.runs += 1
            if caught.error is not None:
                self._failed(job.name, caught.error)
            return True
        finally:
            job.running.release()
