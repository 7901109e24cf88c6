"""The sum over the classes is the sum of the bucket, and a dry run is the same way to its end."""

from __future__ import annotations

import ast
import dataclasses
import json
from collections import Counter
from pathlib import Path

import pytest

from lib import app
from lib.app.audit import audit_slice
from lib.app.storage import report as reports
from lib.app.storage import slices
from lib.app.storage.orphans import Gathered
from lib.app.storage.passes import sweep_everything
from lib.app.storage.report import Swept
from lib.app.sweep import Tick, sweep
from lib.core.retention import DAY_S, GRACE_S, StorageClass
from tests.app.counted import counted
from tests.app.crank import OWNER, Crank
from tests.app.kept import (
    acts,
    aired,
    everything,
    is_there,
    lose_record,
    path_of,
    put,
    reasons,
    stat,
    superseded,
    write,
)
from tests.app.planted import BRAND, NESTED, made, plan_of


def in_bucket(crank: Crank) -> Counter[str]:
    """Return how many bytes and objects lie in the bucket, by its own listing."""
    found, cursor = Counter[str](), None
    while True:
        page = crank.studio.objects.list("", cursor=cursor)
        found.update(bytes=sum(i.size for i in page.items), objects=len(page.items))
        cursor = page.cursor
        if cursor is None:
            return found


def of_everything(crank: Crank) -> None:
    """Fill the bucket with objects of every class, and with strays in every place."""
    superseded(crank, "b")
    everything(crank)  # the first edition of b is in quarantine
    aired(crank)
    crank.clock.advance(2 * GRACE_S)
    made(crank, *(i for i in NESTED if i != "b"))
    made(crank, "n-1", brand="night-sky")
    put(crank, path_of("b", "raw", "background"), old=False)
    put(crank, path_of("b", "cache", "playout"), old=False)
    put(crank, path_of("b", "cache", "speech"), old=False)
    put(crank, path_of("b", "receipts", "made"), old=False)
    for path in (
        "readme.txt",
        "elsewhere/notes.txt",
        "nobody/nothing/posts/picture.png",
        f"{OWNER}/{BRAND}/sketches/one/two.png",
        f"{OWNER}/{BRAND}/posts/picture.png",
        f"{OWNER}/zzz/posts/x_posts-{'0' * 10}.jpg",
    ):
        write(crank, path, path.encode())


def test_the_sum_over_the_classes_is_the_sum_of_the_bucket(crank: Crank, page: int) -> None:
    of_everything(crank)
    report = everything(crank, dry_run=True)
    there = in_bucket(crank)
    assert sum(total["bytes"] for total in report.totals.values()) == there["bytes"]
    assert sum(total["objects"] for total in report.totals.values()) == there["objects"]
    assert (report.bytes, report.objects) == (there["bytes"], there["objects"])


def test_every_class_is_counted_as_what_it_is(crank: Crank, page: int) -> None:
    of_everything(crank)
    totals = everything(crank, dry_run=True).totals
    assert {name: total["objects"] for name, total in totals.items()} == {
        "final": 3 * (len(NESTED) + 1),
        "quarantine": 3,
        "raw": 1,
        "receipt": 1,
        "playout_cache": 1,
        "speech_cache": 1,
        "aired_audio": 1,
        "aired_record": 2,
        "stray": 6,
    }


def test_bytes_that_a_person_put_where_a_plan_wants_them_count_as_what_they_are(
    crank: Crank,
) -> None:
    made(crank, "b")
    path = plan_of("b", BRAND).artifacts()[0].path
    write(crank, path, crank.file(path).read_bytes()[:-1] + b"!")
    assert everything(crank, dry_run=True).totals.keys() == {"final", "stray"}
    write(crank, path, crank.file(plan_of("b", BRAND).artifacts()[1].path).read_bytes())
    assert everything(crank, dry_run=True).totals.keys() == {"final"}


def test_what_was_freed_is_what_the_bucket_lacks(crank: Crank, page: int) -> None:
    of_everything(crank)
    crank.clock.advance(40 * DAY_S)
    before = in_bucket(crank)
    report = everything(crank)
    crank.local.objects.scan()
    after = in_bucket(crank)
    assert report.freed_bytes == before["bytes"] - after["bytes"] > 0
    assert report.bytes == before["bytes"]


def test_a_forecast_is_made_of_what_was_found(crank: Crank) -> None:
    made(crank, "b")
    report = everything(crank)
    size = sum(stat(crank, a.path).size for a in plan_of("b", BRAND).artifacts())
    assert report.forecast["by_class"]["final"]["bytes_a_day_7"] == size
    assert report.forecast["in_30_days_bytes"] == 31 * size


