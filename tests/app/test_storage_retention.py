"""Nothing is kept past its time, nothing goes before, and no living work is made to want it again."""

from __future__ import annotations

import os
from typing import Any

import pytest

from lib.app import intake
from lib.app.deposit import deposit
from lib.app.migrate.carry import ROOM
from lib.app.settle import settle
from lib.app.storage import scratch
from lib.app.storage.report import Swept
from lib.core.retention import DAY_S, HOUR_S, SCRATCH_KEEP_S
from lib.core.work import Plan
from tests.app.crank import Crank
from tests.app.kept import (
    Sweeping,
    acts,
    aired,
    everything,
    is_there,
    path_of,
    put,
    reasons,
    write,
)
from tests.app.planted import made, summary
from tests.core.plans import SEALED, artifact, good_facts, item, segment, step


def paths(of: Plan, *slots: str) -> set[str]:
    return {item(of, slot).path for slot in slots}


def record(crank: Crank) -> dict[str, Any]:
    data: dict[str, Any] = crank.studio.records.get("works/w-1").data
    return data


class TestWhatWasAired:
    def test_its_audio_goes_a_week_after_its_receipt_and_not_before(
        self, crank: Crank, sweeping: Sweeping
    ) -> None:
        of = aired(crank)
        crank.clock.advance(7 * DAY_S - 1)
        assert acts(sweeping(crank)) == {}
        crank.clock.advance(1)
        report = sweeping(crank)
        assert acts(report) == dict.fromkeys(paths(of, "master"), "delete")
        (proof,) = report.proofs
        assert proof["class"] == "aired_audio"
        assert {one["object"] for one in proof["proof"]["verified"]} == paths(of, "aired")

    def test_its_work_is_put_away_first_by_retention_and_is_not_made_again(
        self, crank: Crank, sweeping: Sweeping, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        of = aired(crank)
        crank.clock.advance(7 * DAY_S)
        delete, seen = crank.local.objects.delete, []

        def watched(path: str, *, generation: int) -> bool:
            seen.append(record(crank)["work"]["archived_at"])
            return delete(path, generation=generation)

        monkeypatch.setattr(crank.local.objects, "delete", watched)
        sweeping(crank)
        assert seen == [crank.clock.now()]
        assert record(crank)["archived_by"] == {
            "actor": "retention",
            "at": crank.clock.now(),
            "why": "it is kept for 168 h after its receipt",
        }
        crank.until_quiet()
        settle(crank.studio, "w-1")
        assert summary(crank, "w-1")["phase"] == "archived"
        assert not is_there(crank, item(of, "master").path)
        assert not crank.task()

    def test_its_record_goes_after_thirty_days_and_not_before(
        self, crank: Crank, sweeping: Sweeping
    ) -> None:
        of = aired(crank)
        crank.clock.advance(8 * DAY_S)
        sweeping(crank)
        crank.until_quiet()
        crank.clock.advance(22 * DAY_S - 1)
        assert acts(sweeping(crank)) == {}
        crank.clock.advance(1)
        assert acts(sweeping(crank)) == dict.fromkeys(paths(of, "script", "aired"), "delete")
        crank.until_quiet()
        assert crank.studio.objects.list("anna/").items == ()
        assert summary(crank, "w-1")["phase"] == "archived"  # the tombstone stays

    def test_a_sweep_after_a_long_time_takes_all_of_it(
        self, crank: Crank, sweeping: Sweeping
    ) -> None:
        of = aired(crank)
        crank.clock.advance(90 * DAY_S)
        assert acts(sweeping(crank)).keys() == paths(of, "script", "master", "aired")
        crank.until_quiet()
        assert acts(sweeping(crank)) == {}

    def test_the_receipt_goes_last_so_that_a_kill_leaves_nothing_for_ever(
        self, crank: Crank, sweeping: Sweeping, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        notes = step("notes", artifact("notes", "audio", SEALED), needs=("aired",))
        of = aired(crank, of=Plan(steps=(*segment().steps, notes)))
        crank.clock.advance(90 * DAY_S)
        delete, gone = crank.local.objects.delete, []

        def noted(path: str, *, generation: int) -> bool:
            gone.append(path)
            return delete(path, generation=generation)

        monkeypatch.setattr(crank.local.objects, "delete", noted)
        sweeping(crank)
        assert set(gone) == paths(of, "script", "master", "notes", "aired")
        assert gone[-1] == item(of, "aired").path

    def test_what_is_on_air_stays_and_its_work_lives(
        self, crank: Crank, sweeping: Sweeping
    ) -> None:
        of = aired(crank)
        crank.clock.advance(8 * DAY_S)
        report = sweeping(crank, in_use=lambda path: path in paths(of, "master"))
        assert acts(report) == {}
        assert "on air" in reasons(report)[item(of, "master").path]
        assert record(crank)["work"]["archived_at"] is None

    def test_what_was_not_aired_stays_for_ever(self, crank: Crank, sweeping: Sweeping) -> None:
        of = aired(crank, but=("speech", "aired"))
        crank.clock.advance(1000 * DAY_S)
        assert acts(sweeping(crank)) == {}
        assert all(is_there(crank, path) for path in paths(of, "script", "master"))

    def test_a_receipt_that_a_person_wrote_proves_nothing(
        self, crank: Crank, sweeping: Sweeping
    ) -> None:
        of = aired(crank, but=("speech", "aired"))
        write(crank, item(of, "aired").path, b'{"entries": [1]}')
        settle(crank.studio, "w-1")
        assert summary(crank, "w-1")["phase"] == "ready"
        crank.clock.advance(1000 * DAY_S)
        assert acts(sweeping(crank)) == {}
        assert is_there(crank, item(of, "master").path)

    def test_a_receipt_that_is_no_good_proves_nothing(
        self, crank: Crank, sweeping: Sweeping
    ) -> None:
        of = aired(crank, but=("speech", "aired"))
        file = crank.studio.scratch / "empty"
        file.write_bytes(b"{}")
        empty = {**good_facts(SEALED), "entries": 0}
        deposit(crank.studio, "w-1", item(of, "aired"), file, facts=empty, seen=None)
        intake.archive(crank.studio, "anna", "w-1")
        crank.clock.advance(1000 * DAY_S)
        assert acts(sweeping(crank)) == {}
        assert is_there(crank, item(of, "master").path)

    def test_a_receipt_that_is_gone_by_now_proves_nothing(
        self, crank: Crank, sweeping: Sweeping, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        of = aired(crank)
        crank.clock.advance(8 * DAY_S)
        look = crank.local.objects.stat
        gone = item(of, "aired").path
        monkeypatch.setattr(
            crank.local.objects, "stat", lambda path: None if path == gone else look(path)
        )
        assert acts(sweeping(crank)) == {}
        assert is_there(crank, item(of, "master").path)
        assert record(crank)["work"]["archived_at"] is None

    def test_a_work_that_lacks_something_is_not_put_away(
        self, crank: Crank, sweeping: Sweeping
    ) -> None:
        of = aired(crank, but=("speech", "script"))
        crank.clock.advance(8 * DAY_S)
        assert acts(sweeping(crank)) == {}
        assert is_there(crank, item(of, "master").path)
        assert record(crank)["work"]["archived_at"] is None

    def test_a_record_that_is_written_at_the_last_moment_keeps_everything(
        self, crank: Crank, sweeping: Sweeping, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        of = aired(crank)
        crank.clock.advance(8 * DAY_S)
        update = crank.local.records.update

        def overtaken(path: str, fields: Any, **more: Any) -> Any:
            if ("work", "archived_at") in fields:
                update(path, {("pardons",): {"air": {"after": 1}}})
            return update(path, fields, **more)

        monkeypatch.setattr(crank.local.records, "update", overtaken)
        report = sweeping(crank)
        assert acts(report) == {}
        assert is_there(crank, item(of, "master").path)
        assert record(crank)["work"]["archived_at"] is None
        assert any("w-1 has version" in words for words in report.unreachable)

    def test_a_dry_run_puts_no_work_away(self, crank: Crank) -> None:
        of = aired(crank)
        crank.clock.advance(8 * DAY_S)
        report = everything(crank, dry_run=True)
        assert acts(report).keys() == paths(of, "master")
        assert record(crank)["work"]["archived_at"] is None
        assert is_there(crank, item(of, "master").path)


class TestCaches:
    TIMES = (("playout", 24 * HOUR_S), ("speech", 48 * HOUR_S))

    @pytest.mark.parametrize(("slot", "keep_s"), TIMES)
    def test_a_copy_goes_at_its_time_and_not_before(
        self, crank: Crank, sweeping: Sweeping, slot: str, keep_s: float
    ) -> None:
        made(crank, "b")
        info = put(crank, path_of("b", "cache", slot), old=False)
        crank.clock.advance(keep_s - 1)
        assert acts(sweeping(crank)) == {}
        crank.clock.advance(1)
        report = sweeping(crank)
        assert acts(report) == {info.path: "delete"}
        assert report.proofs[0]["class"] == f"{slot}_cache"

    def test_a_copy_that_is_being_played_stays(self, crank: Crank, sweeping: Sweeping) -> None:
        made(crank, "b")
        info = put(crank, path_of("b", "cache", "playout"))
        crank.clock.advance(2 * DAY_S)
        report = sweeping(crank, in_use=lambda path: path == info.path)
        assert acts(report) == {}
        assert is_there(crank, info.path)

    def test_a_persons_file_there_stays(self, crank: Crank, sweeping: Sweeping) -> None:
        made(crank, "b")
        path = path_of("b", "cache", "playout")
        write(crank, path, b"mine")
        crank.clock.advance(100 * DAY_S)
        assert acts(sweeping(crank)) == {}
        assert is_there(crank, path)

    def test_copies_of_works_that_are_gone_go_by_the_same_clock(
        self, crank: Crank, sweeping: Sweeping
    ) -> None:
        made(crank, "b")
        info = put(crank, path_of("gone", "cache", "speech"))
        assert acts(sweeping(crank)) == {}
        crank.clock.advance(2 * DAY_S)
        assert acts(sweeping(crank)) == {info.path: "delete"}


class TestThisMachine:
    """Scratch files have the time of the disk, so the clock of these tests is set to it."""

    def leave(self, crank: Crank, name: str, *, age_s: float) -> Any:
        place = crank.studio.scratch / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(b"12345")
        at = crank.clock.now() - age_s
        for path in (place, place.parent):
            os.utime(path, (at, at))
        return place

    LEAVINGS = ("finished/page.jpg", "run-dead/out.mp4", "migrate-dead/file.png", "tmpdead/seen")

    @pytest.mark.parametrize("name", LEAVINGS)
    def test_what_a_dead_process_left_goes_after_a_day_and_not_before(
        self, crank: Crank, sweeping: Sweeping, name: str
    ) -> None:
        young = self.leave(crank, name, age_s=SCRATCH_KEEP_S - 1)
        report = sweeping(crank)
        assert (report.scratch_files, young.is_file()) == (0, True)
        self.leave(crank, name, age_s=SCRATCH_KEEP_S)
        report = sweeping(crank)
        assert (report.scratch_files, report.scratch_bytes) == (1, 5)
        assert not young.exists()

    def test_what_is_called_otherwise_stays(self, crank: Crank, sweeping: Sweeping) -> None:
        place = self.leave(crank, "notes/mine.txt", age_s=100 * DAY_S)
        assert sweeping(crank).scratch_files == 0
        assert place.is_file()

    def test_a_dry_run_only_counts(self, crank: Crank) -> None:
        place = self.leave(crank, "finished/page.jpg", age_s=2 * DAY_S)
        assert everything(crank, dry_run=True).scratch_files == 1
        assert place.is_file()

    def test_the_folders_of_migrations_are_among_them(self, crank: Crank) -> None:
        assert ROOM in scratch.PREFIXES

    def test_a_file_that_vanishes_meanwhile_disturbs_nobody(
        self, crank: Crank, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.leave(crank, "finished/page.jpg", age_s=2 * DAY_S)
        unlink = type(crank.studio.scratch).unlink

        def late(file: Any, missing_ok: bool = False) -> None:
            os.unlink(file)
            unlink(file, missing_ok)

        monkeypatch.setattr(type(crank.studio.scratch), "unlink", late)
        report = Swept()
        scratch.forget(crank.studio, report)
        assert report.scratch_files == 1
