"""Who made an object, by its metadata: only what is proved to be ours may ever be removed.

Called by ``verdict`` and ``quarantine``. ``deposit`` writes the keys; a person who overwrites an
object takes them away, or leaves them beside other bytes than they speak of.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lib.app.observe import FACTS_OF
from lib.core.paths import ObjectName, build, fingerprint, parse
from lib.ports import ObjectInfo

#: Keys that say which work put an object, and as what.
WORK, SLOT = "work", "slot"
#: Key of what was brought in from an older studio: a person's bytes, whoever copied them.
CAME_FROM = "migrated-from"
#: Keys of an object in quarantine: where it lay, which generation and bytes, and why it was moved.
ORIGIN, ORIGIN_GENERATION = "quarantine-origin", "quarantine-generation"
ORIGIN_CRC32C, ORIGIN_WHY = "quarantine-crc32c", "quarantine-why"
_OF_QUARANTINE = (ORIGIN, ORIGIN_GENERATION, ORIGIN_CRC32C, ORIGIN_WHY)
#: Key of what a person took out of quarantine: theirs from then on.
RESTORED = "restored-from"


def why_not_ours(info: ObjectInfo, name: ObjectName) -> str:
    """Return in words why an object is not proved to be ours, or an empty string."""
    told = info.metadata
    if told.get(CAME_FROM):
        return "it was brought in from an older studio: its bytes are a person's"
    if told.get(RESTORED):
        return "a person took it out of quarantine"
    if not told.get(WORK):
        return "a person put it there: it does not say that we made it"
    if (told.get(WORK), told.get(SLOT)) != (name.work_id, name.slot):
        return f"it was made as {told.get(SLOT)} of {told.get(WORK)}, so a person copied it here"
    if told.get(FACTS_OF) != info.crc32c:
        return "its bytes are not those that we put: a person changed them"
    if name.category == "quarantine" and origin_of(info) is None:
        return "it does not say where it came from"
    return ""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an object in quarantine lay, and as what."""

    path: str
    generation: int
    crc32c: str
    why: str


def origin_of(info: ObjectInfo) -> Origin | None:
    """Return where an object in quarantine came from; None when it does not say it whole."""
    told = info.metadata
    path, generation = told.get(ORIGIN, ""), told.get(ORIGIN_GENERATION, "")
    if parse(path) is None or not generation.isdecimal():
        return None
    if info.path != place_in_quarantine(path, int(generation)):
        return None
    return Origin(path, int(generation), told.get(ORIGIN_CRC32C, ""), told.get(ORIGIN_WHY, ""))


def place_in_quarantine(path: str, generation: int) -> str:
    """Return where one generation of an object lies in quarantine. Raises ValueError."""
    name = parse(path)
    if name is None:
        raise ValueError(f"{path!r} is no object name")
    digest = fingerprint(path, generation)
    return build(
        ObjectName(name.owner, name.brand, "quarantine", name.work_id, name.slot, digest, name.ext)
    )


def marked(info: ObjectInfo, why: str) -> dict[str, str]:
    """Return the metadata of an object's copy in quarantine."""
    return {
        **info.metadata,
        ORIGIN: info.path,
        ORIGIN_GENERATION: str(info.generation),
        ORIGIN_CRC32C: info.crc32c,
        ORIGIN_WHY: why,
    }


def unmarked(told: Mapping[str, str]) -> dict[str, str]:
    """Return the metadata that an object had before it was moved into quarantine."""
    return {key: value for key, value in told.items() if key not in _OF_QUARANTINE}
