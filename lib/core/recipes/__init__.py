"""Recipes: how a kind of content becomes a plan. One file for each kind, and this table.

Recipes are code, plans are data: a recipe is expanded once, when a work is created or edited,
and the plan is sealed in the work.
"""

from __future__ import annotations

from lib.core.errors import Refused
from lib.core.recipes import burst, carousel, post, reel
from lib.core.recipes.order import Order
from lib.core.work import Plan

RECIPES = {
    burst.KIND: burst.plan,
    "post": post.plan,
    "carousel": carousel.plan,
    "reel": reel.plan,
}


def plan_for(kind: str, order: Order) -> Plan:
    """Return the plan of an order. Raises Refused when the kind or its spec is wrong."""
    recipe = RECIPES.get(kind)
    if recipe is None:
        raise Refused(f"there is no kind {kind!r}", hint=f"choose one of {', '.join(RECIPES)}")
    return recipe(order)
