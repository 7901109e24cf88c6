"""Recipes: what a kind of content expects to find in the bucket, and what it refuses to plan."""

from __future__ import annotations

import copy
import dataclasses
import json
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError

from lib.core.brand import BrandKit, Daily, Fonts, Palette, Template
from lib.core.errors import Refused
from lib.core.paths import CATEGORIES, parse
from lib.core.recipes import RECIPES, plan_for
from lib.core.recipes.order import Make, Order, PlanDraft
from lib.core.status import Stage, assess
from lib.core.tools import QUEUES, TOOLS
from lib.core.work import Keep, Plan
from tests.core.plans import PICTURE, T0

Spec = dict[str, Any]
SHAPES = ("square", "4x5", "9x16", "16x9")
PAGES = {
    "posts": ("statement", "cover", "inner", "closing"),
    "reels": ("film", "image", "cover", "youtube"),
}


def design(kind: Any, name: str, gap: float = 4.0) -> Template:
    """Return a template whose pages say which they are."""
    pages = {
        page: {shape: {"kicker": {"says": page}, "gap": gap} for shape in SHAPES}
        for page in PAGES[kind]
    }
    return Template(name=name, family=kind, about="", pages=pages)


DESIGNS = tuple(design(kind, name) for kind in PAGES for name in ("plain", "loud", "fine"))


def kit(**more: Any) -> BrandKit:
    """Return a small brand kit."""
    look = Palette(
        primary="#102030", secondary="#203040", accent="#ff8800", ink="#000000", paper="#ffffff"
    )
    parts: Spec = {
        "slug": "healthy-college",
        "name": "Healthy College",
        "field": "student health",
        "tone": "plain",
        "handle": "@healthycollege",
        "call_to_action": "Follow for more",
        "palette": look,
        "fonts": Fonts(heading="Inter-Bold", body="Inter-Regular"),
        "logo": "healthy-college/logo.svg",
        "scenery": "aurora",
        "hashtags": ("#health",),
        "time_zone": "Europe/Lisbon",
        "posting_slots": ("09:30",),
        "platforms": ("instagram",),
        "daily": Daily(posts=2, reels=1),
        "facts": (),
        "designs": DESIGNS,
        "digest": "d1",
    }
    return BrandKit(**{**parts, **more})


def draft(kind: str, **more: Any) -> Spec:
    """Return the spec of a good piece of content, as JSON."""
    parts: Spec = {
        "brand": "healthy-college",
        "format": kind,
        "title": "Sleep before an exam",
        "variant": "light",
        "facts": ["sleep-1"],
        "caption": "What eight hours of sleep do for memory.",
        "hashtags": ["#sleep"],
    }
    if kind == "post":
        parts["lines"] = ["Sleep fixes what you learned."]
    elif kind == "reel":
        parts["lines"] = ["Sleep fixes memory.", "Eight hours do it."]
    else:
        parts["slides"] = [{"heading": f"Point {n}", "body": f"Text {n}"} for n in range(1, 6)]
    return {**parts, **more}


SPECS: dict[str, Spec] = {
    "post": draft("post"),
    "carousel": draft("carousel"),
    "reel": draft("reel"),
    "burst": {"kind": "test", "brands": ["healthy-college"], "posts": 2, "reels": 1},
}


def made(kind: str, spec: Spec | None = None, *, work_id: str = "w-1", **more: Any) -> Plan:
    """Return the plan of an order of the brand in ``kit``; ``more`` changes the kit."""
    one_brand = kind != "burst"
    order = Order(
        owner="anna",
        brand="healthy-college" if one_brand else "studio",
        work_id=work_id,
        spec=SPECS[kind] if spec is None else spec,
        kit=kit(**more) if one_brand else None,
    )
    return plan_for(kind, order)


def paths(plan: Plan) -> dict[str, str]:
    """Return the path of each slot."""
    return {a.slot: a.path for a in plan.artifacts()}


def changed(before: Plan, after: Plan) -> set[str]:
    """Return the slots that an edit expects at another path."""
    old, new = paths(before), paths(after)
    assert old.keys() == new.keys()
    return {slot for slot in old if old[slot] != new[slot]}


