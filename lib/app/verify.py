"""Catch the studio lying: fetch, checksum and decode every object that a ready work claims.

Trusts no memory and no metadata: the bytes are read and measured anew. Reads only.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from lib.app.case import WORKS, Case, case_of, load_own, walk
from lib.app.observe import measure
from lib.app.salvage import look
from lib.app.studio import Studio
from lib.checksum import crc32c_of
from lib.core.checks import faults
from lib.core.errors import NotFound
from lib.core.rollup import Phase
from lib.core.work import Artifact, Json, Keep
from lib.ports import Query


@dataclass(slots=True)
class Verification:
    """What was looked at, and every claim that does not hold."""

    works: int = 0
    objects: int = 0
    bytes: int = 0
    lies: list[Json] = field(default_factory=list)


def verify(studio: Studio, owner: str, work_id: str | None = None) -> Verification:
    """Check every ready work of an owner, or one work. Raises NotFound for an unknown one."""
    result = Verification()
    for case in _claims(studio, owner, work_id):
        result.works += 1
        for artifact in case.work.plan.artifacts():
            if artifact.keep is Keep.RAW:
                continue
            result.objects += 1
            size, wrong = _wrong_with(studio, artifact)
            result.bytes += size
            if wrong:
                result.lies.append(
                    {
                        "work": case.work.id,
                        "slot": artifact.slot,
                        "object": artifact.path,
                        "why": "; ".join(wrong),
                    }
                )
    return result


def _claims(studio: Studio, owner: str, work_id: str | None) -> Iterable[Case]:
    if work_id is None:
        equals = {"owner": owner, "summary.phase": Phase.READY.value}
        return (case_of(r) for r in walk(studio, Query(WORKS, equals, order_by="created_at")))
    case = load_own(studio, owner, work_id)
    return [case] if case.summary["phase"] == Phase.READY else []


def _wrong_with(studio: Studio, artifact: Artifact) -> tuple[int, tuple[str, ...]]:
    """Return the object's size and everything that is wrong with its bytes."""
    info = studio.objects.stat(artifact.path)
    if info is None:
        return 0, ("the object is not in the bucket",)
    with look(studio.scratch) as folder:
        file = folder / "object"
        try:
            studio.objects.fetch(artifact.path, info.generation, file)
        except NotFound:
            return 0, ("the object went away while it was being verified",)
        if crc32c_of(file) != info.crc32c:
            return info.size, ("its bytes do not match their checksum",)
    facts = measure(studio, artifact, info)
    if facts is None:
        return info.size, ("the object went away while it was being verified",)
    return info.size, faults(artifact.check, info.size, facts)
