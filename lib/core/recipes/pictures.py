"""What the recipes of posts, carousels and reels share: drafts, backgrounds and still pages."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from lib.core.brand import BrandKit, Template
from lib.core.checks import Check
from lib.core.errors import Refused
from lib.core.letters import is_blank
from lib.core.paths import fingerprint
from lib.core.proposals import Draft, Format
from lib.core.recipes.narration import problems
from lib.core.recipes.order import Make, Order, PlanDraft
from lib.core.work import Json, Keep

#: Least standard deviation of luma; a blank or single-coloured picture reads below 1.
MIN_SPREAD = 2.0
#: A JPEG below this many bytes cannot be a finished page of these sizes.
MIN_JPEG_BYTES = 8_000
#: Least share of the rows that a file holds, in per cent: a page is drawn to its last row.
MIN_DRAWN = 97.0
#: Which kind of template a format of content is drawn by.
TEMPLATES = {"post": "posts", "carousel": "posts", "reel": "reels"}
#: Formats of templates by their width in heights.
SHAPES = {"square": 1.0, "4x5": 0.8, "9x16": 9 / 16, "16x9": 16 / 9}
#: What a picture of ours is: eight bits of sRGB, shown as it is stored, and nothing beside it.
PLAIN: dict[str, Any] = {"colour_mode": "RGB", "upright": True, "embedded": "nothing"}


def draft_of(order: Order, kind: Format) -> tuple[Draft, BrandKit]:
    """Return the order's draft and kit. Raises Refused when either does not fit the order."""
    if order.kit is None:
        raise Refused("this kind of content needs a brand", hint="name one of the brand kits")
    try:
        draft = Draft.model_validate(order.spec)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise Refused(f"{where}: {first['msg']}", hint=f"mend {where} in the content") from error
    if draft.format != kind:
        raise Refused(f"this is the draft of a {draft.format}", hint=f"order it as {draft.format}")
    if not draft.brand == order.kit.slug == order.brand:
        raise Refused(
            f"a draft for {draft.brand} and the kit of {order.kit.slug} in an order for"
            f" {order.brand}",
            hint="name one and the same brand in all three",
        )
    said = {"title": draft.title, **{f"lines.{n}": line for n, line in enumerate(draft.lines)}}
    said |= {f"slides.{n}.heading": slide.heading for n, slide in enumerate(draft.slides)}
    for where in filter(lambda place: is_blank(said[place]), said):
        raise Refused(f"{where}: nothing of it can be seen", hint=f"write words into {where}")
    for words, hint in problems(draft, order.kit):
        raise Refused(words, hint=hint)
    return draft, order.kit


def add_background(plan: PlanDraft, draft: Draft, kit: BrandKit, size: tuple[int, int]) -> None:
    """Add the step that paints the background, ``size`` px, as a raw lossless picture."""
    width, height = size
    seed = fingerprint(plan.order.work_id, draft.title)
    photo = kit.photos[int(seed, 36) % len(kit.photos)] if kit.photos else None
    check = Check(
        media_type="image/webp",
        width=width,
        height=height,
        min_spread=MIN_SPREAD,
        min_bytes=1_000,
        **PLAIN,
    )
    plan.step(
        "background",
        [Make("background", "raw", "webp", check, Keep.RAW)],
        params={
            "look": kit.look(),
            "seed": seed,
            "variant": draft.variant,
            "width": width,
            "height": height,
            "photo": photo,
        },
    )


def add_stills(
    plan: PlanDraft,
    draft: Draft,
    kit: BrandKit,
    template: Template,
    pages: dict[str, tuple[str, Json]],
) -> None:
    """Add the step that draws pages: slot → (category, page), each page a JPEG.

    What the template says of them goes into the plan, so that it may change meanwhile.
    """
    layouts = {
        page["layout"]: template.pages[page["layout"]][shape_of(page)] for _, page in pages.values()
    }
    shared: Json = {
        "look": kit.look(),
        "variant": draft.variant,
        "template": template.name,
        "layouts": layouts,
    }
    makes = [
        Make(slot, category, "jpg", jpeg_check(page), inputs=page)
        for slot, (category, page) in pages.items()
    ]
    all_pages = {slot: page for slot, (_, page) in pages.items()}
    plan.step(
        "stills",
        makes,
        params={**shared, "pages": all_pages},
        shared=shared,
        needs=("background",),
    )


def template_of(order: Order, draft: Draft, kit: BrandKit) -> Template:
    """Return the template that a draft names, or one by the work's id. Raises Refused."""
    return kit.template(TEMPLATES[draft.format], order.work_id, draft.template)


def shape_of(page_params: Json) -> str:
    """Return the format of a page by its shape."""
    ratio = page_params["width"] / page_params["height"]
    return min(SHAPES, key=lambda shape: abs(SHAPES[shape] - ratio))


def page(layout: str, heading: str, size: tuple[int, int], **more: Any) -> Json:
    """Return one page for the ``stills`` tool; ``size`` in px."""
    width, height = size
    filled: Json = {"body": "", "index": 1, "of": 1, **more}
    return {"layout": layout, "heading": heading, "width": width, "height": height, **filled}


def jpeg_check(page_params: Json) -> Check:
    """Return what makes the JPEG of a page valid."""
    return Check(
        media_type="image/jpeg",
        min_bytes=MIN_JPEG_BYTES,
        width=page_params["width"],
        height=page_params["height"],
        min_spread=MIN_SPREAD,
        min_drawn=MIN_DRAWN,
        progressive=False,
        **PLAIN,
    )
