"""Attempts at work on what nobody wants any more: their end is written all the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from lib.app import intake, sweep
from lib.app.audit import reconcile
from lib.app.intake import Wish
from lib.app.judgement import LONGEST_S
from lib.app.recovery import recover
from lib.app.settle import amend, settle
from lib.core.errors import ToolFailed
from lib.core.tools import QUEUES, ladder
from lib.ports import REMOVE, ToolCall
from tests.app.crank import OWNER, Crank
from tests.app.planted import BRAND, order, plan_of, summary
from tests.drafts import draft


def edited(crank: Crank) -> None:
    intake.revise(crank.studio, OWNER, "w", draft("The second title", BRAND))


def put_away(crank: Crank) -> None:
    intake.archive(crank.studio, OWNER, "w")


def overtaken(crank: Crank, act: Callable[[Crank], None]) -> dict[str, Any]:
    """Order a post, and act while its background is being painted; return its record."""
    run, acts = crank.tools.run, [act]

    def running(call: ToolCall) -> None:
        if acts:
            acts.pop()(crank)
        run(call)

    crank.tools.run = running  # type: ignore[method-assign]
    intake.create(
        crank.studio, Wish("w", OWNER, OWNER, BRAND, "post", draft("The first title", BRAND))
    )
    crank.until_quiet()
    return crank.studio.records.get("works/w").data


def silenced(crank: Crank) -> str:
    """Let the first attempt be one that was begun by somebody who died; return its key."""
    record = crank.studio.records.get("works/w")
    key = "background-1-1"
    died = {**record.data["attempts"][key], "ended_at": None, "outcome": None, "executor": "dead"}
    crank.studio.records.update(record.path, {("attempts", key): died})
    crank.tick()
    assert crank.studio.records.get("works/w").data["attempts"][key]["ended_at"] is None
    return key


@pytest.mark.parametrize("act", [edited, put_away])
def test_the_end_of_an_attempt_is_written_though_its_work_was_changed_meanwhile(
    crank: Crank, act: Callable[[Crank], None]
) -> None:
    record = overtaken(crank, act)
    assert record["attempts"]["background-1-1"]["outcome"] == "ok"
    assert record["summary"]["phase"] == {edited: "ready", put_away: "archived"}[act]
    assert record["summary"]["open"] is False
    assert record.get("due_at") is None


@pytest.mark.parametrize("act", [edited, put_away])
def test_such_an_attempt_that_never_answers_is_given_up_by_the_clock(
    crank: Crank, act: Callable[[Crank], None]
) -> None:
    overtaken(crank, act)
    key = silenced(crank)
    act(crank)
    crank.tick(after_s=3600)
    record = crank.studio.records.get("works/w").data
    assert record["attempts"][key]["outcome"] == "lost"
    assert record.get("due_at") is None


@pytest.mark.parametrize("act", [edited, put_away])
def test_a_restart_closes_such_an_attempt_of_a_dead_executor(
    crank: Crank, act: Callable[[Crank], None]
) -> None:
    overtaken(crank, act)
    key = silenced(crank)
    act(crank)
    assert recover(crank.studio) == 1
    assert crank.studio.records.get("works/w").data["attempts"][key]["outcome"] == "lost"
    assert recover(crank.studio) == 0


@pytest.mark.parametrize("act", [edited, put_away])
def test_the_audit_gives_it_its_time_again_when_somebody_took_it_away(
    crank: Crank, act: Callable[[Crank], None]
) -> None:
    overtaken(crank, act)
    key = silenced(crank)
    act(crank)
    crank.studio.records.update("works/w", {("due_at",): REMOVE})
    assert [line["work"] for line in reconcile(crank.studio).corrections] == ["w"]
    crank.tick(after_s=3600)
    record = crank.studio.records.get("works/w").data
    assert record["attempts"][key]["outcome"] == "lost"
    assert reconcile(crank.studio).corrections == []


class Killed(BaseException):
    """The process is gone, as after a kill -9."""


def retried(crank: Crank) -> None:
    intake.retry(crank.studio, OWNER, "w", "stills", OWNER)


@pytest.mark.parametrize("act", [edited, put_away, retried])
def test_a_kill_behind_any_write_of_an_act_leaves_no_record_that_speaks_of_before(
    crank: Crank, monkeypatch: pytest.MonkeyPatch, act: Callable[[Crank], None]
) -> None:
    if act is retried:
        crank.tools.failing["stills"] = ToolFailed("stills", "no ink")
    overtaken(crank, lambda _: None)
    crank.tools.failing.clear()
    before = crank.studio.records.get("works/w").data["summary"]["phase"]
    assert before == ("failed" if act is retried else "ready")
    update = crank.local.records.update

    def once(*args: Any, **more: Any) -> Any:
        update(*args, **more)
        raise Killed

    monkeypatch.setattr(crank.local.records, "update", once)
    with pytest.raises(Killed):
        act(crank)
    monkeypatch.undo()
    record = crank.studio.records.get("works/w").data
    assert record["summary"]["phase"] == ("archived" if act is put_away else "working")
    assert (record.get("due_at") is None) == (act is put_away)
    monkeypatch.setattr(sweep, "audit_slice", lambda *_: None)  # the clock alone brings it on
    crank.tick(after_s=60)
    record = crank.studio.records.get("works/w").data
    assert record["summary"]["phase"] == ("archived" if act is put_away else "ready")


def test_a_work_that_cannot_be_looked_at_keeps_no_start_from_closing_what_died(
    crank: Crank,
) -> None:
    overtaken(crank, lambda _: None)
    key = silenced(crank)
    good = crank.studio.records.get("works/w")
    other = {**good.data, "work": {**good.data["work"], "id": "a"}}
    crank.studio.records.create("works/a", {**other, "work": "no work", "due_at": 1.0})
    picture = crank.file(good.data["measured"]["image"]["path"])
    picture.unlink()
    picture.symlink_to("/dev/null")
    assert recover(crank.studio) == 1
    assert crank.studio.records.get("works/w").data["attempts"][key]["outcome"] == "lost"


def record(crank: Crank) -> dict[str, Any]:
    return crank.studio.records.get("works/b").data


class TestWhatNobodyWants:
    @pytest.mark.parametrize("ahead_s", [-1.0, 0.0])
    def test_an_attempt_of_a_work_that_was_put_away_is_given_up_when_its_longest_time_is_over(
        self, crank: Crank, ahead_s: float
    ) -> None:
        order(crank, "b")
        began = crank.clock.now()
        entry = record(crank)["attempts"]["draw-1-1"]
        fields = {("attempts", "draw-1-1"): {**entry, "started_at": began, "executor": "me"}}
        crank.studio.records.update("works/b", fields)
        amend(crank.studio, "b", {("work", "archived_at"): began})
        assert record(crank)["due_at"] == began + LONGEST_S
        assert summary(crank, "b")["open"]
        crank.clock.advance(LONGEST_S + ahead_s)
        settle(crank.studio, "b")
        ended = record(crank)["attempts"]["draw-1-1"]
        given_up = ahead_s == 0.0
        assert (ended["outcome"] == "lost") == given_up
        assert (ended["ended_at"] == crank.clock.now()) == given_up
        assert ("due_at" in record(crank)) == (not given_up)
        assert summary(crank, "b")["open"] == (not given_up)

    def test_an_attempt_of_an_older_revision_keeps_the_work_open_until_then(
        self, crank: Crank
    ) -> None:
        order(crank, "b")
        began = crank.clock.now()
        entry = record(crank)["attempts"]["draw-1-1"]
        fields = {("attempts", "draw-1-1"): {**entry, "started_at": began, "executor": "me"}}
        crank.studio.records.update("works/b", fields)
        plan = plan_of("b", BRAND, 2).model_dump(mode="json")
        amend(crank.studio, "b", {("work", "plan"): plan, ("work", "revision"): 2})
        crank.until_quiet()
        assert (summary(crank, "b")["phase"], summary(crank, "b")["open"]) == ("ready", True)
        assert record(crank)["due_at"] == began + LONGEST_S
        crank.clock.advance(LONGEST_S)
        settle(crank.studio, "b")
        assert record(crank)["attempts"]["draw-1-1"]["outcome"] == "lost"
        assert not summary(crank, "b")["open"]

    def test_an_attempt_is_given_up_no_sooner_than_any_queue_would(self) -> None:
        assert all(ladder(queue).lease_s <= LONGEST_S for queue in QUEUES)
        assert any(ladder(queue).lease_s == LONGEST_S for queue in QUEUES)
