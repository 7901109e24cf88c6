"""What ffmpeg tells of its progress, read as it comes.

ffmpeg writes blocks of ``name=value`` lines, each ended by ``progress=continue`` or ``end``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run came; both counts only ever grow."""

    #: Frames of video that were written; 0 where there is none.
    frames: int
    #: Seconds of the output that were written.
    out_time_s: float
    #: Seconds of output for each second that passed; None while that is not known.
    speed: float | None
    #: Whether this is the last report.
    ended: bool


OnProgress = Callable[[Progress], None]


class Reader:
    """Turns bytes into reports; a value that cannot be read changes nothing."""

    def __init__(self, on_progress: OnProgress) -> None:
        self._tell = on_progress
        self._rest = b""
        self._values: dict[str, str] = {}
        self._frames, self._out_time_s = 0, 0.0

    def feed(self, data: bytes) -> None:
        """Take bytes as they come, and report each block that is whole."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            name, _, value = line.decode(errors="replace").partition("=")
            self._values[name.strip()] = value.strip()
            if name.strip() == "progress":
                self._report(ended=value.strip() == "end")

    def _report(self, *, ended: bool) -> None:
        # Before the first packet ffmpeg says N/A, or a time far below zero.
        micros = _number(self._values.get("out_time_us"))
        self._out_time_s = max(self._out_time_s, (micros or 0.0) / 1e6)
        self._frames = max(self._frames, int(_number(self._values.get("frame")) or 0))
        speed = _number(self._values.get("speed", "").removesuffix("x"))
        self._values = {}
        self._tell(Progress(self._frames, self._out_time_s, speed, ended))


def _number(text: str | None) -> float | None:
    try:
        return float(text or "")
    except ValueError:
        return None
