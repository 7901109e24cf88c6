"""Objects that no work's plan names, as the audit meets them on its walk.

``report.orphans.add`` is the seam: the audit counts and names them, and touches nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from lib.core.paths import parse
from lib.core.retention import GRACE_S
from lib.core.work import Json
from lib.ports import ObjectInfo

#: Younger than this an object may belong to a work that was written since its record was read.
ORPHAN_AGE_S = GRACE_S
#: Categories that no plan ever names, and that nobody misses: they go by their age.
UNPLANNED = ("cache", "quarantine")
#: How many orphans a report names; the others are counted.
ORPHANS_NAMED = 100


@dataclass(slots=True)
class Orphans:
    """Objects that no work's plan names: of no work, or of a revision that was superseded."""

    objects: int = 0
    bytes: int = 0
    named: list[Json] = field(default_factory=list)

    def add(self, info: ObjectInfo, why: str, now: float) -> None:
        """Count an object that is old enough to be called an orphan."""
        name = parse(info.path)
        if now - info.updated_at < ORPHAN_AGE_S or (name and name.category in UNPLANNED):
            return
        self.objects += 1
        self.bytes += info.size
        if len(self.named) < ORPHANS_NAMED:
            self.named.append({"object": info.path, "bytes": info.size, "why": why})


class Gathered(Orphans):
    """Orphans that are also kept as they were listed, for the sweep that follows the audit."""

    def __init__(self) -> None:
        """Begin with none."""
        super().__init__()
        self.found: list[ObjectInfo] = []

    def add(self, info: ObjectInfo, why: str, now: float) -> None:
        """Count an orphan, and keep what no plan names."""
        super().add(info, why, now)
        self.found.append(info)
