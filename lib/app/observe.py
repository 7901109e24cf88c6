"""Look at the bucket: a complete observation of a plan's paths, or an exception.

A generation never changes, so it is measured once. Facts come from the record's memory, from
the object's own metadata (only when that names the very bytes that are stored), or from a
probe of the bytes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeGuard

from lib.app.salvage import look
from lib.app.studio import Studio
from lib.core.checks import faults
from lib.core.errors import NotFound
from lib.core.work import Artifact, Json, Sighting
from lib.ports import ObjectInfo

#: Keys of an object's metadata: what ``perform`` measured of the file, and of which bytes.
FACTS, FACTS_OF = "facts", "facts-crc32c"


def observe(
    studio: Studio, artifacts: tuple[Artifact, ...], measured: Json
) -> tuple[dict[str, Sighting], Json]:
    """Return the sightings by path, and by slot what is known of their generations.

    Raises Unavailable when any path could not be looked at.
    """
    sightings: dict[str, Sighting] = {}
    known: Json = {}
    for artifact in artifacts:
        seen = sight(studio, artifact, measured.get(artifact.slot))
        if seen is None:
            continue
        sightings[artifact.path] = seen
        known[artifact.slot] = seen.model_dump(mode="json", exclude={"invalid"})
    return sightings, known


def recall(
    artifacts: tuple[Artifact, ...], measured: Json, listed: Mapping[str, ObjectInfo]
) -> dict[str, Sighting] | None:
    """Return the sightings by path when memory and a listing agree on all of them, else None.

    ``listed`` holds what a listing shows at the plan's paths. None says only that somebody must
    look: a listing is older than the record, or younger, or shows what nobody has measured.
    """
    sightings: dict[str, Sighting] = {}
    for artifact in artifacts:
        info, memory = listed.get(artifact.path), measured.get(artifact.slot)
        if info is None and memory is None:
            continue
        if info is None or not _is_of(memory, info):
            return None
        sightings[artifact.path] = _sighting(artifact, info, memory["facts"], memory["ours"])
    return sightings if len(sightings) == len(measured) else None


def remembered(artifacts: tuple[Artifact, ...], measured: Json) -> dict[str, Sighting] | None:
    """Return the sightings by path as a record remembers them; None when it is of another plan."""
    slots = {artifact.slot: artifact for artifact in artifacts}
    sightings: dict[str, Sighting] = {}
    for slot, memory in measured.items():
        artifact = slots.get(slot)
        if artifact is None or memory.get("path") != artifact.path:
            return None
        known = Sighting.model_validate(memory)
        wrong = faults(artifact.check, known.size, known.facts)
        sightings[artifact.path] = known.model_copy(update={"invalid": wrong})
    return sightings


def sight(studio: Studio, artifact: Artifact, memory: Json | None) -> Sighting | None:
    """Return what is at an artifact's path now, or None; ``memory`` is its last measurement."""
    info = studio.objects.stat(artifact.path)
    if info is None:
        return None
    if memory is not None and _is_of(memory, info):
        return _sighting(artifact, info, memory["facts"], memory["ours"])
    facts = _facts(studio, artifact, info)
    if facts is None:
        return None  # gone between the look and the measurement
    return _sighting(artifact, info, facts, "work" in info.metadata)


def _is_of(memory: Any, info: ObjectInfo) -> TypeGuard[Json]:
    """Tell whether a memory is of this very generation; one that cannot be read is of none."""
    return (
        isinstance(memory, dict)
        and memory.get("path") == info.path
        and memory.get("generation") == info.generation
        and memory.get("size") == info.size
        and memory.get("crc32c") == info.crc32c
        and isinstance(memory.get("facts"), dict)
        and isinstance(memory.get("ours"), bool)
    )


def _sighting(artifact: Artifact, info: ObjectInfo, facts: Json, ours: bool) -> Sighting:
    return Sighting(
        path=info.path,
        generation=info.generation,
        size=info.size,
        crc32c=info.crc32c,
        updated_at=info.updated_at,
        facts=facts,
        ours=ours,
        invalid=faults(artifact.check, info.size, facts),
    )


def _facts(studio: Studio, artifact: Artifact, info: ObjectInfo) -> Json | None:
    told: object = None
    if info.metadata.get(FACTS_OF) == info.crc32c:
        try:
            told = json.loads(info.metadata.get(FACTS, ""))
        except ValueError:
            told = None
    return told if isinstance(told, dict) else measure(studio, artifact, info)


def measure(studio: Studio, artifact: Artifact, info: ObjectInfo) -> Json | None:
    """Fetch exactly this generation and probe it; None when it is gone meanwhile."""
    if info.size == 0:
        return {}
    with look(studio.scratch) as folder:
        file = folder / f"seen{Path(info.path).suffix}"
        try:
            studio.objects.fetch(info.path, info.generation, file)
        except NotFound:
            return None
        return studio.tools.probe(file, artifact.check.media_type)
