"""From one request to verified content, and the three faults that the Observatory once had."""

from __future__ import annotations

import json

import pytest

from lib.app import activity, intake, views
from lib.app.case import load_own
from lib.app.verify import verify
from lib.core.errors import Conflict, Refused
from tests.app.crank import OWNER, Crank


def brands_of(crank: Crank, count: int) -> list[str]:
    return list(crank.studio.brands.slugs())[:count]


def test_a_burst_ends_with_every_work_of_every_brand_verified(crank: Crank) -> None:
    burst = crank.burst(*brands_of(crank, 3), posts=1, reels=1)
    crank.until_quiet()
    view = crank.burst_view(burst.id)
    assert view["phase"] == "complete"
    assert view["jobs_total"] == 6
    assert {job["phase"] for job in view["jobs"]} == {"ready"}
    found = verify(crank.studio, OWNER)
    assert found.works == 7  # six pieces of content and the burst's own papers
    assert found.lies == []


def test_the_works_of_a_burst_are_drawn_by_different_templates_and_keep_them(crank: Crank) -> None:
    brand = brands_of(crank, 1)[0]
    burst = crank.burst(brand, posts=5, reels=4)
    crank.until_quiet()
    used: dict[str, list[str]] = {}
    for job in crank.burst_view(burst.id)["jobs"]:
        spec = load_own(crank.studio, OWNER, job["id"]).work.spec
        family = "reels" if spec["format"] == "reel" else "posts"
        used.setdefault(family, []).append(spec["template"])
    assert {family: len(names) for family, names in used.items()} == {"posts": 5, "reels": 4}
    assert all(len(set(names)) == len(names) for names in used.values())


def test_the_phase_does_not_clear_when_works_were_only_dispatched(crank: Crank) -> None:
    burst = crank.burst(*brands_of(crank, 2))
    while not any(step == "commission" for _, step, _ in crank.delivered):
        assert crank.task()
        crank.events()
    view = crank.burst_view(burst.id)
    assert view["planning"]["stages"]["commission"] == "done"
    assert view["phase"] == "making"
    assert view["counts"]["active"] == 4
    assert views.status(crank.studio, OWNER)["phase"] == "making"


def test_a_burst_is_live_from_its_first_instant_until_its_last_work_is_settled(
    crank: Crank,
) -> None:
    burst = crank.burst(*brands_of(crank, 1))
    live = [crank.burst_view(burst.id)["active"]]
    while crank.task() or crank.events():
        view = crank.burst_view(burst.id)
        live.append(view["active"])
        unfinished = view["counts"]["active"] or not view["jobs_total"]
        assert view["active"] == bool(unfinished) or view["phase"] in ("making", "complete")
    assert live[0] is True
    assert live[-1] is False
    assert live == sorted(live, reverse=True)  # it never comes back, and never sticks


def test_a_daily_burst_does_not_stay_live_for_ever(crank: Crank) -> None:
    spec = {"kind": "daily", "brands": brands_of(crank, 1)}
    burst = intake.create_burst(crank.studio, OWNER, "maestro", spec)
    crank.until_quiet()
    assert crank.burst_view(burst.id)["phase"] == "complete"
    assert views.status(crank.studio, OWNER)["phase"] is None


