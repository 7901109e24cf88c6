"""The audit finds what no event told, looks only where it must, and touches nothing else."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import Any

import pytest

from lib.app.audit import listing, reconcile
from lib.app.settle import settle
from lib.app.storage import orphans
from lib.app.sweep import sweep
from lib.core.errors import ToolFailed
from lib.ports import REMOVE
from tests.app.counted import counted
from tests.app.crank import OWNER, Crank
from tests.app.planted import (
    BRAND,
    NESTED,
    PLACES,
    file_of,
    lose_events,
    made,
    order,
    plan_of,
    summary,
)


class TestAHealthyStudio:
    def test_a_pass_writes_deletes_enqueues_and_looks_at_nothing(
        self, crank: Crank, page: int
    ) -> None:
        made(crank, *NESTED)
        made(crank, "w-1", "w-2", brand="night-sky")
        studio, objects, records, queue = counted(crank.studio)
        report = reconcile(studio)
        assert (report.checked, report.looked_at) == (10, 0)
        assert report.corrections == report.unreachable == report.orphans.named == []
        assert set(objects.counts) == {"list"}
        assert set(records.counts) == {"query"}
        assert queue.calls == []

    def test_every_work_is_read_once_and_every_page_is_listed_once(
        self, crank: Crank, page: int
    ) -> None:
        made(crank, *(f"w-{n}" for n in range(17)))
        studio, objects, records, _ = counted(crank.studio)
        reconcile(studio)
        # A read finds the owner, one the brand, and two find that there is no other.
        assert records.given["query"] == 17 + 2
        calls = [(args, words["cursor"]) for _, args, words in objects.calls]
        assert len(calls) == len(set(map(repr, calls)))
        if page == 1000:
            assert len(calls) == 1
        else:
            full = sum(17 // page + 1 for _ in PLACES)
            empty = len(listing.CATEGORIES) - len(PLACES)
            assert len(calls) <= 1 + full + empty

    def test_many_small_brands_cost_one_call_each(
        self, crank: Crank, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(listing, "PAGE", 8)
        for brand in ("kitchen-proof", "night-sky", "two-wheels"):
            made(crank, f"{brand}-1", f"{brand}-2", brand=brand)
        studio, objects, _, _ = counted(crank.studio)
        assert reconcile(studio).checked == 6
        assert objects.counts["list"] == 1 + 3

    def test_a_tick_over_a_small_studio_lists_once_and_writes_nothing(self, crank: Crank) -> None:
        made(crank, "w-1", "w-2")
        sweep(crank.studio)  # makes the cursor
        studio, objects, records, queue = counted(crank.studio)
        sweep(studio)
        assert objects.counts == {"list": 1}
        assert set(records.counts) == {"query", "get"}
        assert queue.calls == []

    def test_an_archived_work_agrees_with_its_record(self, crank: Crank) -> None:
        made(crank, "w-1")
        crank.studio.records.update("works/w-1", {("work", "archived_at"): 1.0})
        settle(crank.studio, "w-1")
        report = reconcile(crank.studio)
        assert (report.looked_at, report.corrections) == (0, [])


def picture(filler: bytes) -> bytes:
    """Another picture that is as good as the one that was made."""
    facts = {"width": 10, "height": 10, "spread": 50.0, "media_type": "image/jpeg"}
    rest = filler * 20_000
    head = json.dumps({**facts, "digest": hashlib.sha256(rest).hexdigest()})
    return head.encode() + b"\n" + rest


BAD_HANDS = {
    "deleted": lambda file: file.unlink(),
    "emptied": lambda file: file.write_bytes(b""),
    "cut short": lambda file: file.write_bytes(file.read_bytes()[:-10]),
    "replaced by text": lambda file: file.write_text("not a picture"),
}


class TestWhatNoEventTold:
    @pytest.mark.parametrize("how", BAD_HANDS)
    @pytest.mark.parametrize("work_id", ["b", "b-1-two", "c"])
    def test_a_lost_or_spoilt_object_is_found_and_only_its_work_is_looked_at(
        self, crank: Crank, page: int, how: str, work_id: str
    ) -> None:
        made(crank, *NESTED)
        BAD_HANDS[how](file_of(crank, work_id))
        lose_events(crank)
        studio, objects, _, _ = counted(crank.studio)
        report = reconcile(studio)
        assert [c["work"] for c in report.corrections] == [work_id]
        assert set(report.corrections[0]["missing"]) == {"posts"}
        assert report.looked_at == 1
        looked = {args[0] for name, args, _ in objects.calls if name == "stat"}
        assert looked == {a.path for a in plan_of(work_id, BRAND).artifacts()}
        crank.until_quiet()
        assert summary(crank, work_id)["phase"] == "ready"

    def test_a_picture_replaced_by_a_good_one_is_what_the_record_shows_next(
        self, crank: Crank, page: int
    ) -> None:
        made(crank, *NESTED)
        file_of(crank, "b-1").write_bytes(picture(b"z"))
        lose_events(crank)
        before = crank.studio.records.get("works/b-1").data["measured"]["posts"]
        assert [c["work"] for c in reconcile(crank.studio).corrections] == ["b-1"]
        after = crank.studio.records.get("works/b-1").data["measured"]["posts"]
        assert after["generation"] > before["generation"]
        again = reconcile(crank.studio)
        assert (again.looked_at, again.corrections) == (0, [])

    def test_an_object_that_a_person_adds_ends_a_work_that_had_failed(
        self, crank: Crank, page: int
    ) -> None:
        crank.tools.failing["stills"] = ToolFailed("stills", "no ink")
        made(crank, "b", "c")
        assert summary(crank, "b")["phase"] == "failed"
        for place in PLACES:
            file = file_of(crank, "b", place)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(picture(place[:1].encode()))
        lose_events(crank)
        report = reconcile(crank.studio)
        assert [(c["work"], c["correctedStatus"]) for c in report.corrections] == [("b", "ready")]
        assert summary(crank, "b")["phase"] == "ready"

    @pytest.mark.parametrize(
        "lie",
        [
            {("summary", "phase"): "failed"},
            {("summary", "done"): 2},
            {("summary", "bytes"): 1},
            {("summary",): {}},
            {("measured", "posts", "generation"): 1},
            {("measured", "posts"): "nonsense"},
            {("measured",): {}},
            {("measured", "nothing"): {"path": "x"}},
        ],
        ids=str,
    )
    def test_a_record_that_lies_is_corrected_and_a_dry_run_only_says_so(
        self, crank: Crank, lie: dict[tuple[str, ...], Any]
    ) -> None:
        made(crank, "b", "c")
        honest = crank.studio.records.get("works/b").data
        crank.studio.records.update("works/b", lie)
        lied = crank.studio.records.get("works/b")
        dry = reconcile(crank.studio, dry_run=True)
        assert [(c["work"], c["action"]) for c in dry.corrections] == [("b", "would correct")]
        assert crank.studio.records.get("works/b") == lied
        assert [c["work"] for c in reconcile(crank.studio).corrections] == ["b"]
        assert crank.studio.records.get("works/b").data == honest
        assert reconcile(crank.studio).corrections == []

    def test_a_work_that_forgot_when_to_look_again_is_set_going(self, crank: Crank) -> None:
        order(crank, "w-1")
        crank.studio.records.update("works/w-1", {("due_at",): REMOVE})
        assert [c["work"] for c in reconcile(crank.studio).corrections] == ["w-1"]
        assert crank.studio.records.get("works/w-1").data["due_at"] > 0

    def test_a_work_that_changes_while_it_is_looked_at_is_no_correction(
        self, crank: Crank, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made(crank, "b", "c")
        file_of(crank, "b").unlink()
        lose_events(crank)
        stat, done = crank.local.objects.stat, []

        def overtaken(path: str) -> Any:
            if not done:
                done.append(path)
                settle(crank.studio, "b")
            return stat(path)

        monkeypatch.setattr(crank.local.objects, "stat", overtaken)
        report = reconcile(crank.studio)
        assert (report.looked_at, report.corrections) == (1, [])

    def test_a_listing_that_lies_is_not_believed(
        self, crank: Crank, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made(crank, "b", "c")
        real = crank.local.objects.list

        def forgetful(prefix: str, **words: Any) -> Any:
            page = real(prefix, **words)
            return replace(page, items=tuple(i for i in page.items if "/b_" not in i.path))

        monkeypatch.setattr(crank.local.objects, "list", forgetful)
        report = reconcile(crank.studio)
        assert (report.checked, report.looked_at, report.corrections) == (2, 1, [])


class TestOrphans:
    def test_what_no_plan_names_is_counted_and_named_and_not_touched(
        self, crank: Crank, page: int
    ) -> None:
        made(crank, "b", "c")
        whole = file_of(crank, "b")
        strangers = {
            f"{OWNER}/{BRAND}/posts/a-gone_posts-{'0' * 10}.jpg": "there is no work of that name",
            f"{OWNER}/{BRAND}/posts/readme.txt": "there is no work of that name",
            f"{OWNER}/{BRAND}/videos/zz_video-{'0' * 10}.mp4": "there is no work of that name",
            f"{OWNER}/{BRAND}/posts/b_posts-{'0' * 10}.jpg": "the work's plan does not name it",
        }
        for path in strangers:
            crank.file(path).parent.mkdir(parents=True, exist_ok=True)
            crank.file(path).write_bytes(whole.read_bytes())
        lose_events(crank)
        assert reconcile(crank.studio).orphans.objects == 0  # perhaps they are just being made
        crank.clock.advance(orphans.ORPHAN_AGE_S)
        report = reconcile(crank.studio)
        assert {one["object"]: one["why"] for one in report.orphans.named} == strangers
        assert report.orphans.objects == 4
        assert report.orphans.bytes == 4 * whole.stat().st_size
        assert (report.looked_at, report.corrections) == (0, [])
        assert all(crank.file(path).is_file() for path in strangers)

    def test_a_superseded_revision_is_named(self, crank: Crank, page: int) -> None:
        made(crank, "b", "c")
        fields = {
            ("work", "plan"): plan_of("b", BRAND, edition=2).model_dump(mode="json"),
            ("work", "revision"): 2,
        }
        crank.studio.records.update("works/b", fields)
        settle(crank.studio, "b")
        crank.until_quiet()
        named = {one["object"] for one in reconcile(crank.studio).orphans.named}
        assert named == {a.path for a in plan_of("b", BRAND).artifacts()}

    def test_a_small_bucket_shows_brands_that_no_record_names(self, crank: Crank) -> None:
        made(crank, "b")
        path = f"somebody/else/posts/x_posts-{'0' * 10}.jpg"
        crank.file(path).parent.mkdir(parents=True)
        crank.file(path).write_bytes(b"x")
        lose_events(crank)
        crank.clock.advance(orphans.ORPHAN_AGE_S)
        assert [one["object"] for one in reconcile(crank.studio).orphans.named] == [path]

    def test_only_so_many_are_named_and_all_are_counted(
        self, crank: Crank, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(orphans, "ORPHANS_NAMED", 2)
        made(crank, "b")
        folder = file_of(crank, "b").parent
        for number in range(5):
            (folder / f"x-{number}.txt").write_text("five")
        lose_events(crank)
        crank.clock.advance(orphans.ORPHAN_AGE_S)
        found = reconcile(crank.studio).orphans
        assert (found.objects, found.bytes, len(found.named)) == (5, 20, 2)
