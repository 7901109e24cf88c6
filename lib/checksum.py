"""CRC32C as Cloud Storage writes it: what a bucket tells of its bytes, and what we hold against it.

Called by whoever reads or writes objects, on every backend. Knows nothing but bytes.
"""

from __future__ import annotations

import base64
from pathlib import Path

import google_crc32c

#: Bytes that are read at a time.
BLOCK = 1 << 20


def as_text(crc: int) -> str:
    """Return a CRC32C in base64 of its 4 big-endian bytes."""
    return base64.b64encode(crc.to_bytes(4, "big")).decode()


def crc32c_of(file: Path) -> str:
    """Return the CRC32C of a file."""
    crc = 0
    with open(file, "rb", buffering=0) as stream:
        while block := stream.read(BLOCK):
            crc = google_crc32c.extend(crc, block)
    return as_text(crc)