def test_totals_are_counted_from_records_and_not_from_what_the_log_says(
    crank: Crank, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(activity, "SENTENCES", {})
    burst = crank.burst(*brands_of(crank, 2))
    crank.until_quiet()
    counts = crank.burst_view(burst.id)["counts"]
    assert (counts["works"], counts["ready"], counts["failed"]) == (4, 4, 0)
    assert views.activity(crank.studio, OWNER) == []


def test_elapsed_time_runs_from_the_start_of_the_burst_and_stops_with_its_end(
    crank: Crank,
) -> None:
    burst = crank.burst(*brands_of(crank, 1))
    crank.clock.advance(7)
    assert crank.burst_view(burst.id)["elapsed_s"] == 7
    crank.until_quiet()
    ended = crank.burst_view(burst.id)["elapsed_s"]
    crank.clock.advance(3600)
    assert crank.burst_view(burst.id)["elapsed_s"] == ended


def test_asking_twice_with_the_same_key_is_one_burst(crank: Crank) -> None:
    first = crank.burst(*brands_of(crank, 1), key="demo")
    second = crank.burst(*brands_of(crank, 1), key="demo")
    crank.until_quiet()
    assert first.id == second.id
    assert len(views.bursts(crank.studio, OWNER)) == 1
    assert len(views.jobs(crank.studio, OWNER)) == 2


def test_a_commission_that_is_carried_out_twice_makes_no_second_work(crank: Crank) -> None:
    burst = crank.burst(*brands_of(crank, 2))
    crank.until_quiet()
    before = sorted(job["id"] for job in views.jobs(crank.studio, OWNER))
    receipt = next(a for a in crank.job(burst.id)["artifacts"] if a["slot"] == "commissioned")
    crank.file(receipt["object"]).unlink()
    crank.tick(after_s=1)
    assert crank.burst_view(burst.id)["phase"] == "complete"
    assert sorted(job["id"] for job in views.jobs(crank.studio, OWNER)) == before
    runs = [step for work, step, _ in crank.delivered if work == burst.id]
    assert runs.count("commission") == 2
    assert runs.count("propose") == 1


def test_a_burst_that_is_asked_for_again_after_midnight_is_the_same_one(crank: Crank) -> None:
    """A simulated person's client asked again in the next minute, and that was another day."""
    brand = brands_of(crank, 1)[0]
    crank.clock.advance(86_400 - crank.clock.now() % 86_400 - 30)
    burst = crank.burst(brand, key="k")
    crank.clock.advance(60)
    assert crank.burst(brand, key="k").id == burst.id
    crank.clock.advance(3600)
    assert crank.burst(brand, key="k").id != burst.id


def test_the_sealed_proposals_carry_every_draft_with_its_verdict(crank: Crank) -> None:
    burst = crank.burst(*brands_of(crank, 1), posts=2, reels=2)
    crank.until_quiet()
    sealed = next(a for a in crank.job(burst.id)["artifacts"] if a["slot"] == "proposals")
    entries = json.loads(crank.file(sealed["object"]).read_text())["entries"]
    assert len(entries) == 4
    assert all(entry["verdict"]["accepted"] or entry["verdict"]["reasons"] for entry in entries)


def test_nothing_is_said_twice_within_thirty_days(crank: Crank) -> None:
    brand = brands_of(crank, 1)[0]
    for _ in range(4):
        crank.burst(brand, posts=2, reels=3)
        crank.until_quiet()
        crank.clock.advance(86_400)
    works = views.jobs(crank.studio, OWNER)
    titles = [job["title"].casefold() for job in works]
    assert len(titles) == 20
    assert len(set(titles)) == len(titles)


def test_a_burst_for_a_brand_that_has_no_kit_is_refused_with_the_choices(crank: Crank) -> None:
    with pytest.raises(Refused, match="no brand 'nobody'") as refused:
        crank.burst("nobody")
    assert brands_of(crank, 1)[0] in refused.value.hint


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({"kind": "test", "brands": []}, "brands"),
        ({"kind": "nightly", "brands": ["x"]}, "kind"),
        ({"kind": "test", "brands": ["x"], "posts": -1}, "posts"),
        ({"kind": "test", "brands": ["x"], "surprise": 1}, "surprise"),
    ],
)
def test_a_wrong_burst_is_refused_by_the_name_of_the_field(
    crank: Crank, spec: dict[str, object], words: str
) -> None:
    with pytest.raises(Refused, match=words):
        intake.create_burst(crank.studio, OWNER, OWNER, spec)


def test_a_burst_of_nothing_is_refused(crank: Crank) -> None:
    with pytest.raises(Refused, match="burst of nothing"):
        crank.burst(*brands_of(crank, 1), posts=0, reels=0)


def test_a_work_whose_id_is_taken_by_another_owner_is_not_found(crank: Crank) -> None:
    burst = crank.burst(*brands_of(crank, 1))
    with pytest.raises((Conflict, Exception), match="no work"):
        intake.archive(crank.studio, "somebody-else", burst.id)
