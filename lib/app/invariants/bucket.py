"""What must be true of a record beside the objects in the bucket, and of every deletion."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from lib.app.case import Case
from lib.app.invariants.breach import Breach
from lib.core.paths import parse
from lib.core.rollup import Phase
from lib.core.work import Keep
from lib.ports import ObjectInfo

#: An intermediate that is younger may still be on its way, seconds.
GRACE_S = 3600.0


def of_objects(case: Case, live: Mapping[str, ObjectInfo], now: float) -> Iterator[Breach]:
    """Yield what is wrong with a settled record beside the live objects at its plan's paths."""
    ready = case.summary.get("phase") == Phase.READY
    for artifact in case.work.plan.artifacts():
        info, memory = live.get(artifact.path), case.measured.get(artifact.slot)
        if artifact.keep is Keep.RAW:
            spent = ready and info is not None and _is_ours(info, case.work.id)
            if info is not None and spent and now - info.updated_at > GRACE_S:
                yield Breach("raws_go_when_nothing_needs_them", case.work.id, artifact.path)
            continue
        if not ready:
            continue
        if info is None:
            yield Breach("ready_is_in_the_bucket", case.work.id, f"{artifact.path} is not there")
        elif info.size == 0:
            yield Breach("ready_is_in_the_bucket", case.work.id, f"{artifact.path} is empty")
        elif memory is None or _differs(memory, info):
            words = f"{artifact.path} is not the generation that was verified"
            yield Breach("ready_is_in_the_bucket", case.work.id, words)


def of_deletion(
    info: ObjectInfo, case: Case | None, live: Mapping[str, ObjectInfo], *, is_copied: bool
) -> Iterator[Breach]:
    """Yield what is wrong with a deletion by the studio of ``info``; ``live`` is what is left.

    ``is_copied``: the same bytes lie in another place, from or to which they were moved.
    """
    name = parse(info.path)
    if name is None or not _is_ours(info, name.work_id):
        yield Breach("only_our_own_is_deleted", info.path, "somebody else put it")
        return
    if name.category != "raw":
        put_away = case is not None and case.work.archived_at is not None
        if not is_copied and name.category != "cache" and not put_away:
            yield Breach("what_was_asked_for_is_kept", info.path, f"it is one of {name.category}")
        return
    if case is None or case.work.archived_at is not None:
        return
    plan = case.work.plan
    mine = next((a for a in plan.artifacts() if a.path == info.path), None)
    if mine is None:
        return  # of a revision that was superseded
    for step in plan.steps:
        for artifact in step.makes if mine.slot in step.needs else ():
            if artifact.keep is not Keep.RAW and artifact.path not in live:
                words = f"{artifact.path}, which is made of it, is not there"
                yield Breach("raws_go_last", info.path, words)


def _is_ours(info: ObjectInfo, work_id: str) -> bool:
    return info.metadata.get("work") == work_id


def _differs(memory: object, info: ObjectInfo) -> bool:
    if not isinstance(memory, dict):
        return True
    told = (memory.get("generation"), memory.get("size"), memory.get("crc32c"))
    return told != (info.generation, info.size, info.crc32c)
