"""What files of a narrated reel are like, for tools of tests that make no sound."""

from __future__ import annotations

from lib.core.work import Json
from lib.ports import ToolCall

#: Seconds that a word takes.
WORD_S = 0.25


def facts_of(call: ToolCall, slot: str) -> Json | None:
    """Return the facts of a file of speech or captions; None for other tools."""
    params = call.params
    if call.tool == "voice":
        count = len(params["text"].split())
        spoken_s = min(WORD_S * count, params["most_s"])
        if slot == "voice":
            sound = {"audio_codec": "pcm_s16le", "seconds": spoken_s, "heard_s": spoken_s}
            return {"media_type": "audio/wav", **sound}
        return {"media_type": "application/json", "entries": count, **_times(spoken_s)}
    if call.tool == "captions":
        kind = {"srt": "application/x-subrip", "vtt": "text/vtt"}[slot]
        look = {"lines": 2, "widest": 30, "read_per_s": 15.0, "entries": 3}
        return {"media_type": kind, **look, **_times(params["seconds"] - 1.0)}
    return None


def _times(seconds: float) -> Json:
    return {"in_order": True, "shown_s": seconds, "ends_s": seconds}
