"""The tools that a plan may name: version, deadline and queue of each.

Recipes put the version into every fingerprint, so a better tool expects another path and an
old object is not taken for a new one. The rooms that carry the tools out are ``lib/media``
and ``lib/app/desk.py``; a test holds both against this table.
"""

from __future__ import annotations

from dataclasses import dataclass

#: Time to fetch what a tool needs, check what it made, put it and close the attempt, seconds.
MARGIN_S = 120.0


@dataclass(frozen=True, slots=True)
class Ladder:
    """The time limits of one queue, seconds: each ends only after the one inside it."""

    #: The slowest tool is killed.
    tool_s: float
    #: The function that carries it out is ended.
    request_s: float
    #: The queue stops listening, and hands the task over again.
    dispatch_s: float
    #: The attempt is given up, and another may begin.
    lease_s: float


@dataclass(frozen=True, slots=True)
class Tool:
    """One tool: bump ``version`` when its output for the same inputs changes."""

    name: str
    version: int
    #: Seconds after which a run is killed.
    deadline_s: float
    #: The queue its steps wait in: "render" for work that fills a core, "desk" for the rest.
    queue: str

    @property
    def patience_s(self) -> float:
        """Return the silence after which an attempt of this tool is given up, in seconds.

        The same for all tools of a queue, because one function and its time-out serve them all.
        """
        return ladder(self.queue).lease_s


TOOLS: dict[str, Tool] = {
    tool.name: tool
    for tool in (
        Tool("propose", version=1, deadline_s=120, queue="desk"),
        Tool("examine", version=1, deadline_s=120, queue="desk"),
        Tool("commission", version=1, deadline_s=120, queue="desk"),
        Tool("adopted", version=1, deadline_s=120, queue="desk"),
        Tool("background", version=2, deadline_s=120, queue="render"),
        Tool("reel_video", version=6, deadline_s=600, queue="render"),
        Tool("reel_part", version=2, deadline_s=300, queue="render"),
        Tool("reel_sound", version=1, deadline_s=300, queue="render"),
        Tool("reel_join", version=1, deadline_s=120, queue="render"),
        Tool("stills", version=6, deadline_s=120, queue="render"),
        Tool("ingest", version=2, deadline_s=600, queue="render"),
        Tool("stitch", version=1, deadline_s=600, queue="render"),
        Tool("voice", version=2, deadline_s=300, queue="render"),
        Tool("align", version=2, deadline_s=300, queue="render"),
        Tool("voice_mix", version=2, deadline_s=300, queue="render"),
        Tool("captions", version=2, deadline_s=60, queue="desk"),
    )
}
QUEUES = ("desk", "render")
#: Deliveries of one task or event before its queue gives it up.
MAX_DELIVERIES = 20


def ladder(queue: str) -> Ladder:
    """Return the time limits of a queue; all follow from its slowest tool and ``MARGIN_S``."""
    tool_s = max(tool.deadline_s for tool in TOOLS.values() if tool.queue == queue)
    return Ladder(tool_s, tool_s + MARGIN_S / 2, tool_s + 3 * MARGIN_S / 4, tool_s + MARGIN_S)
