"""What dies with a process, or with the power, and how the studio goes on."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from lib.app import salvage, views
from lib.app.recovery import give_up, recover
from lib.app.settle import begin, close, settle
from lib.app.sweep import sweep
from lib.app.verify import verify
from lib.core.errors import Conflict, Unavailable
from lib.core.tools import QUEUES
from lib.core.work import Artifact, Attempt, Work
from tests.app.crank import OWNER, Crank, open_crank
from tests.core.plans import PATIENCE_S, PICTURE, T0, artifact, plan, step


def test_a_task_that_was_lost_before_it_began_is_enqueued_again_under_another_name(
    crank: Crank,
) -> None:
    burst = crank.burst(crank.studio.brands.slugs()[0], posts=0)
    for lease in crank.local.queue.lease("desk", crank.studio.executor, 600):
        crank.local.queue.done(lease)  # taken, acknowledged, and never carried out
    crank.until_quiet()
    assert crank.delivered == []
    crank.tick(after_s=25)
    assert crank.burst_view(burst.id)["phase"] == "complete"
    assert all(number == 1 for _, _, number in crank.delivered)


def test_an_attempt_that_goes_quiet_is_given_up_after_its_patience(crank: Crank) -> None:
    burst = crank.burst(crank.studio.brands.slugs()[0], posts=0)
    _start_and_vanish(crank, burst.id)
    crank.tick(after_s=60)
    assert crank.burst_view(burst.id)["planning"]["stages"]["propose"] == "running"
    crank.tick(after_s=600)
    assert crank.burst_view(burst.id)["phase"] == "complete"


def test_a_restart_closes_what_died_with_the_last_run_and_goes_on_at_once(crank: Crank) -> None:
    burst = crank.burst(crank.studio.brands.slugs()[0], posts=0)
    _start_and_vanish(crank, burst.id)
    left = crank.studio.scratch / "run-of-the-dead"
    left.mkdir()
    again = crank.restarted()
    assert recover(again.studio) == 1
    assert not left.exists()
    again.tick()
    assert again.burst_view(burst.id)["phase"] == "complete"
    assert again.job(burst.id)["steps"][0]["attempts"][0]["outcome"] == "lost"
    crank.local = again.local


def _start_and_vanish(crank: Crank, work_id: str) -> None:
    """Start the latest attempt as an executor that dies at once."""
    record = crank.studio.records.get(f"works/{work_id}")
    key, attempt = max(record.data["attempts"].items())
    started = {**attempt, "started_at": crank.clock.now(), "executor": "dead"}
    crank.studio.records.update(record.path, {("attempts", key): started})
    for queue in QUEUES:
        for lease in crank.local.queue.lease(queue, "dead", 600):
            crank.local.queue.done(lease)


def test_a_finished_file_survives_a_failed_upload_and_is_not_rendered_again(
    crank: Crank, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_once = crank.local.objects.put_once
    outage = {"on": True}

    def unreachable(path: str, *args: Any, **more: Any) -> Any:
        if path.endswith(".mp4") and outage["on"]:
            raise Unavailable("the bucket does not answer")
        return put_once(path, *args, **more)

    monkeypatch.setattr(crank.local.objects, "put_once", unreachable)
    crank.burst(crank.studio.brands.slugs()[0], posts=0)
    crank.until_quiet()
    work_id = views.jobs(crank.studio, OWNER)[0]["id"]
    assert crank.job(work_id)["phase"] == "working"
    assert crank.tools.made["video"] == 1
    outage["on"] = False
    crank.tick(after_s=30)
    assert crank.job(work_id)["phase"] == "ready"
    assert crank.tools.made["video"] == 1
    assert list((crank.studio.scratch / "finished").iterdir()) == []


def test_a_finished_file_that_is_uploaded_while_the_sweep_looks_disturbs_nobody(
    crank: Crank, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = crank.studio.scratch / "finished"
    file = waiting / "gone.jpg"
    file.write_bytes(b"x")
    listing = type(file).iterdir

    def vanishing(folder: Any) -> Any:
        for found in list(listing(folder)):
            found.unlink()  # its attempt was quicker
            yield found

    monkeypatch.setattr(type(file), "iterdir", vanishing)
    sweep(crank.studio)
    assert not file.exists()


def test_a_claim_whose_acknowledgement_was_lost_is_our_own(
    crank: Crank, monkeypatch: pytest.MonkeyPatch
) -> None:
    burst = crank.burst(crank.studio.brands.slugs()[0], posts=0)
    update, losses = crank.local.records.update, iter([True])

    def losing(path: str, fields: Any, **more: Any) -> Any:
        record = update(path, fields, **more)
        if next(losses, False):  # it is written, and its writer is told the opposite
            raise Conflict(f"{path} has another version")
        return record

    monkeypatch.setattr(crank.local.records, "update", losing)
    crank.until_quiet()
    assert crank.burst_view(burst.id)["phase"] == "complete"
    assert all(number == 1 for _, _, number in crank.delivered)


def test_a_queue_that_is_away_loses_no_burst_and_makes_none_twice(
    crank: Crank, monkeypatch: pytest.MonkeyPatch
) -> None:
    enqueue, away = crank.local.queue.enqueue, [True]

    def trying(task: Any) -> bool:
        if away:
            raise Unavailable("the queue could not be reached")
        return enqueue(task)

    monkeypatch.setattr(crank.local.queue, "enqueue", trying)
    burst = crank.burst(crank.studio.brands.slugs()[0], posts=0)
    crank.until_quiet()
    assert crank.delivered == []
    away.clear()
    crank.tick(after_s=25)
    assert crank.burst_view(burst.id)["phase"] == "complete"
    assert all(number == 1 for _, _, number in crank.delivered)


def test_an_attempt_that_cannot_look_at_the_bucket_any_more_is_closed_all_the_same(
    crank: Crank, monkeypatch: pytest.MonkeyPatch
) -> None:
    put, stat, away = crank.local.objects.put_once, crank.local.objects.stat, []

    def last_before_the_outage(path: str, *args: Any, **more: Any) -> Any:
        info = put(path, *args, **more)
        away.extend([True] * ("/videos/" in path))
        return info

    def looking(path: str) -> Any:
        if away:
            raise Unavailable("the bucket could not be reached")
        return stat(path)

    monkeypatch.setattr(crank.local.objects, "put_once", last_before_the_outage)
    monkeypatch.setattr(crank.local.objects, "stat", looking)
    burst = crank.burst(crank.studio.brands.slugs()[0], posts=0)
    with pytest.raises(AssertionError):  # the outage is answered with "not yet"
        crank.until_quiet()
    away.clear()
    crank.tick(after_s=1)
    (job,) = crank.burst_view(burst.id)["jobs"]
    attempts = [a for step in crank.job(job["id"])["steps"] for a in step["attempts"]]
    assert {attempt["outcome"] for attempt in attempts} == {"ok"}


def test_the_end_of_an_attempt_that_was_given_up_meanwhile_is_not_written_over(
    crank: Crank,
) -> None:
    work = crank.reel()
    path = f"works/{work['id']}"
    before = crank.studio.records.get(path)
    entry = next(a for k, a in before.data["attempts"].items() if k.startswith("reel_video"))
    late = Attempt.model_validate({**entry, "outcome": "failed", "message": "too late"})
    close(crank.studio, work["id"], late)
    assert crank.studio.records.get(path) == before


def test_an_attempt_that_never_answered_is_closed_though_its_files_are_there(crank: Crank) -> None:
    work = crank.reel()
    record = crank.studio.records.get(f"works/{work['id']}")
    key = next(key for key in record.data["attempts"] if key.startswith("reel_video"))
    attempt = record.data["attempts"][key]
    unended = {**attempt, "ended_at": None, "outcome": None}
    crank.studio.records.update(f"works/{work['id']}", {("attempts", key): unended})
    settle(crank.studio, work["id"])
    crank.tick(after_s=60)
    assert _outcomes(crank, work["id"])["reel_video"] == [None]
    crank.tick(after_s=3600)
    assert _outcomes(crank, work["id"])["reel_video"] == ["lost"]
    record = crank.studio.records.get(f"works/{work['id']}")
    assert record.data["summary"]["open"] is False
    assert record.data.get("due_at") is None


def _outcomes(crank: Crank, work_id: str) -> dict[str, list[str | None]]:
    steps = crank.job(work_id)["steps"]
    return {step["key"]: [attempt["outcome"] for attempt in step["attempts"]] for step in steps}


def test_a_bucket_that_is_away_costs_no_try_and_no_render(
    crank: Crank, monkeypatch: pytest.MonkeyPatch
) -> None:
    put, away = crank.local.objects.put_once, [True]

    def trying(path: str, *args: Any, **more: Any) -> Any:
        if away and "/videos/" in path:
            raise Unavailable("the bucket could not be reached")
        return put(path, *args, **more)

    monkeypatch.setattr(crank.local.objects, "put_once", trying)
    burst = crank.burst(crank.studio.brands.slugs()[0], posts=0)
    crank.until_quiet()
    for _ in range(6):
        crank.tick(after_s=400)
    (job,) = crank.burst_view(burst.id)["jobs"]
    assert job["phase"] == "working"
    assert "the bucket could not be reached" in str(crank.job(job["id"])["steps"])
    away.clear()
    crank.tick(after_s=400)
    assert crank.job(job["id"])["phase"] == "ready"
    assert crank.tools.made["video"] == 1


def test_an_attempt_that_died_after_its_upload_is_closed_though_its_work_is_ready(
    crank: Crank,
) -> None:
    work = crank.reel()
    record = crank.studio.records.get(f"works/{work['id']}")
    key, attempt = next(iter(record.data["attempts"].items()))
    died = {**attempt, "ended_at": None, "outcome": None, "executor": "dead"}
    crank.studio.records.update(record.path, {("attempts", key): died})
    settle(crank.studio, work["id"])  # the event of its upload
    assert crank.job(work["id"])["phase"] == "ready"
    assert recover(crank.studio) == 1
    ledger = crank.studio.records.get(record.path).data["attempts"]
    assert ledger[key]["outcome"] == "lost"
    assert recover(crank.studio) == 0


def test_a_power_cut_that_takes_what_did_not_wait_for_the_disk_costs_no_render(
    crank: Crank, tmp_path: Path
) -> None:
    crank.burst(crank.studio.brands.slugs()[0])
    while not views.jobs(crank.studio, OWNER):
        assert crank.task()
    database = crank.local.settings.data / "studio.db"
    files = [database, database.with_name("studio.db-wal")]
    for file in files:  # the last that is surely on the disk: what was asked for
        shutil.copy(file, tmp_path / file.name)
    crank.until_quiet()
    before = Counter(crank.tools.made)
    crank.local.close()
    for file in files:
        shutil.copy(tmp_path / file.name, file)
    again = open_crank(crank.local.settings, crank.clock, crank.tools)
    recover(again.studio)
    again.tick(1)
    assert {job["phase"] for job in views.jobs(again.studio, OWNER)} == {"ready"}
    assert crank.tools.made == before
    assert verify(again.studio, OWNER).lies == []
    again.local.close()


def test_a_record_that_nobody_can_read_keeps_no_studio_from_starting(crank: Crank) -> None:
    brand = crank.studio.brands.slugs()[0]
    broken, burst = (crank.burst(brand, posts=0, key=key) for key in ("a", "b"))
    _start_and_vanish(crank, burst.id)
    rubbish = {("work", "plan"): "rubbish"}
    crank.studio.records.update(f"works/{broken.id}", rubbish)
    assert recover(crank.studio) == 1
    crank.tick(after_s=600)
    assert crank.burst_view(burst.id)["phase"] == "complete"


def test_what_kills_its_worker_every_time_is_given_up_after_its_tries(crank: Crank) -> None:
    burst = crank.burst(crank.studio.brands.slugs()[0], posts=0)
    for _ in range(3):
        _start_and_vanish(crank, burst.id)
        assert give_up(crank.studio, "dead") == 1
        crank.clock.advance(60)
        sweep(crank.studio)
    view = crank.job(burst.id)
    assert view["phase"] == "failed"
    assert view["reasons"] == ["propose: its worker died"]


def test_an_effect_whose_worker_died_is_unsure_and_never_repeated(crank: Crank) -> None:
    begin(crank.studio, _of_one_step(effect=True))
    _start_and_vanish(crank, "w-1")
    assert give_up(crank.studio, "dead") == 1
    sweep(crank.studio)
    assert crank.studio.records.get("works/w-1").data["summary"]["phase"] == "unsure"


def test_a_waiting_file_that_another_takes_away_meanwhile_is_no_fault(
    crank: Crank, monkeypatch: pytest.MonkeyPatch
) -> None:
    reel = crank.reel()
    (artifact, *_) = crank.studio.records.get(f"works/{reel['id']}").data["work"]["plan"]["steps"]
    found = Artifact.model_validate(artifact["makes"][0])
    waiting = salvage.place(crank.studio.scratch, found)
    waiting.write_bytes(b"finished")
    seen = crank.local.objects.stat(crank.local.objects.list("").items[0].path)

    def stat(path: str) -> Any:
        del path
        waiting.unlink()  # its attempt uploads it while we look
        return seen

    monkeypatch.setattr(type(crank.local.objects), "stat", lambda _self, path: stat(path))
    salvage.forget_uploaded(crank.studio, (found,))


@pytest.mark.parametrize("said", ["failed", "unsure"])
def test_an_attempt_that_never_answered_is_closed_in_a_work_that_stopped(
    crank: Crank, said: str
) -> None:
    """A simulated person asked again; the new attempt failed, and the old one stood open."""
    work = _of_one_step(effect=said == "unsure")
    begin(crank.studio, work)
    key, entry = next(iter(crank.studio.records.get("works/w-1").data["attempts"].items()))
    quiet = {**entry, "started_at": crank.clock.now(), "executor": "dead"}
    ledger = {key: quiet}
    if said == "failed":
        later = {"number": 2, "ended_at": crank.clock.now(), "outcome": "failed"}
        ledger["paint-1-2"] = {**quiet, **later, "permanent": True}
    crank.studio.records.update("works/w-1", {("attempts",): ledger})
    crank.clock.advance(PATIENCE_S + 1)
    sweep(crank.studio)
    record = crank.studio.records.get("works/w-1")
    assert record.data["summary"]["phase"] == said
    assert record.data["summary"]["open"] is False
    assert "due_at" not in record.data


def _of_one_step(*, effect: bool) -> Work:
    paint = step("paint", artifact("image", "posts", PICTURE), effect=effect)
    return Work(
        id="w-1",
        owner="anna",
        actor="anna",
        brand="healthy-college",
        kind="post",
        plan=plan(paint),
        created_at=T0,
    )
