"""A narrated reel as it is planned: what is refused, what is made, and what an edit leaves alone."""

from __future__ import annotations

from typing import Any

import pytest

from lib.core.errors import Refused
from lib.core.proposals import Draft
from lib.core.recipes import plan_for
from lib.core.recipes.narration import FASTEST, REST_S, STARTS_S
from lib.core.recipes.order import Order
from lib.core.voices import VOICES
from lib.core.work import Keep, Plan
from tests.core.test_recipes import kit

TEXT = "Bread goes stale faster in the cold, because its starch crystallises there."
STYLES = {"plain": {"unit": "cue"}, "highlight": {"unit": "phrase"}}


def spec(seconds: int = 10, lines: int = 0, **narration: Any) -> dict[str, Any]:
    """Return the draft of a narrated reel."""
    return {
        "brand": "healthy-college",
        "format": "reel",
        "title": "Bread",
        "variant": "dark",
        "facts": ["f-01"],
        "lines": ["A line"] * lines,
        "hashtags": ["#one"],
        "caption": "A caption that is long enough.",
        "seconds": seconds,
        "narration": {"text": TEXT, **narration},
    }


def made(told: dict[str, Any], **brand: Any) -> Plan:
    """Return the plan of a draft for a brand with two styles of captions."""
    with_styles = kit(caption_styles=STYLES, **brand)
    order = Order("anna", "healthy-college", "w-1", told, with_styles)
    return plan_for("reel", order)


def params(plan: Plan, name: str) -> dict[str, Any]:
    step = plan.step(name)
    assert step is not None
    return step.params


def test_a_short_one_speaks_mixes_and_captions_beside_one_video() -> None:
    plan = made(spec())
    needs = {step.name: set(step.needs) for step in plan.steps}
    assert needs["voice"] == set()
    assert needs["voice_mix"] == {"voice", "words"}
    assert needs["captions"] == {"words"}
    assert needs["reel_video"] == {"background", "words", "sound"}
    assert params(plan, "reel_video")["captions"]["style"] == STYLES["highlight"]
    assert params(plan, "reel_video")["captions"]["starts_s"] == STARTS_S
    kept = {artifact.slot: artifact.keep for artifact in plan.artifacts()}
    assert {slot for slot in kept if kept[slot] is Keep.RAW} == {
        *("background", "voice", "words", "sound")
    }
    paths = {artifact.slot: artifact.path for artifact in plan.artifacts()}
    assert paths["srt"].startswith("anna/healthy-college/videos/w-1_srt-")
    assert paths["vtt"].endswith(".vtt")


def test_a_long_one_has_captions_in_every_part_and_one_sound() -> None:
    plan = made(spec(30, lines=2))
    parts = [step for step in plan.steps if step.tool == "reel_part"]
    assert len(parts) == 2
    assert all(set(step.needs) == {"background", "words"} for step in parts)
    assert all(step.params["captions"]["style"] == STYLES["plain"] for step in parts)
    assert plan.step("reel_sound") is None
    join = plan.step("reel_join")
    assert join is not None
    assert "sound" in join.needs


def test_captions_are_the_drafts_or_the_brands_or_none() -> None:
    assert (
        params(made(spec(captions="plain")), "reel_video")["captions"]["style"] == STYLES["plain"]
    )
    branded = made(spec(), captions="plain")
    assert params(branded, "reel_video")["captions"]["style"] == STYLES["plain"]
    unseen = made(spec(captions="none"))
    assert "captions" not in params(unseen, "reel_video")
    assert unseen.step("captions") is not None


def test_an_edit_of_the_title_leaves_the_speech_as_it_is_and_of_the_text_the_pictures() -> None:
    def paths(told: dict[str, Any]) -> dict[str, str]:
        return {artifact.slot: artifact.path for artifact in made(told).artifacts()}

    before = paths(spec(lines=2))
    title = paths({**spec(lines=2), "title": "Other bread"})
    text = paths(spec(lines=2, text="Something else is said of bread here."))
    spoken = {"voice", "words", "sound", "srt", "vtt"}
    assert {slot for slot in before if before[slot] == title[slot]} == spoken
    same = {slot for slot in before if before[slot] == text[slot]}
    assert same == {"background", "reel_image", "thumbnail", "youtube_thumbnail"}


def test_the_time_for_speech_is_in_the_plan() -> None:
    told = params(made(spec()), "voice")
    assert told == {
        "text": TEXT,
        "language": None,
        "voice": "heart",
        "most_s": 10 - STARTS_S - REST_S,
        "fastest": FASTEST,
    }
    assert params(made(spec(), language="en-GB"), "voice")["language"] == "en-GB"


REFUSED = [
    (spec(voice="lungs"), {}, "there is no voice 'lungs'", "heart"),
    (spec(language="de"), {}, "no voice speaks de", "heart"),
    (spec(language="de", voice="heart"), {}, "heart speaks en, not de", "write it in en"),
    (spec(), {"language": "fr"}, "no voice speaks fr", "heart"),
    (spec(text="Say Привет to it"), {}, "cannot read “Привет”", "letters"),
    (spec(text="Say <b>this</b> now"), {}, "is markup", "plain words"),
    (spec(text="— … —"), {}, "no words to speak", "write"),
    (spec(captions="loud"), {}, "style of captions 'loud'", "plain, highlight, none"),
    (spec(text=f"{TEXT} " * 4), {}, "takes about .* a reel of 10 s has 9 s", "30 s long"),
    (spec(30, text=f"{TEXT} " * 12), {}, "a reel of 30 s has 29 s", "shorten it to about"),
    (spec(text="x"), {}, "narration.text", "mend"),
    (spec(lines=7), {}, "0 to 6 lines, not 7", "mend lines"),
    ({**spec(), "format": "post", "lines": ["One."]}, {}, "this is the draft of a post", "post"),
]


@pytest.mark.parametrize(("told", "brand", "words", "hint"), REFUSED)
def test_what_cannot_be_spoken_is_refused_before_anything_is_made(
    told: dict[str, Any], brand: dict[str, Any], words: str, hint: str
) -> None:
    with pytest.raises(Refused, match=words) as caught:
        made(told, **brand)
    assert hint in caught.value.hint
    assert "\n" not in str(caught.value)


def test_a_post_is_not_narrated() -> None:
    told = {**spec(), "format": "post", "lines": ["One statement."]}
    with pytest.raises(Refused, match="a post is not narrated"):
        plan_for("post", Order("anna", "healthy-college", "w-1", told, kit()))


def test_a_draft_without_narration_is_stored_as_it_was() -> None:
    told = {**spec(), "lines": ["one", "two"]}
    del told["narration"]
    assert "narration" not in Draft.model_validate(told).model_dump(mode="json")
    assert Draft.model_validate(spec()).model_dump(mode="json")["narration"]["text"] == TEXT


def test_digits_and_commas_take_time() -> None:
    voice = VOICES["heart"]
    assert voice.seconds("Call 112, now.") > voice.seconds("Call now.") + 1
