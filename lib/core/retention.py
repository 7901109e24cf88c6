"""How long what the bucket holds is kept, and why: one table, and the class of an object.

Called by ``lib/app/storage``. Pure: the class follows from an object's name and, for what a plan
names, from the plan and the receipts that were seen. Knows nothing of kinds of work: what was
aired or published shows in a step with an effect whose receipts are there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from lib.core.paths import ObjectName
from lib.core.work import Artifact, Keep, Plan, Step

HOUR_S = 3600.0
DAY_S = 24 * HOUR_S
#: Younger than this nothing is removed: what is looked at may be older than the object.
GRACE_S = HOUR_S
#: Above both of these, what leaves a brand is held back: rather do records lack than works.
MOST_LEAVING = 50
MOST_LEAVING_SHARE = 0.05
#: In the category ``cache``: slots that begin so are copies for the playout.
PLAYOUT_SLOT = "playout"


class StorageClass(StrEnum):
    """What an object is kept as."""

    FINAL = "final"  # what somebody asked for
    RAW = "raw"  # an intermediate
    RECEIPT = "receipt"  # proof that an effect happened
    AIRED_AUDIO = "aired_audio"  # the audio of a work that was aired
    AIRED_RECORD = "aired_record"  # script and receipt of a work that was aired
    PUBLISHED = "published"  # what a platform was given
    PLAYOUT_CACHE = "playout_cache"  # a copy for the playout
    SPEECH_CACHE = "speech_cache"  # a sentence that was spoken before
    QUARANTINE = "quarantine"  # what no plan named, out of the way
    STRAY = "stray"  # not made by us


@dataclass(frozen=True, slots=True)
class Rule:
    """How long a class is kept; ``keep_s`` None: for ever, or until something else says so."""

    keep_s: float | None
    since: str
    why: str


POLICY: Mapping[StorageClass, Rule] = {
    StorageClass.FINAL: Rule(None, "", "somebody asked for it, so only they may let it go"),
    StorageClass.RAW: Rule(None, "", "goes as soon as nothing needs it, whatever its age"),
    StorageClass.RECEIPT: Rule(None, "", "without it an effect would be repeated"),
    StorageClass.AIRED_AUDIO: Rule(7 * DAY_S, "its receipt", "a repeat comes within a week"),
    StorageClass.AIRED_RECORD: Rule(30 * DAY_S, "its receipt", "what was said is looked up"),
    StorageClass.PUBLISHED: Rule(None, "", "it is posted again, elsewhere or in another year"),
    StorageClass.PLAYOUT_CACHE: Rule(DAY_S, "it was put", "the schedule reaches a day ahead"),
    StorageClass.SPEECH_CACHE: Rule(2 * DAY_S, "it was put", "the same words return within days"),
    StorageClass.QUARANTINE: Rule(30 * DAY_S, "it was moved", "a month to notice that it lacks"),
    StorageClass.STRAY: Rule(None, "", "we did not make it, so it is not ours to touch"),
}
#: How long a finished file waits on a machine for its upload: its step was long tried again.
SCRATCH_KEEP_S = DAY_S

_BY_CATEGORY = {
    "raw": StorageClass.RAW,
    "receipts": StorageClass.RECEIPT,
    "quarantine": StorageClass.QUARANTINE,
}


@dataclass(frozen=True, slots=True)
class Kept:
    """The class of an object, and the instant from which its keep time counts."""

    storage_class: StorageClass
    since: float | None = None

    def is_over(self, now: float) -> bool:
        """Tell whether the keep time has passed."""
        keep_s = POLICY[self.storage_class].keep_s
        return keep_s is not None and self.since is not None and now - self.since >= keep_s


def class_of_name(name: ObjectName) -> StorageClass:
    """Return the class of one of our objects that no plan names."""
    if name.category == "cache":
        playout = name.slot.startswith(PLAYOUT_SLOT)
        return StorageClass.PLAYOUT_CACHE if playout else StorageClass.SPEECH_CACHE
    return _BY_CATEGORY.get(name.category, StorageClass.FINAL)


def classes_of_plan(plan: Plan, receipts: Mapping[str, float]) -> dict[str, Kept]:
    """Return by path what the artifacts of a plan are kept as.

    ``receipts``: by path, when each receipt that is there and valid was put.
    """
    artifacts = {artifact.slot: artifact for artifact in plan.artifacts()}
    kept = {artifact.path: Kept(_class_of_keep(artifact)) for artifact in artifacts.values()}
    effects = [step for step in plan.steps if step.effect]
    sent = {step.name: _sent_at(step, receipts) for step in effects}
    given = {s.name: [artifacts[slot] for slot in s.needs if slot in artifacts] for s in effects}
    for step in effects:
        for artifact in given[step.name] if sent[step.name] is not None else ():
            if artifact.keep is Keep.FINAL:
                kept[artifact.path] = Kept(StorageClass.PUBLISHED, sent[step.name])
    aired = [artifact for step in effects for artifact in given[step.name] if _is_audio(artifact)]
    instants = [at for at in sent.values() if at is not None]
    if not aired or len(instants) < len(effects):
        return kept
    since = max(instants)
    for artifact in artifacts.values():
        if artifact.keep is not Keep.RAW and artifact.check.media_type == "application/json":
            kept[artifact.path] = Kept(StorageClass.AIRED_RECORD, since)
    for artifact in aired:
        kept[artifact.path] = Kept(StorageClass.AIRED_AUDIO, since)
    return kept


def too_many(leaving: int, held: int, seen: int) -> bool:
    """Tell whether so much of a brand would leave that rather its records lack.

    ``leaving`` objects would go now, ``held`` lie in quarantine already, ``seen`` are all.
    """
    gone = leaving + held
    return leaving > 0 and gone > MOST_LEAVING and gone > MOST_LEAVING_SHARE * seen


def _class_of_keep(artifact: Artifact) -> StorageClass:
    return StorageClass(artifact.keep.value)


def _is_audio(artifact: Artifact) -> bool:
    return artifact.keep is Keep.FINAL and artifact.check.media_type.startswith("audio/")


def _sent_at(step: Step, receipts: Mapping[str, float]) -> float | None:
    """Return when the last receipt of an effect was put, None while one is missing."""
    proofs = [receipts.get(a.path) for a in step.makes if a.keep is Keep.RECEIPT]
    instants = [at for at in proofs if at is not None]
    return max(instants) if instants and len(instants) == len(proofs) else None
