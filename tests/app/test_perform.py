"""What a delivery comes to: who may begin, who is sent away and why, and how an attempt ends."""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lib.app import intake, make, owed
from lib.app.perform import perform
from lib.app.settle import begin, close
from lib.core.checks import Check
from lib.core.errors import Conflict, NotFound, Refused, StudioError, ToolFailed, Unavailable
from lib.core.paths import ObjectName, build, fingerprint
from lib.core.work import Artifact, Attempt, Keep, Outcome, Plan, Step, Work
from tests.app.crank import OWNER, Crank
from tests.app.planted import BRAND, order

FIRST = ("attempts", "draw-1-1")


def entry(crank: Crank, number: int = 1) -> dict[str, Any]:
    """Return what the ledger says of an attempt to draw."""
    data = crank.studio.records.get("works/b").data
    return data["attempts"][f"draw-1-{number}"]


def claimed(crank: Crank, **said: Any) -> None:
    """Write the ledger's first entry, or another one that looks like it."""
    number = said.get("number", 1)
    first = Attempt.model_validate({**entry(crank), **said})
    fields = {("attempts", f"draw-1-{number}"): first.model_dump(mode="json")}
    crank.studio.records.update("works/b", fields)


def effect(crank: Crank, *, needs: tuple[str, ...] = ()) -> None:
    """Begin a work whose one step sends something, and leaves a receipt."""
    check = Check(media_type="image/jpeg", width=10, height=10)
    name = ObjectName(OWNER, BRAND, "receipts", "b", "sent", fingerprint("sent"), "jpg")
    receipt = Artifact(slot="sent", path=build(name), check=check, keep=Keep.RECEIPT)
    params = {"pages": {"sent": {"width": 10, "height": 10}}}
    send = Step(
        name="draw", tool="stills", makes=(receipt,), params=params, effect=True, needs=needs
    )
    said: dict[str, Any] = {"owner": OWNER, "actor": OWNER, "brand": BRAND, "kind": "post"}
    begin(crank.studio, Work(id="b", plan=Plan(steps=(send,)), created_at=0.0, **said))


class TestWhoIsSentAway:
    def test_a_delivery_for_a_work_that_is_not_there(self, crank: Crank) -> None:
        assert perform(crank.studio, "nobody", "draw", 1) == "dropped: there is no such work"

    def test_one_for_a_work_that_was_put_away(self, crank: Crank) -> None:
        order(crank, "b")
        intake.archive(crank.studio, OWNER, "b")
        assert perform(crank.studio, "b", "draw", 1) == "dropped: the work is archived"

    @pytest.mark.parametrize(("step", "number"), [("draw", 2), ("draw", 0), ("paint", 1)])
    def test_one_for_an_attempt_that_nobody_claimed(
        self, crank: Crank, step: str, number: int
    ) -> None:
        order(crank, "b")
        said = perform(crank.studio, "b", step, number)
        assert said == "dropped: the attempt is not in the ledger of this revision"

    def test_one_for_a_step_that_the_plan_has_no_more(self, crank: Crank) -> None:
        order(crank, "b")
        claimed(crank, step="paint")
        said = perform(crank.studio, "b", "paint", 1)
        assert said == "dropped: the attempt is not in the ledger of this revision"

    @pytest.mark.parametrize(
        ("said", "why"),
        [
            ({"ended_at": 1.0, "started_at": 1.0}, "the attempt is over"),
            ({"ended_at": 1.0}, "the attempt is over"),
            ({"started_at": 1.0}, "the attempt is at work elsewhere"),
        ],
    )
    def test_one_for_an_attempt_that_was_begun(
        self, crank: Crank, said: dict[str, Any], why: str
    ) -> None:
        order(crank, "b")
        claimed(crank, **said)
        assert perform(crank.studio, "b", "draw", 1) == f"dropped: {why}"
        assert not crank.tools.made

    def test_one_for_an_attempt_that_has_a_successor(self, crank: Crank) -> None:
        order(crank, "b")
        claimed(crank, number=2)
        assert perform(crank.studio, "b", "draw", 1) == "dropped: a later attempt exists"
        assert perform(crank.studio, "b", "draw", 2) == "done"

    def test_one_with_nothing_left_to_make_leaves_the_ledger_alone(self, crank: Crank) -> None:
        order(crank, "b")
        crank.until_quiet()
        made = crank.tools.made.copy()
        claimed(crank, number=2, started_at=None, ended_at=None, outcome=None, executor=None)
        said = perform(crank.studio, "b", "draw", 2)
        assert said == "dropped: there is nothing left to make"
        assert entry(crank, 2)["started_at"] is None
        assert crank.tools.made == made


