"""What the studio costs on Google Cloud: list prices, and operations that were counted.

Read by ``./brandcast cost``. ``operations.json`` holds what one work of each kind used when the
deployed functions made it on stand-ins; ``tests/cloud/test_cost.py`` counts it again in every run.
To write it anew, make an empty ``operations.new`` beside it, run that test alone on a quiet
machine, and put the new file in the old one's place.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
MEASURED = HERE / "operations.json"
PRICES = HERE / "prices.json"


#: What is made, in the order in which it is shown; a tick is one that finds nothing due.
UNITS = ("post", "carousel", "reel_10s", "reel_30s", "burst", "tick")
#: Not an operation: what stays in the bucket, in MiB.
KEPT = "kept_mib"


@cache
def _read(file: Path) -> Any:
    return json.loads(file.read_text(encoding="utf-8"))


def prices() -> Mapping[str, float]:
    """Return dollars for one of each operation."""
    found: dict[str, float] = _read(PRICES)["of"]
    return found


def as_of() -> str:
    """Return whose prices they are, and of when."""
    return str(_read(PRICES)["as_of"])


def gib_month() -> float:
    """Return dollars for keeping one GiB in the bucket for a month."""
    return float(_read(PRICES)["gib_month"])


def operations(unit: str) -> Mapping[str, float]:
    """Return what one unit uses, by operation. Raises KeyError for an unknown unit."""
    return {name: count for name, count in _read(MEASURED)[unit].items() if name != KEPT}


def kept_mib(unit: str) -> float:
    """Return how much of one unit stays in the bucket, in MiB."""
    return float(_read(MEASURED)[unit][KEPT])


def cost(used: Mapping[str, float]) -> float:
    """Return the price of these operations in dollars. Raises KeyError for one without a price."""
    return sum(count * prices()[name] for name, count in used.items())
