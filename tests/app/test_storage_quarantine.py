"""What no plan names is moved out of the way first, and comes back when it is wanted."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lib.app import intake, views
from lib.app.audit import listing, reconcile
from lib.app.settle import settle
from lib.app.storage.carry_out import Hand
from lib.app.storage.provenance import origin_of, place_in_quarantine
from lib.app.storage.report import Swept
from lib.app.verify import verify
from lib.core import retention
from lib.core.errors import NotFound, Refused, ToolFailed, Unavailable
from lib.core.retention import DAY_S, GRACE_S, MOST_LEAVING
from tests.app.crank import OWNER, Crank
from tests.app.kept import (
    Sweeping,
    acts,
    everything,
    is_there,
    lose_record,
    path_of,
    put,
    reasons,
    revise,
    stat,
    superseded,
    tick,
    write,
)
from tests.app.planted import BRAND, file_of, lose_events, made, order, plan_of, summary

FOLDER = f"{OWNER}/{BRAND}/quarantine/"


@pytest.fixture(params=[everything, tick], ids=["command", "tick"])
def sweeping(request: pytest.FixtureRequest) -> Sweeping:
    return request.param


def held(crank: Crank) -> dict[str, Any]:
    """Return what lies in quarantine, by where it came from."""
    found = crank.studio.objects.list(FOLDER).items
    origins = [(origin_of(info), info) for info in found]
    return {origin.path: info for origin, info in origins if origin is not None}


def restore(crank: Crank, path: str, *, dry_run: bool = False) -> Any:
    return Hand(crank.studio, Swept(), dry_run=dry_run).restore(path)


class TestMovingAway:
    def test_finals_of_a_superseded_revision(self, crank: Crank, sweeping: Sweeping) -> None:
        paths = superseded(crank, "b")
        before = {path: stat(crank, path) for path in paths}
        report = sweeping(crank)
        assert acts(report) == dict.fromkeys(paths, "quarantine")
        assert (report.freed_bytes, report.moved_bytes) == (0, sum(i.size for i in before.values()))
        assert not any(is_there(crank, path) for path in paths)
        for path, info in held(crank).items():
            origin, old = origin_of(info), before[path]
            assert origin is not None
            assert (info.size, info.crc32c, info.media_type) == (
                old.size,
                old.crc32c,
                old.media_type,
            )
            assert (origin.generation, origin.crc32c) == (old.generation, old.crc32c)
            assert origin.why == "its revision was superseded"
        assert held(crank).keys() == set(paths)
        assert summary(crank, "b")["phase"] == "ready"
        assert verify(crank.studio, OWNER).lies == []

    def test_finals_of_a_work_without_a_record(self, crank: Crank, sweeping: Sweeping) -> None:
        made(crank, "b", "c")
        lose_record(crank, "b")
        paths = {a.path for a in plan_of("b", BRAND).artifacts()}
        assert acts(sweeping(crank)) == dict.fromkeys(paths, "quarantine")
        assert held(crank).keys() == paths
        assert summary(crank, "c")["phase"] == "ready"

    def test_it_is_deleted_when_its_keep_time_is_over_and_not_before(
        self, crank: Crank, sweeping: Sweeping
    ) -> None:
        paths = superseded(crank, "b")
        sweeping(crank)
        places = {info.path for info in held(crank).values()}
        crank.clock.advance(30 * DAY_S - 1)
        assert acts(sweeping(crank)) == {}
        crank.clock.advance(1)
        report = sweeping(crank)
        assert acts(report) == dict.fromkeys(places, "delete")
        assert report.freed_bytes > 0
        assert held(crank) == {}
        assert not any(is_there(crank, path) for path in paths)

    def test_what_lies_there_is_no_orphan_of_the_audit(self, crank: Crank) -> None:
        superseded(crank, "b")
        everything(crank)
        crank.clock.advance(2 * GRACE_S)
        assert reconcile(crank.studio).orphans.objects == 0


class TestStaying:
    def test_the_old_finals_while_the_new_ones_are_not_verified(
        self, crank: Crank, sweeping: Sweeping
    ) -> None:
        made(crank, "b")
        crank.tools.failing["stills"] = ToolFailed("stills", "the font is broken")
        revise(crank, "b", 2)
        crank.clock.advance(2 * GRACE_S)
        report = sweeping(crank)
        old = {a.path for a in plan_of("b", BRAND).artifacts()}
        assert report.proofs == []
        assert all(is_there(crank, path) for path in old)
        assert all("not everything of the present one" in reasons(report)[path] for path in old)

    @pytest.mark.parametrize("work_id", ["b", "gone"])
    def test_receipts_that_no_plan_names(
        self, crank: Crank, sweeping: Sweeping, work_id: str
    ) -> None:
        made(crank, "b")
        path = put(crank, path_of(work_id, "receipts", "aired")).path
        report = sweeping(crank)
        assert report.proofs == []
        assert "proves that something happened" in reasons(report)[path]

    def test_finals_of_a_work_that_its_owner_put_away(
        self, crank: Crank, sweeping: Sweeping
    ) -> None:
        made(crank, "b")
        intake.archive(crank.studio, OWNER, "b")
        crank.clock.advance(1000 * DAY_S)
        assert acts(sweeping(crank)) == {}
        assert all(is_there(crank, a.path) for a in plan_of("b", BRAND).artifacts())

    def test_what_a_person_put_over_a_superseded_final(
        self, crank: Crank, sweeping: Sweeping
    ) -> None:
        paths = superseded(crank, "b")
        write(crank, paths[0], b"mine")
        crank.clock.advance(2 * GRACE_S)
        report = sweeping(crank)
        assert acts(report).keys() == set(paths[1:])
        assert "a person put it there" in reasons(report)[paths[0]]
        assert crank.file(paths[0]).read_bytes() == b"mine"

    def test_what_a_person_put_over_an_object_in_quarantine(
        self, crank: Crank, sweeping: Sweeping
    ) -> None:
        superseded(crank, "b")
        sweeping(crank)
        place = next(iter(held(crank).values())).path
        write(crank, place, b"mine")
        crank.clock.advance(31 * DAY_S)
        report = sweeping(crank)
        assert place not in acts(report)
        assert crank.file(place).read_bytes() == b"mine"

    def test_a_copy_that_a_person_made_within_quarantine(
        self, crank: Crank, sweeping: Sweeping
    ) -> None:
        path = superseded(crank, "b")[0]
        sweeping(crank)
        info = held(crank)[path]
        copy = crank.studio.scratch / "copy"
        copy.write_bytes(crank.file(info.path).read_bytes())
        place = info.path.replace(info.path[-14:-4], "0" * 10)
        told = {"media_type": info.media_type, "metadata": info.metadata}
        crank.studio.objects.put_once(place, copy, **told)
        crank.clock.advance(31 * DAY_S)
        report = sweeping(crank)
        assert info.path in acts(report)
        assert "does not say where it came from" in reasons(report)[place]
        assert is_there(crank, place)

    def test_a_copy_in_quarantine_that_does_not_say_where_it_came_from(
        self, crank: Crank, sweeping: Sweeping
    ) -> None:
        made(crank, "b")
        path = put(crank, path_of("b", "quarantine", "posts")).path
        crank.clock.advance(31 * DAY_S)
        report = sweeping(crank)
        assert report.proofs == []
        assert "does not say where it came from" in reasons(report)[path]


class TestNeverLessThanOneGoodCopy:
    def test_the_original_stays_when_the_copy_has_other_bytes(
        self, crank: Crank, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        paths = superseded(crank, "b")
        look = crank.local.objects.stat

        def wrong(path: str) -> Any:
            info = look(path)
            return replace(info, crc32c="AAAAAA==") if info and path.startswith(FOLDER) else info

        monkeypatch.setattr(crank.local.objects, "stat", wrong)
        report = everything(crank)
        assert report.proofs == []
        assert len(report.unreachable) == len(paths)
        assert all(is_there(crank, path) for path in paths)

    def test_the_original_stays_when_it_cannot_be_read_whole(
        self, crank: Crank, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        paths = superseded(crank, "b")
        fetch = crank.local.objects.fetch

        def cut(path: str, generation: int, file: Any) -> None:
            fetch(path, generation, file)
            file.write_bytes(file.read_bytes()[:-1])

        monkeypatch.setattr(crank.local.objects, "fetch", cut)
        assert everything(crank).proofs == []
        assert all(is_there(crank, path) for path in paths)
        assert held(crank) == {}

    def test_the_original_stays_when_other_bytes_lie_in_its_place_there(self, crank: Crank) -> None:
        paths = superseded(crank, "b")
        place = place_in_quarantine(paths[0], stat(crank, paths[0]).generation)
        write(crank, place, b"mine")
        report = everything(crank)
        assert paths[0] not in acts(report)
        assert is_there(crank, paths[0])
        assert crank.file(place).read_bytes() == b"mine"

    def test_a_move_that_died_half_way_is_ended_by_the_next_sweep(
        self, crank: Crank, sweeping: Sweeping, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        paths = superseded(crank, "b")

        def dies(path: str, *, generation: int) -> bool:
            raise Unavailable("killed")

        with monkeypatch.context() as patch:
            patch.setattr(crank.local.objects, "delete", dies)
            assert sweeping(crank).proofs == []
        assert held(crank).keys() == set(paths)  # copies, beside the originals
        assert all(is_there(crank, path) for path in paths)
        assert acts(sweeping(crank)) == dict.fromkeys(paths, "quarantine")
        assert not any(is_there(crank, path) for path in paths)
        assert len(held(crank)) == len(paths)

    def test_the_original_stays_when_its_work_was_written_meanwhile(
        self, crank: Crank, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        paths = superseded(crank, "b")
        put_once = crank.local.objects.put_once

        def revising(path: str, *args: Any, **more: Any) -> Any:
            first = plan_of("b", BRAND).model_dump(mode="json")
            crank.studio.records.update("works/b", {("work", "plan"): first})
            return put_once(path, *args, **more)

        monkeypatch.setattr(crank.local.objects, "put_once", revising)
        assert acts(everything(crank)) == {}
        assert all(is_there(crank, path) for path in paths)


class TestComingBack:
    def test_a_plan_that_wants_it_again_gets_it_and_nothing_is_made_anew(
        self, crank: Crank, sweeping: Sweeping, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        paths = superseded(crank, "b")
        sweeping(crank)
        makes = crank.tools.made.copy()
        record = crank.studio.records.get("works/b")
        plan = plan_of("b", BRAND).model_dump(mode="json")
        crank.studio.records.update(record.path, {("work", "plan"): plan, ("work", "revision"): 3})
        crank.clock.advance(2 * GRACE_S)
        report = sweeping(crank)
        assert {one["act"] for one in report.proofs if "quarantine/" in one["object"]} == {"adopt"}
        assert all(is_there(crank, path) for path in paths)
        assert not held(crank).keys() & set(paths)
        crank.until_quiet()
        assert summary(crank, "b")["phase"] == "ready"
        assert crank.tools.made == makes
        assert verify(crank.studio, OWNER).lies == []

    def test_records_that_come_back_find_their_objects_again(
        self, crank: Crank, sweeping: Sweeping
    ) -> None:
        made(crank, "b", "c")
        data = crank.studio.records.get("works/b").data
        lose_record(crank, "b")
        sweeping(crank)
        assert len(held(crank)) == 3
        crank.studio.records.create("works/b", data)
        crank.clock.advance(2 * GRACE_S)
        assert set(acts(sweeping(crank)).values()) == {"adopt"}
        assert held(crank) == {}
        assert summary(crank, "b")["phase"] == "ready"

    def test_a_dry_run_takes_nothing_back(self, crank: Crank) -> None:
        made(crank, "b", "c")
        data = crank.studio.records.get("works/b").data
        lose_record(crank, "b")
        everything(crank)
        crank.studio.records.create("works/b", data)
        crank.clock.advance(2 * GRACE_S)
        assert set(acts(everything(crank, dry_run=True)).values()) == {"adopt"}
        assert len(held(crank)) == 3
        assert not any(is_there(crank, a.path) for a in plan_of("b", BRAND).artifacts())

    def test_a_work_that_was_put_away_wants_nothing_again(
        self, crank: Crank, sweeping: Sweeping
    ) -> None:
        paths = superseded(crank, "b")
        sweeping(crank)
        plan = plan_of("b", BRAND).model_dump(mode="json")
        at = crank.clock.now()
        fields = {("work", "plan"): plan, ("work", "archived_at"): at}
        crank.studio.records.update("works/b", fields)
        crank.clock.advance(2 * GRACE_S)
        assert "adopt" not in acts(sweeping(crank)).values()
        assert set(paths) <= held(crank).keys()

    def test_bytes_that_do_not_pass_the_check_are_not_taken(
        self, crank: Crank, sweeping: Sweeping, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made(crank, "b", "c")
        data = crank.studio.records.get("works/b").data
        lose_record(crank, "b")
        sweeping(crank)
        crank.studio.records.create("works/b", data)
        crank.clock.advance(2 * GRACE_S)
        monkeypatch.setattr(crank.tools, "probe", lambda file, kind: {"unreadable": "broken"})
        report = sweeping(crank)
        assert "adopt" not in acts(report).values()
        assert len(held(crank)) == 3

    def test_a_place_that_is_taken_is_left_alone(self, crank: Crank, sweeping: Sweeping) -> None:
        made(crank, "b")
        path = plan_of("b", BRAND).artifacts()[0].path
        info = stat(crank, path)
        revise(crank, "b", 2)
        crank.clock.advance(2 * GRACE_S)
        sweeping(crank)
        revise(crank, "b", 1)  # and everything is made again before anybody looks
        crank.clock.advance(2 * GRACE_S)
        generation = stat(crank, path).generation
        assert generation != info.generation
        report = sweeping(crank)
        assert "adopt" not in acts(report).values()
        assert stat(crank, path).generation == generation

    def test_an_object_in_the_place_that_a_plan_wants_is_found_and_not_made(
        self, crank: Crank
    ) -> None:
        """The other direction needs no quarantine: what lies in an empty slot's place fills it."""
        made(crank, "b")
        first = file_of(crank, "b").read_bytes()
        for artifact in plan_of("c", BRAND).artifacts():
            write(crank, artifact.path, first)
        makes = crank.tools.made.copy()
        order(crank, "c")
        crank.until_quiet()
        assert summary(crank, "c")["phase"] == "ready"
        assert crank.tools.made == makes


