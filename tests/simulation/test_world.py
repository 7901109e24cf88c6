"""A world is closed and gone: whoever is tested after it in this process finds the real studio."""

from __future__ import annotations

from lib.app.audit import night, run
from lib.app.storage import orphans, slices, verdict
from lib.core.tools import TOOLS
from tests.simulation.run import run as lived


def test_a_closed_world_leaves_tools_and_limits_as_they_were() -> None:
    def seen() -> list[object]:
        limits = [verdict.GRACE_S, slices.GRACE_S, orphans.ORPHAN_AGE_S]
        return [dict(TOOLS), *limits, run.SLICE_WORKS, night.TASK_WORKS]

    before = seen()
    for seed in range(8):
        assert lived(seed, minutes=2).violation == ""
        assert seen() == before
