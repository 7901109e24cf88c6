"""The embedded backend against a model made of dicts, over random histories."""

from __future__ import annotations

import tempfile
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lib.adapters.clock import ManualClock
from lib.adapters.local.database import Database
from lib.adapters.local.objects import LocalObjects
from lib.adapters.local.order_keys import order_key
from lib.adapters.local.outbox import Outbox
from lib.adapters.local.records import LocalRecords
from lib.core.errors import Conflict, NotFound
from lib.ports import REMOVE, Query

EXAMPLES = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.sampled_from([0.5, -1.5, 2.0]),
    st.sampled_from("ab"),
)
RANK = {type(None): 0, bool: 1, int: 2, float: 2, str: 3}


def model_key(value):
    return (RANK[type(value)], 0 if value is None else value)


@given(
    st.lists(
        SCALARS
        | st.integers(-(2**63), 2**63 - 1)
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text()
    )
)
@settings(max_examples=300, deadline=None, derandomize=True)
def test_order_keys_sort_and_compare_as_the_values_do(values):
    values = [v for v in values if not isinstance(v, str) or v.isprintable()]
    by_key = sorted(values, key=order_key)
    assert [model_key(v) for v in by_key] == sorted(model_key(v) for v in values)
    for one in values:
        for other in values:
            assert (order_key(one) == order_key(other)) == (model_key(one) == model_key(other))


NAMES = st.sampled_from(["a", "b", "c", "d"])
FIELDS = st.sampled_from([("x",), ("m", "y"), ("m",), ("z",)])
VALUES = SCALARS | st.just(REMOVE) | st.fixed_dictionaries({"y": SCALARS})
RECORD_STEPS = st.one_of(
    st.tuples(
        st.just("create"),
        NAMES,
        st.fixed_dictionaries(
            {}, optional={"x": SCALARS, "m": st.fixed_dictionaries({"y": SCALARS})}
        ),
    ),
    st.tuples(
        st.just("update"),
        NAMES,
        st.dictionaries(FIELDS, VALUES, min_size=1, max_size=1),
        st.sampled_from(["any", "now", "old"]),
    ),
    st.tuples(
        st.just("query"),
        st.dictionaries(st.sampled_from(["x", "m.y"]), SCALARS, max_size=2),
        st.sampled_from([None, "x", "m.y"]),
        st.booleans(),
        st.integers(1, 3),
    ),
)


def model_update(data, name, value):
    *parents, last = name
    for key in parents:
        if not isinstance(data.get(key), dict):
            if value is REMOVE:
                return
            data[key] = {}
        data = data[key]
    if value is REMOVE:
        data.pop(last, None)
    else:
        data[last] = dict(value) if isinstance(value, dict) else value


def model_get(data, dotted):
    for key in dotted.split("."):
        if not isinstance(data, dict) or key not in data:
            return KeyError
        data = data[key]
    return data


def comparable(value):
    return KeyError if value is KeyError or isinstance(value, dict) else model_key(value)


def model_query(model, equals, order_by, descending):
    found = []
    for name, (data, _) in model.items():
        if any(comparable(model_get(data, f)) != model_key(v) for f, v in equals.items()):
            continue
        if order_by is None:
            found.append(((), name))
        elif (value := model_get(data, order_by)) is not KeyError:
            # Maps sort behind everything else, in an order of their own.
            found.append((((4,) if isinstance(value, dict) else model_key(value)), name))
    return [name for _, name in sorted(found, reverse=descending)]


@EXAMPLES
@given(st.lists(RECORD_STEPS, max_size=30))
def test_records_do_what_a_dict_does(steps):
    with (
        tempfile.TemporaryDirectory() as folder,
        closing(Database(Path(folder) / "s.db")) as database,
    ):
        records = LocalRecords(database, ManualClock(), {"works": ("x", "m.y")})
        model = {}
        for step in steps:
            record_step(records, model, *step)
        for name in "abcd":
            found = records.get(f"works/{name}")
            assert (None if found is None else (found.data, found.version)) == model.get(name)


