"""The mutator itself: it changes what it says, its gates notice, and what survives is on record."""

from __future__ import annotations

import json
import subprocess
import sys
import time

import pytest

from lib.settings import ROOT
from tests.mutation.__main__ import known
from tests.mutation.gates import GUARDS, REST, gate_of
from tests.mutation.hunt import DEAD, ENDLESS, BadGateError, in_child
from tests.mutation.mutate import mutants_in, mutants_of

#: Guards, a function of each, a file of tests that must notice, and one of the mutants by name.
NAMED = [
    ("lib.core.status", "_is_valid", "tests/core/test_status.py", "sighting.size >= 0"),
    ("lib.core.decide", "decide", "tests/core/test_decide.py", "Stage.UNSURE"),
    ("lib.app.storage.quarantine", "held_under", "tests/app/test_storage_return.py", "max"),
]


def hunted(*words: str) -> tuple[int, dict]:
    ended = subprocess.run(
        [sys.executable, "-m", "tests.mutation", "--json", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    return ended.returncode, json.loads(ended.stdout) if ended.stdout else {"said": ended.stderr}


@pytest.mark.parametrize(
    ("text", "becomes"),
    [
        ("return a < b", {"return a <= b", "return a >= b", "return None"}),
        ("return a is not b", {"return a is b", "return None"}),
        ("return a not in b", {"return a in b", "return None"}),
        ("return a and b", {"return a or b", "return (a)", "return (b)", "return None"}),
        ('return ""', {'return "mutant"'}),
        ("return True", {"return False"}),
        ("return not a", {"return (a)", "return None"}),
        ("return f(a=b)", {"return f()", "return None"}),
        ("a.b = c", {"pass"}),
        ("raise a", {"pass"}),
        ("return a if b else c", {"return a if True else c", "return a if False else c", "return None"}),
        ("return Outcome.OK", {"return Outcome.FAILED", "return None"}),
        ("return 5.0", {"return 6.0", "return (4.0)"}),
        ("return a - b", {"return a + b", "return None"}),
        ("return {a for a in b if c}", {"return {a for a in b if True}", "return None"}),
        ("return min(a)", {"return max(a)", "return None"}),
        ("note(a=1 < 2)", set()),
        ("assert 1 < 2", set()),
        ('return "é" and 1 < a', {'return "é" or 1 < a', "return (1 < a)", 'return ("é")',
                                  'return "é" and 1 <= a', 'return "é" and 1 >= a', "return None",
                                  'return "é" and 2 < a', 'return "é" and (0) < a'}),
    ],
)  # fmt: skip
def test_each_change_is_made_and_nothing_else(text: str, becomes: set[str]) -> None:
    made = mutants_in(f"def f(a, b, c):\n    {text}\n", "m")
    assert {mutant.becomes for mutant in made} == becomes
    assert {mutant.function for mutant in made} <= {"f"}


def test_a_mutant_knows_its_place() -> None:
    source = "X = 1\n\n\nclass C:\n    y: int = 2\n\n    def m(self, z=3):\n        return z == 4\n"
    places = {(mutant.line, mutant.function) for mutant in mutants_in(source, "m")}
    assert places == {(1, ""), (5, ""), (7, ""), (8, "C.m")}


@pytest.mark.parametrize(("module", "function", "tests", "named"), NAMED)
def test_the_mutants_of_a_guard_are_noticed(module, function, tests, named) -> None:
    mutants = [mutant for mutant in mutants_of(module) if mutant.function == function]
    assert any(named in mutant.becomes for mutant in mutants), "no such mutant any more"
    code, told = hunted("--module", module, "--function", function, "--tests", tests)
    assert told["hunted"] == len(mutants)
    assert (code, told["open"]) == (0, 0), told["survivors"]
    assert not [s for s in told["survivors"] if named in s["becomes"]]


def test_a_mutant_of_a_modules_own_lines_is_noticed_too() -> None:
    code, told = hunted(
        *("--module", "lib.core.retention", "--function", "", "--sample", "1"),
        *("--tests", "tests/core/test_retention.py"),
    )
    (row,) = told["functions"]
    assert row["function"] == "(module)"
    assert (row["noticed"], row["mutants"], code) == (1, 1, 0)


def test_a_gate_that_looks_elsewhere_lets_everything_live() -> None:
    code, told = hunted(
        "--module",
        "lib.core.decide",
        "--function",
        "decide",
        "--tests",
        "tests/core/test_checks.py",
    )
    assert told["noticed"] == 0
    assert told["hunted"] == told["open"] + told["recorded"] > 20
    assert code == 1


def test_a_gate_without_tests_proves_nothing_and_is_an_error() -> None:
    code, told = hunted("--module", "lib.core.decide", "--tests", "tests/core/plans.py")
    assert code == 2, told


def test_a_mutant_that_never_ends_is_stopped_and_one_that_dies_is_told() -> None:
    assert in_child(lambda: time.sleep(60) or "", 0.2) == ENDLESS
    with pytest.raises(BadGateError, match="KeyError"):
        in_child(lambda: {}["nothing"], 10)
    assert in_child(lambda: __import__("os")._exit(3) or "", 10) == DEAD
    assert in_child(lambda: "", 10) == ""


def test_every_survivor_on_record_is_a_mutant_still_and_has_a_reason() -> None:
    recorded = known()
    modules = {module for module, *_ in recorded}
    assert modules <= {*GUARDS, *REST}
    living = {mutant.key for module in modules for mutant in mutants_of(module)}
    gone = [key for key in recorded if key not in living]
    assert gone == [], "the code moved on: take these out of survivors.toml, or mend them"
    assert all(len(reason.split()) >= 3 for reason in recorded.values())


def test_the_gates_name_files_that_exist() -> None:
    for module in (*GUARDS, *REST):
        assert (ROOT / f"{module.replace('.', '/')}.py").is_file(), module
        assert all((ROOT / name).exists() for name in gate_of(module).tests)
