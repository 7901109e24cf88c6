"""What keeps a pass from doing too much: the breaker, the cap, and a turn for everybody."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from typing import Any

import pytest

from lib.app import judgement
from lib.app import sweep as ticks
from lib.app.audit import Report, audit_slice, breaker, reconcile
from lib.app.audit import run as audit
from lib.app.audit import suspect as suspects
from lib.app.case import ACTIVITY, walk
from lib.app.settle import settle
from lib.app.sweep import sweep
from lib.core.errors import Unavailable
from lib.ports import REMOVE, Page, Query
from lib.settings import ROOT
from tests.app.counted import counted
from tests.app.crank import OWNER, Crank
from tests.app.planted import BRAND, file_of, lose_events, made, order, slices, summary

MANY = tuple(f"w-{number:02}" for number in range(suspects.HANDFUL + 2))


def news(crank: Crank, code: str) -> list[dict[str, Any]]:
    """Return the lines of the activity feed with one code, oldest first."""
    lines = walk(crank.studio, Query(ACTIVITY, {"owner": OWNER}, order_by="at"))
    return [line.data for line in lines if line.data["code"] == code]


def bucket_shows_nothing(crank: Crank, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong bucket: it answers, and there is nothing in it."""
    monkeypatch.setattr(crank.local.objects, "list", lambda prefix, **words: Page((), None))
    monkeypatch.setattr(crank.local.objects, "stat", lambda path: None)


