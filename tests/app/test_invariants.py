"""Every invariant can be broken: a record, a write, a bucket or a deletion that breaks just that one."""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lib.app import invariants
from lib.app.case import case_of
from lib.app.invariants import of_change, of_deletion, of_objects, of_record
from lib.core.work import Json
from lib.ports import ObjectInfo, Record
from tests.app.crank import Crank
from tests.app.planted import BRAND, file_of, made, plan_of
from tests.app.test_settle import raw_and_final, work

HOUR_S = 3600.0


@pytest.fixture
def record(crank: Crank) -> Record:
    """The record of a work that is ready."""
    made(crank, "b")
    return crank.studio.records.get("works/b")


def changed(record: Record, change: Callable[[Json], Any]) -> Record:
    """Return a record of which a copy was changed."""
    data = copy.deepcopy(record.data)
    change(data)
    return Record(record.path, data, record.version)


def put(*names: str, to: Any) -> Callable[[Json], None]:
    """Return a change of one value, deep in a record."""

    def change(data: Json) -> None:
        for name in names[:-1]:
            data = data[name]
        data[names[-1]] = to

    return change


def entry(number: int = 2, **more: Any) -> Json:
    """Return an entry of the ledger."""
    return {
        "step": "draw",
        "number": number,
        "revision": 1,
        "enqueued_at": 1.0,
        "started_at": 2.0,
        "ended_at": None,
        "executor": "x",
        "outcome": None,
        "message": "",
        "permanent": False,
        "pardoned": False,
        **more,
    }


def failed(data: Json) -> None:
    for number in range(2, 6):
        end = {"ended_at": 3.0, "outcome": "failed"}
        data["attempts"][f"draw-1-{number}"] = entry(number, **end)


def stray(data: Json) -> None:
    (name,) = [n for n in data["measured"] if n == "posts"]
    data["measured"][name]["path"] = "anna/elsewhere/posts/b_posts-x.jpg"


RECORDS: dict[str, tuple[str, Callable[[Json], Any]]] = {
    "a number for a word": ("a_record_can_be_read", put("work", "revision", to="two")),
    "an owner outside and another inside": ("a_work_has_one_owner", put("owner", to="somebody")),
    "a path of another work": (
        "a_work_has_one_owner",
        lambda data: data["work"]["plan"]["steps"][0]["makes"][0].update(
            path=plan_of("c", BRAND).artifacts()[0].path
        ),
    ),
    "a memory of what no plan names": ("a_memory_is_of_the_plan", stray),
    "more done than was seen": ("a_summary_is_derived", put("summary", "done", to=99)),
    "more bytes than were seen": ("a_summary_is_derived", put("summary", "bytes", to=1)),
    "at work and never due": ("no_work_is_forgotten", put("summary", "phase", to="working")),
    "an open attempt and never due": (
        "no_work_is_forgotten",
        put("attempts", "draw-1-2", to=entry()),
    ),
    "an open attempt of what was revised, and never due": (
        "no_work_is_forgotten",
        put("attempts", "draw-0-1", to=entry(1, revision=0)),
    ),
    "an end without an outcome": (
        "an_end_has_an_outcome",
        put("attempts", "draw-1-2", to=entry(ended_at=3.0)),
    ),
    "an end without a beginning": (
        "an_attempt_that_ended_had_begun",
        put("attempts", "draw-1-2", to=entry(started_at=None, ended_at=3.0, outcome="failed")),
    ),
    "a number left out": (
        "attempts_are_numbered",
        put("attempts", "draw-1-3", to=entry(3, ended_at=3.0, outcome="lost")),
    ),
    "more tries than are allowed": ("tries_are_bounded", failed),
}


@pytest.mark.parametrize("how", RECORDS)
def test_a_record_that_breaks_one_is_named_by_it(crank: Crank, record: Record, how: str) -> None:
    now = crank.clock.now()
    assert list(of_record(record, now)) == []
    invariant, change = RECORDS[how]
    assert invariant in {b.invariant for b in of_record(changed(record, change), now)}


def test_what_is_not_settled_since_is_held_against_nobody(crank: Crank, record: Record) -> None:
    late = changed(record, put("summary", "done", to=99))
    assert list(of_record(changed(late, put("due_at", to=1.0)), crank.clock.now())) == []


