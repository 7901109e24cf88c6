"""Where MoviePy runs: it demands a Pillow older than ours, so it has an environment of its own."""

from __future__ import annotations

import os
from pathlib import Path

from lib.media.runner.binaries import find
from tests.bench.peer_env import python_with

VERSION = "2.2.1"
PINS = (f"moviepy=={VERSION}", "pillow==11.3.0", "imageio-ffmpeg==0.6.0")


def python() -> Path:
    """Return a Python that has MoviePy. Raises Missing in words."""
    return python_with("moviepy", PINS)


def environment() -> dict[str, str]:
    """Return the environment of its process: the same ffmpeg as ours."""
    return {**os.environ, "IMAGEIO_FFMPEG_EXE": find().ffmpeg}
