"""What is wanted, what is there, and what may be thrown away: the judgement over a bucket."""

from __future__ import annotations

from typing import Any

import pytest

from lib.core.checks import Check
from lib.core.decide import Discard, decide
from lib.core.status import Stage, assess
from lib.core.work import Keep, Plan
from tests.core.plans import (
    PICTURE,
    T0,
    artifact,
    burst,
    carousel,
    ended,
    failed,
    item,
    plan,
    reel,
    seen,
    seen_all,
    segment,
    shapes,
    sight,
    started,
    step,
)


def runs(of: Plan, *slots: str) -> list[str]:
    """Return the steps that would be run when only these slots are there."""
    found = assess(of, seen(of, *slots), (), T0)
    return [name for name, stage in found.stages.items() if stage is Stage.READY]


@pytest.mark.parametrize("name", shapes())
def test_a_work_is_complete_when_every_kept_artifact_is_there_and_nothing_else_is(
    name: str,
) -> None:
    of = shapes()[name]
    kept = tuple(a.slot for a in of.artifacts() if a.keep is not Keep.RAW)
    assert assess(of, seen(of, *kept), (), T0).complete
    for slot in kept:
        rest = tuple(other for other in kept if other != slot)
        found = assess(of, seen(of, *rest), (), T0)
        assert not found.complete
        assert (found.done, found.total) == (len(kept) - 1, len(kept))
        assert set(found.missing) == {slot}


@pytest.mark.parametrize("name", shapes())
def test_a_ledger_full_of_success_makes_nothing_done(name: str) -> None:
    of = shapes()[name]
    ledger = tuple(ended(s.name) for s in of.steps)
    found = assess(of, {}, ledger, T0)
    assert found.done == 0
    assert not found.complete
    assert set(found.missing.values()) == {"was made, but its object is not in the bucket any more"}


def test_an_empty_ledger_makes_nothing_undone() -> None:
    of = reel()
    found = assess(of, seen_all(of), (), T0)
    assert found.complete
    assert set(found.stages.values()) == {Stage.DONE}
    assert {state.number for state in found.steps.values()} == {0}, "nothing is live"


def test_a_plan_of_one_artifact_of_one_byte_is_complete_when_it_is_there() -> None:
    of = plan(step("paint", artifact("image", "posts", Check(media_type="image/jpeg"))))
    tiny = sight(item(of, "image"), size=1)
    assert assess(of, {tiny.path: tiny}, (), T0).complete


def test_a_plan_without_steps_is_not_complete() -> None:
    found = assess(plan(), {}, (), T0)
    assert (found.complete, found.total, found.due_at) == (False, 0, None)


def test_nothing_made_starts_only_the_first_step() -> None:
    of = segment()
    found = assess(of, {}, (), T0)
    assert found.stages == {
        "script": Stage.READY,
        "speech": Stage.BLOCKED,
        "master": Stage.BLOCKED,
        "air": Stage.BLOCKED,
    }
    assert set(found.missing.values()) == {"not made yet"}


def test_a_step_runs_as_soon_as_what_it_needs_is_there() -> None:
    of = reel()
    assert runs(of) == ["background"]
    assert runs(of, "background") == ["stills", "reel_video"]
    assert runs(of, "background", "video") == ["stills"]


def test_a_step_makes_only_the_slots_that_are_missing() -> None:
    of = carousel()
    found = assess(of, seen_all(of, but=("slide_2", "slide_5")), (), T0)
    assert found.steps["stills"].missing == ("slide_2", "slide_5")


def test_a_missing_raw_that_nothing_needs_is_not_wanted() -> None:
    of = segment()
    found = assess(of, seen(of, "script", "master", "aired"), (), T0)
    assert found.complete
    assert found.stages["speech"] is Stage.IDLE
    assert found.due_at is None