every_kind = pytest.mark.parametrize("kind", RECIPES)


@every_kind
def test_every_artifact_has_a_slot_and_a_path_of_its_own(kind: str) -> None:
    artifacts = made(kind).artifacts()
    assert len({a.slot for a in artifacts}) == len(artifacts)
    assert len({a.path for a in artifacts}) == len(artifacts)


@every_kind
def test_every_path_can_be_parsed_and_names_its_work_and_slot(kind: str) -> None:
    for artifact in made(kind).artifacts():
        name = parse(artifact.path)
        assert name is not None
        assert (name.owner, name.work_id, name.slot) == ("anna", "w-1", artifact.slot)
        assert name.category in CATEGORIES
        assert (artifact.keep is Keep.RAW) == (name.category == "raw")


@every_kind
def test_every_step_needs_only_what_an_earlier_step_makes(kind: str) -> None:
    there: set[str] = set()
    names = []
    for step in made(kind).steps:
        assert set(step.needs) <= there
        assert step.makes
        there |= {a.slot for a in step.makes}
        names.append(step.name)
    assert len(set(names)) == len(names)


@every_kind
def test_every_step_names_a_known_tool_and_outwaits_its_deadline(kind: str) -> None:
    for step in made(kind).steps:
        tool = TOOLS[step.tool]
        assert step.patience_s > tool.deadline_s
        assert tool.queue in QUEUES


@every_kind
def test_every_raw_artifact_is_needed_by_somebody(kind: str) -> None:
    plan = made(kind)
    needed = {need for step in plan.steps for need in step.needs}
    assert {a.slot for a in plan.artifacts() if a.keep is Keep.RAW} <= needed


@every_kind
def test_a_plan_survives_being_stored_as_json(kind: str) -> None:
    plan = made(kind)
    stored = json.loads(json.dumps(plan.model_dump(mode="json")))
    assert Plan.model_validate(stored) == plan


@every_kind
def test_the_same_order_gives_the_same_plan(kind: str) -> None:
    assert made(kind) == made(kind, copy.deepcopy(SPECS[kind]))


@every_kind
def test_a_new_plan_starts_with_one_step_and_asks_for_something(kind: str) -> None:
    plan = made(kind)
    found = assess(plan, {}, (), T0)
    assert found.total > 0
    assert [s for s in found.stages.values() if s is Stage.READY] == [Stage.READY]


@every_kind
def test_two_works_never_share_a_path(kind: str) -> None:
    one, other = made(kind), made(kind, work_id="w-2")
    assert not set(paths(one).values()) & set(paths(other).values())


def test_each_kind_makes_what_people_expect_of_it() -> None:
    kept = {
        kind: {a.slot for a in made(kind).artifacts() if a.keep is not Keep.RAW} for kind in RECIPES
    }
    slides = {f"slide_{n}" for n in range(1, 6)}
    assert kept == {
        "post": {"image", "thumbnail"},
        "carousel": slides | {"thumbnail"},
        "reel": {"reel_image", "thumbnail", "youtube_thumbnail", "video"},
        "burst": {"proposals", "commissioned"},
    }


# --- what an edit changes ----------------------------------------------------------------


def with_slide(number: int, **more: str) -> Spec:
    """Return the carousel with one slide edited."""
    spec = copy.deepcopy(SPECS["carousel"])
    spec["slides"][number - 1] |= more
    return spec


@pytest.mark.parametrize("number", [2, 3, 4, 5])
def test_editing_one_slide_expects_another_path_for_that_slide_alone(number: int) -> None:
    after = made("carousel", with_slide(number, body="Said better"))
    assert changed(made("carousel"), after) == {f"slide_{number}"}


def test_editing_the_cover_changes_the_cover_and_the_thumbnail_that_shows_it() -> None:
    after = made("carousel", with_slide(1, heading="Sleep!"))
    assert changed(made("carousel"), after) == {"slide_1", "thumbnail"}


