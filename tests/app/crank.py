"""A studio that is turned by hand: real kernel, verbs and embedded adapters, no threads.

``Crank.until_quiet`` delivers every event and task that is due, in the order a test wants.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from lib.adapters.clock import ManualClock
from lib.app import intake, views
from lib.app.events import object_changed, task_delivered
from lib.app.sweep import sweep
from lib.core.tools import QUEUES
from lib.core.work import Work
from lib.settings import ROOT, Settings
from lib.wiring.local import LocalStudio, open_local
from tests.app.instant import InstantTools

OWNER = "me"


@dataclass
class Crank:
    """One studio below a temporary folder."""

    local: LocalStudio
    clock: ManualClock
    tools: InstantTools
    #: Every task that was delivered, as (work, step, number).
    delivered: list[tuple[str, str, int]] = field(default_factory=list)
    #: Bursts that were asked for.
    bursts: int = 0

    @property
    def studio(self) -> Any:
        """The wired ports."""
        return self.local.studio

    def burst(self, *brands: str, posts: int = 1, reels: int = 1, key: str = "") -> Work:
        """Start a test burst; what is written in it follows from its number, not from chance."""
        self.bursts += 1
        spec = {"kind": "test", "brands": list(brands), "posts": posts, "reels": reels}
        key = key or f"b{self.bursts}"
        return intake.create_burst(self.studio, OWNER, OWNER, spec, key=key)

    def events(self) -> int:
        """Deliver every storage event that is due."""
        return self.local.outbox.drain(self._event)

    def _event(self, attributes: dict[str, Any], data: dict[str, Any]) -> None:
        object_changed(self.studio, attributes["type"], data)

    def task(self) -> bool:
        """Deliver one task that is due; False when there is none."""
        for queue in QUEUES:
            for lease in self.local.queue.lease(queue, self.studio.executor, 600):
                payload = lease.task.payload
                if "work_id" in payload:
                    self.delivered.append((payload["work_id"], payload["step"], payload["number"]))
                _, status, _ = task_delivered(self.studio, payload)
                assert status == 200
                self.local.queue.done(lease)
                return True
        return False

    def until_quiet(self) -> None:
        """Deliver everything until nothing is due."""
        for _ in range(400):
            if not self.task() and not self.events():
                return
        raise AssertionError("the studio never becomes quiet")

    def tick(self, after_s: float = 0.0) -> None:
        """Let time pass, run one tick, and deliver what it set going."""
        self.clock.advance(after_s)
        self.local.objects.scan()
        sweep(self.studio)
        self.until_quiet()

    def job(self, work_id: str) -> dict[str, Any]:
        """Return the view of one work."""
        return views.job(self.studio, OWNER, work_id)

    def made(self) -> list[dict[str, Any]]:
        """Make one post or carousel and one reel, and return their views."""
        self.burst(self.studio.brands.slugs()[0])
        self.until_quiet()
        works = [self.job(job["id"]) for job in views.jobs(self.studio, OWNER)]
        assert {work["phase"] for work in works} == {"ready"}
        return works

    def reel(self) -> dict[str, Any]:
        """Make one reel and return its view."""
        return next(work for work in self.made() if work["kind"] == "reel")

    def burst_view(self, burst_id: str) -> dict[str, Any]:
        """Return the view of one burst."""
        return views.burst(self.studio, OWNER, burst_id)

    def file(self, path: str) -> Path:
        """Return where an object lies on the disk."""
        return self.local.settings.data / "bucket" / path

    def restarted(self) -> Crank:
        """Return the same studio as another process would open it."""
        self.local.close()
        crank = open_crank(self.local.settings, self.clock, self.tools)
        crank.bursts = self.bursts
        return crank


def open_crank(
    settings: Settings, clock: ManualClock | None = None, tools: InstantTools | None = None
) -> Crank:
    """Open a studio below ``settings.data``."""
    used_clock, used_tools = clock or ManualClock(), tools or InstantTools()
    local = open_local(settings, clock=used_clock, tools=used_tools)
    return Crank(local, used_clock, used_tools)


def settings_below(folder: Path) -> Settings:
    """Return settings that keep everything below a folder."""
    return replace(Settings(), data=folder / "data", assets=ROOT / "assets", port=0)
