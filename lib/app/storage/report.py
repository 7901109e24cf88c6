"""What a sweep did or would do: each removal with its proof, each refusal with its reason.

Filled by ``carry_out`` and ``passes``, printed by the command line and answered by the tick.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from lib.app.storage.forecast import Holding, Holdings, forecast
from lib.app.storage.verdict import Act, Evidence, Refusal, Removal
from lib.core.retention import StorageClass
from lib.core.work import Json
from lib.ports import ObjectInfo

#: Owner and slug.
BrandKey = tuple[str, str]
#: How many refusals a report names; the others are counted.
REFUSED_NAMED = 1000


@dataclass(slots=True)
class Swept:
    """What one sweep came to."""

    dry_run: bool = False
    #: Everything that went or was moved, or would: object, bytes, generation, class, why, proof.
    proofs: list[Json] = field(default_factory=list)
    freed_bytes: int = 0
    moved_bytes: int = 0
    refused: list[Json] = field(default_factory=list)
    refused_objects: int = 0
    #: Brands of which more would have left than is believed.
    stopped: list[Json] = field(default_factory=list)
    unreachable: list[str] = field(default_factory=list)
    #: By class, objects and bytes as they were found; only a sweep over everything fills it.
    totals: dict[str, Json] = field(default_factory=dict)
    objects: int = 0
    bytes: int = 0
    forecast: Json = field(default_factory=dict)
    #: Files of this machine that waited too long, or that died processes left.
    scratch_files: int = 0
    scratch_bytes: int = 0

    def prove(self, removal: Removal, evidence: Evidence) -> None:
        """Enter a removal with what proves that it may be."""
        info = removal.info
        self.proofs.append(
            {
                "act": removal.act.value,
                "object": info.path,
                "bytes": info.size,
                "generation": info.generation,
                "crc32c": info.crc32c,
                "class": removal.storage_class.value,
                "why": removal.why,
                "proof": proof_of(removal, evidence),
            }
        )
        if removal.act is Act.DELETE:
            self.freed_bytes += info.size
        else:
            self.moved_bytes += info.size

    def refuse(self, refusal: Refusal) -> None:
        """Enter an object that stays, with the reason."""
        self.refused_objects += 1
        if len(self.refused) < REFUSED_NAMED:
            info = refusal.info
            self.refused.append({"object": info.path, "bytes": info.size, "why": refusal.why})

    def stop(self, key: BrandKey, leaving: list[Removal], held: int, seen: int) -> None:
        """Enter a brand of which more would leave than is believed."""
        self.stopped.append(
            {
                "brand": "/".join(key),
                "objects": len(leaving),
                "bytes": sum(removal.info.size for removal in leaving),
                "held": held,
                "of": seen,
                "why": leaving[0].why,
                "examples": [removal.info.path for removal in leaving[:3]],
            }
        )

    def total(self, holdings: Holdings, now: float) -> None:
        """Enter what was found by class, and what will be there."""
        self.totals = {
            cls.value: {"objects": held.objects, "bytes": held.bytes}
            for cls, held in sorted(holdings.items())
        }
        self.objects = sum(held.objects for held in holdings.values())
        self.bytes = sum(held.bytes for held in holdings.values())
        self.forecast = forecast(holdings, now)


class Counter:
    """Counts objects by class while a pass goes over them."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.holdings: Holdings = {}

    def add(self, info: ObjectInfo, cls: StorageClass, now: float) -> None:
        """Count one object."""
        self.holdings.setdefault(cls, Holding()).add(info.size, info.updated_at, now)


def proof_of(removal: Removal, evidence: Evidence) -> Json:
    """Return the record and the objects that show that a removal takes nothing from anybody."""
    case = evidence.case
    if removal.act is Act.DELETE and not removal.guarded and case is None:
        return {"age_from": removal.info.updated_at}
    if case is None:
        return {"record": None}
    proof: Json = {
        "record": case.work.id,
        "version": case.version,
        "revision": case.work.revision,
        "archived_at": case.work.archived_at,
    }
    shown = evidence.receipts()
    if evidence.complete and not shown:
        shown = list((evidence.sightings or {}).values())
    proof["verified"] = [
        {
            "object": sighting.path,
            "generation": sighting.generation,
            "crc32c": sighting.crc32c,
            "updated_at": sighting.updated_at,
        }
        for sighting in shown
    ]
    return proof
