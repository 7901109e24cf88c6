"""Which module carries out which tool; imported by the worker only when it is called."""

from __future__ import annotations

TOOLS = {
    "background": "lib.media.background",
    "stills": "lib.media.stills",
    "reel_video": "lib.media.reel_video",
    "reel_part": "lib.media.reel_part",
    "reel_sound": "lib.media.reel_sound",
    "reel_join": "lib.media.reel_join",
    "ingest": "lib.media.ingest",
    "stitch": "lib.media.stitch",
    "voice": "lib.media.voice",
    "align": "lib.media.alignment",
    "voice_mix": "lib.media.voice_mix",
    "captions": "lib.media.caption_files",
}
