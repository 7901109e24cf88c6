"""What every contender does for one work: put 50 KB durably under its final name, and check it."""

from __future__ import annotations

import os
from pathlib import Path

import google_crc32c

#: One work's bytes; a thumbnail is about as large.
PAYLOAD = os.urandom(50_000)


def put_durably(folder: Path, name: str) -> int:
    """Write, fsync, rename, fsync the folder: what survives a power cut; return the checksum."""
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
    return google_crc32c.value(PAYLOAD)


def checked(folder: Path, name: str, checksum: int) -> bool:
    """Tell whether the stored bytes are the ones that were put."""
    return bool(google_crc32c.value((folder / name).read_bytes()) == checksum)
