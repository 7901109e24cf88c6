"""Tools that take no time: they write small files that carry their own facts.

Stands in for ``lib/media`` behind the Tools port, so that tests of the verbs need no encoder.
A file cut short or overwritten is unreadable, exactly as a real one would be.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from pathlib import Path
from typing import Any

from lib.core.errors import ToolFailed
from lib.ports import ToolCall
from tests.spoken import facts_of

#: Larger than any check's least size for pictures; a video is padded further.
PADDING = 10_000
VIDEO_PADDING = 120_000


class InstantTools:
    """Counts what it makes; fails where a test told it to."""

    def __init__(self) -> None:
        self.made: Counter[str] = Counter()
        self.failing: dict[str, ToolFailed] = {}
        #: Slots of which the next file is broken: "empty", "truncated" or "small picture".
        self.broken: dict[str, str] = {}

    def run(self, call: ToolCall) -> None:
        """Write every file of the call."""
        if call.tool in self.failing:
            raise self.failing[call.tool]
        for file in call.needs.values():
            assert file.is_file(), f"{file.name} was not fetched"
        for slot, file in call.makes.items():
            self.made[slot] += 1
            file.write_bytes(self._bytes(slot, _facts(call, slot)))

    def probe(self, file: Path, media_type: str) -> dict[str, Any]:
        """Return the facts that a file carries."""
        data = file.read_bytes()
        if media_type == "application/json":
            try:
                told = json.loads(data)
                facts = {"media_type": media_type, "entries": len(told["entries"])}
                return facts | told.get("times", {})
            except (ValueError, KeyError, TypeError):
                return {"unreadable": "no sealed document"}
        head, _, rest = data.partition(b"\n")
        try:
            told = json.loads(head)
        except ValueError:
            return {"unreadable": "not a file of these tools"}
        if hashlib.sha256(rest).hexdigest() != told.pop("digest", ""):
            return {"unreadable": "the file is cut short"}
        return dict(told)

    def _bytes(self, slot: str, facts: dict[str, Any]) -> bytes:
        how = self.broken.pop(slot, "")
        if how == "empty":
            return b""
        if facts["media_type"] == "application/json":
            entries = [slot] * facts["entries"]
            return json.dumps({"entries": entries, "times": facts}).encode()
        if how == "small picture":
            facts = {**facts, "width": 1}
        size = VIDEO_PADDING if facts["media_type"] == "video/mp4" else PADDING
        rest = slot.encode() * (size // len(slot))
        head = json.dumps({**facts, "digest": hashlib.sha256(rest).hexdigest()})
        data = head.encode() + b"\n" + rest
        return data[: len(data) // 2] if how == "truncated" else data


def _facts(call: ToolCall, slot: str) -> dict[str, Any]:
    if (spoken := facts_of(call, slot)) is not None:
        return spoken
    params = {"width": 1080, "height": 1920, **call.params}
    size = params["pages"][slot] if "pages" in params else params
    facts = {"width": size["width"], "height": size["height"], "spread": 50.0, "upright": True}
    kinds = {"background": "image/webp", "stills": "image/jpeg"}
    if call.tool in kinds:
        return {
            "media_type": kinds[call.tool],
            **facts,
            "colour_mode": "RGB",
            "progressive": False,
            "embedded": "nothing",
            "drawn": 100.0,
        }
    frames = params.get("count", 30 * int(params["seconds"]))
    sound = {"audio_codec": "aac", "heard_s": frames / 30, "true_peak_dbtp": -5.0, "lufs": -14.0}
    if call.tool in ("reel_sound", "voice_mix"):
        return {"media_type": "audio/mp4", "seconds": frames / 30, **sound}
    return {
        "media_type": "video/mp4",
        **facts,
        **sound,
        "seconds": frames / 30,
        "video_codec": "h264",
        "pixel_format": "yuv420p",
        "faststart": True,
        "frames": frames,
        "fps": 30.0,
        "steady": True,
        "video_profile": "High",
        "level": 40,
        "colours": "bt709/bt709/bt709/tv",
        "edit_list": False,
        "lit_s": frames / 30,
        "moving_s": frames / 30,
        "drift_s": 0.02,
    }
