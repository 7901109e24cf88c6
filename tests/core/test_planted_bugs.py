"""A check that cannot fail is no check: bugs are planted, and the tests must notice each one.

The kernel is imported afresh with a line replaced, and the named tests are imported afresh over
it. A bug that survives fails here, and so does a replacement that no longer applies.
"""

from __future__ import annotations

import importlib
import inspect
import itertools
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.core.planted import BUGS, HISTORIES, Bug
from tests.planting import Planter

#: Packages that are imported afresh over a planted bug.
FRESH = ("lib.core", "tests.core")
#: Histories of each shape that are run before a bug is said to have survived them.
SEEDS = 60
#: What a failing test raises; anything else is a bug that was planted badly.
NOTICED = (AssertionError, pytest.fail.Exception)


@contextmanager
def kernel_with(bug: Bug) -> Iterator[None]:
    """Have ``lib.core`` and the tests imported afresh, with the bug in it, for a while."""
    planter = Planter((f"lib.core.{short}", old, new) for short, old, new in bug.edits)
    hidden = {name: sys.modules.pop(name) for name in list(sys.modules) if _is_fresh(name)}
    sys.meta_path.insert(0, planter)
    try:
        yield
    finally:
        sys.meta_path.remove(planter)
        for name in [name for name in sys.modules if _is_fresh(name)]:
            del sys.modules[name]
        sys.modules.update(hidden)
        for package in FRESH:
            parent, _, child = package.rpartition(".")
            if package in hidden:
                setattr(sys.modules[parent], child, hidden[package])


def _is_fresh(name: str) -> bool:
    return any(name == package or name.startswith(package + ".") for package in FRESH)


def run_test(name: str) -> None:
    """Run a test by module and name, once for each set of its parameters."""
    module, function = name.split(".")
    test = getattr(importlib.import_module(f"tests.core.{module}"), function)
    for arguments in _parameters(test):
        with pytest.MonkeyPatch.context() as monkeypatch:
            if "monkeypatch" in inspect.signature(test).parameters:
                arguments["monkeypatch"] = monkeypatch
            test(**arguments)


def _parameters(test: Callable[..., None]) -> Iterator[dict[str, Any]]:
    choices = []
    for mark in getattr(test, "pytestmark", []):
        names, values = mark.args
        names = names.split(",") if isinstance(names, str) else list(names)
        choices.append([dict(zip(names, _tuple(v, names), strict=True)) for v in values])
    for chosen in itertools.product(*choices):
        yield {name: value for part in chosen for name, value in part.items()}


def _tuple(value: Any, names: list[str]) -> tuple[Any, ...]:
    return (value,) if len(names) == 1 else tuple(value)


def run_histories() -> None:
    """Run the campaign of random histories over the kernel as it is imported now."""
    histories = importlib.import_module("tests.core.histories")
    plans = importlib.import_module("tests.core.plans")
    shapes = {name: plan for name, plan in plans.shapes().items() if name != "clips"}
    for seed in range(SEEDS):
        for plan in shapes.values():
            histories.run_history(plan, seed)


def run(check: str) -> None:
    """Run one check of a bug."""
    if check == HISTORIES:
        run_histories()
    else:
        run_test(check)


@pytest.mark.parametrize("bug", BUGS, ids=[bug.name for bug in BUGS])
def test_a_planted_bug_is_caught_by_every_check_that_names_it(bug: Bug) -> None:
    survived = []
    with kernel_with(bug):
        for check in bug.caught_by:
            try:
                run(check)
            except NOTICED:
                continue
            survived.append(check)
    assert not survived, f"{bug.name!r} was not noticed by {survived}"


@pytest.mark.parametrize("check", sorted({check for bug in BUGS for check in bug.caught_by}))
def test_the_same_check_passes_over_the_kernel_as_it_is(check: str) -> None:
    with kernel_with(Bug("none", (), ())):
        run(check)


def test_a_bug_whose_text_is_gone_is_reported_and_not_skipped() -> None:
    stale = Bug("stale", (("status", "a line that nobody wrote", ""),), ())
    with pytest.raises(AssertionError, match="no longer applies"), kernel_with(stale):
        pass


def test_planting_leaves_the_real_kernel_as_it_was() -> None:
    real = importlib.import_module("lib.core.status")
    before = {name: module for name, module in sys.modules.items() if _is_fresh(name)}
    with kernel_with(BUGS[0]):
        assert importlib.import_module("lib.core.status") is not real
    after = {name: module for name, module in sys.modules.items() if _is_fresh(name)}
    assert after == before
