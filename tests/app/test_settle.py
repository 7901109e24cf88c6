"""The one verb by its halves: what it writes, what it claims, what it carries out, when it gives way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from lib.app import settle as verb
from lib.app import views
from lib.app.case import load
from lib.app.settle import amend, begin, settle
from lib.core.checks import Check
from lib.core.errors import Conflict, NotFound, ToolFailed, Unavailable
from lib.core.paths import ObjectName, build, fingerprint
from lib.core.reminders import NUDGE_S
from lib.core.tools import TOOLS
from lib.core.work import Artifact, Attempt, Keep, Outcome, Plan, Step, Work
from lib.ports import Task
from tests.app.crank import OWNER, Crank
from tests.app.planted import BRAND, PICTURE, file_of, made, order, plan_of, summary


def record(crank: Crank) -> dict[str, Any]:
    data: dict[str, Any] = crank.studio.records.get("works/b").data
    return data


def version(crank: Crank) -> int:
    number: int = crank.studio.records.get("works/b").version
    return number


def work(plan: Plan, **more: Any) -> Work:
    said: dict[str, Any] = {"owner": OWNER, "actor": OWNER, "brand": BRAND, "kind": "post"}
    return Work(id="b", plan=plan, created_at=0.0, **said | more)


@pytest.fixture
def tasks(crank: Crank, monkeypatch: pytest.MonkeyPatch) -> list[Task]:
    """Every task that is stored from now on."""
    stored: list[Task] = []
    enqueue = crank.local.queue.enqueue

    def heard(task: Task, **more: Any) -> Any:
        stored.append(task)
        return enqueue(task, **more)

    monkeypatch.setattr(crank.local.queue, "enqueue", heard)
    return stored


def conflicts(crank: Crank, monkeypatch: pytest.MonkeyPatch, times: int) -> list[int]:
    """Have so many writes lose to somebody else; return the versions that were tried."""
    tried: list[int] = []
    update = crank.local.records.update

    def loses(path: str, fields: Any, **more: Any) -> Any:
        tried.append(more["version"])
        if len(tried) > times:
            return update(path, fields, **more)
        now = crank.local.records.get(path)
        update(path, {("title_of_somebody",): len(tried)}, version=now.version)
        return update(path, fields, **more)  # by the version that it was read at: a conflict

    monkeypatch.setattr(crank.local.records, "update", loses)
    return tried


class TestGivingWay:
    def test_who_loses_looks_again_and_pauses_only_from_the_second_loss_on(
        self, crank: Crank, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made(crank, "b")
        file_of(crank, "b").unlink()
        crank.local.objects.scan()
        pauses: list[float] = []
        monkeypatch.setattr(verb.time, "sleep", pauses.append)
        tried = conflicts(crank, monkeypatch, 3)
        assert settle(crank.studio, "b") is not None
        assert len(tried) == 4
        assert sorted(set(tried)) == tried  # each at another version
        assert len(pauses) == 2
        assert all(0 <= pause <= verb.PAUSE_S for pause in pauses)
        assert summary(crank, "b")["phase"] == "working"

    @pytest.mark.parametrize("of", ["settle", "amend"])
    def test_a_record_that_others_write_all_the_time_is_left_to_the_next_call(
        self, crank: Crank, monkeypatch: pytest.MonkeyPatch, of: str
    ) -> None:
        made(crank, "b")
        file_of(crank, "b").unlink()
        crank.local.objects.scan()
        monkeypatch.setattr(verb.time, "sleep", lambda _: None)
        tried = conflicts(crank, monkeypatch, 1_000)
        verbs: dict[str, Callable[[], Any]] = {
            "settle": lambda: settle(crank.studio, "b"),
            "amend": lambda: amend(crank.studio, "b", {("work", "title"): "x"}),
        }
        with pytest.raises(Unavailable, match="b is being written by others") as told:
            verbs[of]()
        assert told.value.retry_after_s == 1
        assert len(tried) == verb.ROUNDS

    def test_a_case_that_is_known_is_not_read_and_one_that_is_out_of_date_is(
        self, crank: Crank, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made(crank, "b")
        known = load(crank.studio, "b")
        file_of(crank, "b").unlink()
        crank.local.objects.scan()
        reads: list[str] = []
        get = crank.local.records.get
        monkeypatch.setattr(crank.local.records, "get", lambda p: reads.append(p) or get(p))
        assert settle(crank.studio, "b", known=known) is known
        assert reads == []
        again = settle(crank.studio, "b", known=known)
        assert reads == ["works/b"]
        assert again is not None
        assert again.version > known.version
        assert summary(crank, "b")["phase"] == "working"

    def test_of_a_work_that_is_not_there_nothing_is_said(self, crank: Crank) -> None:
        assert settle(crank.studio, "nobody") is None

    def test_who_looks_at_health_writes_nothing(self, crank: Crank) -> None:
        made(crank, "b")
        before = version(crank)
        case = settle(crank.studio, "b")
        assert case is not None
        assert case.version == version(crank) == before


class TestTheWrite:
    def test_an_end_is_written_with_its_consequence_and_only_while_it_is_open(
        self, crank: Crank
    ) -> None:
        order(crank, "b")
        entry = record(crank)["attempts"]["draw-1-1"]
        now = crank.clock.now()
        begun = Attempt.model_validate({**entry, "started_at": now, "executor": "me"})
        field = {("attempts", "draw-1-1"): begun.model_dump(mode="json")}
        crank.studio.records.update("works/b", field)
        failed = begun.model_copy(
            update={"ended_at": now, "outcome": Outcome.FAILED, "permanent": True, "message": "no"}
        )
        settle(crank.studio, "b", ended=failed.model_copy(update={"executor": "another"}))
        assert record(crank)["attempts"]["draw-1-1"]["ended_at"] is None
        settle(crank.studio, "b", ended=failed)
        assert record(crank)["attempts"]["draw-1-1"]["outcome"] == "failed"
        assert summary(crank, "b")["phase"] == "failed"
        settle(crank.studio, "b", ended=failed.model_copy(update={"outcome": Outcome.OK}))
        assert record(crank)["attempts"]["draw-1-1"]["outcome"] == "failed"

    def test_a_write_that_corrects_says_so_in_the_feed_and_another_does_not(
        self, crank: Crank
    ) -> None:
        made(crank, "b")
        for correcting in (False, True):
            file_of(crank, "b").unlink()
            crank.local.objects.scan()
            settle(crank.studio, "b", correcting=correcting)
            codes = [line["code"] for line in feed(crank)]
            assert ("record_corrected" in codes) == correcting
            crank.until_quiet()

    @pytest.mark.parametrize("sends", [True, False])
    def test_what_touches_the_world_is_written_durably(
        self, crank: Crank, monkeypatch: pytest.MonkeyPatch, sends: bool
    ) -> None:
        plan = plan_of("b", BRAND)
        step = plan.steps[0].model_copy(update={"effect": sends})
        begin(crank.studio, work(Plan(steps=(step,))))
        said: list[Any] = []
        update = crank.local.records.update

        def heard(*words: Any, **more: Any) -> Any:
            said.append((more["durable"], more["version"]))
            return update(*words, **more)

        monkeypatch.setattr(crank.local.records, "update", heard)
        before = version(crank)
        crank.clock.advance(NUDGE_S)
        settle(crank.studio, "b")
        assert said == [(sends, before)]

    def test_what_is_told_of_a_work_follows_from_what_lies_there_and_the_ledger(
        self, crank: Crank
    ) -> None:
        order(crank, "b")
        told = summary(crank, "b")
        assert (told["done"], told["total"], told["phase"]) == (0, 3, "working")
        assert (told["open"], told["started_at"], told["finished_at"], told["bytes"]) == (
            *(False, None, None),
            0,
        )
        assert told["stages"] == {"draw": "running"}
        assert told["missing"] == dict.fromkeys(("posts", "reels", "thumbnails"), "not made yet")
        began = crank.clock.now()
        crank.until_quiet()
        file_of(crank, "b").unlink()
        crank.tick(after_s=100)  # one file is younger than the others
        told = summary(crank, "b")
        found = [crank.studio.objects.stat(a.path) for a in plan_of("b", BRAND).artifacts()]
        assert told["bytes"] == sum(info.size for info in found)
        assert told["finished_at"] == max(info.updated_at for info in found)
        assert (told["open"], told["started_at"], told["revision"]) == (False, began, 1)
        assert (told["missing"], told["reasons"], told["stages"]) == ({}, [], {"draw": "done"})

    def test_a_work_that_failed_was_finished_when_its_last_attempt_ended(
        self, crank: Crank
    ) -> None:
        crank.tools.failing["stills"] = ToolFailed("stills", "no ink", permanent=False)
        order(crank, "b")
        for _ in range(4):
            crank.until_quiet()
            crank.clock.advance(400)
            settle(crank.studio, "b")
        told, ledger = summary(crank, "b"), record(crank)["attempts"].values()
        assert told["phase"] == "failed"
        assert told["finished_at"] == max(entry["ended_at"] for entry in ledger)
        assert told["started_at"] == min(entry["started_at"] for entry in ledger)
        assert told["reasons"] == ["draw: stills: no ink"]


class TestBeginning:
    def test_the_first_record_has_its_first_claim_and_its_task_is_stored(
        self, crank: Crank, tasks: list[Task]
    ) -> None:
        order(crank, "b")
        entry = record(crank)["attempts"]["draw-1-1"]
        assert (entry["enqueued_at"], entry["started_at"]) == (crank.clock.now(), None)
        assert record(crank)["due_at"] == crank.clock.now() + NUDGE_S
        (task,) = tasks
        assert task.payload == {"work_id": "b", "step": "draw", "number": 1}
        assert task.queue == TOOLS["stills"].queue

    def test_a_work_that_wants_nothing_is_never_due(self, crank: Crank, tasks: list[Task]) -> None:
        begin(crank.studio, work(Plan()))
        assert "due_at" not in record(crank)
        assert tasks == []

    def test_what_lies_there_already_is_measured_in_the_same_write(self, crank: Crank) -> None:
        made(crank, "b")
        crank.studio.records.create("works/old", record(crank))
        paths = [a.path for a in plan_of("b", BRAND).artifacts()]
        again = work(plan_of("b", BRAND)).model_copy(update={"id": "again"})
        begin(crank.studio, again)
        data = crank.studio.records.get("works/again").data
        assert sorted(known["path"] for known in data["measured"].values()) == sorted(paths)
        assert data["summary"]["phase"] == "ready"
        assert data["summary"]["finished_at"] == crank.studio.objects.stat(paths[0]).updated_at
        assert data["attempts"] == {}

    def test_a_second_work_of_one_name_is_refused_and_sets_nothing_going(
        self, crank: Crank, tasks: list[Task]
    ) -> None:
        order(crank, "b")
        with pytest.raises(Conflict):
            order(crank, "b")
        assert len(tasks) == 1

    def test_nothing_is_claimed_or_due_for_a_work_that_was_put_away(
        self, crank: Crank, tasks: list[Task]
    ) -> None:
        begin(crank.studio, work(plan_of("b", BRAND), archived_at=1.0))
        assert record(crank)["attempts"] == {}
        assert "due_at" not in record(crank)
        assert tasks == []


class TestAmending:
    def test_what_is_wanted_and_what_follows_are_one_write(
        self, crank: Crank, tasks: list[Task], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made(crank, "b")
        tasks.clear()
        tried = conflicts(crank, monkeypatch, 0)
        plan = plan_of("b", BRAND, 2).model_dump(mode="json")
        case = amend(
            crank.studio, "b", {("work", "plan"): plan, ("work", "revision"): 2, ("said",): "x"}
        )
        assert len(tried) == 1
        assert (case.work.revision, record(crank)["work"]["revision"]) == (2, 2)
        assert record(crank)["said"] == "x"
        assert record(crank)["work"]["brand"] == BRAND
        assert "draw-2-1" in record(crank)["attempts"]
        assert summary(crank, "b")["phase"] == "working"
        assert [task.payload["number"] for task in tasks] == [1]
        assert feed(crank)[0]["message"].endswith("is being mended")
        crank.until_quiet()
        assert summary(crank, "b")["phase"] == "ready"

    def test_a_work_that_is_not_there_cannot_be_changed(self, crank: Crank) -> None:
        with pytest.raises(NotFound, match="there is no work 'b'"):
            amend(crank.studio, "b", {("work", "title"): "x"})

    def test_who_names_a_version_changes_that_one_or_none(self, crank: Crank) -> None:
        order(crank, "b")
        with pytest.raises(Conflict, match="changed meanwhile"):
            amend(crank.studio, "b", {("work", "title"): "x"}, version=version(crank) - 1)
        assert record(crank)["work"]["title"] == ""
        amend(crank.studio, "b", {("work", "title"): "x"}, version=version(crank))
        assert record(crank)["work"]["title"] == "x"

    def test_who_names_none_changes_what_is_there_though_others_write(
        self, crank: Crank, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        order(crank, "b")
        tried = conflicts(crank, monkeypatch, 2)
        amend(crank.studio, "b", {("work", "title"): "x"})
        assert len(tried) == 3
        assert record(crank)["work"]["title"] == "x"
        assert record(crank)["title_of_somebody"] == 2


class TestCarryingOut:
    def test_each_reminder_is_a_task_of_its_own_and_the_same_one_twice_is_one(
        self, crank: Crank, tasks: list[Task]
    ) -> None:
        order(crank, "b")
        for wait_s in (NUDGE_S, 0.0, 2 * NUDGE_S):
            crank.clock.advance(wait_s)
            settle(crank.studio, "b")
        names = [task.name for task in tasks]
        assert len(names) == 4
        assert names[1] == names[2]
        assert len(set(names)) == 3
        assert {task.payload["number"] for task in tasks} == {1}
        assert list(record(crank)["attempts"]) == ["draw-1-1"]

    def test_a_revision_and_another_work_have_tasks_of_their_own(
        self, crank: Crank, tasks: list[Task]
    ) -> None:
        order(crank, "b")
        order(crank, "c")
        plan = plan_of("b", BRAND, 2).model_dump(mode="json")
        amend(crank.studio, "b", {("work", "plan"): plan, ("work", "revision"): 2})
        assert len({task.name for task in tasks}) == 3

    def test_a_queue_that_is_away_costs_the_claim_nothing_and_is_asked_again(
        self, crank: Crank, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def away(*_: Any) -> bool:
            raise Unavailable("the queue does not answer")

        with monkeypatch.context() as patch:
            patch.setattr(crank.local.queue, "enqueue", away)
            order(crank, "b")
        assert "draw-1-1" in record(crank)["attempts"]
        crank.clock.advance(NUDGE_S)
        settle(crank.studio, "b")
        crank.until_quiet()
        assert summary(crank, "b")["phase"] == "ready"
        assert list(record(crank)["attempts"]) == ["draw-1-1"]

    def test_a_step_of_a_tool_that_is_not_known_any_more_goes_to_the_renderers(
        self, crank: Crank, tasks: list[Task]
    ) -> None:
        step = plan_of("b", BRAND).steps[0].model_copy(update={"tool": "retired"})
        begin(crank.studio, work(Plan(steps=(step,))))
        assert [task.queue for task in tasks] == ["render"]

    def test_a_spent_raw_file_goes_by_its_generation(
        self, crank: Crank, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        gone: list[tuple[str, int]] = []
        delete = crank.local.objects.delete

        def heard(path: str, *, generation: int) -> Any:
            info = crank.local.objects.stat(path)
            assert info is not None
            gone.append((path, generation - info.generation))
            return delete(path, generation=generation)

        monkeypatch.setattr(crank.local.objects, "delete", heard)
        plan = raw_and_final()
        begin(crank.studio, work(plan))
        crank.until_quiet()
        assert gone == [(plan.steps[0].makes[0].path, 0)]


def feed(crank: Crank) -> list[dict[str, Any]]:
    lines: list[dict[str, Any]] = views.activity(crank.studio, OWNER)
    return lines


def raw_and_final() -> Plan:
    """Return a plan of a raw picture and a page that is drawn from it."""
    check = Check(media_type="image/webp", width=9, height=9)
    name = ObjectName(OWNER, BRAND, "raw", "b", "background", fingerprint("background"), "webp")
    raw = Artifact(slot="background", path=build(name), check=check, keep=Keep.RAW)
    page = plan_of("b", BRAND).artifacts()[0].model_copy(update={"check": PICTURE})
    size = {"width": 9, "height": 9}
    pages = {"pages": {page.slot: {"width": 10, "height": 10}}}
    paint = Step(name="paint", tool="background", makes=(raw,), params=size)
    draw = Step(name="draw", tool="stills", makes=(page,), needs=("background",), params=pages)
    return Plan(steps=(paint, draw))
