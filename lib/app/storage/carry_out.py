"""The one place that removes an object: look again, prove, and only then act, or only say so.

Called by ``passes`` for every removal and by ``quarantine`` for what a person restores. Whatever
a pass believed, the record and the bucket are asked once more right before; a dry run goes the
same way and stops at the last moment.
"""

from __future__ import annotations

import logging
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path

from lib.app.case import load, record_path
from lib.app.journal import note
from lib.app.judgement import POISON, judge
from lib.app.settle import settle
from lib.app.storage.provenance import (
    RESTORED,
    SLOT,
    WORK,
    marked,
    origin_of,
    place_in_quarantine,
    unmarked,
)
from lib.app.storage.quarantine import copy_and_delete, held_under
from lib.app.storage.report import Swept
from lib.app.storage.verdict import (
    Act,
    Evidence,
    InUse,
    Refusal,
    Removal,
    Verdict,
    judge_object,
    nobody,
)
from lib.app.studio import Studio
from lib.core.checks import faults
from lib.core.errors import Refused
from lib.core.paths import parse
from lib.core.retention import StorageClass
from lib.core.work import Artifact
from lib.ports import ObjectInfo

#: Who puts a work away whose keep time is over, in its record.
RETENTION = "retention"
#: Classes whose objects a living work would make again: it is put away first.
_RETIRES = (StorageClass.AIRED_AUDIO, StorageClass.AIRED_RECORD)


@dataclass(slots=True)
class Hand:
    """Carries removals out, or with ``dry_run`` only says what it would do."""

    studio: Studio
    report: Swept
    dry_run: bool = False
    in_use: InUse = field(default=nobody)

    def carry_out(self, removal: Removal) -> bool:
        """Remove an object if it is still the one that was seen and may still go.

        Returns whether it went, or would; every reason why not is in the report.
        """
        try:
            return self._carry_out(removal)
        except POISON as error:
            words = f"{removal.info.path}: {error}"
            note("removal_failed", words, level=logging.WARNING)
            self.report.unreachable.append(words)
            return False

    def restore(self, path: str) -> ObjectInfo:
        """Take an object out of quarantine for a person, whose it is from then on; return it.

        ``path`` is where it lies or where it came from. Raises NotFound, Refused when its bytes
        are not those that were moved or others lie in its old place.
        """
        held = held_under(self.studio, path)
        origin = origin_of(held)
        assert origin is not None
        if held.crc32c != origin.crc32c:
            raise Refused(
                f"{held.path} is not what was moved there: a person changed it",
                hint=f"copy it by hand to {origin.path} if that is what you want",
            )
        told = {k: v for k, v in unmarked(held.metadata).items() if k not in (WORK, SLOT)}
        if not self.dry_run:
            copy_and_delete(self.studio, held, origin.path, {**told, RESTORED: held.path})
            name = parse(origin.path)
            if name is not None:
                settle(self.studio, name.work_id)
        return replace(held, path=origin.path)

    def _carry_out(self, removal: Removal) -> bool:
        info = self.studio.objects.stat(removal.info.path)
        if info is None:
            return False
        if info.generation != removal.info.generation:
            self.report.refuse(Refusal(info, "it changed since it was seen"))
            return False
        evidence = look(self.studio, info.path)
        again = self._judged(info, evidence)
        if not isinstance(again, Removal) or again.act is not removal.act:
            if isinstance(again, Refusal):
                self.report.refuse(again)
            return False
        act = {Act.DELETE: self._delete, Act.QUARANTINE: self._move, Act.ADOPT: self._adopt}
        if not act[again.act](again, evidence):
            return False
        self.report.prove(again, evidence)
        words = f"{again.act.value} {info.path}: {again.why}"
        note("object_removed" if not self.dry_run else "object_would_go", words, act=again.act)
        return True

    def _judged(self, info: ObjectInfo, evidence: Evidence) -> Verdict:
        return judge_object(info, evidence, self.studio.clock.now(), self.in_use)

    def _delete(self, removal: Removal, evidence: Evidence) -> bool:
        if self.dry_run:
            return True
        info = removal.info
        if not self._is_unchanged(info.path, evidence):
            return False
        if removal.storage_class in _RETIRES and not evidence.archived:
            retire(self.studio, evidence, removal.why)
        return self.studio.objects.delete(info.path, generation=info.generation)

    def _move(self, removal: Removal, evidence: Evidence) -> bool:
        if self.dry_run:
            return True
        info = removal.info
        place = place_in_quarantine(info.path, info.generation)

        def is_unchanged() -> bool:
            return self._is_unchanged(info.path, evidence)

        return copy_and_delete(
            self.studio, info, place, marked(info, removal.why), is_unchanged=is_unchanged
        )

    def _is_unchanged(self, path: str, evidence: Evidence) -> bool:
        """Tell whether the record still is the one that the evidence is of."""
        name = parse(path)
        case = load(self.studio, name.work_id) if name else None
        before = evidence.case.version if evidence.case else None
        return (case.version if case else None) == before

    def _adopt(self, removal: Removal, evidence: Evidence) -> bool:
        info, origin = removal.info, origin_of(removal.info)
        assert origin is not None
        assert evidence.case is not None
        work = evidence.case.work
        artifact = next(a for a in work.plan.artifacts() if a.path == origin.path)
        wrong = self._wrong_with(info, artifact)
        if wrong:
            self.report.refuse(Refusal(info, f"a plan wants it again, but {wrong}"))
            return False
        if self.dry_run:
            return True
        copy_and_delete(self.studio, info, origin.path, unmarked(info.metadata))
        settle(self.studio, work.id)
        return True

    def _wrong_with(self, info: ObjectInfo, artifact: Artifact) -> str:
        """Return in words what is wrong with the bytes for an artifact, or an empty string."""
        with tempfile.TemporaryDirectory(dir=self.studio.scratch) as folder:
            file = Path(folder) / f"held{Path(info.path).suffix}"
            self.studio.objects.fetch(info.path, info.generation, file)
            facts = self.studio.tools.probe(file, artifact.check.media_type)
            return "; ".join(faults(artifact.check, file.stat().st_size, facts))


def look(studio: Studio, path: str) -> Evidence:
    """Return what the record and the bucket show now of the work that an object's name names.

    Raises Unavailable when either could not be looked at.
    """
    name = parse(path)
    case = load(studio, name.work_id) if name else None
    if case is None:
        return Evidence()
    found, sightings, _ = judge(studio, case)
    return Evidence(case, found, sightings)


def retire(studio: Studio, evidence: Evidence, why: str) -> None:
    """Put a work away because its keep time is over, so that it does not want its objects again.

    Raises Conflict when the record was written since it was looked at.
    """
    assert evidence.case is not None
    work, now = evidence.case.work, studio.clock.now()
    studio.records.update(
        record_path(work.id),
        {
            ("work", "archived_at"): now,
            ("archived_by",): {"actor": RETENTION, "at": now, "why": why},
        },
        version=evidence.case.version,
    )
    settle(studio, work.id)
    note("work_retired", f"{work.id}: {why}", work_id=work.id)
