"""People: what they ask of the studio, and what they do to its bucket and records behind its back.

They strike at any instant, click twice, change their minds, and ask again when there was no answer.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from lib.app import intake
from lib.app.case import WORKS, Fields, case_of, load, record_path
from lib.app.intake import Wish
from lib.app.settle import begin, settle
from lib.app.studio import Studio
from lib.core.errors import Conflict, Unavailable
from lib.core.work import Artifact, Plan, Work
from lib.ports import REMOVE, Record
from tests.core.plans import good_facts, shapes
from tests.drafts import draft, narrated
from tests.simulation.bucket import MemoryBucket
from tests.simulation.engine import BEGIN
from tests.simulation.ports import content, without_next
from tests.simulation.world import BRAND, World

OWNER = "anna"
#: Patience of the steps of hand-made plans, seconds.
PATIENCE_S = 600.0
#: Seconds within which a person's client asks again, and how often.
ASKS = 30
API_S = 60.0
HAND_MADE = ("carousel", "stitched_clips", "segment", "publication")


class People:
    """Everybody who has to do with one world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._chance = world.chance
        self.asked: set[str] = set()

    def begin(self, minutes: float) -> None:
        """Plan who does what and when."""
        self._world.engine.meddle = self.strike
        for number in range(1 + self._chance.whole(3, "works")):
            start, twice, kind = self._chance.draws("work", number, count=3)
            wait_s = start * minutes * 30
            order = functools.partial(self._order, number, kind)
            self._world.engine.later(wait_s, order)
            if twice < 0.2:  # a double click, or two tabs
                self._world.engine.later(wait_s + twice, functools.partial(order, "again"))
        for number in range(max(1, int(minutes / 3))):
            luck, when = self._chance.draws("act", number, count=2)
            if self._world.engine.faults.strikes("person", luck, number):
                self._world.engine.later(when * minutes * 60, functools.partial(self._act, number))

    # --- asking ----------------------------------------------------------------------------

    def _order(self, number: int, kind: float, again: str = "") -> None:
        key = f"person:order/{number}{again}"
        if kind < 0.3:
            spec = {"kind": "test", "brands": [BRAND], "posts": 1, "reels": 1}
            self._ask(
                key,
                lambda s: intake.create_burst(s, OWNER, OWNER, spec, key=f"k{number}"),
            )
        elif kind < 0.45:
            said = draft(f"Number {number}", BRAND)
            wish = Wish(f"p-{number}", OWNER, OWNER, BRAND, "post", said)
            self._ask(key, lambda s: intake.create(s, wish))
        elif kind < 0.6:
            told = narrated(f"Number {number}", BRAND, seconds=10 if kind < 0.53 else 30)
            spoken = Wish(f"n-{number}", OWNER, OWNER, BRAND, "reel", told)
            self._ask(key, lambda s: intake.create(s, spoken))
        else:
            shape = self._chance.choice(HAND_MADE, "shape", number)
            work = hand_made(f"h-{number}", shape, BEGIN + 1200)
            self._ask(key, lambda s: _begin_once(s, work))

    def _ask(self, key: str, verb: Callable[[Studio], Any], number: int = 1) -> None:
        """Ask for something, again and again while there is no answer."""

        def answered(result: Any) -> None:
            none = result is None or isinstance(result, Unavailable | Conflict)
            if none and number < ASKS and self._world.running:
                self._world.engine.later(5, lambda: self._ask(key, verb, number + 1))

        if self._world.stopped:
            self._world.engine.later(5, lambda: self._ask(key, verb, number))
            return
        self._world.spawn(f"{key}#{number}", verb, answered, API_S)

    # --- meddling --------------------------------------------------------------------------

    def strike(self, words: str) -> None:
        """Do something behind the studio's back at this very instant."""
        self._act(words, _BY_HAND)

    def _act(self, number: int | str, acts: tuple[tuple[str, Act], ...] | None = None) -> None:
        world = self._world
        if not world.engine.faults.raging:
            return
        works = sorted(r.path.partition("/")[2] for r in world.records.all(WORKS))
        if not works:
            return
        work_id = self._chance.choice(works, "whose", number)
        name, act = self._chance.choice(acts or _ACTS, "what", number)
        world.engine.seen[f"a person {name}"] += 1
        act(self, work_id, number)

    def _revise(self, work_id: str, number: int | str) -> None:
        title = f"Edit {number} of it"
        said = narrated(title, BRAND) if work_id.startswith("n-") else draft(title, BRAND)
        self._ask(f"person:revise/{number}", lambda s: intake.revise(s, OWNER, work_id, said))

    def _retry(self, work_id: str, number: int | str) -> None:
        def verb(studio: Studio) -> Any:
            case = load(studio, work_id)
            stages = case.summary.get("stages", {}) if case else {}
            stopped = sorted(s for s, stage in stages.items() if stage in ("failed", "unsure"))
            return [intake.retry(studio, OWNER, work_id, step, OWNER) for step in stopped]

        self._ask(f"person:retry/{number}", verb)

    def _archive(self, work_id: str, number: int | str) -> None:
        self._ask(f"person:archive/{number}", lambda s: intake.archive(s, OWNER, work_id) or True)

    def _open_page(self, work_id: str, number: int | str) -> None:
        self._ask(f"person:open/{number}", lambda s: settle(s, work_id) or True)

    def _delete_object(self, work_id: str, number: int | str) -> None:
        for path in self._paths(work_id, number, live=True):
            info = self._world.bucket.live()[path]
            with self._by_hand() as bucket:
                bucket.delete(path, generation=info.generation)

    def _put_junk(self, work_id: str, number: int | str) -> None:
        for path in self._paths(work_id, number, live=False):
            junk = self._chance.choice([b"", b"junk", b"\x00" * 9000], "junk", number)
            with self._by_hand() as bucket:
                bucket.force(path, junk, "text/plain", {})

    def _put_better(self, work_id: str, number: int | str) -> None:
        record = self._world.records.get(record_path(work_id))
        plan = _artifacts(record)
        for path in self._paths(work_id, number, live=False):
            artifact = next(a for a in plan if a.path == path)
            data = content(good_facts(artifact.check), f"by-hand-{number}")
            kind = artifact.check.media_type
            with self._by_hand() as bucket:
                bucket.force(path, data, kind, {})

    def _lie(self, work_id: str, number: int | str) -> None:
        lie = {"phase": "ready", "done": 9, "total": 9, "revision": 1}
        self._write(work_id, {("summary",): lie})

    def _forget(self, work_id: str, number: int | str) -> None:
        self._write(work_id, {("due_at",): REMOVE})

    def _break(self, work_id: str, number: int | str) -> None:
        self._write(work_id, {("work", "plan"): f"rubbish {number}"})

    def _drop(self, work_id: str, number: int | str) -> None:
        del number
        self._world.records.drop(record_path(work_id))

    def _write(self, work_id: str, fields: Fields) -> None:
        self._world.records.update(record_path(work_id), fields)

    @contextmanager
    def _by_hand(self) -> Iterator[MemoryBucket]:
        """Lend the bucket to a person."""
        self._world.bucket.actor = "person"
        yield self._world.bucket
        self._world.bucket.actor = "studio"

    def _paths(self, work_id: str, number: int, *, live: bool) -> list[str]:
        """Return one path of a work's plan, or none."""
        record = self._world.records.get(record_path(work_id))
        plan = _artifacts(record)
        paths = [a.path for a in plan if not live or self._world.bucket.stat(a.path)]
        return [self._chance.choice(paths, "path", number)] if paths else []


