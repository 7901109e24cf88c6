"""What S3 tells of a stored version, as the port wants it: a generation, a CRC32C, metadata.

S3 has neither of the first two. So what we put carries both in its metadata, written in the same
request as the bytes: a number made of the instant and chance, larger than the one it replaces, and
the checksum with the size that it belongs to. Bytes that others put get their number from what S3
tells of them: the second of their last change and a digest of the ETag. Two versions have the same
number only if they were stored within one second and their ETags, hence their bytes, agree.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import google_crc32c

from lib.checksum import BLOCK, as_text
from lib.core.errors import Refused
from lib.ports import ObjectInfo

#: Keys of an object's metadata that are ours and that callers never see.
GENERATION, CRC32C = "brandcast-generation", "brandcast-crc32c"
#: Bits of a generation below the second: 63 in all until the year 2106.
FRACTION = 31
#: Lowest bits of our own numbers, left to chance: writers of the same instant differ.
CHANCE = 10
#: Headers carry printable ASCII; anything else in a value of ours is written as %XX.
_PLAIN = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) != "%")


@dataclass(frozen=True, slots=True)
class Sums:
    """Size and checksums of a file."""

    size: int
    crc32c: str
    md5: bytes


def sums_of(file: Path) -> Sums:
    """Read a file once and return its size and checksums."""
    crc, md5, size = 0, hashlib.md5(usedforsecurity=False), 0
    with file.open("rb") as stream:
        while block := stream.read(BLOCK):
            crc = google_crc32c.extend(crc, block)
            md5.update(block)
            size += len(block)
    return Sums(size, as_text(crc), md5.digest())


def new_generation(after: int = 0) -> int:
    """Return a number for a version that is about to be stored; larger than ``after``."""
    second, nanos = divmod(time.time_ns(), 1_000_000_000)
    ticks = (second << FRACTION | (nanos << FRACTION) // 1_000_000_000) >> CHANCE
    return max(ticks << CHANCE | secrets.randbits(CHANCE), after + 1 + secrets.randbits(CHANCE))


def headers(metadata: Mapping[str, str], generation: int, sums: Sums) -> dict[str, str]:
    """Return the metadata to store: the caller's, as headers can carry it, and our own."""
    told = {key: quote(value, safe=_PLAIN) for key, value in metadata.items()}
    return {**told, GENERATION: str(generation), CRC32C: f"{sums.crc32c}/{sums.size}"}


class NewVersion:
    """A version that is about to be stored. Raises Refused when there is no such file."""

    def __init__(
        self, file: Path, media_type: str, metadata: Mapping[str, str], generation: int
    ) -> None:
        if not file.is_file():
            raise Refused(f"there is no file {file}", hint="write it first")
        self.file, self.media_type, self.metadata = file, media_type, metadata
        self.generation = generation
        self.sums: Sums = sums_of(file)

    def info(self, path: str) -> ObjectInfo:
        """Return what we know of it without a look."""
        size, crc32c = self.sums.size, self.sums.crc32c
        now, metadata = time.time(), dict(self.metadata)
        return ObjectInfo(path, self.generation, size, crc32c, self.media_type, now, metadata)


def info_of(path: str, answer: Mapping[str, Any]) -> ObjectInfo:
    """Return what the answer to a HEAD or GET tells; ``crc32c`` is empty when it does not."""
    size = int(answer["ContentLength"])
    stored: dict[str, str] = dict(answer.get("Metadata") or {})
    generation, crc32c = _own(stored, size)
    if generation:
        ours = (GENERATION, CRC32C)
        metadata = {key: unquote(text) for key, text in stored.items() if key not in ours}
    else:
        generation, metadata = _derived(answer), stored
    return ObjectInfo(
        path,
        generation,
        size,
        crc32c or _told(answer),
        answer.get("ContentType") or "application/octet-stream",
        answer["LastModified"].timestamp(),
        metadata,
    )


def _own(stored: Mapping[str, str], size: int) -> tuple[int, str]:
    """Return the number and checksum that we stored; 0 when they are not of these bytes."""
    generation = stored.get(GENERATION, "")
    crc32c, _, of_size = stored.get(CRC32C, "").rpartition("/")
    # Somebody may have copied our metadata along with other bytes.
    if not generation.isdecimal() or of_size != str(size):
        return 0, ""
    return int(generation), crc32c


def _derived(answer: Mapping[str, Any]) -> int:
    digest = hashlib.sha256(answer["ETag"].encode()).digest()
    low = int.from_bytes(digest[:4], "big") >> (32 - FRACTION)
    return int(answer["LastModified"].timestamp()) << FRACTION | low


def _told(answer: Mapping[str, Any]) -> str:
    """Return the CRC32C of the whole object if the service has one; of parts it is another."""
    whole = answer.get("ChecksumType", "FULL_OBJECT") == "FULL_OBJECT"
    found = str(answer.get("ChecksumCRC32C") or "")
    return found if whole and "-" not in found else ""
