"""What no plan names is moved out of the way, and there is always one good copy of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lib.app import intake, views
from lib.app.audit import reconcile
from lib.app.settle import settle
from lib.app.storage.provenance import origin_of, place_in_quarantine
from lib.app.verify import verify
from lib.core.errors import ToolFailed, Unavailable
from lib.core.retention import DAY_S, GRACE_S
from tests.app.crank import OWNER, Crank
from tests.app.kept import (
    FOLDER,
    Sweeping,
    acts,
    everything,
    held,
    is_there,
    lose_record,
    path_of,
    put,
    reasons,
    revise,
    stat,
    superseded,
    write,
)
from tests.app.planted import BRAND, lose_events, made, plan_of, summary


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

    @pytest.mark.parametrize(
        "told",
        [
            {"quarantine-origin": "no name of ours", "quarantine-generation": "1"},
            {"quarantine-origin": "", "quarantine-generation": "1"},
            {"quarantine-generation": "one"},
            {"quarantine-generation": "-1"},
            {"quarantine-generation": ""},
        ],
    )
    def test_what_says_nonsense_of_where_it_came_from(
        self, crank: Crank, told: dict[str, str]
    ) -> None:
        made(crank, "b")
        told = {"quarantine-origin": plan_of("b", BRAND).artifacts()[0].path, **told}
        path = put(crank, path_of("b", "quarantine", "posts"), **told).path
        assert origin_of(stat(crank, path)) is None
        crank.clock.advance(31 * DAY_S)
        report = everything(crank)
        assert (report.proofs, report.unreachable) == ([], [])
        assert "does not say where it came from" in reasons(report)[path]

    def test_a_place_there_is_named_for_objects_of_ours_only(self) -> None:
        with pytest.raises(ValueError, match="is no object name"):
            place_in_quarantine("x", 1)


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

    def test_the_original_stays_when_the_copy_is_gone_again(
        self, crank: Crank, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        paths = superseded(crank, "b")
        look = crank.local.objects.stat

        def gone(path: str) -> Any:
            return None if path.startswith(FOLDER) else look(path)

        monkeypatch.setattr(crank.local.objects, "stat", gone)
        report = everything(crank)
        assert report.proofs == []
        assert all("does not hold the bytes" in words for words in report.unreachable)
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
        assert [words for words in report.unreachable if f"other bytes lie at {place}" in words]
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


def test_the_feed_tells_nothing_of_a_move(crank: Crank) -> None:
    superseded(crank, "b")
    before = len(views.activity(crank.studio, OWNER))
    everything(crank)
    crank.until_quiet()
    settle(crank.studio, "b")
    lose_events(crank)
    assert len(views.activity(crank.studio, OWNER)) == before
