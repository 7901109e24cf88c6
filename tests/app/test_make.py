"""How files are made and given to the bucket: what the tool is told, what is checked, who wins."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lib.app import deposit as deposits
from lib.app import make, salvage
from lib.app.case import load
from lib.app.deposit import deposit
from lib.app.observe import FACTS, FACTS_OF, sight
from lib.app.perform import perform
from lib.app.settle import begin
from lib.core.checks import Check
from lib.core.errors import Conflict, Refused, ToolFailed, Unavailable
from lib.core.tools import TOOLS
from lib.core.work import Artifact, Plan, Step, Work
from lib.ports import ToolCall
from tests.app.crank import Crank
from tests.app.kept import path_of, stat, write
from tests.app.planted import file_of, order, plan_of, summary
from tests.app.test_perform import claimed, effect
from tests.app.test_settle import raw_and_final, work

PAGE = Artifact(
    slot="posts",
    path=path_of("b", "posts", "posts"),
    check=Check(media_type="image/jpeg", width=10, height=10),
)


def entry(crank: Crank, step: str = "draw", number: int = 1) -> dict[str, Any]:
    data = crank.studio.records.get("works/b").data
    return data["attempts"][f"{step}-1-{number}"]


@pytest.fixture
def calls(crank: Crank, monkeypatch: pytest.MonkeyPatch) -> list[ToolCall]:
    """Every call of a tool from now on."""
    made: list[ToolCall] = []
    run = crank.tools.run

    def heard(call: ToolCall) -> None:
        made.append(call)
        run(call)

    monkeypatch.setattr(crank.tools, "run", heard)
    return made


class TestGivingItAway:
    def file(self, crank: Crank, data: bytes = b"bytes") -> Path:
        file: Path = crank.studio.scratch / "made"
        file.write_bytes(data)
        return file

    def give(self, crank: Crank, file: Path, **more: Any) -> None:
        words = {"facts": {"width": 10}, "seen": None, **more}
        deposit(crank.studio, "b", PAGE, file, **words)

    def test_an_object_says_whose_it_is_and_what_was_measured_of_which_bytes(
        self, crank: Crank
    ) -> None:
        self.give(crank, self.file(crank), told={"said": "x"})
        info = stat(crank, PAGE.path)
        assert info.media_type == "image/jpeg"
        assert info.metadata == {
            "work": "b",
            "slot": "posts",
            FACTS: json.dumps({"width": 10}, separators=(",", ":")),
            FACTS_OF: info.crc32c,
            "said": "x",
        }
        assert crank.file(PAGE.path).read_bytes() == b"bytes"

    @pytest.mark.parametrize("seen", [False, True])
    def test_the_file_is_given_away_and_not_copied(self, crank: Crank, seen: bool) -> None:
        if seen:
            write(crank, PAGE.path, b"bad")
        file = self.file(crank)
        self.give(crank, file, seen=sight(crank.studio, PAGE, None))
        assert crank.file(PAGE.path).read_bytes() == b"bytes"
        assert not file.exists()

    def test_it_never_lands_on_what_somebody_put_there(self, crank: Crank) -> None:
        write(crank, PAGE.path, b"mine")
        with pytest.raises(Conflict):
            self.give(crank, self.file(crank))
        assert crank.file(PAGE.path).read_bytes() == b"mine"

    def test_it_takes_the_place_of_the_very_bytes_that_were_seen(self, crank: Crank) -> None:
        write(crank, PAGE.path, b"bad")
        seen = sight(crank.studio, PAGE, None)
        assert seen is not None
        write(crank, PAGE.path, b"mine!")
        with pytest.raises(Conflict):
            self.give(crank, self.file(crank), seen=seen)
        assert crank.file(PAGE.path).read_bytes() == b"mine!"
        self.give(crank, self.file(crank), seen=sight(crank.studio, PAGE, None))
        info = stat(crank, PAGE.path)
        assert (info.media_type, info.metadata["work"]) == ("image/jpeg", "b")
        assert crank.file(PAGE.path).read_bytes() == b"bytes"

    @pytest.mark.parametrize("how", [{"size": 1}, {"crc32c": "AAAAAA=="}])
    @pytest.mark.parametrize("verb", ["put_once", "replace"])
    def test_a_bucket_that_stored_other_bytes_is_not_believed(
        self, crank: Crank, monkeypatch: pytest.MonkeyPatch, how: dict[str, Any], verb: str
    ) -> None:
        seen = None
        if verb == "replace":
            write(crank, PAGE.path, b"bad")
            seen = sight(crank.studio, PAGE, None)
        put = getattr(crank.local.objects, verb)

        def wrong(*words: Any, **more: Any) -> Any:
            return replace(put(*words, **more), **how)

        monkeypatch.setattr(crank.local.objects, verb, wrong)
        with pytest.raises(Unavailable, match="other bytes than were sent"):
            self.give(crank, self.file(crank), seen=seen)


class TestTheTool:
    def test_it_is_told_what_to_make_where_and_for_how_long(
        self, crank: Crank, calls: list[ToolCall]
    ) -> None:
        plan = raw_and_final()
        begin(crank.studio, work(plan))
        crank.until_quiet()
        paint, draw = calls
        assert (paint.tool, paint.params, dict(paint.needs)) == (
            *("background", plan.steps[0].params),
            {},
        )
        assert paint.deadline_s == TOOLS["background"].deadline_s
        assert {slot: file.name for slot, file in paint.makes.items()} == {
            "background": "background.webp"
        }
        assert {slot: file.name for slot, file in draw.needs.items()} == {
            "background": "need_background.webp"
        }
        assert all(file.parent == draw.workdir for file in draw.makes.values())
        assert summary(crank, "b")["phase"] == "ready"

    def test_one_that_is_not_known_any_more_has_the_patience_of_its_step(
        self, crank: Crank, calls: list[ToolCall]
    ) -> None:
        step = plan_of("b", "two-wheels").steps[0]
        step = step.model_copy(update={"tool": "retired", "patience_s": 77.0})
        begin(crank.studio, work(Plan(steps=(step,))))
        perform(crank.studio, "b", "draw", 1)
        assert [call.deadline_s for call in calls] == [77.0]

    def test_what_it_did_not_write_may_come_at_another_try(
        self, crank: Crank, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        order(crank, "b")
        monkeypatch.setattr(crank.tools, "run", lambda call: None)
        said = perform(crank.studio, "b", "draw", 1)
        assert said == "stills: did not write posts"
        assert (entry(crank)["outcome"], entry(crank)["permanent"]) == ("failed", False)

    def test_what_it_made_badly_it_would_make_badly_again(self, crank: Crank) -> None:
        order(crank, "b")
        crank.tools.broken["reels"] = "small picture"
        said = perform(crank.studio, "b", "draw", 1)
        assert said.startswith("stills: made a bad reels: ")
        assert (entry(crank)["outcome"], entry(crank)["permanent"]) == ("failed", True)
        # Nothing of a run is put when a part of it is bad.
        assert all(
            crank.studio.objects.stat(a.path) is None
            for a in plan_of("b", "two-wheels").artifacts()
        )

    def test_what_was_finished_before_is_put_and_only_the_rest_is_made(
        self, crank: Crank, calls: list[ToolCall], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        order(crank, "b")
        with monkeypatch.context() as patch:
            patch.setattr(make, "deposit", raises(Unavailable("no bucket")))
            perform(crank.studio, "b", "draw", 1)
        assert len(calls) == 1
        waiting = salvage.place(crank.studio.scratch, plan_of("b", "two-wheels").artifacts()[1])
        waiting.unlink()
        crank.clock.advance(400)
        crank.tick()
        assert [list(call.makes) for call in calls] == [["posts", "reels", "thumbnails"], ["reels"]]
        assert summary(crank, "b")["phase"] == "ready"
        assert not any(
            salvage.place(crank.studio.scratch, a).exists()
            for a in plan_of("b", "two-wheels").artifacts()
        )

    def test_an_effect_whose_receipt_waits_was_sent_and_is_not_sent_again(
        self, crank: Crank, calls: list[ToolCall], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        effect(crank)
        monkeypatch.setattr(make, "deposit", raises(Unavailable("no bucket")))
        perform(crank.studio, "b", "draw", 1)
        claimed(crank, number=2, started_at=None, ended_at=None, outcome=None, executor=None)
        perform(crank.studio, "b", "draw", 2)
        assert [entry(crank, number=n)["outcome"] for n in (1, 2)] == ["lost", "lost"]
        assert len(calls) == 1


class TestWhatItNeeds:
    @pytest.mark.parametrize("how", ["gone", "bad"])
    def test_a_need_that_is_no_good_any_more_costs_no_try_and_no_run(
        self, crank: Crank, calls: list[ToolCall], monkeypatch: pytest.MonkeyPatch, how: str
    ) -> None:
        begin(crank.studio, work(raw_and_final()))
        perform(crank.studio, "b", "paint", 1)
        crank.events()
        path = raw_and_final().steps[0].makes[0].path
        look = make.sight

        def late(*words: Any) -> Any:
            if how == "gone":
                crank.file(path).unlink(missing_ok=True)
            else:
                write(crank, path, b"junk")
            return look(*words)

        monkeypatch.setattr(make, "sight", late)
        assert perform(crank.studio, "b", "draw", 1) == "background is not in the bucket any more"
        assert entry(crank)["outcome"] == "away"
        assert [call.tool for call in calls] == ["background"]

    def test_it_is_fetched_by_the_generation_that_was_checked(
        self, crank: Crank, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        begin(crank.studio, work(raw_and_final()))
        perform(crank.studio, "b", "paint", 1)
        crank.events()
        path = raw_and_final().steps[0].makes[0].path
        look = make.sight

        def overtaken(*words: Any) -> Any:
            seen = look(*words)
            write(crank, path, b"mine")
            return seen

        monkeypatch.setattr(make, "sight", overtaken)
        perform(crank.studio, "b", "draw", 1)
        assert entry(crank)["outcome"] == "away"

    def test_what_is_remembered_of_a_need_is_not_measured_again(
        self, crank: Crank, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        begin(crank.studio, work(raw_and_final()))
        perform(crank.studio, "b", "paint", 1)
        crank.events()
        told: list[Any] = []
        look = make.sight
        monkeypatch.setattr(
            make, "sight", lambda studio, a, known: told.append(known) or look(studio, a, known)
        )
        perform(crank.studio, "b", "draw", 1)
        case = load(crank.studio, "b")
        assert case is not None
        assert told == [case.measured["background"]]


class TestWhoWins:
    def second(self, crank: Crank, monkeypatch: pytest.MonkeyPatch, data: bytes | None) -> None:
        """Have somebody put these bytes just before we put ours; None: they go again."""
        put = crank.local.objects.put_once

        def late(path: str, *words: Any, **more: Any) -> Any:
            monkeypatch.setattr(crank.local.objects, "put_once", put)
            if data is None:
                raise Conflict("something was there")
            write(crank, path, data)
            return put(path, *words, **more)

        monkeypatch.setattr(crank.local.objects, "put_once", late)

    def test_good_bytes_that_another_put_first_are_as_good(
        self, crank: Crank, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        order(crank, "c")
        crank.until_quiet()
        good = file_of(crank, "c", "reels").read_bytes()
        order(crank, "b")
        self.second(crank, monkeypatch, good)
        assert perform(crank.studio, "b", "draw", 1) == "done"
        assert file_of(crank, "b").read_bytes() == good != file_of(crank, "c").read_bytes()
        waiting = salvage.place(crank.studio.scratch, plan_of("b", "two-wheels").artifacts()[0])
        assert not waiting.exists()

    @pytest.mark.parametrize("data", [b"junk", None])
    def test_bad_ones_are_not_and_ours_wait(
        self, crank: Crank, monkeypatch: pytest.MonkeyPatch, data: bytes | None
    ) -> None:
        order(crank, "b")
        self.second(crank, monkeypatch, data)
        perform(crank.studio, "b", "draw", 1)
        assert entry(crank)["outcome"] == "away"
        assert "took posts along" not in entry(crank)["message"]
        waiting = salvage.place(crank.studio.scratch, plan_of("b", "two-wheels").artifacts()[0])
        assert waiting.exists()

    def taken(self, crank: Crank, monkeypatch: pytest.MonkeyPatch, when: str, data: bytes) -> None:
        """Have an attempt that was given up take our waiting file along; it puts these bytes."""
        place: dict[str, Any] = {"put": crank.local.objects, "checksum": deposits}
        names = {"put": "put_once", "checksum": "crc32c_of"}
        real = getattr(place[when], names[when])

        def late(first: Any, *words: Any, **more: Any) -> Any:
            monkeypatch.setattr(place[when], names[when], real)
            artifact = plan_of("b", "two-wheels").artifacts()[0]
            salvage.place(crank.studio.scratch, artifact).unlink()
            if data:
                write(crank, artifact.path, data)
            return real(first, *words, **more)

        monkeypatch.setattr(place[when], names[when], late)

    @pytest.mark.parametrize("when", ["checksum", "put"])
    def test_what_a_given_up_attempt_took_along_and_put_is_as_good(
        self, crank: Crank, monkeypatch: pytest.MonkeyPatch, when: str
    ) -> None:
        order(crank, "c")
        crank.until_quiet()
        good = file_of(crank, "c", "reels").read_bytes()
        order(crank, "b")
        self.taken(crank, monkeypatch, when, good)
        assert perform(crank.studio, "b", "draw", 1) == "done"
        assert file_of(crank, "b").read_bytes() == good
        crank.until_quiet()
        assert summary(crank, "b")["phase"] == "ready"

    @pytest.mark.parametrize("when", ["checksum", "put"])
    def test_what_it_took_along_and_did_not_put_is_made_again(
        self, crank: Crank, monkeypatch: pytest.MonkeyPatch, when: str
    ) -> None:
        order(crank, "b")
        self.taken(crank, monkeypatch, when, b"")
        perform(crank.studio, "b", "draw", 1)
        assert entry(crank)["outcome"] == "away"
        assert entry(crank)["message"] == "another attempt took posts along"
        crank.clock.advance(400)
        crank.tick()
        assert summary(crank, "b")["phase"] == "ready"

    def test_one_that_is_taken_along_while_it_is_looked_at_is_made_again(
        self, crank: Crank, calls: list[ToolCall], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        order(crank, "b")
        waiting = salvage.place(crank.studio.scratch, plan_of("b", "two-wheels").artifacts()[0])
        waiting.write_bytes(b"junk")
        probe = crank.tools.probe

        def late(file: Path, media_type: str) -> Any:
            seen = probe(file, media_type)
            if file == waiting:
                file.unlink()
            return seen

        monkeypatch.setattr(crank.tools, "probe", late)
        assert perform(crank.studio, "b", "draw", 1) == "done"
        assert list(calls[0].makes) == ["posts", "reels", "thumbnails"]

    def test_a_file_that_is_there_and_cannot_be_put_is_told_as_it_is(
        self, crank: Crank, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        order(crank, "b")
        monkeypatch.setattr(crank.local.objects, "put_once", raises(Refused("no such bucket")))
        perform(crank.studio, "b", "draw", 1)
        assert (entry(crank)["outcome"], entry(crank)["message"]) == ("failed", "no such bucket")


def raises(error: Exception) -> Callable[..., Any]:
    def fails(*_: Any, **__: Any) -> Any:
        raise error

    return fails


def test_a_failing_tool_leaves_no_folder_behind(crank: Crank) -> None:
    check = Check(media_type="image/jpeg", width=10, height=10)
    page = PAGE.model_copy(update={"check": check})
    step = Step(name="draw", tool="stills", makes=(page,), params={})
    whole: Work = work(Plan(steps=(step,)))
    crank.tools.failing["stills"] = ToolFailed("stills", "no ink")
    before = {file.name for file in crank.studio.scratch.iterdir()}
    begin(crank.studio, whole)
    perform(crank.studio, "b", "draw", 1)
    left = {file.name for file in crank.studio.scratch.iterdir()} - before
    assert not [name for name in left if any((crank.studio.scratch / name).rglob("posts*"))]
