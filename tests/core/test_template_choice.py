"""By which template a work is drawn: named or following from the work, and kept in its plan."""

from __future__ import annotations

import pytest

from lib.core.brand import Template
from lib.core.errors import Refused
from tests.core.test_recipes import changed, design, draft, made, paths


@pytest.mark.parametrize("kind", ["post", "carousel", "reel"])
def test_a_plan_carries_what_its_template_says_and_another_says_otherwise(kind: str) -> None:
    after = made(kind, draft(kind, template="loud"))
    step = after.step("stills")
    assert step is not None
    assert step.params["template"] == "loud"
    layouts = step.params["layouts"]
    assert {page["layout"] for page in step.params["pages"].values()} == set(layouts)
    assert all(layout["kicker"]["says"] == page for page, layout in layouts.items())
    family = "reels" if kind == "reel" else "posts"
    bold = tuple(design(family, name, gap=9.0) for name in ("plain", "loud", "fine"))
    drawn = set(paths(after)) - {"background"}
    assert changed(after, made(kind, draft(kind, template="loud"), designs=bold)) == drawn


@pytest.mark.parametrize("kind", ["post", "carousel", "reel"])
def test_a_template_follows_from_the_work_and_another_one_beside_it_changes_few(kind: str) -> None:
    family = "reels" if kind == "reel" else "posts"
    few = tuple(design(family, f"t{n}") for n in range(6))

    def chosen(designs: tuple[Template, ...]) -> list[str]:
        plans = [made(kind, work_id=f"w-{n}", designs=designs) for n in range(60)]
        return [str(step.params["template"]) for p in plans if (step := p.step("stills"))]

    before = chosen(few)
    assert len(set(before)) == len(few)
    assert before == chosen(few[::-1])
    after = chosen((*few, design(family, "new")))
    assert all(new in (old, "new") for old, new in zip(before, after, strict=True))


@pytest.mark.parametrize("kind", ["post", "carousel", "reel"])
def test_a_template_that_is_not_there_is_refused_with_the_choices(kind: str) -> None:
    with pytest.raises(Refused, match="no template 'opera'") as refused:
        made(kind, draft(kind, template="opera"))
    assert refused.value.hint == "choose from plain, loud, fine"
    with pytest.raises(Refused, match="no template None"):
        made(kind, designs=())