#: What a tool or the world raises, and what the ledger says then.
ENDS: list[tuple[Exception, Outcome, bool, str]] = [
    (ToolFailed("stills", "no ink", tail="last words"), Outcome.FAILED, True, "stills: no ink\nlast words"),
    (ToolFailed("stills", "killed", permanent=False), Outcome.FAILED, False, "stills: killed"),
    (Refused("no such font", hint="take another"), Outcome.FAILED, True, "no such font (take another)"),
    (Refused("no such font"), Outcome.FAILED, True, "no such font"),
    (Unavailable("no route"), Outcome.AWAY, False, "no route"),
    (NotFound("moved"), Outcome.AWAY, False, "moved"),
    (Conflict("moved"), Outcome.AWAY, False, "moved"),
    (StudioError("odd"), Outcome.FAILED, False, "StudioError: odd"),
    (KeyError("x"), Outcome.FAILED, False, "KeyError: 'x'"),
]  # fmt: skip


class TestTheEnd:
    @pytest.mark.parametrize(("error", "outcome", "permanent", "words"), ENDS)
    def test_every_fault_ends_the_attempt_in_its_own_way(
        self,
        crank: Crank,
        monkeypatch: pytest.MonkeyPatch,
        error: Exception,
        outcome: Outcome,
        permanent: bool,
        words: str,
    ) -> None:
        order(crank, "b")
        monkeypatch.setattr(crank.tools, "run", raises(error))
        assert perform(crank.studio, "b", "draw", 1) == words
        end = entry(crank)
        assert (end["outcome"], end["permanent"], end["message"]) == (outcome, permanent, words)

    def test_what_the_machine_lacks_is_said_before_the_error(
        self, crank: Crank, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        order(crank, "b")
        monkeypatch.setattr(crank.tools, "run", raises(OSError(errno.ENOSPC, "no room")))
        said = perform(crank.studio, "b", "draw", 1)
        assert said.startswith("the disk is full")
        assert said.endswith("(OSError: [Errno 28] no room)")
        assert entry(crank)["outcome"] == "away"

    @pytest.mark.parametrize(
        ("error", "outcome", "permanent"),
        [
            (ToolFailed("stills", "refused by the platform"), Outcome.FAILED, True),
            (Refused("no such account"), Outcome.FAILED, True),
            (Unavailable("the line broke"), Outcome.LOST, False),
            (KeyError("x"), Outcome.LOST, False),
        ],
    )
    def test_only_the_tool_can_say_of_an_effect_that_it_did_not_happen(
        self,
        crank: Crank,
        monkeypatch: pytest.MonkeyPatch,
        error: Exception,
        outcome: Outcome,
        permanent: bool,
    ) -> None:
        effect(crank)
        monkeypatch.setattr(crank.tools, "run", raises(error))
        perform(crank.studio, "b", "draw", 1)
        assert (entry(crank)["outcome"], entry(crank)["permanent"]) == (outcome, permanent)

    @pytest.mark.parametrize("error", [ToolFailed("stills", "unreadable"), Refused("too large")])
    def test_an_effect_whose_receipt_is_no_good_is_not_called_failed(
        self, crank: Crank, monkeypatch: pytest.MonkeyPatch, error: Exception
    ) -> None:
        effect(crank)
        monkeypatch.setattr(crank.tools, "probe", raises(error))
        perform(crank.studio, "b", "draw", 1)
        assert (entry(crank)["outcome"], entry(crank)["permanent"]) == (Outcome.LOST, False)

    def test_an_effect_that_was_not_begun_costs_what_any_step_costs(
        self, crank: Crank, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        effect(crank)
        monkeypatch.setattr(make, "_fetch_needs", raises(Unavailable("no route")))
        perform(crank.studio, "b", "draw", 1)
        assert entry(crank)["outcome"] == Outcome.AWAY

    def test_an_end_that_cannot_be_told_is_written_without_a_look_at_the_bucket(
        self, crank: Crank, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        order(crank, "b")
        monkeypatch.setitem(perform.__globals__, "settle", raises(Unavailable("no bucket")))
        with pytest.raises(Unavailable, match="no bucket"):
            perform(crank.studio, "b", "draw", 1)
        assert entry(crank)["outcome"] == "ok"
        assert crank.studio.records.get("works/b").data["due_at"] == crank.clock.now()

    def test_an_end_that_could_not_be_written_is_written_before_the_next_delivery(
        self, crank: Crank, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        order(crank, "b")
        with monkeypatch.context() as patch:
            patch.setitem(perform.__globals__, "settle", raises(Unavailable("no bucket")))
            patch.setattr(owed, "close", raises(Unavailable("no records")))
            with pytest.raises(Unavailable, match="no bucket"):
                perform(crank.studio, "b", "draw", 1)
        assert entry(crank)["outcome"] is None
        assert perform(crank.studio, "nobody", "draw", 1).startswith("dropped")
        assert entry(crank)["outcome"] == "ok"

    def test_an_attempt_that_nobody_disturbs_reads_its_record_once(
        self, crank: Crank, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        order(crank, "b")
        reads: list[str] = []
        get = crank.local.records.get
        monkeypatch.setattr(crank.local.records, "get", lambda p: reads.append(p) or get(p))
        assert perform(crank.studio, "b", "draw", 1) == "done"
        assert reads == ["works/b"]


class TestClosing:
    def test_an_attempt_that_was_given_up_meanwhile_stays_as_it_was_closed(
        self, crank: Crank
    ) -> None:
        order(crank, "b")
        claimed(crank, started_at=1.0, executor="me")
        mine = Attempt.model_validate(entry(crank))
        claimed(crank, ended_at=2.0, outcome="lost")
        version = crank.studio.records.get("works/b").version
        close(crank.studio, "b", mine.model_copy(update={"ended_at": 3.0, "outcome": Outcome.OK}))
        assert entry(crank)["outcome"] == "lost"
        assert crank.studio.records.get("works/b").version == version

    def test_of_a_work_that_is_gone_nothing_is_written(self, crank: Crank) -> None:
        close(crank.studio, "gone", Attempt(step="draw", number=1, enqueued_at=0.0, ended_at=1.0))
        assert crank.studio.records.get("works/gone") is None

    def test_what_somebody_wrote_meanwhile_is_looked_at_again(
        self, crank: Crank, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        order(crank, "b")
        claimed(crank, started_at=1.0, executor="me")
        mine = Attempt.model_validate(entry(crank))
        get = crank.local.records.get

        def slow(path: str) -> Any:
            record = get(path)
            monkeypatch.undo()
            claimed(crank, ended_at=2.0, outcome="lost")
            return record

        monkeypatch.setattr(crank.local.records, "get", slow)
        close(crank.studio, "b", mine.model_copy(update={"ended_at": 3.0, "outcome": Outcome.OK}))
        assert entry(crank)["outcome"] == "lost"


def raises(error: Exception) -> Callable[..., Any]:
    def fails(*_: Any, **__: Any) -> Path:
        raise error

    return fails