class TestADryRun:
    def test_it_says_what_the_sweep_then_does(self, crank: Crank, page: int) -> None:
        of_everything(crank)
        crank.clock.advance(40 * DAY_S)
        said = everything(crank, dry_run=True)
        done = everything(crank)
        assert said.proofs
        assert {"delete"} == set(acts(said).values())

        def told(report: Swept) -> list[dict[str, object]]:
            # The first audio that goes puts its work away, so its record has another version.
            keys = ("act", "object", "bytes", "generation", "crc32c", "class", "why")
            return [{key: one[key] for key in keys} for one in report.proofs]

        assert told(said) == told(done)
        assert (said.freed_bytes, said.refused) == (done.freed_bytes, done.refused)

    def test_it_says_of_moves_what_the_sweep_then_does(self, crank: Crank, page: int) -> None:
        superseded(crank, "b")
        said = everything(crank, dry_run=True)
        assert set(acts(said).values()) == {"quarantine"}
        assert said.proofs == everything(crank).proofs

    def test_it_writes_and_deletes_nothing(self, crank: Crank) -> None:
        of_everything(crank)
        put(crank, path_of("c", "raw", "background"))
        crank.clock.advance(40 * DAY_S)
        studio, objects, records, queue = counted(crank.studio)
        before = in_bucket(crank)
        assert sweep_everything(studio, dry_run=True).proofs
        assert set(objects.counts) <= {"list", "stat"}
        assert set(records.counts) <= {"query", "get"}
        assert queue.calls == []
        assert in_bucket(crank) == before


class TestTheTick:
    def test_a_quiet_one_asks_for_nothing_that_the_audit_does_not(self, crank: Crank) -> None:
        made(crank, *NESTED)
        aired(crank)
        write(crank, path_of("b", "posts", "posts", 7), b"a person's, named like ours")
        write(crank, f"{OWNER}/{BRAND}/posts/notes.txt", b"mine")
        crank.clock.advance(2 * GRACE_S)
        put(crank, path_of("gone", "posts", "posts"), old=False)
        sweep(crank.studio)
        studio, objects, records, _ = counted(crank.studio)
        audit_slice(studio, Tick())
        alone = (objects.counts, records.counts)
        studio, objects, records, _ = counted(crank.studio)
        report = sweep(studio)
        records.calls.remove(next(c for c in records.calls if c[1][0].order_by == "due_at"))
        assert (objects.counts, records.counts) == alone
        assert report.swept.proofs == []

    def test_it_answers_with_plain_values(self, crank: Crank) -> None:
        superseded(crank, "b")
        answer = dataclasses.asdict(sweep(crank.studio))
        assert json.loads(json.dumps(answer)) == answer
        assert len(answer["swept"]["proofs"]) == 3

    def test_what_was_gathered_is_counted_as_ever(self, crank: Crank) -> None:
        made(crank, "b")
        path = f"{OWNER}/{BRAND}/posts/notes.txt"
        write(crank, path, b"mine")
        crank.clock.advance(2 * GRACE_S)
        gathered = Gathered()
        audit_slice(crank.studio, Tick(orphans=gathered))
        assert (gathered.objects, gathered.bytes) == (1, 4)
        assert [info.path for info in gathered.found] == [path]

    def test_it_removes_no_more_than_its_share_and_the_next_goes_on(
        self, crank: Crank, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(slices, "MOST_IN_A_TICK", 2)
        made(crank, "b", "c", "d", "e")
        for work_id in ("b", "c", "d"):
            put(crank, path_of(work_id, "raw", "background"))
        lose_record(crank, "e")
        counts = [len(sweep(crank.studio).swept.proofs) for _ in range(4)]
        assert counts == [2, 2, 2, 0]


def test_only_so_many_refusals_are_named_and_all_are_counted(
    crank: Crank, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reports, "REFUSED_NAMED", 2)
    made(crank, "b")
    for number in range(5):
        write(crank, f"{OWNER}/{BRAND}/posts/{number}.txt", b"mine")
    report = everything(crank)
    assert (report.refused_objects, len(reasons(report))) == (5, 2)


def test_brands_that_no_record_names_are_swept_in_a_bucket_of_any_size(
    crank: Crank, page: int
) -> None:
    made(crank, "b")
    made(crank, "n-1", brand="night-sky")
    lose_record(crank, "n-1")
    lost = {a.path for a in plan_of("n-1", "night-sky").artifacts()}
    assert acts(everything(crank)) == dict.fromkeys(lost, "quarantine")
    assert not any(is_there(crank, path) for path in lost)
    assert everything(crank).totals[StorageClass.QUARANTINE.value]["objects"] == 3


def test_nothing_in_this_room_deletes_but_the_two_that_prove_first() -> None:
    places = set()
    for file in (Path(app.__file__).parent / "storage").glob("*.py"):
        for function in ast.walk(ast.parse(file.read_text())):
            calls = ast.walk(function) if isinstance(function, ast.FunctionDef) else ()
            named = {getattr(call.func, "attr", "") for call in calls if isinstance(call, ast.Call)}
            if named & {"delete", "replace_object", "put_once", "archive"}:
                places.add((file.stem, function.name))
    assert places == {("carry_out", "_delete"), ("quarantine", "copy_and_delete")}
