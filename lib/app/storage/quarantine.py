"""Moving an object without ever having less than one good copy of it.

Called by ``carry_out``. What lies in quarantine says itself where it came from (see
``provenance``), and its own age is its clock: there is no list of it anywhere else.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from lib.app.storage.provenance import origin_of
from lib.app.studio import Studio
from lib.checksum import crc32c_of
from lib.core.errors import Conflict, NotFound, Refused, Unavailable
from lib.core.paths import parse
from lib.ports import ObjectInfo


def copy_and_delete(
    studio: Studio,
    info: ObjectInfo,
    place: str,
    metadata: dict[str, str],
    *,
    is_unchanged: Callable[[], bool] = lambda: True,
) -> bool:
    """Copy exactly this generation to ``place``, check the copy there, then delete the original.

    False when the original stayed: it is another one by now, or ``is_unchanged`` says no. Raises
    Refused when other bytes lie at ``place``, NotFound when this generation is gone, Unavailable
    when the copy has other bytes.
    """
    with tempfile.TemporaryDirectory(dir=studio.scratch) as folder:
        file = Path(folder) / "moved"
        studio.objects.fetch(info.path, info.generation, file)
        if (file.stat().st_size, crc32c_of(file)) != (info.size, info.crc32c):
            raise Unavailable(f"{info.path} was fetched with other bytes than it has")
        try:
            studio.objects.put_once(
                place, file, media_type=info.media_type, metadata=metadata, move=True
            )
        except Conflict as error:
            hint = "delete or move what lies there, then again"
            raise Refused(f"other bytes lie at {place}", hint=hint) from error
    copy = studio.objects.stat(place)
    if copy is None or (copy.size, copy.crc32c) != (info.size, info.crc32c):
        raise Unavailable(f"{place} does not hold the bytes of {info.path}")
    if not is_unchanged():
        return False
    return studio.objects.delete(info.path, generation=info.generation)


def held_under(studio: Studio, path: str) -> ObjectInfo:
    """Return the object in quarantine at a path, or the newest that came from there.

    Raises NotFound.
    """
    name = parse(path)
    if name is not None and name.category == "quarantine":
        info = studio.objects.stat(path)
        if info is not None and origin_of(info) is not None:
            return info
    elif name is not None:
        folder = f"{name.owner}/{name.brand}/quarantine/{name.work_id}_{name.slot}-"
        page = studio.objects.list(folder)
        held = [i for i in page.items if (o := origin_of(i)) is not None and o.path == path]
        if held:
            return max(held, key=lambda i: i.updated_at)
    raise NotFound(f"nothing in quarantine is, or came from, {path}")
