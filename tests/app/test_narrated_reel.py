"""A narrated reel through the verbs: made once, mended when a file is lost, revised, and written."""

from __future__ import annotations

from collections import Counter

import pytest

from lib.adapters.offline.writer import OfflineWriter
from lib.app import intake
from lib.app.case import load_own
from lib.app.examine import examine
from lib.app.intake import Wish
from lib.core.errors import ToolFailed
from lib.core.proposals import Brief, Draft
from lib.core.recipes.narration import REST_S, STARTS_S
from lib.core.voices import VOICES
from tests.app.crank import OWNER, Crank
from tests.app.test_writer import KITS, SLUGS
from tests.drafts import narrated

STILLS = ("background", "reel_image", "thumbnail", "youtube_thumbnail")
SPOKEN = ("voice", "words", "sound", "srt", "vtt", "video")


def order(crank: Crank, seconds: int = 10) -> str:
    """Order a narrated reel and return its id."""
    brand = crank.studio.brands.slugs()[0]
    spec = narrated("A title for it", brand, seconds=seconds)
    return intake.create(crank.studio, Wish("r-1", OWNER, OWNER, brand, "reel", spec)).id


def settled(crank: Crank, work_id: str) -> str:
    for _ in range(6):
        crank.tick(600)
    return str(crank.job(work_id)["phase"])


@pytest.mark.parametrize(("seconds", "parts"), [(10, ()), (30, ("video_1", "video_2"))])
def test_every_file_is_made_once(crank: Crank, seconds: int, parts: tuple[str, ...]) -> None:
    assert settled(crank, order(crank, seconds)) == "ready"
    assert crank.tools.made == Counter([*STILLS, *SPOKEN, *parts])


def test_captions_that_are_lost_are_made_again_and_no_picture(crank: Crank) -> None:
    work_id = order(crank)
    assert settled(crank, work_id) == "ready"
    plan = load_own(crank.studio, OWNER, work_id).work.plan
    crank.file(next(a.path for a in plan.artifacts() if a.slot == "vtt")).unlink()
    assert settled(crank, work_id) == "ready"
    again = crank.tools.made - Counter([*STILLS, *SPOKEN])
    assert again["vtt"] == again["words"] == 1
    assert not {"video", "background", "reel_image"} & again.keys()


def test_words_that_do_not_fit_stop_the_reel_in_words_before_a_frame_is_made(crank: Crank) -> None:
    told = "the text takes 12.0 s to say, and there are 9.0; shorten it to about 90 letters"
    crank.tools.failing["voice"] = ToolFailed("voice", told)
    work_id = order(crank)
    assert settled(crank, work_id) == "partial"
    assert told in str(crank.job(work_id)["reasons"])
    assert not {"video", "sound", "srt"} & crank.tools.made.keys()


def test_a_narrated_reel_is_not_revised_into_what_cannot_be_spoken(crank: Crank) -> None:
    work_id = order(crank)
    spec = load_own(crank.studio, OWNER, work_id).work.spec
    far_too_long = {"text": "This goes on and on. " * 30}
    with pytest.raises(intake.Refused, match="takes about"):
        intake.revise(crank.studio, OWNER, work_id, {**spec, "narration": far_too_long})
    assert settled(crank, work_id) == "ready"


@pytest.mark.parametrize("slug", SLUGS)
def test_the_writer_has_every_other_reel_narrated_for_a_brand_with_a_voice(slug: str) -> None:
    kit = KITS.get(slug).model_copy(update={"voice": "heart"})
    facts = {fact.id: fact.text for fact in kit.facts}
    for seed in ("a", "b", "c"):
        drafts = OfflineWriter().write(Brief(kit=kit, posts=0, reels=6, seed=seed))
        spoken = [draft for draft in drafts if draft.narration]
        assert [bool(draft.narration) for draft in drafts] == [True, False] * 3
        assert {draft.seconds for draft in spoken} == {10, 30}
        for draft in spoken:
            assert examine(draft, kit, ()).accepted
            text = draft.narration.text if draft.narration else ""
            left = text.replace(kit.call_to_action.rstrip(".!") + ".", "")
            for fact in draft.facts:
                left = left.replace(facts[fact], "")
            assert not left.strip()  # nothing is said that the fact sheet does not say
            assert VOICES["heart"].seconds(text) <= draft.seconds - STARTS_S - REST_S


def test_a_brand_without_a_voice_has_none_narrated() -> None:
    kit = KITS.get(SLUGS[0]).model_copy(update={"voice": None})
    drafts = OfflineWriter().write(Brief(kit=kit, posts=2, reels=6, seed="a"))
    assert not any(draft.narration for draft in drafts)


def test_the_examiner_holds_what_is_said_against_the_facts() -> None:
    kit = KITS.get(SLUGS[0]).model_copy(update={"voice": "heart"})
    draft = OfflineWriter().write(Brief(kit=kit, posts=0, reels=1, seed="a"))[0]

    def reasons(text: str) -> str:
        told = draft.model_dump() | {"narration": {"text": text}}
        return " ".join(examine(Draft.model_validate(told), kit, ()).reasons)

    assert "says 4711" in reasons("There are 4711 of them.")
    assert "holds a link" in reasons("Go to www.example.com now.")
    assert "takes about" in reasons("This goes on and on. " * 30)
