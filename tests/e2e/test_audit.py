"""``audit`` and ``sim`` as a person and a script use them."""

from __future__ import annotations

from pathlib import Path

import pytest

from lib.app.case import WORKS
from lib.ports import Query
from lib.settings import Settings
from lib.wiring.local import open_local
from tests.e2e.test_cli import run

BRAND = "kitchen-proof"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make one post with a real studio."""
    folder = tmp_path_factory.mktemp("audit") / "data"
    done = run("burst", "--brands", BRAND, "--posts", "1", "--reels", "0", "--wait", data=folder)
    assert done.code == 0, done.err
    run("reconcile", data=folder)  # what the studio had not settled when it stopped
    return folder


def test_a_studio_in_order_is_said_to_be_so(data: Path) -> None:
    done = run("audit", data=data)
    assert done.code == 0
    assert "Everything is as it must be." in done.out
    told = run("audit", "--json", data=data).json
    assert told["works"] == 2
    assert told["objects"] > 3
    assert told["breaches"] == told["unreachable"] == []


def test_a_lie_is_named_by_its_invariant_and_nothing_is_changed(data: Path) -> None:
    local = open_local(Settings(data=data))
    try:
        (record,) = local.records.query(Query(WORKS, {"brand": BRAND}))
        truth = record.data["summary"]
        local.records.update(record.path, {("summary", "done"): 99, ("summary", "bytes"): 1})
        done = run("audit", data=data)
        assert done.code == 1
        assert "a_summary_is_derived" in done.out
        assert "done says 99, the evidence says" in done.out
        assert "reconcile corrects" in done.out
        after = local.records.get(record.path)
        assert after is not None
        assert after.data["summary"]["done"] == 99, "it only looks"
        local.records.update(record.path, {("summary",): truth})
    finally:
        local.close()


def test_the_simulator_prints_one_object_with_what_it_did(tmp_path: Path) -> None:
    told = run("sim", "--seeds", "6", "--minutes", "5", "--json", data=tmp_path).json
    assert told["seeds"] == 6
    assert told["violations"] == 0
    wanted = {"simulated_hours", "port_calls", "faults", "sometimes", "passes_p50", "passes_max"}
    assert wanted | {"trace_hash"} <= told.keys()
    said = run("sim", "--seeds", "2", "--minutes", "5", data=tmp_path)
    assert said.code == 0
    assert said.out.startswith("2 worlds, ")
