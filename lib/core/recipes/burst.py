"""A burst: write proposals, examine them, commission one work for each accepted one.

The works it commissions are its children; a burst's totals are the rollup of the children,
by query. The receipt names how many there must be, so a half-done commission shows.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from lib.core.checks import Check
from lib.core.errors import Refused
from lib.core.recipes.order import Make, Order, PlanDraft
from lib.core.work import Keep, Plan, Slug

KIND = "burst"
_SEALED = Check(media_type="application/json", min_bytes=2, min_entries=1)


class BurstSpec(BaseModel):
    """What a burst makes: for each brand, so many posts and reels."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["test", "smart", "daily"]
    brands: Annotated[tuple[Slug, ...], Field(min_length=1, max_length=200)]
    #: Pieces for each brand; None means the brand's own daily target.
    posts: Annotated[int, Field(ge=0, le=50)] | None = None
    reels: Annotated[int, Field(ge=0, le=50)] | None = None


def is_burst(kind: str) -> bool:
    """Tell whether works of this kind commission others instead of being content."""
    return kind == KIND


def plan(order: Order) -> Plan:
    """Return propose → examine → commission. Raises Refused for a spec that does not fit."""
    try:
        BurstSpec.model_validate(order.spec)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise Refused(f"{where}: {first['msg']}", hint=f"mend {where} of the burst") from error
    steps = PlanDraft(order)
    steps.step(
        "propose", [Make("drafts", "raw", "json", _SEALED, Keep.RAW)], params=dict(order.spec)
    )
    steps.step(
        "examine",
        [Make("proposals", "receipts", "json", _SEALED)],
        params={},
        needs=("drafts",),
    )
    steps.step(
        "commission",
        [Make("commissioned", "receipts", "json", _SEALED, Keep.RECEIPT)],
        params={},
        needs=("proposals",),
    )
    return steps.plan()
