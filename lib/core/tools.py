"""The tools that a plan may name: version, deadline and queue of each.

Recipes put the version into every fingerprint, so a better tool expects another path and an
old object is not taken for a new one. The rooms that carry the tools out are ``lib/media``
and ``lib/app/desk.py``; a test holds both against this table.
"""

from __future__ import annotations

from dataclasses import dataclass

#: Added to a tool's deadline: time to fetch what it needs, check, upload and close the attempt.
MARGIN_S = 120.0


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
        """Return the silence after which an attempt of this tool is given up, in seconds."""
        return self.deadline_s + MARGIN_S


TOOLS: dict[str, Tool] = {
    tool.name: tool
    for tool in (
        Tool("propose", version=1, deadline_s=120, queue="desk"),
        Tool("examine", version=1, deadline_s=120, queue="desk"),
        Tool("commission", version=1, deadline_s=120, queue="desk"),
        Tool("background", version=1, deadline_s=120, queue="render"),
        Tool("stills", version=1, deadline_s=120, queue="render"),
        Tool("reel_video", version=1, deadline_s=600, queue="render"),
    )
}
QUEUES = ("desk", "render")
