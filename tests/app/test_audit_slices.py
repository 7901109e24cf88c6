"""The audit goes on where it stopped, two at once miss nothing, and nothing stops it."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from lib.app.audit import Report, audit_slice, listing, reconcile
from lib.app.audit import run as audit
from lib.app.audit.name_order import id_of
from lib.app.sweep import sweep
from lib.core.errors import Unavailable
from tests.app.counted import Counted, counted
from tests.app.crank import OWNER, Crank
from tests.app.planted import (
    BRAND,
    CURSOR,
    NESTED,
    file_of,
    lose_events,
    made,
    slices,
    summary,
)


class TestSlices:
    @pytest.mark.parametrize("works", [1, 2, 3])
    def test_slices_check_every_work_once_and_look_at_none(
        self, crank: Crank, page: int, works: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(audit, "SLICE_WORKS", works)
        made(crank, *NESTED)
        made(crank, "w-1", "w-2", brand="night-sky")
        report = slices(crank)
        assert (report.checked, report.looked_at, report.corrections) == (10, 0, [])
        assert report.orphans.objects == 0

    def test_a_slice_ends_after_its_works_and_reads_hardly_more(
        self, crank: Crank, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(audit, "SLICE_WORKS", 5)
        made(crank, *(f"w-{n:02}" for n in range(30)))
        studio, _, records, _ = counted(crank.studio)
        report = Report()
        audit_slice(studio, report)
        assert report.checked == 5
        assert records.given["query"] <= 5 + 1 + 2

    def test_a_slice_ends_after_its_calls_and_still_goes_on(
        self, crank: Crank, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(listing, "PAGE", 1)
        monkeypatch.setattr(audit, "SLICE_CALLS", 1)
        made(crank, *NESTED)
        report = Report()
        audit_slice(crank.studio, report)
        assert report.checked == 1
        assert slices(crank).checked == len(NESTED) - 1

    def test_a_lie_behind_a_boundary_is_found(
        self, crank: Crank, page: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(audit, "SLICE_WORKS", 2)
        made(crank, *NESTED)
        for work_id in NESTED:
            file_of(crank, work_id, "thumbnails").unlink()
        lose_events(crank)
        corrected = Counter(c["work"] for c in slices(crank).corrections)
        assert corrected == Counter(NESTED)

    def test_works_that_come_and_go_between_slices_cost_the_others_nothing(
        self, crank: Crank, page: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(audit, "SLICE_WORKS", 2)
        made(crank, *NESTED)
        checked: list[str] = []
        judged = audit.judge_pair

        def noted(studio: Any, pair: Any, *rest: Any) -> None:
            checked.extend([id_of(pair.record)] if pair.record else [])
            judged(studio, pair, *rest)

        monkeypatch.setattr(audit, "judge_pair", noted)
        report = Report()
        audit_slice(crank.studio, report)
        gone = next(i for i in ("bb-2", "c") if i not in checked)
        forget = f"DELETE FROM document WHERE id='{gone}'"
        crank.local.database.write(lambda conn: conn.execute(forget))
        made(crank, "a-new", "b-11", "z-new")
        slices(crank)
        lived = set(NESTED) - {gone}
        assert {i: n for i, n in Counter(checked).items() if i in lived} == dict.fromkeys(lived, 1)
        assert set(checked) - lived <= {"a-new", "b-11", "z-new"}

    def test_of_two_slices_at_once_the_one_that_is_ahead_keeps_its_place(
        self, crank: Crank, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(audit, "SLICE_WORKS", 2)
        made(crank, *NESTED)
        for work_id in NESTED:
            file_of(crank, work_id).unlink()
        lose_events(crank)
        first, ahead, behind = Report(), Report(), Report()
        audit_slice(crank.studio, first)
        walk = audit.Walk

        def overtaken(*args: Any, **words: Any) -> Any:
            monkeypatch.setattr(audit, "Walk", walk)
            audit_slice(crank.studio, ahead)  # begins and ends after we read the cursor
            audit_slice(crank.studio, ahead)
            return walk(*args, **words)

        monkeypatch.setattr(audit, "Walk", overtaken)
        audit_slice(crank.studio, behind)
        assert (behind.checked, behind.corrections) == (2, [])  # the same ones once more
        rest = slices(crank)
        assert [len(r.corrections) for r in (first, ahead, rest)] == [2, 4, 2]
        assert rest.checked == 2
        assert {summary(crank, i)["done"] for i in NESTED} == {2}

    def test_two_passes_at_once_correct_a_record_once(
        self, crank: Crank, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made(crank, *NESTED)
        for work_id in NESTED:
            file_of(crank, work_id).unlink()
        lose_events(crank)
        passes = ThreadPoolExecutor(2)
        both = [passes.submit(reconcile, crank.studio) for _ in range(2)]
        reports = [one.result(timeout=60) for one in both]
        assert {c["work"] for r in reports for c in r.corrections} == set(NESTED)
        assert [r.unreachable for r in reports] == [[], []]
        claims = [crank.studio.records.get(f"works/{i}").data["attempts"] for i in NESTED]
        assert [sorted(claim) for claim in claims] == [["draw-1-1", "draw-1-2"]] * len(NESTED)

    @pytest.mark.parametrize(
        "place",
        [None, "junk", {"owner": 1}, {"path": "works/b", "created_at": 1.0}],
        ids=str,
    )
    def test_a_place_that_cannot_be_read_is_the_beginning(self, crank: Crank, place: Any) -> None:
        made(crank, "b", "c")
        crank.studio.records.create(CURSOR, {"place": place, "path": "", "created_at": 0.0})
        assert slices(crank).checked == 2

    def test_a_place_that_the_bucket_refuses_costs_the_rest_of_one_pass(
        self, crank: Crank, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(listing, "PAGE", 2)
        monkeypatch.setattr(audit, "SLICE_WORKS", 2)
        made(crank, *NESTED)
        audit_slice(crank.studio, Report())
        real = crank.local.objects.list

        def strict(prefix: str, **words: Any) -> Any:
            if words["cursor"]:
                raise Unavailable("that token is too old")
            return real(prefix, **words)

        monkeypatch.setattr(crank.local.objects, "list", strict)
        assert [w.split(":")[0] for w in slices(crank).unreachable] == [f"{OWNER}/{BRAND}"]
        monkeypatch.setattr(crank.local.objects, "list", real)
        assert slices(crank).checked == len(NESTED)


class TestNothingStopsIt:
    @pytest.mark.parametrize(
        "poison",
        [
            {("work",): "junk"},
            {("work", "plan"): None},
            {("attempts",): ["junk"]},
            {("pardons",): ["junk"]},
            {("measured",): ["junk"]},
            {("summary",): "junk"},
        ],
        ids=str,
    )
    @pytest.mark.parametrize("run", [reconcile, sweep], ids=["reconcile", "tick"])
    def test_a_record_that_cannot_be_read_is_named_and_keeps_nobody(
        self, crank: Crank, poison: dict[tuple[str, ...], Any], run: Any
    ) -> None:
        made(crank, *NESTED)
        crank.studio.records.update("works/b-1", {**poison, ("due_at",): 1.0})
        file_of(crank, "c").unlink()
        lose_events(crank)
        report = run(crank.studio)
        assert {line.split(":")[0] for line in report.unreachable} == {"b-1"}
        assert [c["work"] for c in report.corrections] == ["c"]
        assert report.orphans.objects == 0  # what is the unread work's is nobody's orphan

    def test_records_of_no_brand_that_is_a_word_keep_nobody(self, crank: Crank) -> None:
        made(crank, "b", "c")
        crank.studio.records.create("works/x", {"owner": 5, "brand": None})
        crank.studio.records.create("works/y", {"owner": OWNER, "brand": 5})
        report = reconcile(crank.studio)
        assert {line.split(":")[0] for line in report.unreachable} == {"x", "y"}
        assert report.checked == 2

    def test_an_object_that_cannot_be_looked_at_is_named_with_its_work(
        self, crank: Crank, page: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made(crank, *NESTED)
        for work_id in ("b", "c"):
            file_of(crank, work_id).unlink()
        lose_events(crank)
        stat = crank.local.objects.stat

        def broken(path: str) -> Any:
            if "/b_" in path:
                raise Unavailable("the bucket does not answer")
            return stat(path)

        monkeypatch.setattr(crank.local.objects, "stat", broken)
        report = reconcile(crank.studio)
        assert report.unreachable == ["b: the bucket does not answer"]
        assert [c["work"] for c in report.corrections] == ["c"]

    def test_a_brand_that_cannot_be_listed_is_named_and_the_next_one_is_held(
        self, crank: Crank, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(listing, "PAGE", 4)
        made(crank, "w-1", "w-2", "w-3", brand="night-sky")
        made(crank, *NESTED)
        real = crank.local.objects.list

        def broken(prefix: str, **words: Any) -> Any:
            if prefix.startswith(f"{OWNER}/night-sky/"):
                raise Unavailable("the bucket does not answer")
            return real(prefix, **words)

        monkeypatch.setattr(crank.local.objects, "list", broken)
        report = reconcile(crank.studio)
        assert report.unreachable == [f"{OWNER}/night-sky: the bucket does not answer"]
        assert (report.checked, report.looked_at) == (len(NESTED), 0)
        assert slices(crank).checked == len(NESTED)

    def test_a_bucket_that_is_away_is_one_line_and_moves_no_place(
        self, crank: Crank, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made(crank, *NESTED)

        def away(prefix: str, **words: Any) -> Any:
            raise Unavailable("the bucket does not answer")

        monkeypatch.setattr(crank.local.objects, "list", away)
        report = Report()
        audit_slice(crank.studio, report)
        assert report.unreachable == ["the bucket: the bucket does not answer"]
        assert reconcile(crank.studio).unreachable == report.unreachable

    def test_records_that_are_away_are_loud(self, crank: Crank) -> None:
        class Away(Counted):
            def query(self, query: Any) -> Any:
                raise Unavailable("the database does not answer")

        studio = replace(crank.studio, records=Away(crank.studio.records))
        with pytest.raises(Unavailable, match="the database does not answer"):
            reconcile(studio)