Act = Callable[[People, str, int | str], None]
_ACTS: tuple[tuple[str, Act], ...] = (
    ("edited a work", People._revise),
    ("asked to try again", People._retry),
    ("asked to try again", People._retry),
    ("put a work away", People._archive),
    ("opened a page", People._open_page),
    ("deleted an object", People._delete_object),
    ("deleted an object", People._delete_object),
    ("put junk over a file", People._put_junk),
    ("put a better file", People._put_better),
    ("wrote a lie into a record", People._lie),
    ("took the due time out of a record", People._forget),
    ("deleted a record", People._drop),
    ("made a record unreadable", People._break),
)

_BY_HAND = tuple((name, act) for name, act in _ACTS if "object" in name or "file" in name)


def _artifacts(record: Record | None) -> tuple[Artifact, ...]:
    """Return what a work's plan names; nothing when its record is gone or broken."""
    try:
        return case_of(without_next(record)).work.plan.artifacts() if record else ()
    except Unavailable:
        return ()


def hand_made(work_id: str, shape: str, now: float) -> Work:
    """Return a work of one of the shapes that plans can have, whose tools know what to make."""
    text = shapes()[shape].model_dump_json().replace("/w-1_", f"/{work_id}_")
    plan = Plan.model_validate_json(text.replace("/healthy-college/", f"/{BRAND}/"))
    steps = tuple(
        step.model_copy(
            update={
                "patience_s": PATIENCE_S,
                "not_before": now if step.not_before is not None else None,
                "params": {
                    "facts": {a.slot: good_facts(a.check) for a in step.makes},
                    **({"effect": f"{work_id} {step.name}"} if step.effect else {}),
                },
            }
        )
        for step in plan.steps
    )
    return Work(
        id=work_id,
        owner=OWNER,
        actor=OWNER,
        brand=BRAND,
        kind="clips",
        title=f"A {shape}",
        plan=Plan(steps=steps),
        created_at=BEGIN,
    )


def _begin_once(studio: Studio, work: Work) -> str:
    try:
        begin(studio, work)
    except Conflict:
        return "it is there already"
    return "it was made"
