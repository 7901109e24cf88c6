"""``cost``: what so many brands cost on Google Cloud, from operations that were counted."""

from __future__ import annotations

import argparse

from lib.cli.output import emit, say, table
from lib.core.work import Json

DAYS = 30


def cost(args: argparse.Namespace) -> int:
    """Print what a work, a day and a month cost; models and platforms are not in it."""
    found = _found(args)
    if args.json:
        emit(found)
        return 0
    say(f"{args.brands} brands, each with {args.posts} posts and {args.reels} reels a day\n")
    headers = [
        "unit",
        "$",
        "compute",
        "tasks",
        "requests",
        "reads",
        "writes",
        "lists, puts",
        "gets",
    ]
    rows = [
        [
            unit,
            f"{one['dollars']:.6f}",
            f"{one['compute_share']:.0%}",
            *(f"{one['operations'][name]:.1f}" for name in _SHOWN),
        ]
        for unit, one in found["units"].items()
    ]
    table(headers, rows)
    say(f"\na day    ${found['day']:,.4f}")
    say(f"a month  ${found['month']:,.2f}, of it ${found['ticks_month']:,.2f} for the ticks")
    say(
        f"kept     {found['kept_gib_month']:,.2f} GiB more each month, "
        f"each for ${found['kept_dollars_month']:,.4f} a month"
    )
    say(f"\nCounted while the functions made them; {found['as_of']}.")
    return 0


def kept_a_month(size: float) -> float:
    """Return dollars for keeping so many bytes in the bucket for a month."""
    from infra import cost as known

    return size / 2**30 * known.gib_month()


_SHOWN = ("task_operations", "requests", "reads", "writes", "class_a", "class_b")
#: One each minute.
_TICKS_A_DAY = 24 * 60


def _found(args: argparse.Namespace) -> Json:
    """Return the prices of one of each unit, of a day and of a month, in dollars."""
    from infra import cost as known

    units = {unit: _unit(unit) for unit in known.UNITS}
    # Posts and carousels take turns.
    daily = {
        "post": args.brands * args.posts / 2,
        "carousel": args.brands * args.posts / 2,
        f"reel_{args.seconds}s": args.brands * args.reels,
        "burst": 1,
    }
    making = sum(count * units[unit]["dollars"] for unit, count in daily.items())
    ticks = _TICKS_A_DAY * units["tick"]["dollars"]
    kept_gib = DAYS * sum(count * known.kept_mib(unit) for unit, count in daily.items()) / 1024
    return {
        "brands": args.brands,
        "posts": args.posts,
        "reels": args.reels,
        "seconds": args.seconds,
        "units": units,
        "day": making + ticks,
        "month": DAYS * (making + ticks),
        "ticks_month": DAYS * ticks,
        "kept_gib_month": kept_gib,
        "kept_dollars_month": kept_gib * known.gib_month(),
        "as_of": known.as_of(),
    }


def _unit(unit: str) -> Json:
    from infra import cost as known

    used = known.operations(unit)
    dollars = known.cost(used)
    compute = known.cost({name: used[name] for name in ("vcpu_s", "gib_s")})
    return {"dollars": dollars, "compute_share": compute / dollars, "operations": dict(used)}
