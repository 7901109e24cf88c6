"""What an event of an attempt that is still at work costs, and that no event is left to it for long."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from lib.app.events import FINALIZED, object_changed
from tests.app.crank import Crank


@pytest.fixture
def at_work(crank: Crank) -> tuple[str, dict[str, Any]]:
    """Return a work whose video was put a moment ago by an attempt that has not closed itself."""
    work = crank.reel()
    path = f"works/{work['id']}"
    record = crank.studio.records.get(path)
    key = next(key for key in record.data["attempts"] if key.startswith("reel_video"))
    unended = {
        **record.data["attempts"][key],
        "started_at": crank.clock.now(),
        "ended_at": None,
        "outcome": None,
    }
    measured = {k: v for k, v in record.data["measured"].items() if k != "video"}
    crank.studio.records.update(path, {("attempts", key): unended, ("measured",): measured})
    video = next(a for a in work["artifacts"] if a["slot"] == "video")
    data = {"name": video["object"], "generation": "1", "timeCreated": stamp(crank)}
    return work["id"], data


def stamp(crank: Crank) -> str:
    return datetime.fromtimestamp(crank.clock.now(), UTC).isoformat().replace("+00:00", "Z")


def knows_its_video(crank: Crank, work_id: str) -> bool:
    return "video" in crank.studio.records.get(f"works/{work_id}").data["measured"]


def test_the_news_of_an_object_whose_maker_is_about_to_settle_costs_no_look(
    crank: Crank, at_work: tuple[str, dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[str] = []
    monkeypatch.setattr(crank.local.objects, "stat", looked.append)
    object_changed(crank.studio, FINALIZED, at_work[1])
    assert looked == []


@pytest.mark.parametrize("told", ["late", "of no time", "of a wrong time", "that it is gone"])
def test_any_other_news_is_settled_though_an_attempt_is_at_work(
    crank: Crank, at_work: tuple[str, dict[str, Any]], told: str
) -> None:
    work_id, data = at_work
    kind = FINALIZED
    if told == "late":
        crank.clock.advance(6)
    elif told == "that it is gone":
        kind = FINALIZED.replace("finalized", "deleted")
    else:
        data = {**data, "timeCreated": "" if told == "of no time" else "yesterday"}
    object_changed(crank.studio, kind, data)
    assert knows_its_video(crank, work_id)


def test_an_attempt_that_dies_in_the_moment_before_it_settles_is_found_by_the_clock(
    crank: Crank, at_work: tuple[str, dict[str, Any]]
) -> None:
    work_id, data = at_work
    crank.studio.records.update(f"works/{work_id}", {("due_at",): crank.clock.now() + 720})
    object_changed(crank.studio, FINALIZED, data)
    assert not knows_its_video(crank, work_id)
    crank.tick(after_s=721)
    assert knows_its_video(crank, work_id)
    assert crank.job(work_id)["phase"] == "ready"
