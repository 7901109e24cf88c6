"""Nobody can make the studio say ready about something that is not: by hand, by fault, by haste."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from lib.app import intake, views
from lib.app.audit import reconcile
from lib.app.events import FINALIZED, object_changed
from lib.app.perform import perform
from lib.app.settle import begin, settle
from lib.app.sweep import sweep
from lib.app.verify import verify
from lib.core.checks import Check
from lib.core.errors import Refused, ToolFailed, Unavailable
from lib.core.paths import ObjectName, build, fingerprint
from lib.core.work import Artifact, Keep, Plan, Step, Work
from tests.app.crank import OWNER, Crank


def artifact(work: dict[str, Any], slot: str) -> dict[str, Any]:
    return next(a for a in work["artifacts"] if a["slot"] == slot)


#: What a work that no recipe planned says of itself.
_BY_HAND: dict[str, Any] = {
    "owner": OWNER,
    "actor": OWNER,
    "brand": "two-wheels",
    "title": "",
    "spec": {},
    "created_at": 0.0,
}

HANDS = {
    "deleted": lambda file: file.unlink(),
    "emptied": lambda file: file.write_bytes(b""),
    "truncated": lambda file: file.write_bytes(file.read_bytes()[:-100]),
    "replaced by text": lambda file: file.write_text("not a video"),
}


@pytest.mark.parametrize("how", HANDS)
def test_an_object_changed_by_hand_unmakes_ready_within_one_event_and_only_it_is_made_again(
    crank: Crank, how: str
) -> None:
    work = crank.reel()
    before = Counter(crank.tools.made)
    HANDS[how](crank.file(artifact(work, "video")["object"]))
    crank.local.objects.scan()
    crank.clock.advance(1)
    crank.events()
    card = next(j for j in views.jobs(crank.studio, OWNER) if j["id"] == work["id"])
    assert card["phase"] == "working"
    assert card["files_verified"] == card["files_required"] - 1
    missing = crank.studio.records.get(f"works/{work['id']}").data["summary"]["missing"]
    assert set(missing) == {"video"}
    assert missing["video"]
    crank.until_quiet()
    assert crank.job(work["id"])["phase"] == "ready"
    assert crank.tools.made - before == Counter({"video": 1, "background": 1})
    assert verify(crank.studio, OWNER).lies == []


def test_the_feed_says_in_words_what_was_lost(crank: Crank) -> None:
    work = crank.reel()
    crank.file(artifact(work, "thumbnail")["object"]).unlink()
    crank.tick(after_s=1)
    lines = [line["message"] for line in views.activity(crank.studio, OWNER)]
    assert any("thumbnail was made, but its object is not in the bucket" in line for line in lines)


def test_raw_objects_go_only_after_the_finals_and_come_back_when_a_final_is_lost(
    crank: Crank,
) -> None:
    work = crank.reel()
    assert artifact(work, "background")["state"] == "not_needed"
    assert list((crank.local.settings.data / "bucket").rglob("raw/*")) == []
    crank.file(artifact(work, "reel_image")["object"]).unlink()
    crank.tick(after_s=1)
    assert crank.tools.made["background"] == 3  # two works, and once more for the lost picture
    assert list((crank.local.settings.data / "bucket").rglob("raw/*")) == []


def test_a_raw_that_nothing_needs_any_more_is_not_made_again_beside_a_lost_final(
    crank: Crank,
) -> None:
    picture = Check(media_type="image/jpeg", width=10, height=10)
    sheet = _artifact("sheet", picture, Keep.RAW)
    slide = _artifact("slide", picture)
    pages = {slot: {"width": 10, "height": 10} for slot in ("sheet", "slide", "cover")}
    steps = (
        Step(name="draw", tool="stills", makes=(sheet, slide), params={"pages": pages}),
        Step(
            name="cut",
            tool="stills",
            makes=(_artifact("cover", picture),),
            needs=("sheet",),
            params={"pages": pages},
        ),
    )
    begin(crank.studio, Work(id="w-1", kind="post", plan=Plan(steps=steps), **_BY_HAND))
    crank.until_quiet()
    assert crank.job("w-1")["phase"] == "ready"
    crank.file(slide.path).unlink()
    crank.tick(after_s=1)
    assert crank.job("w-1")["phase"] == "ready"
    assert crank.tools.made == Counter({"slide": 2, "sheet": 1, "cover": 1})


def _artifact(slot: str, check: Check, keep: Keep = Keep.FINAL) -> Artifact:
    category = "raw" if keep is Keep.RAW else "posts"
    name = ObjectName(OWNER, "two-wheels", category, "w-1", slot, fingerprint(slot), "jpg")
    return Artifact(slot=slot, path=build(name), check=check, keep=keep)


@pytest.mark.parametrize("how", ["empty", "truncated", "small picture"])
def test_a_bad_file_never_reaches_the_bucket(crank: Crank, how: str) -> None:
    crank.tools.broken["video"] = how
    crank.burst(crank.studio.brands.slugs()[0], posts=0)
    crank.until_quiet()
    work = crank.job(views.jobs(crank.studio, OWNER)[0]["id"])
    assert work["phase"] == "partial"
    assert "made a bad video" in work["reasons"][0]
    assert not crank.file(artifact(work, "video")["object"]).exists()


def test_a_tool_that_always_fails_ends_in_words_and_the_other_works_finish(crank: Crank) -> None:
    crank.tools.failing["reel_video"] = ToolFailed("reel_video", "no encoder", tail="last line")
    burst = crank.burst(*list(crank.studio.brands.slugs())[:2])
    crank.until_quiet()
    view = crank.burst_view(burst.id)
    assert view["phase"] == "partial"
    assert (view["counts"]["ready"], view["counts"]["failed"]) == (2, 2)
    failed = crank.job(views.jobs(crank.studio, OWNER, failed=True)[0]["id"])
    assert failed["phase"] == "partial"
    assert failed["reasons"] == ["reel_video: reel_video: no encoder"]
    assert failed["files_verified"] == 3


def test_a_retry_goes_on_from_the_failed_step_and_keeps_what_is_made(crank: Crank) -> None:
    crank.tools.failing["reel_video"] = ToolFailed("reel_video", "no encoder")
    crank.burst(crank.studio.brands.slugs()[0], posts=0)
    crank.until_quiet()
    work_id = views.jobs(crank.studio, OWNER)[0]["id"]
    before = Counter(crank.tools.made)
    del crank.tools.failing["reel_video"]
    intake.retry(crank.studio, OWNER, work_id, "reel_video", OWNER)
    crank.until_quiet()
    assert crank.job(work_id)["phase"] == "ready"
    assert crank.tools.made - before == Counter({"video": 1})


def test_only_a_failed_step_can_be_retried_and_a_wrong_name_is_answered_with_the_right_ones(
    crank: Crank,
) -> None:
    work = crank.reel()
    with pytest.raises(Refused, match="step stills is done"):
        intake.retry(crank.studio, OWNER, work["id"], "stills", OWNER)
    with pytest.raises(Refused, match="no step 'paint'") as refused:
        intake.retry(crank.studio, OWNER, work["id"], "paint", OWNER)
    assert "background, stills, reel_video" in refused.value.hint


def test_a_failure_that_may_pass_is_tried_again_after_a_pause(crank: Crank) -> None:
    crank.tools.failing["stills"] = ToolFailed("stills", "was killed", permanent=False)
    crank.burst(crank.studio.brands.slugs()[0], posts=0)
    crank.until_quiet()
    work_id = views.jobs(crank.studio, OWNER)[0]["id"]
    assert crank.job(work_id)["phase"] == "working"
    del crank.tools.failing["stills"]
    crank.tick(after_s=1)
    assert crank.job(work_id)["phase"] == "working"
    crank.tick(after_s=10)
    assert crank.job(work_id)["phase"] == "ready"


def test_three_failures_that_might_have_passed_end_in_failed(crank: Crank) -> None:
    crank.tools.failing["background"] = ToolFailed("background", "was killed", permanent=False)
    crank.burst(crank.studio.brands.slugs()[0], posts=0)
    for _ in range(8):
        crank.until_quiet()
        crank.tick(after_s=400)
    work = crank.job(views.jobs(crank.studio, OWNER)[0]["id"])
    assert work["phase"] == "failed"
    assert len(work["steps"][0]["attempts"]) == 3


def test_doubled_and_late_deliveries_render_nothing_twice(crank: Crank) -> None:
    crank.burst(crank.studio.brands.slugs()[0])
    crank.until_quiet()
    before, calls = Counter(crank.tools.made), list(crank.delivered)
    for work_id, step, number in calls:
        assert perform(crank.studio, work_id, step, number).startswith("dropped")
    assert crank.tools.made == before


def test_lost_events_are_healed_by_the_tick(crank: Crank) -> None:
    crank.burst(crank.studio.brands.slugs()[0])
    for _ in range(12):
        while crank.task():
            pass
        crank.local.outbox.drain(lambda attributes, data: None)  # every event is lost
        crank.clock.advance(30)
        sweep(crank.studio)
    assert {job["phase"] for job in views.jobs(crank.studio, OWNER)} == {"ready"}


def test_an_archived_work_is_not_resurrected(crank: Crank) -> None:
    work = crank.reel()
    intake.archive(crank.studio, OWNER, work["id"])
    before = Counter(crank.tools.made)
    crank.file(artifact(work, "video")["object"]).unlink()
    crank.tick(after_s=60)
    assert crank.tools.made == before
    assert crank.job(work["id"])["phase"] == "archived"


def test_an_edit_of_one_slide_makes_only_that_slide_again(crank: Crank) -> None:
    brand = crank.studio.brands.slugs()[0]
    crank.burst(brand, posts=8, reels=0)
    crank.until_quiet()
    work = next(
        crank.job(job["id"]) for job in views.jobs(crank.studio, OWNER) if job["kind"] == "carousel"
    )
    before = Counter(crank.tools.made)
    slides = [dict(slide) for slide in work["spec"]["slides"]]
    slides[2]["heading"] = "Another heading"
    intake.revise(crank.studio, OWNER, work["id"], {**work["spec"], "slides": slides})
    crank.until_quiet()
    assert crank.job(work["id"])["phase"] == "ready"
    assert crank.tools.made - before == Counter({"slide_3": 1, "background": 1})


def test_verify_catches_a_lie_that_no_event_told_the_studio_about(crank: Crank) -> None:
    work = crank.reel()
    target = crank.file(artifact(work, "video")["object"])
    target.write_bytes(target.read_bytes()[:-1])
    found = verify(crank.studio, OWNER)
    assert [(lie["work"], lie["slot"]) for lie in found.lies] == [(work["id"], "video")]
    assert "cut short" in found.lies[0]["why"]


def test_reconcile_reports_a_false_claim_and_a_dry_run_changes_nothing(crank: Crank) -> None:
    work = crank.reel()
    crank.file(artifact(work, "video")["object"]).unlink()
    dry = reconcile(crank.studio, dry_run=True)
    assert [c["action"] for c in dry.corrections] == ["would correct"]
    record = crank.studio.records.get(f"works/{work['id']}")
    assert record.data["summary"]["phase"] == "ready"
    wet = reconcile(crank.studio)
    assert wet.corrections[0] == {
        "work": work["id"],
        "originalStatus": "ready",
        "correctedStatus": "working",
        "claimed": 4,
        "verified": 3,
        "missing": {"video": "was made, but its object is not in the bucket any more"},
        "action": "corrected",
    }
    crank.until_quiet()
    assert reconcile(crank.studio).corrections == []


def test_one_work_that_cannot_be_looked_at_does_not_keep_the_others_from_it(
    crank: Crank, monkeypatch: pytest.MonkeyPatch
) -> None:
    works = crank.made()
    stat = crank.local.objects.stat

    def broken(path: str) -> Any:
        if works[0]["id"] in path:
            raise Unavailable("the bucket does not answer")
        return stat(path)

    monkeypatch.setattr(crank.local.objects, "stat", broken)
    for work in works[:2]:  # what agrees with the listing is not looked at
        crank.file(artifact(work, "thumbnail")["object"]).unlink()
    report = reconcile(crank.studio)
    assert [line.split(":")[0] for line in report.unreachable] == [works[0]["id"]]
    assert [c["work"] for c in report.corrections] == [works[1]["id"]]


def test_settling_twice_writes_once(crank: Crank) -> None:
    work = crank.reel()
    version = crank.studio.records.get(f"works/{work['id']}").version
    settle(crank.studio, work["id"])
    settle(crank.studio, work["id"])
    assert crank.studio.records.get(f"works/{work['id']}").version == version


def test_an_event_about_a_generation_that_is_known_already_costs_no_look(
    crank: Crank, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = crank.reel()
    video = artifact(work, "video")
    looked: list[str] = []
    monkeypatch.setattr(crank.local.objects, "stat", looked.append)
    data = {"name": video["object"], "generation": str(video["proof"]["generation"])}
    object_changed(crank.studio, FINALIZED, data)
    assert looked == []
    object_changed(crank.studio, FINALIZED, {**data, "generation": "1"})
    assert video["object"] in looked
