"""Walk a listing, brand by brand, and group its files into the works that they make.

Called by ``run.py``. In memory are the names of one brand at a time: what belongs to one work lies
in several folders of its brand, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lib.app.migrate.names import FOLDER_MARK, Meaning, meaning
from lib.core.errors import Refused
from lib.ports import ObjectInfo, Objects

#: What a complete work of each kind holds; of a carousel it is every slide up to the last.
_REEL, _OLD_REEL = ("thumbnail", "reel_image", "video"), ("thumbnail", "reel")


@dataclass(frozen=True, slots=True)
class File:
    """One object of the source, as its listing tells of it."""

    key: str
    size: int
    generation: int
    updated_at: float
    crc32c: str


@dataclass(frozen=True, slots=True)
class Piece:
    """One file of a work, with what its name says."""

    file: File
    means: Meaning


@dataclass(frozen=True, slots=True)
class Group:
    """The files of one job for one brand, by slot."""

    user: str
    brand: str
    id: str
    pieces: dict[str, Piece]

    @property
    def kind(self) -> str:
        """Return the kind of content by what there is of it."""
        if {"video", "reel", "reel_image"} & set(self.pieces):
            return "reel"
        if self.slides:
            return "carousel"
        return "post" if "background" in self.pieces else "reel"

    @property
    def slides(self) -> list[int]:
        """Return the numbers of its slides."""
        return [int(s.removeprefix("slide_")) for s in self.pieces if s.startswith("slide_")]

    def slots(self) -> list[str]:
        """Return every slot that there is or that should be, in a stable order."""
        wanted: dict[str, tuple[str, ...]] = {
            "reel": _OLD_REEL if "reel" in self.pieces else _REEL,
            "carousel": tuple(f"slide_{n}" for n in range(1, max(self.slides, default=0) + 1)),
            "post": ("background",),
        }
        expected = wanted[self.kind]
        return [*expected, *sorted(set(self.pieces) - set(expected))]


@dataclass(frozen=True, slots=True)
class BrandFiles:
    """What one brand of one user has; ``orphans`` are keys with the reason why."""

    user: str
    brand: str
    files: int
    bytes: int
    groups: list[Group]
    orphans: list[tuple[str, str]]


def brands(source: Objects, prefix: str) -> Iterator[BrandFiles]:
    """Yield what lies below ``prefix``, brand by brand; keys are told without the prefix.

    Raises Refused when the listing comes back to a brand: then it is not in order.
    """
    names: list[tuple[str, File]] = []
    current: tuple[str, str] | None = None
    seen: set[tuple[str, str]] = set()
    for info in _walk(source, prefix):
        key = info.path.removeprefix(prefix)
        if key.endswith("/") or key.rpartition("/")[2] == FOLDER_MARK:
            continue
        parts = key.split("/")
        place = (parts[0], parts[1]) if len(parts) > 2 else ("", "")
        if place != current:
            if current is not None:
                yield _sorted_out(current, names)
            if place in seen and place != ("", ""):
                raise Refused(
                    f"the listing came back to {'/'.join(place)}: it is not in the order of names",
                    hint="copy the bucket to a service that lists in order, then migrate that",
                )
            seen.add(place)
            current, names = place, []
        file = File(info.path, info.size, info.generation, info.updated_at, info.crc32c)
        names.append((key, file))
    if current is not None:
        yield _sorted_out(current, names)


def _walk(source: Objects, prefix: str) -> Iterator[ObjectInfo]:
    cursor: str | None = None
    while True:
        page = source.list(prefix, cursor=cursor)
        yield from page.items
        if (cursor := page.cursor) is None:
            return


def _sorted_out(place: tuple[str, str], names: list[tuple[str, File]]) -> BrandFiles:
    """Group the files of one brand."""
    user, brand = place
    groups: dict[str, Group] = {}
    orphans: list[tuple[str, str]] = []
    unclear: list[tuple[str, File]] = []
    for key, file in names:
        means = _meaning(brand, key)
        if isinstance(means, Meaning):
            group = groups.setdefault(means.id, Group(user, brand, means.id, {}))
            orphans += _enter(group, Piece(file, means))
        else:
            unclear.append((key, file))
    for key, file in unclear:
        means = _meaning(brand, key, frozenset(groups))
        if isinstance(means, Meaning):
            orphans += _enter(groups[means.id], Piece(file, means))
        else:
            orphans.append((file.key, means))
    size = sum(file.size for _, file in names)
    return BrandFiles(user, brand, len(names), size, list(groups.values()), orphans)


def _meaning(brand: str, key: str, ids: frozenset[str] = frozenset()) -> Meaning | str:
    parts = key.split("/")
    if len(parts) != 4 or "" in parts:
        return "its name is not {user}/{brand}/{category}/{file}"
    return meaning(brand, parts[2], parts[3], ids)


def _enter(group: Group, piece: Piece) -> list[tuple[str, str]]:
    """Put a piece into its slot; of two for one slot the newer stays and the other is named."""
    slot = piece.means.slot
    pair = [piece, *([group.pieces[slot]] if slot in group.pieces else [])]
    best = max(pair, key=lambda one: (one.file.updated_at, one.file.key))
    group.pieces[slot] = best
    words = f"{best.file.key} is the {slot} of this work, and is newer"
    return [(one.file.key, words) for one in pair if one is not best]
