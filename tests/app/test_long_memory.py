"""Pages read what they show, and not everything that was ever made."""

from __future__ import annotations

import sys

import pytest

from lib.app import case, views
from lib.core.errors import ToolFailed
from tests.app.counted import counted
from tests.app.crank import OWNER, Crank

DAY_S = 86_400.0
DAYS, EACH = 12, 4


@pytest.fixture
def old(crank: Crank) -> Crank:
    """Return a studio with works of many days; one stopped on the first and one on the last."""
    brand = crank.studio.brands.slugs()[0]
    for day in range(DAYS):
        if day in (0, DAYS - 1):
            crank.tools.failing["reel_video"] = ToolFailed("reel_video", "no film")
        crank.burst(brand, posts=EACH - 1, reels=1, key=f"day{day}")
        crank.until_quiet()
        crank.tools.failing.clear()
        crank.clock.advance(DAY_S)
    crank.clock.advance(-DAY_S)
    return crank


def test_the_status_reads_the_works_of_today_only(
    old: Crank, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(case, "PAGE", 10)
    monkeypatch.setitem(case.walk.__kwdefaults__, "first", 10)
    monkeypatch.setattr(sys.modules[views.status.__module__], "bursts", lambda *_, **__: [])
    studio, _, records, _ = counted(old.studio)
    found = views.status(studio, OWNER)
    assert found["today"]["works"] == EACH
    assert len(found["attention"]) == 2
    assert records.given["query"] < 60 + 3 * EACH  # the feed's thirty lines among them


def test_the_works_that_need_a_person_are_asked_for_and_come_newest_first(old: Crank) -> None:
    studio, _, records, _ = counted(old.studio)
    stopped = views.jobs(studio, OWNER, failed=True)
    assert [job["phase"] for job in stopped] == ["partial", "partial"]
    assert stopped[0]["queued_at"] > stopped[1]["queued_at"]
    assert records.given["query"] == 2
    assert views.jobs(old.studio, OWNER, failed=True, limit=1) == stopped[:1]
    assert len(views.jobs(old.studio, OWNER, limit=7)) == 7