def record_step(records, model, kind, name, *rest):
    if kind == "query":
        order_by, descending, limit = rest
        descending = descending and order_by is not None
        wanted = model_query(model, name, order_by, descending)
        found, after = [], None
        while page := records.query(Query("works", name, order_by, descending, after, limit)):
            found += [record.path[6:] for record in page]
            after = page[-1]
        assert found == wanted
        return
    refusal = NotFound if kind == "update" and name not in model else None
    refusal = Conflict if kind == "create" and name in model else refusal
    data, version = model.get(name, ({}, 0))
    if kind == "create":
        call = partial(records.create, f"works/{name}", rest[0])
    else:
        fields, which = rest
        refusal = Conflict if name in model and which == "old" else refusal
        asked = {"any": None, "now": version, "old": version - 1}[which]
        call = partial(records.update, f"works/{name}", fields, version=asked)
    if refusal is not None:
        with pytest.raises(refusal):
            call()
        return
    made = call()
    assert made.version > version
    if kind == "create":
        data = rest[0]
    else:
        for field, value in fields.items():
            model_update(data, field, value)
    assert made.data == data
    model[name] = (made.data, made.version)


PATHS = st.sampled_from(["a.txt", "b/c.txt", "b/d.txt", "b-x.txt"])
DATA = st.sampled_from([b"", b"one", b"two", b"three"])
OBJECT_STEPS = st.one_of(
    st.tuples(st.sampled_from(["put", "replace", "stale", "delete", "by hand"]), PATHS, DATA),
    st.tuples(
        st.sampled_from(["delete", "wrong delete", "unlink", "look", "scan", "list"]),
        PATHS,
        st.just(b""),
    ),
)


@EXAMPLES
@given(st.lists(OBJECT_STEPS, max_size=20))
def test_objects_do_what_a_dict_does_whatever_hands_do_to_the_files(steps):
    with tempfile.TemporaryDirectory() as name, closing(Database(Path(name) / "s.db")) as database:
        folder = Path(name)
        objects = LocalObjects(folder / "media", database, ManualClock())
        model = {}
        for step in steps:
            object_step(objects, folder, model, *step)
        objects.scan()
        check_events(database, objects, model)


def object_step(objects, folder, model, kind, path, data):
    file = folder / "source"
    file.write_bytes(data)
    info = objects.stat(path)
    assert (None if info is None else objects.read(path)) == model.get(path)
    generation = info.generation if info else 0
    common = {"media_type": "a/b", "metadata": {}}
    if kind == "put":
        try:
            objects.put_once(path, file, **common)
            assert model.setdefault(path, data) == data
        except Conflict:
            assert model[path] != data
    elif kind in ("replace", "stale"):
        asked = generation if kind == "replace" else generation + 1
        try:
            new = objects.replace(path, file, generation=asked, **common)
            assert new.generation > generation
            assert kind == "replace"
            assert path in model
            model[path] = data
        except Conflict:
            assert kind == "stale" or path not in model
    elif kind == "delete":
        assert objects.delete(path, generation=generation) == (model.pop(path, None) is not None)
    elif kind == "wrong delete":
        assert objects.delete(path, generation=generation + 1) is False
    elif kind == "by hand":
        place = folder / "media" / path
        place.parent.mkdir(exist_ok=True)
        place.unlink(missing_ok=True)
        place.write_bytes(data)
        model[path] = data
    elif kind == "unlink":
        (folder / "media" / path).unlink(missing_ok=True)
        model.pop(path, None)
    elif kind == "scan":
        assert objects.scan().seen == len(model)
    else:
        assert [item.path for item in objects.list("").items] == sorted(model)


def check_events(database, objects, model):
    """Every event once, and what was announced and not ended is what is there."""
    events = []
    outbox = Outbox(database, ManualClock())
    outbox.drain(lambda a, d: events.append((a["type"][-9:], d["name"], int(d["generation"]))))
    assert len(set(events)) == len(events)
    begun = {(name, generation) for kind, name, generation in events if kind == "finalized"}
    ended = {(name, generation) for kind, name, generation in events if kind != "finalized"}
    assert ended <= begun
    assert begun - ended == {(path, objects.stat(path).generation) for path in model}