def test_after_an_edit_of_one_slide_only_that_slide_is_made_again() -> None:
    before, after = made("carousel"), made("carousel", with_slide(3, heading="New"))
    fresh = set(paths(before).values()) & set(paths(after).values())
    assert len(fresh) == len(paths(before)) - 1


@pytest.mark.parametrize("kind", ["post", "carousel", "reel"])
def test_a_caption_is_no_part_of_any_picture(kind: str) -> None:
    after = made(kind, draft(kind, caption="Entirely other words.", hashtags=["#x"]))
    assert changed(made(kind), after) == set()


def test_a_longer_reel_is_another_video_with_the_same_stills() -> None:
    after = made("reel", draft("reel", seconds=30))
    before = paths(made("reel"))
    assert {slot for slot in before if before[slot] != paths(after)[slot]} == {"video"}
    checks = {a.slot: a.check for a in after.artifacts()}
    assert checks["video"].seconds == 30.0


def test_a_long_reel_is_made_in_parts_that_hold_every_frame_once() -> None:
    plan = made("reel", draft("reel", seconds=30))
    parts = [step for step in plan.steps if step.tool == "reel_part"]
    assert len({step.name for step in parts}) == len(parts) == 2
    spans = [range(p.params["first"], p.params["first"] + p.params["count"]) for p in parts]
    assert [number for span in spans for number in span] == list(range(900))
    assert [a.check.frames for step in parts for a in step.makes] == [len(span) for span in spans]
    join = plan.step("reel_join")
    assert join is not None
    assert join.needs == (*join.params["parts"], "sound") == ("video_1", "video_2", "sound")


def test_other_words_leave_the_sound_of_a_long_reel_as_it_is() -> None:
    before = made("reel", draft("reel", seconds=30))
    after = made("reel", draft("reel", seconds=30, lines=["Another line", "And one more"]))
    assert {"video_1", "video_2", "video"} <= changed(before, after)
    assert "sound" not in changed(before, after)


@pytest.mark.parametrize("kind", ["post", "carousel", "reel"])
def test_another_variant_or_another_kit_changes_every_picture(kind: str) -> None:
    every = set(paths(made(kind)))
    assert changed(made(kind), made(kind, draft(kind, variant="dark"))) == every
    assert changed(made(kind), made(kind, digest="d2")) == every


def bump(monkeypatch: pytest.MonkeyPatch, tool: str) -> None:
    """Raise the version of a tool for this test."""
    monkeypatch.setitem(TOOLS, tool, dataclasses.replace(TOOLS[tool], version=99))


@pytest.mark.parametrize(
    ("tool", "expected"),
    [
        ("reel_video", {"video"}),
        ("stills", {"reel_image", "thumbnail", "youtube_thumbnail"}),
        ("background", {"background", "reel_image", "thumbnail", "youtube_thumbnail", "video"}),
    ],
)
def test_a_better_tool_expects_other_paths_for_all_it_feeds(
    monkeypatch: pytest.MonkeyPatch, tool: str, expected: set[str]
) -> None:
    before = made("reel")
    bump(monkeypatch, tool)
    assert changed(before, made("reel")) == expected


def test_a_better_tool_does_not_touch_a_plan_that_is_sealed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sealed = made("reel").model_dump_json()
    bump(monkeypatch, "stills")
    assert Plan.model_validate_json(sealed).model_dump_json() == sealed


def test_a_need_that_nobody_makes_is_found_when_the_plan_is_drafted() -> None:
    steps = PlanDraft(Order("anna", "b", "w-1", {}))
    makes = [Make("image", "posts", "jpg", PICTURE)]
    with pytest.raises(KeyError):
        steps.step("stills", makes, params={}, needs=("background",))


# --- what is refused ---------------------------------------------------------------------


def without(name: str) -> Callable[[Spec], Spec]:
    """Return an edit that leaves a field out."""
    return lambda spec: {key: value for key, value in spec.items() if key != name}


def using(**more: Any) -> Callable[[Spec], Spec]:
    """Return an edit that sets fields."""
    return lambda spec: {**spec, **more}


