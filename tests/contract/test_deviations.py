"""The table of what a backend cannot show names only tests that there are."""

from __future__ import annotations

import ast

import pytest

from tests.contract.conftest import BACKENDS
from tests.contract.deviations import Deviation, table
from tests.house.source import tracked

TESTS = {
    node.name
    for file in tracked()
    if file.name.startswith("test_")
    for node in ast.walk(ast.parse(file.read_text()))
    if isinstance(node, ast.FunctionDef)
}


@pytest.mark.parametrize("backend", BACKENDS)
def test_every_clause_that_a_backend_cannot_show_is_shown_by_a_test_that_there_is(backend):
    for clause, deviation in BACKENDS[backend].deviations.items():
        assert {clause, deviation.shown_by} <= TESTS
        assert deviation.reason


def test_the_table_names_backend_clause_reason_and_proof():
    (line,) = table({"gcs": {"test_a": Deviation("it cannot", "test_b")}, "embedded": {}})
    for word in ("gcs", "test_a", "it cannot", "test_b"):
        assert word in line
