"""Put a checked file into the bucket, with what was measured of it.

Called by ``perform`` and ``migrate``. The facts travel in the object's metadata beside the checksum
of the bytes that they belong to; ``observe`` believes them only for those.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from lib.app.observe import FACTS, FACTS_OF
from lib.app.studio import Studio
from lib.checksum import crc32c_of
from lib.core.errors import Unavailable
from lib.core.work import Artifact, Json, Sighting


def deposit(
    studio: Studio,
    work_id: str,
    artifact: Artifact,
    file: Path,
    *,
    facts: Json,
    seen: Sighting | None,
    told: Mapping[str, str] | None = None,
) -> None:
    """Give ``file`` away to the bucket, in the place of what was ``seen`` there (None: nothing).

    ``told`` is more metadata. Raises Conflict when something else is there by now, Unavailable
    when other bytes were stored than were sent.
    """
    crc32c, size = crc32c_of(file), file.stat().st_size
    metadata = {
        "work": work_id,
        "slot": artifact.slot,
        FACTS: json.dumps(facts, separators=(",", ":")),
        FACTS_OF: crc32c,
        **(told or {}),
    }
    path, kind, objects = artifact.path, artifact.check.media_type, studio.objects
    if seen is None:
        info = objects.put_once(path, file, media_type=kind, metadata=metadata, move=True)
    else:
        info = objects.replace(
            path,
            file,
            generation=seen.generation,
            media_type=kind,
            metadata=metadata,
            move=True,
        )
    if (info.size, info.crc32c) != (size, crc32c):
        raise Unavailable(f"{path} was stored with other bytes than were sent")
