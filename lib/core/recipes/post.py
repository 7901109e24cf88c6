"""A post: one picture that says one thing, and its thumbnail."""

from __future__ import annotations

from lib.core.errors import Refused
from lib.core.recipes.order import Order, PlanDraft
from lib.core.recipes.pictures import add_background, add_stills, draft_of, page, template_of
from lib.core.work import Plan

#: Instagram's tallest feed picture (4:5), px, and the thumbnail at half of it.
SIZE = (1080, 1350)
THUMBNAIL = (540, 675)


def plan(order: Order) -> Plan:
    """Return background → image and thumbnail. Raises Refused for a draft that does not fit."""
    draft, kit = draft_of(order, "post")
    if len(draft.lines) != 1:
        raise Refused("a post has exactly one line", hint="give one statement in lines")
    steps = PlanDraft(order)
    add_background(steps, draft, kit, SIZE)
    body = draft.lines[0]
    add_stills(
        steps,
        draft,
        kit,
        template_of(order, draft, kit),
        {
            "image": ("posts", page("statement", draft.title, SIZE, body=body)),
            "thumbnail": ("thumbnails", page("statement", draft.title, THUMBNAIL, body=body)),
        },
    )
    return steps.plan()