def test_a_step_of_which_only_an_intermediate_is_absent_is_idle_and_not_done() -> None:
    of = plan(
        step(
            "render",
            artifact("sheet", "raw", PICTURE, Keep.RAW),
            artifact("image", "posts", PICTURE),
        )
    )
    assert assess(of, seen(of, "image"), (), T0).stages == {"render": Stage.IDLE}
    assert assess(of, seen(of, "sheet", "image"), (), T0).stages == {"render": Stage.DONE}
    assert assess(of, seen(of, "sheet"), (), T0).steps["render"].missing == ("image",)


def test_a_plan_that_makes_no_sense_is_judged_and_runs_nothing() -> None:
    orphan = plan(step("paint", artifact("image", "posts", PICTURE), needs=("nowhere",)))
    circle = plan(
        step("egg", artifact("a", "posts", PICTURE), needs=("b",)),
        step("hen", artifact("b", "posts", PICTURE), needs=("a",)),
    )
    for of in (orphan, circle):
        found = assess(of, {}, (), T0)
        assert set(found.stages.values()) == {Stage.BLOCKED}
        assert decide(of, found) == ()


def test_a_lost_final_demands_its_raw_again() -> None:
    of = segment()
    found = assess(of, seen(of, "script", "aired"), (), T0)
    assert found.stages["speech"] is Stage.READY
    assert found.stages["master"] is Stage.BLOCKED
    assert set(found.missing) == {"master"}


def test_a_lost_final_whose_raw_is_still_there_is_made_from_it() -> None:
    of = segment()
    assert runs(of, "script", "speech", "aired") == ["master"]


def test_a_lost_source_is_made_again_although_its_product_exists() -> None:
    of = segment()
    assert runs(of, "speech", "master", "aired") == ["script"]


def test_demand_reaches_back_over_several_raw_steps() -> None:
    of = plan(
        step("first", artifact("a", "raw", PICTURE, Keep.RAW)),
        step("second", artifact("b", "raw", PICTURE, Keep.RAW), needs=("a",)),
        step("third", artifact("c", "posts", PICTURE), needs=("b",)),
    )
    assert runs(of) == ["first"]
    assert runs(of, "a") == ["second"]
    assert runs(of, "b") == ["third"], "with b there, nobody needs a"
    assert runs(of, "c") == []


def test_a_raw_file_is_spent_only_when_every_consumer_has_made_its_finals() -> None:
    of = reel()
    background = item(of, "background").path
    finals = ("reel_image", "thumbnail", "youtube_thumbnail", "video")
    for absent in finals:
        present = [slot for slot in finals if slot != absent]
        assert assess(of, seen(of, "background", *present), (), T0).spent == ()
    found = assess(of, seen_all(of), (), T0)
    assert [sighting.path for sighting in found.spent] == [background]
    assert found.due_at == T0, "what is spent is due for deletion now"


def test_a_raw_file_is_kept_while_its_final_was_merely_attempted() -> None:
    of = segment()
    ledger = (ended("master"),)
    assert assess(of, seen(of, "script", "speech"), ledger, T0).spent == ()


def test_a_raw_file_is_kept_while_its_final_is_there_but_invalid() -> None:
    of = segment()
    bucket = seen_all(of)
    master = item(of, "master")
    bucket[master.path] = sight(master, lufs=-9.0)
    found = assess(of, bucket, (), T0)
    assert found.spent == ()
    assert found.stages["master"] is Stage.READY


def test_a_raw_file_is_kept_for_a_step_that_failed_since_a_person_may_retry() -> None:
    of = segment()
    ledger = (failed("master", permanent=True, message="broken input"),)
    found = assess(of, seen(of, "script", "speech"), ledger, T0)
    assert found.stages["master"] is Stage.FAILED
    assert found.spent == ()


def test_only_raw_files_are_ever_spent() -> None:
    for of in shapes().values():
        spent = assess(of, seen_all(of), (), T0).spent
        raw = {a.path for a in of.artifacts() if a.keep is Keep.RAW}
        assert {sighting.path for sighting in spent} == raw


