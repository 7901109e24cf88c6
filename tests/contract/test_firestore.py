"""What Firestore's records keep to besides the clauses: lost services, and the same as ours."""

from __future__ import annotations

import socket
import tempfile
from contextlib import closing
from pathlib import Path

import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud import firestore
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lib.adapters.clock import SystemClock
from lib.adapters.gcp.clients import firestore_client
from lib.adapters.gcp.records import FirestoreRecords
from lib.adapters.local.database import Database
from lib.adapters.local.records import LocalRecords
from lib.core.errors import Conflict, NotFound, Unavailable
from lib.ports import REMOVE, Query
from tests.stand_ins.firestore_between import FirestoreBetween

FIELDS = {"works": ("x", "m.y")}
NAMES = st.sampled_from("abc")
SCALARS = st.sampled_from([None, True, False, -1, 0, 2, 0.5, 2.0, "a", "ä", "b"])
STEPS = st.one_of(
    st.tuples(st.just("create"), NAMES, st.dictionaries(st.sampled_from("xz"), SCALARS)),
    st.tuples(
        st.just("update"),
        NAMES,
        st.dictionaries(
            st.sampled_from([("x",), ("m", "y"), ("z", "k.l")]),
            SCALARS | st.just(REMOVE),
            min_size=1,
        ),
        st.sampled_from(["any", "now", "old"]),
    ),
    st.tuples(st.just("beside"), NAMES, NAMES, SCALARS),
    st.tuples(
        st.just("query"),
        st.dictionaries(st.sampled_from(["x", "m.y"]), SCALARS, max_size=2),
        st.sampled_from([(None, False), ("x", False), ("x", True), ("m.y", False)]),
        st.integers(1, 3),
    ),
)


def act(records, versions, step):
    """Do one step; return what a caller sees of it, versions aside."""
    kind, *rest = step
    try:
        if kind == "query":
            equals, (order_by, descending), limit = rest
            query = Query("works", equals, order_by, descending, limit=limit)
            return [(found.path, found.data) for found in records.query(query)]
        path = f"works/{rest[0]}"
        before = records.get(path)
        if kind == "create":
            record = records.create(path, rest[1])
        elif kind == "beside":
            record = records.update(path, {("n",): rest[2]}, beside={f"works/{rest[1]}": {"x": 1}})
        else:
            which = {"any": None, "now": before and before.version, "old": versions.get(path)}
            record = records.update(path, rest[1], version=which[rest[2]])
        if before is None or before.data != record.data:  # a write of nothing keeps its version
            versions[path] = before.version if before else 1
        return record.data
    except (Conflict, NotFound) as error:
        return type(error)


@settings(
    max_examples=1000,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(steps=st.lists(STEPS, max_size=30))
def test_any_history_looks_the_same_here_and_in_firestore(firestore_emulator, steps):
    with (
        tempfile.TemporaryDirectory() as folder,
        closing(Database(Path(folder) / "studio.db")) as database,
        closing(firestore_emulator.client()) as client,
    ):
        ours, ours_seen = LocalRecords(database, SystemClock(), FIELDS), {}
        theirs, theirs_seen = FirestoreRecords(client, FIELDS), {}
        for step in steps:
            assert act(ours, ours_seen, step) == act(theirs, theirs_seen, step), step


@pytest.mark.parametrize(
    "call",
    [
        lambda records: records.get("works/a"),
        lambda records: records.create("works/a", {}),
        lambda records: records.update("works/a", {("x",): 1}),
        lambda records: records.query(Query("works")),
    ],
    ids=["get", "create", "update", "query"],
)
def test_a_service_that_cannot_be_reached_is_unavailable_and_never_absent(monkeypatch, call):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", f"127.0.0.1:{probe.getsockname()[1]}")
    client = firestore.Client(project="nobody", credentials=AnonymousCredentials())
    with pytest.raises(Unavailable):
        call(FirestoreRecords(client, FIELDS, patience_s=1.0))


def test_what_is_written_over_what_was_just_read_is_not_read_back(firestore_emulator):
    with FirestoreBetween(f"127.0.0.1:{firestore_emulator.port}") as between:
        client = firestore_client("counted", "(default)", endpoint=between.address)
        records = FirestoreRecords(client, FIELDS)
        made = records.create("works/a", {"x": 1, "m": {"y": 2}})
        once = records.update("works/a", {("m", "z"): 3, ("x",): REMOVE}, version=made.version)
        twice = records.update("works/a", {("x",): 4}, version=once.version)
        assert between.billed == {"writes": 3}
        assert twice.data == {"x": 4, "m": {"y": 2, "z": 3}}
        assert records.get("works/a") == twice
        blind = records.update("works/a", {("x",): 5})
        assert between.billed == {"writes": 4, "reads": 2}
        assert blind.data["x"] == 5
        client.close()


def test_what_somebody_else_wrote_meanwhile_is_read_and_not_guessed(firestore_emulator):
    client = firestore_emulator.client()
    mine, theirs = FirestoreRecords(client, FIELDS), FirestoreRecords(client, FIELDS)
    first = mine.create("works/a", {"x": 1})
    other = theirs.update("works/a", {("y",): 2}, version=first.version)
    written = mine.update("works/a", {("x",): 3}, version=other.version)
    assert written.data == {"x": 3, "y": 2}
    client.close()


def test_a_caller_that_changes_what_it_read_changes_nothing_else(firestore_emulator):
    client = firestore_emulator.client()
    records = FirestoreRecords(client, FIELDS)
    made = records.create("works/a", {"m": {"y": 2}})
    made.data["m"]["y"] = "spoilt"
    assert records.update("works/a", {("x",): 1}, version=made.version).data["m"] == {"y": 2}
    client.close()