CHANGES: dict[str, tuple[str, Callable[[Json], Any]]] = {
    "an older revision": ("a_revision_never_goes_back", put("work", "revision", to=0)),
    "other words": ("a_revision_is_sealed", put("work", "title", to="Another")),
    "another owner, in a revision of its own": (
        "a_revision_is_sealed",
        lambda data: data["work"].update(owner="somebody", revision=2),
    ),
    "an attempt less": ("the_ledger_only_grows", put("attempts", to={})),
    "another end": ("the_ledger_only_grows", put("attempts", "draw-1-1", "outcome", to="failed")),
    "another beginning": (
        "the_ledger_only_grows",
        put("attempts", "draw-1-1", "started_at", to=0.5),
    ),
}


@pytest.mark.parametrize("how", CHANGES)
def test_a_write_that_breaks_one_is_named_by_it(record: Record, how: str) -> None:
    assert list(of_change(record.data, record.data)) == []
    invariant, change = CHANGES[how]
    assert invariant in {b.invariant for b in of_change(record.data, changed(record, change).data)}


@pytest.mark.parametrize(
    ("invariant", "change"),
    [
        ("a_tombstone_stays", put("work", "archived_at", to=None)),
        ("what_is_put_away_is_left_alone", put("attempts", "draw-1-2", to=entry())),
    ],
)
def test_what_is_put_away_stays_so(record: Record, invariant: str, change: Any) -> None:
    away = changed(record, put("work", "archived_at", to=5.0))
    assert list(of_change(record.data, away.data)) == []
    assert invariant in {b.invariant for b in of_change(away.data, changed(away, change).data)}


def live(crank: Crank) -> dict[str, ObjectInfo]:
    return {info.path: info for info in crank.studio.objects.list("").items}


class TestTheBucket:
    @pytest.mark.parametrize("how", ["gone", "empty", "another"])
    def test_ready_is_in_the_bucket(self, crank: Crank, record: Record, how: str) -> None:
        case, objects, now = case_of(record), live(crank), crank.clock.now()
        assert list(of_objects(case, objects, now)) == []
        path = str(file_of(crank, "b").relative_to(crank.file("")))
        info = objects.pop(path)
        if how == "empty":
            objects[path] = replace(info, size=0)
        if how == "another":
            objects[path] = replace(info, generation=info.generation + 1)
        assert {b.invariant for b in of_objects(case, objects, now)} == {"ready_is_in_the_bucket"}

    def test_a_raw_file_that_nothing_needs_goes(self, crank: Crank) -> None:
        plan = raw_and_final()
        raw = plan.artifacts()[0].path
        data = {
            "work": work(plan).model_dump(mode="json"),
            "summary": {"phase": "ready"},
            "attempts": {},
            "measured": {},
            "pardons": {},
        }
        case = case_of(Record("works/b", data, 1))
        info = ObjectInfo(raw, 1, 9, "x", "image/webp", 0.0, {"work": "b"})
        told = {b.invariant for b in of_objects(case, {raw: info}, 2 * HOUR_S)}
        assert "raws_go_when_nothing_needs_them" in told
        young = {b.invariant for b in of_objects(case, {raw: info}, HOUR_S / 2)}
        assert "raws_go_when_nothing_needs_them" not in young

    def deletions(self, info: ObjectInfo, crank: Crank, **more: Any) -> set[str]:
        case = case_of(Record("works/b", self.data, 1)) if more.pop("known", True) else None
        words = {"is_copied": False, **more}
        return {b.invariant for b in of_deletion(info, case, {}, **words)}

    def test_a_deletion_takes_our_own_raw_files_after_what_is_made_of_them(
        self, crank: Crank
    ) -> None:
        plan = raw_and_final()
        raw, page = (artifact.path for artifact in plan.artifacts())
        self.data: Json = {
            "work": work(plan).model_dump(mode="json"),
            "summary": {"phase": "ready"},
            "attempts": {},
            "measured": {},
            "pardons": {},
        }
        ours = ObjectInfo(raw, 1, 9, "x", "image/webp", 0.0, {"work": "b"})
        assert self.deletions(ours, crank) == {"raws_go_last"}
        assert self.deletions(ours, crank, known=False) == set()
        assert self.deletions(replace(ours, metadata={}), crank) == {"only_our_own_is_deleted"}
        final = replace(ours, path=page)
        assert self.deletions(final, crank) == {"what_was_asked_for_is_kept"}
        assert self.deletions(final, crank, is_copied=True) == set()


def test_every_invariant_is_broken_here() -> None:
    named = set()
    for file in Path(invariants.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Breach":
                named.add(ast.literal_eval(node.args[0]))
    text = Path(__file__).read_text()
    assert {name for name in named if f'"{name}"' not in text} == set()