class TestTheBreaker:
    @pytest.mark.parametrize("run", [reconcile, sweep], ids=["reconcile", "tick"])
    def test_a_bucket_that_suddenly_shows_nothing_changes_no_record_and_starts_nothing(
        self,
        crank: Crank,
        run: Any,
        monkeypatch: pytest.MonkeyPatch,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        made(crank, *MANY)
        before = [crank.studio.records.get(f"works/{i}") for i in MANY]
        bucket_shows_nothing(crank, monkeypatch)
        studio, _, _, queue = counted(crank.studio)
        report = run(studio)
        assert [crank.studio.records.get(f"works/{i}") for i in MANY] == before
        assert (report.corrections, report.left, queue.calls) == ([], 0, [])
        assert (report.breaker["lost"], report.breaker["settled"]) == (len(MANY), len(MANY))
        assert "--accept-losses" in report.breaker["hint"]
        loud = [r for r in caplog.records if getattr(r, "event", "") == "breaker_opened"]
        assert [r.levelno for r in loud] == [logging.ERROR]
        assert [line["level"] for line in news(crank, "breaker_opened")] == ["error"]
        crank.clock.advance(60)
        run(crank.studio)
        assert len(news(crank, "breaker_opened")) == 1  # once a day is loud enough
        crank.clock.advance(breaker.NEWS_S)
        run(crank.studio)
        assert len(news(crank, "breaker_opened")) == 2

    def test_nothing_is_remembered_a_bucket_that_is_back_is_believed(
        self, crank: Crank, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made(crank, *MANY)
        with monkeypatch.context() as gone:
            bucket_shows_nothing(crank, gone)
            assert reconcile(crank.studio).breaker
        assert reconcile(crank.studio) == Report(checked=len(MANY))

    def test_a_person_can_go_on_knowingly(self, crank: Crank) -> None:
        made(crank, *MANY)
        lose(crank, MANY)
        assert reconcile(crank.studio).breaker
        report = reconcile(crank.studio, accept_losses=True)
        assert len(report.corrections) == len(MANY)
        assert not report.breaker
        crank.until_quiet()
        assert {summary(crank, i)["phase"] for i in MANY} == {"ready"}

    def test_a_dry_run_says_so_and_writes_nothing(self, crank: Crank) -> None:
        made(crank, *MANY)
        lose(crank, MANY)
        studio, _, records, _ = counted(crank.studio)
        assert reconcile(studio, dry_run=True).breaker["lost"] == len(MANY)
        assert set(records.counts) == {"query"}
        dry = reconcile(crank.studio, dry_run=True, accept_losses=True)
        assert {line["action"] for line in dry.corrections} == {"would correct"}

    def test_a_handful_is_believed_and_so_is_a_small_share(
        self, crank: Crank, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made(crank, *MANY)
        lose(crank, MANY[: suspects.HANDFUL])
        assert len(reconcile(crank.studio).corrections) == suspects.HANDFUL
        crank.until_quiet()
        monkeypatch.setattr(suspects, "SHARE", 1.0)
        lose(crank, MANY)
        assert len(reconcile(crank.studio).corrections) == len(MANY)

    def test_what_was_never_there_is_no_loss(self, crank: Crank) -> None:
        for work_id in MANY:
            order(crank, work_id)
            crank.studio.records.update(f"works/{work_id}", {("due_at",): REMOVE})
        report = reconcile(crank.studio)
        assert (len(report.corrections), report.breaker) == (len(MANY), {})

    def test_files_that_were_exchanged_for_good_ones_are_no_loss(self, crank: Crank) -> None:
        made(crank, *MANY)
        for work_id in MANY:
            crank.studio.records.update(f"works/{work_id}", {("summary", "bytes"): 1})
        report = reconcile(crank.studio)
        assert (len(report.corrections), report.breaker) == (len(MANY), {})

    def test_it_is_judged_batch_by_batch_and_what_comes_before_stays_corrected(
        self, crank: Crank, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(audit, "BATCH_WORKS", len(MANY))
        made(crank, *(f"a{i}" for i in MANY), *MANY)
        lose(crank, ["aw-00", *MANY])
        report = reconcile(crank.studio)
        assert [c["work"] for c in report.corrections] == ["aw-00"]
        assert report.breaker["lost"] == suspects.HANDFUL + 1  # and looked no further

    def test_a_pass_looks_no_further_than_it_needs_to_know(
        self, crank: Crank, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(audit, "BATCH_WORKS", 20)
        made(crank, *MANY, *(f"x-{i}" for i in range(8)))
        bucket_shows_nothing(crank, monkeypatch)
        report = reconcile(crank.studio)
        assert report.looked_at == suspects.HANDFUL + 1

    def test_single_works_are_settled_all_the_same(self, crank: Crank) -> None:
        made(crank, *MANY)
        lose(crank, MANY)
        assert reconcile(crank.studio).breaker
        settle(crank.studio, MANY[0])  # an event, an opened page
        assert summary(crank, MANY[0])["phase"] == "working"

    def test_the_slices_go_on_behind_a_brand_that_lost_its_files(
        self, crank: Crank, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(audit, "SLICE_WORKS", len(MANY))
        made(crank, *MANY)
        made(crank, "z-1", brand="zz-top")
        lose(crank, MANY)
        file_of(crank, "z-1", brand="zz-top").unlink()
        lose_events(crank)
        report = slices(crank)
        assert [c["work"] for c in report.corrections] == ["z-1"]
        assert report.breaker


def lose(crank: Crank, ids: Any) -> None:
    """Lose a file of each of these works, and every event of it."""
    for work_id in ids:
        file_of(crank, work_id).unlink()
    lose_events(crank)


class TestTheCap:
    def test_a_pass_sets_only_so_much_going_and_the_next_ones_the_rest(
        self, crank: Crank, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(audit, "PASS_STARTS", 3)
        made(crank, *MANY)
        lose(crank, MANY[:7])
        seen = []
        for _ in range(3):
            report = reconcile(crank.studio)
            seen.append((report.started, report.left, len(report.corrections)))
        assert seen == [(3, 4, 3), (3, 1, 3), (1, 0, 1)]
        crank.until_quiet()
        assert {summary(crank, i)["phase"] for i in MANY} == {"ready"}

    def test_corrections_that_start_nothing_are_not_held_back(
        self, crank: Crank, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(audit, "PASS_STARTS", 1)
        made(crank, *MANY[:4])
        lose(crank, MANY[:2])
        crank.studio.records.update(f"works/{MANY[3]}", {("summary", "done"): 1})
        report = reconcile(crank.studio)
        assert [c["work"] for c in report.corrections] == [MANY[0], MANY[3]]
        assert report.left == 1

    def test_a_slice_that_has_set_enough_going_ends_and_the_next_goes_on_behind_it(
        self, crank: Crank, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(audit, "PASS_STARTS", 2)
        made(crank, *MANY)
        lose(crank, MANY[:5])
        started = []
        for _ in range(3):
            report = Report()
            audit_slice(crank.studio, report)
            started.append((report.started, report.left))
        assert started == [(2, 0), (2, 0), (1, 0)]

    def test_one_that_cannot_be_settled_uses_up_nothing(
        self, crank: Crank, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(audit, "PASS_STARTS", 1)
        made(crank, *MANY[:3])
        lose(crank, MANY[:2])
        real = audit.settle

        def poisoned(studio: Any, work_id: str, **words: Any) -> Any:
            if work_id == MANY[0]:
                raise Unavailable("the record is being written by others")
            return real(studio, work_id, **words)

        monkeypatch.setattr(audit, "settle", poisoned)
        report = reconcile(crank.studio)
        assert [c["work"] for c in report.corrections] == [MANY[1]]
        assert [line.split(":")[0] for line in report.unreachable] == [MANY[0]]


class TestNews:
    def test_a_correction_says_what_was_claimed_and_what_is_there(self, crank: Crank) -> None:
        made(crank, "b", "c")
        lose(crank, ["b"])
        reconcile(crank.studio)
        (line,) = news(crank, "record_corrected")
        assert line["message"] == "b said ready with 3 of 3 files; 2 are there, posts is missing"
        assert (line["work_id"], line["brand"], line["level"]) == ("b", BRAND, "warn")

    def test_it_is_written_with_the_correction_or_not_at_all(
        self, crank: Crank, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made(crank, "b", "c")
        lose(crank, ["b"])
        studio, _, records, _ = counted(crank.studio)
        reconcile(studio)
        assert records.counts["update"] == 1
        assert records.counts["create"] == 0
        reconcile(crank.studio)
        crank.until_quiet()
        assert len(news(crank, "record_corrected")) == 1

    @pytest.mark.parametrize(
        ("lie", "words"),
        [
            ({("summary", "done"): 1}, "said ready with 1 of 3 files; 3 are there"),
            ({("summary",): {}}, "said nothing; 3 are there"),
            (
                {("measured",): {}},
                "said ready with 3 of 3 files; 3 are there, and what it remembered was wrong",
            ),
            ({("summary", "phase"): ["x"]}, "said ['x'] with 3 of 3 files; 3 are there"),
            (
                {("summary", "missing"): None, ("summary", "done"): 0},
                "said ready with 0 of 3 files; 3 are there",
            ),
        ],
        ids=str,
    )
    def test_every_lie_is_told_in_plain_words(self, crank: Crank, lie: Any, words: str) -> None:
        made(crank, "b")
        crank.studio.records.update("works/b", lie)
        assert len(reconcile(crank.studio).corrections) == 1
        assert [line["message"] for line in news(crank, "record_corrected")] == [f"b {words}"]

    def test_a_summary_of_another_form_does_not_keep_a_loss_from_being_told(
        self, crank: Crank
    ) -> None:
        made(crank, "b")
        crank.studio.records.update("works/b", {("summary", "missing"): None})
        lose(crank, ["b"])
        assert len(reconcile(crank.studio).corrections) == 1
        assert len(news(crank, "record_corrected")) == 1


class TestEverybodyHasATurn:
    def test_the_longest_waiting_come_first_and_no_more_than_a_tick_can_bear(
        self, crank: Crank, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(ticks, "DUE_WORKS", 2)
        made(crank, *MANY[:5])
        for number, work_id in enumerate(MANY[:5]):
            crank.studio.records.update(f"works/{work_id}", {("due_at",): 100.0 - number})
        report = sweep(crank.studio)
        assert (report.due, report.checked) == (2, 5)
        assert due_at(crank, *MANY[:5]) == [100.0, 99.0, 98.0, None, None]

    def test_more_unreadable_works_than_the_bound_keep_nobody_from_the_same_tick(
        self, crank: Crank, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(ticks, "DUE_WORKS", 2)
        made(crank, *MANY[:7])
        for work_id in MANY[:5]:
            junk = {("work", "plan"): "junk", ("due_at",): 1.0}
            crank.studio.records.update(f"works/{work_id}", junk)
        for work_id in MANY[5:7]:
            crank.studio.records.update(f"works/{work_id}", {("due_at",): 2.0})
        report = sweep(crank.studio)
        assert due_at(crank, *MANY[5:7]) == [None, None]
        assert report.checked == 2  # the audit had its turn
        assert {line.split(":")[0] for line in report.unreachable} == set(MANY[:5])

    def test_works_on_which_a_tick_spends_all_its_time_leave_half_to_the_others(
        self, crank: Crank, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made(crank, *MANY[:7])
        for number, work_id in enumerate(MANY[:7]):
            crank.studio.records.update(f"works/{work_id}", {("due_at",): 1.0 + number})
        stat = crank.local.objects.stat

        def slow(path: str) -> Any:
            if any(f"/{work_id}_" in path for work_id in MANY[:5]):
                crank.clock.advance(ticks.DUE_S / 4)
                raise Unavailable("the bucket does not answer")
            return stat(path)

        monkeypatch.setattr(crank.local.objects, "stat", slow)
        report = sweep(crank.studio)
        assert due_at(crank, *MANY[5:7]) == [None, None]
        assert report.checked == 7
        assert len(report.unreachable) == 4  # two from each end, and then the time was up

    @pytest.mark.parametrize("fault", [OverflowError, ValueError, TypeError, IndexError])
    @pytest.mark.parametrize("run", [reconcile, sweep], ids=["reconcile", "tick"])
    def test_a_record_that_no_calculation_takes_is_named_and_keeps_nobody(
        self, crank: Crank, run: Any, fault: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made(crank, *MANY[:3])
        lose(crank, MANY[:2])
        real = judgement.recall

        def poisoned(artifacts: Any, *rest: Any) -> Any:
            if f"/{MANY[0]}_" in artifacts[0].path:
                raise fault("cannot convert float infinity to integer")
            return real(artifacts, *rest)

        monkeypatch.setattr(judgement, "recall", poisoned)
        report = run(crank.studio)
        assert [c["work"] for c in report.corrections] == [MANY[1]]
        assert [line.split(":")[0] for line in report.unreachable] == [MANY[0]]

    def test_a_time_that_is_no_number_is_due_and_mended(self, crank: Crank) -> None:
        made(crank, *MANY[:2])
        crank.studio.records.update(f"works/{MANY[0]}", {("due_at",): False})
        assert sweep(crank.studio).due == 1
        assert due_at(crank, MANY[0]) == [None]


def due_at(crank: Crank, *ids: str) -> list[float | None]:
    return [crank.studio.records.get(f"works/{i}").data.get("due_at") for i in ids]


def test_the_command_says_why_it_stopped_and_how_to_go_on(crank: Crank) -> None:
    made(crank, *MANY)
    lose(crank, MANY)
    crank.local.close()
    stopped = command(crank)
    assert stopped.returncode == 1
    assert "Stopped: " in stopped.stdout
    assert "--accept-losses" in stopped.stdout
    assert json.loads(command(crank, "--json").stdout)["breaker"]["settled"] == len(MANY)
    assert f"{len(MANY)} corrected" in command(crank, "--accept-losses").stdout
    assert command(crank).returncode == 0


def command(crank: Crank, *words: str) -> subprocess.CompletedProcess[str]:
    data = str(crank.local.settings.data)
    line = [sys.executable, "-m", "lib.cli", "reconcile", *words, "--data", data]
    return subprocess.run(line, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
