"""Which rendering of which work a fake tool was asked for, by nothing but what the tool is told."""

from __future__ import annotations

import hashlib
import json
from typing import Any

#: Tools that are told nothing of the work but its files: many works have the same parameters.
OF_MANY_WORKS = frozenset(("reel_join", "reel_sound", "voice_mix", "captions"))


def rendering(params: Any, slot: str) -> str:
    """Return a name for what a tool makes."""
    return f"{hashlib.sha256(json.dumps(params, sort_keys=True).encode()).hexdigest()[:20]} {slot}"


def renderings(plan: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Return step, slot and name of what no other work's plan makes."""
    return [
        (step["name"], made["slot"], rendering(step["params"], made["slot"]))
        for step in plan["steps"]
        if step["tool"] not in OF_MANY_WORKS
        for made in step["makes"]
    ]
