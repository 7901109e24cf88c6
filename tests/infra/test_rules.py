"""The rules that every plan keeps: this one keeps them, and each sees the change that breaks it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from infra.offline.picture import Picture
from infra.rules import RULES, Rule, broken
from tests.infra.conftest import Change
from tests.infra.mutants import MUTANTS


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_plan_keeps_every_rule(found: Picture, rule: Rule) -> None:
    assert rule(found) == []


def test_every_rule_has_a_change_that_breaks_it() -> None:
    assert set(MUTANTS) == set(RULES)


@pytest.mark.parametrize(
    ("rule", "change"),
    [
        pytest.param(rule, change, id=f"{rule.__name__}: {name}")
        for rule, changes in MUTANTS.items()
        for name, change in changes.items()
    ],
)
def test_a_rule_sees_the_change_that_breaks_it(
    changed: Callable[[Change], Picture], rule: Rule, change: Change
) -> None:
    assert rule(changed(change)) != []


def test_what_is_broken_is_said_by_the_rule_in_words(changed: Callable[[Change], Picture]) -> None:
    change = MUTANTS[next(r for r in RULES if r.__name__ == "nothing_is_public")]
    faults = broken(changed(change["the API is for all"]))
    assert faults["nothing is public"] == [
        "roles/run.invoker on service studio-api is granted to allUsers"
    ]
