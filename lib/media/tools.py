"""Which module carries out which tool; imported by the worker only when it is called."""

from __future__ import annotations

TOOLS = {
    "background": "lib.media.picture.background",
    "stills": "lib.media.layout.stills",
    "reel_video": "lib.media.reel.video",
    "reel_part": "lib.media.reel.part",
    "reel_sound": "lib.media.reel.sound",
    "reel_join": "lib.media.reel.join",
    "ingest": "lib.media.footage.ingest",
    "stitch": "lib.media.footage.stitch",
    "voice": "lib.media.voice.voice",
    "align": "lib.media.voice.alignment",
    "voice_mix": "lib.media.voice.mix",
    "captions": "lib.media.captions.files",
}
