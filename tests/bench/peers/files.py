"""What every contender does for one work: put 50 KB durably under its final name."""

from __future__ import annotations

import os
from pathlib import Path

#: One work's bytes; a thumbnail is about as large.
PAYLOAD = os.urandom(50_000)


def put_durably(folder: Path, name: str) -> None:
    """Write, fsync, rename, fsync the folder: what survives a power cut."""
    temporary = folder / f".{name}"
    with temporary.open("wb") as stream:
        stream.write(PAYLOAD)
        stream.flush()
        os.fsync(stream.fileno())
    temporary.rename(folder / name)
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