def test_a_spent_raw_is_discarded_in_exactly_the_generation_that_was_seen() -> None:
    of = burst()
    drafts = item(of, "drafts")
    bucket = {**seen_all(of), drafts.path: sight(drafts, generation=77)}
    actions = decide(of, assess(of, bucket, (), T0))
    assert actions == (Discard(bucket[drafts.path]),)
    assert bucket[drafts.path].generation == 77


def test_a_raw_file_that_a_person_put_there_is_never_spent() -> None:
    of = reel()
    bucket = seen_all(of)
    path = item(of, "background").path
    assert [sighting.path for sighting in assess(of, bucket, (), T0).spent] == [path]
    bucket[path] = bucket[path].model_copy(update={"ours": False})
    assert assess(of, bucket, (), T0).spent == ()


def test_why_something_is_missing_is_told_by_the_tries_of_its_own_step() -> None:
    of = reel()
    found = assess(of, seen(of, "background"), (ended("background"), ended("stills")), T0)
    assert found.missing["video"] == "not made yet"
    assert found.missing["thumbnail"] == "was made, but its object is not in the bucket any more"


def test_an_invalid_raw_that_nothing_needs_is_spent_too() -> None:
    of = segment()
    speech = item(of, "speech")
    bucket = {**seen_all(of), speech.path: sight(speech, size=0)}
    assert [s.path for s in assess(of, bucket, (), T0).spent] == [speech.path]


def test_an_invalid_raw_that_is_needed_is_made_again_and_not_discarded() -> None:
    of = segment()
    speech = item(of, "speech")
    bucket = {**seen(of, "script"), speech.path: sight(speech, size=0)}
    found = assess(of, bucket, (), T0)
    assert found.stages["speech"] is Stage.READY
    assert found.stages["master"] is Stage.BLOCKED
    assert found.spent == ()


@pytest.mark.parametrize(
    ("slot", "size", "facts", "words"),
    [
        ("video", 0, {}, "is empty (0 bytes)"),
        ("video", 12, {}, "is only 12 bytes, at least 100 expected"),
        ("video", 5000, {"unreadable": "moov atom not found"}, "cannot be read: moov atom"),
        ("video", 5000, {"width": 720}, "width is 720, expected 1080"),
        ("video", 5000, {"media_type": "text/html"}, "type is text/html, expected video/mp4"),
        ("thumbnail", 5000, {"spread": 0.4}, "the picture is blank"),
    ],
)
def test_an_object_that_fails_its_check_is_missing_with_words(
    slot: str, size: int, facts: dict[str, Any], words: str
) -> None:
    of = reel()
    bucket = seen_all(of)
    bad = item(of, slot)
    bucket[bad.path] = sight(bad, size=size, **facts)
    found = assess(of, bucket, (), T0)
    assert found.done == 3
    assert not found.complete
    assert words in found.missing[slot]


def test_a_zero_byte_object_is_missing_even_if_nobody_called_it_invalid() -> None:
    of = plan(step("paint", artifact("image", "posts", Check(media_type="image/jpeg"))))
    claimed = sight(item(of, "image")).model_copy(update={"size": 0, "invalid": ()})
    found = assess(of, {claimed.path: claimed}, (), T0)
    assert found.done == 0
    assert found.missing == {"image": "is empty (0 bytes)"}


def test_an_object_under_a_path_of_an_older_revision_is_not_taken_for_a_new_one() -> None:
    of = plan(step("paint", artifact("image", "posts", PICTURE)))
    old = sight(item(of, "image")).model_copy(update={"path": "anna/b/posts/w-1_image-old.jpg"})
    assert assess(of, {old.path: old}, (), T0).done == 0


def test_what_is_there_is_done_although_an_attempt_at_it_is_still_open() -> None:
    of = segment()
    found = assess(of, seen_all(of), (started("master"),), T0)
    assert found.complete
    assert found.stages["master"] is Stage.DONE