WRONG: list[tuple[str, Callable[[Spec], Spec], str]] = [
    ("post", without("title"), "title"),
    ("post", using(title="No"), "title"),
    ("post", using(lines=[]), "exactly one line"),
    ("post", using(lines=["one", "two"]), "exactly one line"),
    ("post", using(variant="sepia"), "variant"),
    ("post", using(colour="red"), "colour"),
    ("post", using(brand="../etc"), "brand"),
    ("post", using(brand="other-brand"), "a draft for other-brand"),
    ("post", using(format="reel"), "the draft of a reel"),
    ("carousel", using(slides=[]), "5 slides, not 0"),
    ("carousel", using(slides=[{"heading": "h"}] * 4), "5 slides, not 4"),
    ("carousel", using(slides=[{"heading": "h"}] * 6), "5 slides, not 6"),
    ("carousel", using(slides=[{"heading": ""}] * 5), "slides.0.heading"),
    ("carousel", using(slides=[{"heading": "h", "body": "x" * 261}] * 5), "slides.0.body"),
    ("carousel", using(slides=[{"heading": "\ufeff"}] * 5), "slides.0.heading: nothing of it"),
    ("post", using(title=" \u202e\u200b\u2800"), "title: nothing of it can be seen"),
    ("post", using(lines=["  "]), "lines.0: nothing of it can be seen"),
    ("reel", using(lines=["one", "\u3164"]), "lines.1: nothing of it can be seen"),
    ("reel", using(lines=["one"]), "2 to 6 lines, not 1"),
    ("reel", using(lines=["line"] * 7), "2 to 6 lines, not 7"),
    ("reel", using(lines=["x" * 221, "y"]), "lines.0"),
    ("reel", using(seconds=11), "seconds"),
    ("burst", using(kind="weekly"), "kind"),
    ("burst", using(brands=[]), "brands"),
    ("burst", using(brands=["Not A Slug"]), "brands.0"),
    ("burst", using(posts=-1), "posts"),
    ("burst", using(reels=51), "reels"),
]


@pytest.mark.parametrize(("kind", "edit", "words"), WRONG)
def test_a_wrong_order_is_refused_in_words_that_name_the_place(
    kind: str, edit: Callable[[Spec], Spec], words: str
) -> None:
    with pytest.raises(Refused) as refusal:
        made(kind, edit(copy.deepcopy(SPECS[kind])))
    assert words in str(refusal.value)
    assert refusal.value.hint


@pytest.mark.parametrize("kind", ["post", "carousel", "reel"])
def test_content_without_a_brand_or_with_the_kit_of_another_is_refused(kind: str) -> None:
    order = Order("anna", "healthy-college", "w-1", SPECS[kind])
    with pytest.raises(Refused, match="needs a brand"):
        plan_for(kind, order)
    with pytest.raises(Refused, match="kit of another"):
        plan_for(kind, dataclasses.replace(order, kit=kit(slug="another")))


def test_an_unknown_kind_is_refused_and_the_known_ones_are_named() -> None:
    with pytest.raises(Refused, match="no kind 'opera'") as refusal:
        plan_for("opera", Order("anna", "b", "w-1", {}))
    assert all(kind in refusal.value.hint for kind in RECIPES)


@pytest.mark.parametrize("field", ["owner", "work_id"])
def test_an_id_that_would_leave_its_folder_is_refused(field: str) -> None:
    ids = {"owner": "anna", "work_id": "w-1", field: "../otto"}
    order = Order(ids["owner"], "healthy-college", ids["work_id"], SPECS["post"], kit())
    with pytest.raises(Refused, match="no object name"):
        plan_for("post", order)


def test_a_look_names_the_language_of_a_brand_that_has_one() -> None:
    assert "language" not in kit().look()
    for language in ("de", "zh-Hant", "pt-BR", "es-419"):
        assert kit(language=language).look()["language"] == language


@pytest.mark.parametrize("language", ["", "German", "DE", "de_DE", "zh-hant"])
def test_a_language_that_is_no_bcp_47_is_refused(language: str) -> None:
    with pytest.raises(ValidationError, match="language"):
        kit(language=language)
