"""Bring one file over: fetch it, check it against the source, measure it, put it, check it here.

Called by ``adopt.py`` for every file of a work. What is here already is known by its name, its
size and the checksum that went with it, so nothing is fetched twice; a file that cannot be decoded
is not put at all.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lib.app.deposit import deposit
from lib.app.migrate.groups import File, Piece
from lib.app.observe import FACTS, FACTS_OF, sight
from lib.app.studio import Studio
from lib.checksum import crc32c_of
from lib.core.checks import Check, Facts, faults
from lib.core.errors import Conflict, NotFound, Unavailable
from lib.core.retention import SCRATCH_KEEP_S
from lib.core.work import Artifact, Json
from lib.ports import Objects

#: How often a file is asked for that came with other bytes than the source told of.
TRIES = 3
#: Prefix of the folder that a file passes through.
ROOM = "migrate-"
#: The metadata that says where an object came from.
CAME_FROM = "migrated-from"


@dataclass(frozen=True, slots=True)
class Carried:
    """What became of a file: its facts; or, in words, why it is no good."""

    facts: Json
    damage: str = ""
    copied: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """Where a file belongs: the object's path, and what its metadata will say."""

    path: str
    work_id: str
    came_from: str


def here(studio: Studio, place: Place, file: File) -> Json | None:
    """Return the facts of a file that was brought over whole before, else None."""
    info = studio.objects.stat(place.path)
    if info is None or info.size != file.size or info.metadata.get(FACTS_OF) != info.crc32c:
        return None
    try:
        facts = json.loads(info.metadata.get(FACTS, ""))
    except ValueError:
        return None
    return facts if isinstance(facts, dict) else None


def carry(studio: Studio, source: Objects, piece: Piece, place: Place) -> Carried:
    """Bring a file over unless it is here.

    Raises Unavailable when it could not be brought over whole this time.
    """
    if piece.file.size == 0:
        return Carried({}, "0 bytes")
    known = here(studio, place, piece.file)
    if known is not None:
        return Carried(known)
    with _room(studio) as folder:
        file = folder / f"file.{piece.means.ext}"
        _fetch(source, piece.file, file)
        facts = studio.tools.probe(file, piece.means.media_type)
        damage = _damage(piece, facts)
        if damage:
            return Carried({}, damage)
        artifact = Artifact(
            slot=piece.means.slot, path=place.path, check=check_of(piece.file.size, facts)
        )
        return Carried(facts, copied=_put(studio, artifact, place, file, facts))


def check_of(size: int, facts: Facts) -> Check:
    """Return the check that exactly such a file passes: what was measured is what must be there."""
    names = ("width", "height", "seconds", "video_codec", "pixel_format", "audio_codec")
    told = {name: facts[name] for name in (*names, "faststart") if name in facts}
    return Check(media_type=facts["media_type"], min_bytes=size, **told)


def forget_rooms(studio: Studio) -> None:
    """Remove the folders of migrations that died long ago."""
    for folder in studio.scratch.glob(f"{ROOM}*"):
        with contextlib.suppress(FileNotFoundError):
            if studio.clock.now() - folder.stat().st_mtime > SCRATCH_KEEP_S:
                shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _room(studio: Studio) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix=ROOM, dir=studio.scratch) as folder:
        yield Path(folder)


def _fetch(source: Objects, file: File, into: Path) -> None:
    """Fetch exactly the listed version, and hold it against what the listing told."""
    for _ in range(TRIES):
        try:
            source.fetch(file.key, file.generation, into)
        except NotFound as error:
            raise Unavailable(f"{file.key} was changed while it was being migrated") from error
        whole = into.stat().st_size == file.size
        if whole and file.crc32c in ("", crc32c_of(into)):
            return
    raise Unavailable(f"{file.key} comes with other bytes than the source tells of")


def _damage(piece: Piece, facts: Facts) -> str:
    """Return in words why a file is no picture or film, or an empty string."""
    if facts.get("unreadable"):
        return f"cannot be decoded: {facts['unreadable']}".splitlines()[0]
    found, family = str(facts.get("media_type")), piece.means.media_type.partition("/")[0]
    if not found.startswith(f"{family}/"):
        return f"is {found}, and its name promises {piece.means.media_type}"
    return "; ".join(faults(check_of(piece.file.size, facts), piece.file.size, facts))


def _put(studio: Studio, artifact: Artifact, place: Place, file: Path, facts: Json) -> bool:
    """Put a file; False when something valid is there already, which is then a person's."""
    seen = sight(studio, artifact, None)
    if seen is not None and seen.valid:
        return False
    told = {CAME_FROM: place.came_from}
    try:
        deposit(studio, place.work_id, artifact, file, facts=facts, seen=seen, told=told)
    except Conflict as error:
        raise Unavailable(f"{artifact.path} was changed while it was being put") from error
    return True