class TestRestoringByHand:
    @pytest.mark.parametrize("by", ["its place", "its origin"])
    def test_a_person_gets_it_back_and_keeps_it(
        self, crank: Crank, sweeping: Sweeping, by: str
    ) -> None:
        path = superseded(crank, "b")[0]
        before = crank.file(path).read_bytes()
        sweeping(crank)
        place = held(crank)[path].path
        assert restore(crank, place if by == "its place" else path).path == path
        assert crank.file(path).read_bytes() == before
        assert path not in held(crank)
        assert "work" not in stat(crank, path).metadata
        crank.clock.advance(1000 * DAY_S)
        report = sweeping(crank)
        assert path not in acts(report)
        assert "a person took it out" in reasons(report)[path]
        assert is_there(crank, path)

    def test_a_work_that_lacked_it_has_it_at_once(self, crank: Crank) -> None:
        made(crank, "b", "c")
        data = crank.studio.records.get("works/b").data
        lose_record(crank, "b")
        everything(crank)
        crank.studio.records.create("works/b", data)
        settle(crank.studio, "b")
        assert summary(crank, "b")["phase"] == "working"
        for artifact in plan_of("b", BRAND).artifacts():
            restore(crank, artifact.path)
        assert summary(crank, "b")["phase"] == "ready"

    def test_a_dry_run_only_says_so(self, crank: Crank) -> None:
        path = superseded(crank, "b")[0]
        everything(crank)
        assert restore(crank, path, dry_run=True).path == path
        assert not is_there(crank, path)
        assert path in held(crank)

    def test_what_is_not_there_is_told(self, crank: Crank) -> None:
        made(crank, "b")
        for path in (plan_of("b", BRAND).artifacts()[0].path, f"{FOLDER}x_y-{'0' * 10}.jpg", "x"):
            with pytest.raises(NotFound, match="nothing in quarantine"):
                restore(crank, path)

    def test_what_lies_in_the_old_place_is_not_overwritten(self, crank: Crank) -> None:
        path = superseded(crank, "b")[0]
        everything(crank)
        write(crank, path, b"mine")
        with pytest.raises(Refused, match="other bytes lie at"):
            restore(crank, path)
        assert crank.file(path).read_bytes() == b"mine"
        assert path in held(crank)

    def test_what_a_person_changed_there_is_not_taken_for_the_old_one(self, crank: Crank) -> None:
        path = superseded(crank, "b")[0]
        everything(crank)
        info = held(crank)[path]
        other = crank.studio.scratch / "other"
        other.write_bytes(b"not it")
        crank.studio.objects.replace(
            info.path,
            other,
            generation=info.generation,
            media_type=info.media_type,
            metadata=info.metadata,
        )
        with pytest.raises(Refused, match="a person changed it"):
            restore(crank, path)
        assert not is_there(crank, path)


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


def test_the_feed_tells_nothing_of_a_move(crank: Crank) -> None:
    superseded(crank, "b")
    before = len(views.activity(crank.studio, OWNER))
    everything(crank)
    crank.until_quiet()
    settle(crank.studio, "b")
    lose_events(crank)
    assert len(views.activity(crank.studio, OWNER)) == before
