"""Which tests must notice a mutant, and which modules are guards.

In order: the tests below, those first that noticed most; then whole histories or seeds of the
simulator, which notice what only time shows.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Gate:
    """The tests of a module, and what runs when all of them passed."""

    tests: tuple[str, ...]
    #: Histories of each shape of plan.
    histories: int = 0
    #: Seeds of the simulator.
    seeds: int = 0


_CORE = Gate(("tests/core",), histories=20)
_APP = Gate(("tests/app",), seeds=40)
#: Tests that plant bugs of their own, hold what no guard decides, or take long for what they hold.
LEFT_OUT = (
    "tests/core/test_planted_bugs.py",
    "tests/core/test_histories.py",
    "tests/core/test_recipes.py",
    "tests/core/test_forecast.py",
    "tests/app/test_kits.py",
    "tests/app/test_long_memory.py",
    "tests/app/test_merge_join.py",
    "tests/app/test_settings.py",
    "tests/app/test_writer.py",
)
#: What judges, decides, claims, closes, puts and deletes: 90 % of its mutants must be noticed.
GUARDS = (
    "lib.core.status",
    "lib.core.decide",
    "lib.app.perform",
    "lib.app.settle",
    "lib.app.make",
    "lib.app.deposit",
    "lib.app.storage.verdict",
    "lib.app.storage.carry_out",
    "lib.app.storage.quarantine",
    "lib.app.storage.provenance",
)
#: What they stand on: 80 %.
REST = (
    "lib.core.rollup",
    "lib.core.checks",
    "lib.core.paths",
    "lib.core.retention",
    "lib.app.recovery",
    "lib.app.events",
    "lib.app.intake",
    "lib.app.observe",
    "lib.app.audit.breaker",
    "lib.app.audit.certificate",
    "lib.app.audit.run",
)


def gate_of(module: str) -> Gate:
    """Return the gate of a module."""
    return _CORE if module.startswith("lib.core.") else _APP
