"""So much never leaves a brand at once that rather its records lack than its works."""

from __future__ import annotations

from typing import Any

import pytest

from lib.app.audit import listing
from lib.core import retention
from lib.core.errors import Unavailable
from lib.core.retention import GRACE_S, MOST_LEAVING
from tests.app.crank import OWNER, Crank
from tests.app.kept import (
    Sweeping,
    acts,
    everything,
    held,
    is_there,
    lose_record,
    path_of,
    put,
    revise,
    tick,
)
from tests.app.planted import BRAND, made, plan_of


class TestTheBreaker:
    WORKS = MOST_LEAVING // 3 + 1

    def lost(self, crank: Crank, works: int) -> set[str]:
        """Make many works, lose all their records, and return their objects."""
        ids = [f"w-{number:02}" for number in range(works)]
        made(crank, *ids, "z")
        raws = {put(crank, path_of(work_id, "raw", "background")).path for work_id in ids[:2]}
        lose_record(crank, *ids)
        finals = {a.path for work_id in ids for a in plan_of(work_id, BRAND).artifacts()}
        return finals | raws

    def test_a_collection_that_lacks_empties_no_bucket(
        self, crank: Crank, sweeping: Sweeping
    ) -> None:
        paths = self.lost(crank, self.WORKS)
        report = sweeping(crank)
        assert report.proofs == []
        assert all(is_there(crank, path) for path in paths)
        (brand,) = report.stopped
        assert brand["brand"] == f"{OWNER}/{BRAND}"
        assert brand["objects"] == len(paths)

    def test_a_brand_that_no_record_names_any_more_is_held_back_too(
        self, crank: Crank, sweeping: Sweeping
    ) -> None:
        paths = self.lost(crank, self.WORKS)
        lose_record(crank, "z")
        assert sweeping(crank).proofs == []
        assert all(is_there(crank, path) for path in paths)

    def test_what_was_moved_lately_counts(self, crank: Crank, sweeping: Sweeping) -> None:
        ids = [f"w-{number:02}" for number in range(15)]
        made(crank, *ids, "x-1", "x-2", "z")
        lose_record(crank, *ids)
        assert len(sweeping(crank).proofs) == 45
        lose_record(crank, "x-1", "x-2")
        report = sweeping(crank)
        assert report.proofs == []
        assert [(one["objects"], one["held"]) for one in report.stopped] == [(6, 45)]

    def test_a_revision_of_everything_is_held_back_too(
        self, crank: Crank, sweeping: Sweeping
    ) -> None:
        ids = [f"w-{number:02}" for number in range(self.WORKS)]
        made(crank, *ids)
        for work_id in ids:
            revise(crank, work_id, 2)
        crank.clock.advance(2 * GRACE_S)
        report = sweeping(crank)
        assert report.proofs == []
        assert [one["objects"] for one in report.stopped] == [3 * self.WORKS]

    def test_slices_that_each_take_a_little_come_to_an_end(self, crank: Crank) -> None:
        for number in range(8):
            ids = [f"w-{number}-{n}" for n in range(4)]
            made(crank, *ids, *(["z"] if number == 0 else []))
            lose_record(crank, *ids)
            tick(crank)
        moved = len(held(crank))
        assert 0 < moved <= MOST_LEAVING
        assert tick(crank).stopped

    def test_a_person_who_knows_why_may_go_past_it(self, crank: Crank) -> None:
        paths = self.lost(crank, self.WORKS)
        assert acts(everything(crank, past_limit=True)).keys() == paths
        assert not any(is_there(crank, path) for path in paths)

    def test_a_few_are_moved(self, crank: Crank, sweeping: Sweeping) -> None:
        paths = self.lost(crank, 3)
        report = sweeping(crank)
        assert acts(report).keys() == paths
        assert report.stopped == []

    def test_many_of_a_large_brand_are_moved(
        self, crank: Crank, sweeping: Sweeping, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(retention, "MOST_LEAVING", 5)
        monkeypatch.setattr("lib.app.storage.slices.MOST_LEAVING", 5)
        made(crank, *(f"w-{number:02}" for number in range(50)))
        lose_record(crank, "w-00", "w-01")
        report = sweeping(crank)
        assert (len(report.proofs), report.stopped) == (6, [])

    @pytest.mark.parametrize("lost", ["a", "d"], ids=["among strays", "among a work's objects"])
    @pytest.mark.parametrize("page_that_fails", [1, 2])
    def test_a_brand_that_was_not_seen_whole_loses_nothing(
        self, crank: Crank, monkeypatch: pytest.MonkeyPatch, lost: str, page_that_fails: int
    ) -> None:
        made(crank, "a", "b", "c", "d")
        lose_record(crank, lost)
        pages = 0
        monkeypatch.setattr(listing, "PAGE", 1)
        monkeypatch.setattr(listing, "FIRST_PAGES", 1)
        real = crank.local.objects.list

        def away(prefix: str, *, cursor: str | None = None, limit: int = 1000) -> Any:
            nonlocal pages
            pages += prefix.endswith("thumbnails/")
            if pages == page_that_fails:
                raise Unavailable("the bucket does not answer")
            return real(prefix, cursor=cursor, limit=limit)

        monkeypatch.setattr(crank.local.objects, "list", away)
        report = everything(crank)
        assert report.unreachable
        assert report.proofs == []
