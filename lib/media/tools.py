"""Which module carries out which tool; imported by the worker only when it is called."""

from __future__ import annotations

TOOLS = {
    "background": "lib.media.background",
    "stills": "lib.media.stills",
    "reel_video": "lib.media.reel_video",
    "voice": "lib.media.voice",
    "align": "lib.media.alignment",
    "voice_mix": "lib.media.voice_mix",
    "captions": "lib.media.caption_files",
}
