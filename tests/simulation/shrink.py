"""From a failing seed to the few faults that it needs (delta debugging).

Chance is a function of its words, so a fault that is left out moves no other. What remains is
minimal: without any one of these faults the seed does not fail in this way.
"""

from __future__ import annotations

from tests.simulation.run import Verdict, run


def shrink(seed: int, failed: Verdict, *, minutes: float) -> Verdict:
    """Return the verdict of the same violation with the fewest faults that were found."""
    what = failed.violation.partition(":")[0]
    best, parts = failed, 2
    while len(best.struck) > 1:
        smaller = _without_a_part(seed, best, parts, what, minutes)
        if smaller is not None:
            best, parts = smaller, max(2, parts - 1)
        elif parts >= len(best.struck):
            break
        else:
            parts = min(len(best.struck), parts * 2)
    return best


def _without_a_part(
    seed: int, best: Verdict, parts: int, what: str, minutes: float
) -> Verdict | None:
    """Return a run that fails without one of so many parts of the faults, None when none does."""
    faults = list(dict.fromkeys(best.struck))
    size = -(-len(faults) // parts)
    for start in range(0, len(faults), size):
        rest = frozenset(faults[:start] + faults[start + size :])
        verdict = run(seed, minutes=minutes, only=rest)
        if verdict.violation.partition(":")[0] == what and len(verdict.struck) < len(best.struck):
            return verdict
    return None
