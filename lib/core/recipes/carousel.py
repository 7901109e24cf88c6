"""A carousel: five slides, a cover first and a call to action last, and its thumbnail."""

from __future__ import annotations

from lib.core.errors import Refused
from lib.core.recipes.order import Order, PlanDraft
from lib.core.recipes.pictures import add_background, add_stills, draft_of, page, template_of
from lib.core.recipes.post import SIZE, THUMBNAIL
from lib.core.work import Plan

SLIDES = 5


def plan(order: Order) -> Plan:
    """Return background → five slides and a thumbnail. Raises Refused for any other number."""
    draft, kit = draft_of(order, "carousel")
    if len(draft.slides) != SLIDES:
        raise Refused(
            f"a carousel has {SLIDES} slides, not {len(draft.slides)}",
            hint=f"give exactly {SLIDES} slides",
        )
    pages = {}
    for index, slide in enumerate(draft.slides, start=1):
        layout = {1: "cover", SLIDES: "closing"}.get(index, "inner")
        drawn = page(layout, slide.heading, SIZE, body=slide.body, index=index, of=SLIDES)
        pages[f"slide_{index}"] = ("posts", drawn)
    cover = draft.slides[0]
    small = page("cover", cover.heading, THUMBNAIL, body=cover.body, of=SLIDES)
    pages["thumbnail"] = ("thumbnails", small)
    steps = PlanDraft(order)
    add_background(steps, draft, kit, SIZE)
    add_stills(steps, draft, kit, template_of(order, draft, kit), pages)
    return steps.plan()
