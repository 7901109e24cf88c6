"""Objects that no work's plan names, as the audit meets them on its walk.

``report.orphans.add`` is the seam: the audit counts and names them, and touches nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from lib.core.work import Json
from lib.ports import ObjectInfo

#: Younger than this an object may belong to a work that was written since its record was read.
ORPHAN_AGE_S = 3600.0
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
        if now - info.updated_at < ORPHAN_AGE_S:
            return
        self.objects += 1
        self.bytes += info.size
        if len(self.named) < ORPHANS_NAMED:
            self.named.append({"object": info.path, "bytes": info.size, "why": why})
