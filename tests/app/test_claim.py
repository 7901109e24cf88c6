"""Who begins an attempt, of all who may want to: one, and only what is wanted now."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from lib.app.perform import perform
from lib.app.settle import close, settle
from lib.core.errors import Conflict, Unavailable
from lib.core.work import Attempt
from tests.app.crank import Crank
from tests.app.planted import BRAND, order, plan_of
from tests.app.test_perform import claimed, effect, entry


class TestTheClaim:
    def test_it_says_who_began_and_when(self, crank: Crank) -> None:
        order(crank, "b")
        crank.clock.advance(3)
        assert perform(crank.studio, "b", "draw", 1) == "done"
        assert entry(crank)["executor"] == crank.studio.executor
        assert entry(crank)["started_at"] == entry(crank)["ended_at"] == crank.clock.now()

    def test_of_two_that_begin_at_once_the_second_makes_nothing(
        self, crank: Crank, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        order(crank, "b")

        def first(*_: Any, **__: Any) -> Any:
            monkeypatch.undo()
            claimed(crank, started_at=1.0, executor="another")
            raise Conflict("written meanwhile")

        monkeypatch.setattr(crank.local.records, "update", first)
        said = perform(crank.studio, "b", "draw", 1)
        assert said == "dropped: another delivery was first, or the work has changed since"
        assert not crank.tools.made
        assert entry(crank)["executor"] == "another"

    def test_a_claim_is_never_written_over_what_somebody_wrote_meanwhile(
        self, crank: Crank, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        order(crank, "b")
        judge = perform.__globals__["judge"]

        def slow(*words: Any) -> Any:
            found = judge(*words)
            claimed(crank, started_at=1.0, executor="another")
            return found

        monkeypatch.setitem(perform.__globals__, "judge", slow)
        said = perform(crank.studio, "b", "draw", 1)
        assert said == "dropped: another delivery was first, or the work has changed since"
        assert entry(crank)["executor"] == "another"

    def meanwhile(
        self, crank: Crank, monkeypatch: pytest.MonkeyPatch, act: Callable[[], None]
    ) -> str:
        """Deliver a task, and act between its look and its claim."""
        judge = perform.__globals__["judge"]

        def slow(*words: Any) -> Any:
            monkeypatch.setitem(perform.__globals__, "judge", judge)
            found = judge(*words)
            act()
            return found

        monkeypatch.setitem(perform.__globals__, "judge", slow)
        return perform(crank.studio, "b", "draw", 1)

    def test_what_was_edited_since_the_look_is_not_made_by_the_plan_of_before(
        self, crank: Crank, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        order(crank, "b")
        before, after = plan_of("b", BRAND), plan_of("b", BRAND, 2)

        def edit() -> None:
            plan = {("work", "plan"): after.model_dump(mode="json"), ("work", "revision"): 2}
            crank.studio.records.update("works/b", plan)
            settle(crank.studio, "b")

        said = self.meanwhile(crank, monkeypatch, edit)
        assert said == "dropped: another delivery was first, or the work has changed since"
        assert not crank.tools.made
        assert entry(crank)["started_at"] is None
        crank.until_quiet()
        found = {info.path for info in crank.studio.objects.list("").items}
        assert found == {a.path for a in after.artifacts()}
        assert not found & {a.path for a in before.artifacts()}

    def test_what_was_written_of_the_attempt_since_the_look_is_kept(
        self, crank: Crank, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        order(crank, "b")
        said = self.meanwhile(crank, monkeypatch, lambda: claimed(crank, enqueued_at=99.0))
        assert (said, entry(crank)["enqueued_at"]) == ("done", 99.0)

    def test_a_claim_whose_acknowledgement_was_lost_is_taken_up(
        self, crank: Crank, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        order(crank, "b")
        update = crank.local.records.update

        def unheard(*words: Any, **more: Any) -> Any:
            monkeypatch.undo()
            update(*words, **more)
            raise Conflict("the answer was lost, and the second try met the first")

        monkeypatch.setattr(crank.local.records, "update", unheard)
        assert perform(crank.studio, "b", "draw", 1) == "done"
        assert entry(crank)["outcome"] == "ok"

    def test_a_work_that_is_gone_meanwhile_is_not_begun(
        self, crank: Crank, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        order(crank, "b")

        def gone(*_: Any, **__: Any) -> Any:
            monkeypatch.setattr(crank.local.records, "get", lambda path: None)
            raise Conflict("it was deleted")

        monkeypatch.setattr(crank.local.records, "update", gone)
        said = perform(crank.studio, "b", "draw", 1)
        assert said == "dropped: another delivery was first, or the work has changed since"

    @pytest.mark.parametrize("verb", ["perform", "close"])
    def test_a_record_that_others_write_all_the_time_is_left_to_the_next_call(
        self, crank: Crank, monkeypatch: pytest.MonkeyPatch, verb: str
    ) -> None:
        order(crank, "b")
        tried: list[str] = []

        def always(path: str, *_: Any, **__: Any) -> Any:
            tried.append(path)
            raise Conflict("written meanwhile")

        ended = Attempt.model_validate({**entry(crank), "ended_at": 1.0})
        verbs = {
            "perform": lambda: perform(crank.studio, "b", "draw", 1),
            "close": lambda: close(crank.studio, "b", ended),
        }
        monkeypatch.setattr(crank.local.records, "update", always)
        with pytest.raises(Unavailable, match="b is being written by others") as told:
            verbs[verb]()
        assert told.value.retry_after_s == 1
        assert len(tried) > 5
        assert not crank.tools.made

    @pytest.mark.parametrize("sends", [True, False])
    def test_what_touches_the_world_is_claimed_durably_and_a_render_is_not(
        self, crank: Crank, monkeypatch: pytest.MonkeyPatch, sends: bool
    ) -> None:
        effect(crank) if sends else order(crank, "b")
        said: list[Any] = []
        update = crank.local.records.update

        def heard(*words: Any, **more: Any) -> Any:
            said.append(more.get("durable"))
            return update(*words, **more)

        monkeypatch.setattr(crank.local.records, "update", heard)
        assert perform(crank.studio, "b", "draw", 1) == "done"
        assert said == [sends, sends]  # the claim, and the end
