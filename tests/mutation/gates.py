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


_VERBS = tuple(
    f"tests/app/test_{name}.py"
    for name in (
        "perform",
        "claim",
        "make",
        "settle",
        "truth",
        "recovery",
        "abandoned",
        "burst",
        "clock_set_back",
        "events",
        "full_disk",
        "unreadable",
    )
)
_STORAGE = tuple(
    f"tests/app/test_storage_{name}.py"
    for name in ("verdict", "raws", "quarantine", "return", "retention", "breaker", "totals")
)
_AUDIT = tuple(
    f"tests/app/test_audit{name}.py" for name in ("", "_breaker", "_limits", "_night", "_slices")
)
_CORE = tuple(
    f"tests/core/test_{name}.py"
    for name in (
        "checks",
        "decide",
        "paths",
        "retention",
        "rollup",
        "seed_reconciliation",
        "status",
        "status_clock",
        "status_ledger",
    )
)
#: What judges, decides, claims, closes, puts and deletes: 90 % of its mutants must be noticed.
GUARDS = (
    "lib.core.status",
    "lib.core.reminders",
    "lib.core.decide",
    "lib.app.perform",
    "lib.app.judgement",
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
    if module.startswith("lib.core."):
        return Gate(_CORE, histories=20)
    if module.startswith("lib.app.storage."):
        return Gate(_STORAGE, seeds=10)
    if module.startswith("lib.app.audit."):
        return Gate((*_AUDIT, "tests/app/test_audit_certificate.py"), seeds=40)
    return Gate(_VERBS, seeds=40)
