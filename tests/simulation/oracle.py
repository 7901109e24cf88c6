"""The oracle: holds every write, deletion, task and effect against what must always be true.

It knows what the code under test cannot: every generation that ever lived, who put and who deleted
it, and since when a process runs. What it finds is a ``Violation``, which no handler can catch.
"""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from lib.app.activity import SENTENCES
from lib.app.case import ACTIVITY, WORKS, Case, case_of, record_path
from lib.app.invariants import Breach, of_change, of_deletion, of_record
from lib.app.storage.provenance import ORIGIN
from lib.core.checks import faults
from lib.core.rollup import Phase
from lib.core.work import Artifact, Json, Keep, Outcome, Plan
from lib.ports import ObjectInfo, Record, Task
from tests.simulation.bucket import Life
from tests.simulation.engine import Process, Violation
from tests.simulation.ports import NEXT_FIELD, facts_in, without_next
from tests.simulation.world import SKEW_S, World

#: How ``perform`` writes down what it did not expect: the name of an exception.
_A_FAULT = re.compile(r"[A-Z]\w+: ")
_MEDIA = {"json": "application/json"}


@dataclass
class Oracle:
    """Watches one world."""

    world: World
    facts: dict[tuple[str, int], Json] = field(default_factory=dict)
    lives: dict[str, list[Life]] = field(default_factory=lambda: defaultdict(list))
    #: Records that a person made unreadable.
    broken: set[str] = field(default_factory=set)
    #: How often a person asked for a step again, by work and step.
    pardons: Counter[tuple[str, str]] = field(default_factory=Counter)
    #: News that the present call of a port owes, and has told.
    _owed: set[str] = field(default_factory=set)
    _told: set[str] = field(default_factory=set)
    #: What each task's name stands for.
    _names: dict[str, tuple[str, int]] = field(default_factory=dict)
    _stored: set[str] = field(default_factory=set)
    _deleted: list[ObjectInfo] = field(default_factory=list)

    def watch(self) -> None:
        """Begin to watch."""
        world = self.world
        world.records.witness = self.written
        world.engine.watch = self.called
        world.queue.witness = self.tried
        deliver, hand_over = world.bucket.listener, world.queue.listener

        def changed(kind: str, info: ObjectInfo) -> None:
            self.changed(kind, info)
            deliver(kind, info)

        def stored(task: Task, due_at: float) -> None:
            if task.name not in self._stored:  # else it was only put back, after a failed try
                self._stored.add(task.name)
                self.enqueued(task)
            hand_over(task, due_at)

        world.bucket.listener, world.queue.listener = changed, stored

    # --- what happens ----------------------------------------------------------------------

    def written(self, path: str, before: Json | None, after: Json | None) -> None:
        """Judge a write of a document before it is there."""
        process = self.world.engine.acting
        if path.startswith(f"{ACTIVITY}/") and after is not None:
            self._told.add(after["work_id"])
        if after is None:
            self.broken.discard(path)
        if not path.startswith(f"{WORKS}/") or after is None or path in self.broken:
            return
        if process is None:
            if not isinstance(after["work"]["plan"], dict):
                self.broken.add(path)
            return
        if process.version == 1 and before is not None and NEXT_FIELD in before["work"]:
            fail("what_is_not_understood_is_left_alone", path, "an older version wrote it")
        self._judge(path, before, without_next(Record(path, after, 0)).data, process)

    def _judge(self, path: str, before: Json | None, after: Json, process: Process) -> None:
        if before is not None:
            before = without_next(Record(path, before, 0)).data
        now = self.world.engine.now + process.skew
        settled = before is None or any(before[n] != after[n] for n in ("summary", "measured"))
        if before is not None:
            _none(of_change(before, after))
            self._no_false_alarm(before, after, process)
            for step in after["pardons"]:
                same = before["pardons"].get(step) == after["pardons"][step]
                self.pardons[after["work"]["id"], step] += not same
        self._ends_are_honest(before, after)
        self._child_is_its_parents(after)
        if settled:
            _none(of_record(Record(path, after, 0), now))
            self._ready_is_true(after, process)
        word, was = after["summary"]["phase"], (before or {}).get("summary", {}).get("phase")
        if before is not None and word != was and word in SENTENCES:
            self._owed.add(after["work"]["id"])

    def changed(self, kind: str, info: ObjectInfo) -> None:
        """Judge a change in the bucket."""
        bucket, process = self.world.bucket, self.world.engine.acting
        if kind == "finalized":
            self.lives[info.path].append(bucket.lives[info.path, info.generation])
            media = _MEDIA.get(info.path.rpartition(".")[2], info.media_type)
            self.facts[info.path, info.generation] = facts_in(bucket.bytes_of(info.path), media)
            self._was_checked(info, process)
        elif process is not None:
            self._deleted.append(info)

    def enqueued(self, task: Task) -> None:
        """Judge a task: the ledger knows its attempt already."""
        if "audit" in task.payload:
            self.world.engine.seen["a part of the nightly audit was sent"] += 1
            return
        record = self.world.records.get(record_path(task.payload["work_id"]))
        if record is None:
            return  # a person deleted it
        step, number = task.payload["step"], str(task.payload["number"])
        entries = (name.rsplit("-", 2) for name in record.data["attempts"])
        if not any((s, n) == (step, number) for s, _, n in entries):
            fail("a_task_is_claimed_first", task.name, f"{step} {number} is not in the ledger")

    def tried(self, task: Task) -> None:
        """Judge a name: it stands for one attempt of one revision, whether it is taken or not.

        The revision is the one that its sender saw: a slow sender means an old one, and says so.
        """
        sender = self.world.engine.acting
        work_id = task.payload.get("work_id", "none")  # a part of an audit is of no work
        revision = sender.saw.get(record_path(work_id)) if sender is not None else None
        if revision is None:
            return
        stands_for = (json.dumps(task.payload, sort_keys=True), revision)
        known = self._names.setdefault(task.name, stands_for)
        if known != stands_for:
            fail("a_name_is_of_one_attempt", task.name, f"{known} and {stands_for}")

    def called(self, process: Process | None, what: str) -> None:
        """Judge what one call of a port came to as a whole."""
        del what
        missing, self._owed, self._told = self._owed - self._told, set(), set()
        if missing:
            fail("a_change_is_news", ", ".join(missing), "its phase changed, and nobody is told")
        deleted, self._deleted = self._deleted, []
        for info in deleted:
            assert process is not None
            self._may_go(info, process)
        for key, times in self.world.tools.sent.items():
            work_id, _, step = key.partition(" ")
            if times > 1 + self.pardons[work_id, step]:
                fail("an_effect_happens_once", key, f"it was sent {times} times")

    # --- what must hold --------------------------------------------------------------------

    def good(self, artifact: Artifact, life: Life) -> bool:
        """Tell whether a generation is what an artifact must be, by its bytes alone."""
        facts = self.facts[life.info.path, life.info.generation]
        return not faults(artifact.check, life.info.size, facts)

    def _ends_are_honest(self, before: Json | None, after: Json) -> None:
        """Hold each new end of an attempt against what was done to it and what it left behind."""
        known = before["attempts"] if before else {}
        for name, entry in after["attempts"].items():
            if entry["outcome"] == known.get(name, {}).get("outcome"):
                continue
            if entry["outcome"] == Outcome.FAILED and _A_FAULT.match(entry["message"]):
                fail("attempts_fail_honestly", name, entry["message"])
            same = entry["revision"] == after["work"]["revision"]
            if entry["outcome"] == Outcome.OK and same:
                self._was_there(after, entry)

    def _was_there(self, after: Json, entry: Json) -> None:
        plan = case_of(Record("works/x", after, 0)).work.plan
        step, since = plan.step(entry["step"]), entry["started_at"] - SKEW_S
        for artifact in step.makes if step else ():
            if not self._is_served(plan, artifact, since):
                fail("ok_means_that_it_was_there", artifact.path, "its attempt is called ok")

    def _is_served(self, plan: Plan, artifact: Artifact, since: float) -> bool:
        """Tell whether a file was there since then, or, of a raw one, all that needs it."""
        lives = self.lives[artifact.path]
        if any(life.died is None or life.died >= since for life in lives):
            return True
        users = [step for step in plan.steps if artifact.slot in step.needs]
        made = [made for step in users for made in step.makes]
        raw = artifact.keep is Keep.RAW and bool(made)
        return raw and all(self._is_served(plan, each, since) for each in made)

    def _child_is_its_parents(self, after: Json) -> None:
        parent = after["work"]["parent"]
        record = self.world.records.get(record_path(parent)) if parent else None
        if record is not None and record.data["owner"] != after["owner"]:
            fail(
                "a_work_has_one_owner",
                after["work"]["id"],
                f"its burst is {record.data['owner']}'s",
            )

    def _ready_is_true(self, after: Json, process: Process) -> None:
        if after["summary"]["phase"] != Phase.READY:
            return
        case = case_of(Record("works/x", after, 0))
        for artifact in case.work.plan.artifacts():
            if artifact.keep is Keep.RAW:
                continue
            told = case.measured.get(artifact.slot, {})
            life = self.world.bucket.lives.get((artifact.path, told.get("generation", 0)))
            name = f"{case.work.id} {artifact.slot}"
            if life is None or told.get("crc32c") != life.info.crc32c:
                fail("ready_was_seen", name, f"{artifact.path} never was what it says")
            elif life.died is not None and life.died < process.born:
                fail("ready_was_seen", name, "it was gone before anybody could look")
            elif not self.good(artifact, life):
                fail("ready_was_seen", name, "its bytes are no good")

    def _no_false_alarm(self, before: Json, after: Json, process: Process) -> None:
        """Only what is gone, or was for a while, makes a ready work something else."""
        word, was = after["summary"]["phase"], before["summary"].get("phase")
        same = before["work"]["revision"] == after["work"]["revision"]
        if was != Phase.READY or word in (Phase.READY, Phase.ARCHIVED) or not same:
            return
        case = case_of(Record("works/x", after, 0))
        kept = [a for a in case.work.plan.artifacts() if a.keep is not Keep.RAW]
        if all(self._stood(artifact, process.born) for artifact in kept):
            fail("nothing_is_missing_that_is_there", case.work.id, f"it is {word}")

    def _stood(self, artifact: Artifact, since: float) -> bool:
        """Tell whether an artifact was there, unchanged and good, ever since."""
        lives = self.lives[artifact.path]
        return bool(lives) and lives[-1].died is None and self._is_old(artifact, lives[-1], since)

    def _is_old(self, artifact: Artifact, life: Life, since: float) -> bool:
        return life.born < since and self.good(artifact, life)

    def _was_checked(self, info: ObjectInfo, process: Process | None) -> None:
        """What the studio puts in a planned place is what the plan wants there."""
        if process is None:
            return
        case = self._case(self.world.records.get(record_path(info.metadata["work"])))
        plan = case.work.plan.artifacts() if case else ()
        artifact = next((a for a in plan if a.path == info.path), None)
        life = self.world.bucket.lives[info.path, info.generation]
        found = not process.made and ORIGIN not in info.metadata
        found = found and info.media_type != "application/json"
        self.world.engine.seen["a finished file outlived its attempt"] += found
        self.world.engine.seen["bytes were lost on their way to the bucket"] += life.cut
        if artifact is not None and not life.cut and not self.good(artifact, life):
            fail("what_is_put_was_checked", info.path, "its bytes are no good")

    def _may_go(self, info: ObjectInfo, process: Process) -> None:
        record = self.world.records.get(record_path(info.metadata.get("work", "none")))
        case = self._case(record)
        if info.path in self.world.bucket.live():
            plan = case.work.plan.artifacts() if case else ()
            artifact = next((a for a in plan if a.path == info.path), None)
            life = self.world.bucket.lives[info.path, info.generation]
            if artifact is not None and self.good(artifact, life):
                fail("good_bytes_stay", info.path, "they were written over")
            return
        live = self._live_since(process.born, case)
        _none(of_deletion(info, case, live, is_copied=self._is_copied(info)))

    def _is_copied(self, info: ObjectInfo) -> bool:
        """Tell whether the bytes lie in quarantine, or where they came from before they did."""
        told = info.metadata.get(ORIGIN)
        for other in self.world.bucket.live().values():
            moved = info.path in (other.metadata.get(ORIGIN), told) or other.path == told
            if moved and other.crc32c == info.crc32c and other.path != info.path:
                return True
        return False

    def _live_since(self, born: float, case: Case | None) -> Mapping[str, ObjectInfo]:
        """Return what was there and good at any instant since a process began, by path."""
        found: dict[str, ObjectInfo] = {}
        for artifact in case.work.plan.artifacts() if case else ():
            for life in self.lives[artifact.path]:
                alive = life.died is None or life.died >= born
                if alive and self.good(artifact, life):
                    found[artifact.path] = life.info
        return found

    def _case(self, record: Record | None) -> Case | None:
        readable = record is not None and record.path not in self.broken
        return case_of(without_next(record)) if record and readable else None

    def readable(self) -> list[Record]:
        """Return the records of works but those that a person made unreadable."""
        return [r for r in self.world.records.all(WORKS) if r.path not in self.broken]


def _none(breaches: Iterable[Breach]) -> None:
    for breach in breaches:
        raise Violation(str(breach))


def fail(invariant: str, subject: str, message: str) -> None:
    """Say that an invariant is broken."""
    raise Violation(str(Breach(invariant, subject, message)))
