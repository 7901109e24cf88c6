"""A certificate says yes only where the full judgement finds nothing, whatever was done to what.

Every value of real records is replaced, one at a time, by everything that a hand might put there;
so are the objects that a listing shows. Then two at a time, by chance.
"""

from __future__ import annotations

import copy
import inspect
import types
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lib.app.audit import certificate, pattern, run
from lib.app.audit.certificate import Certificates
from lib.app.audit.merge_join import Pair, Walk
from lib.app.audit.suspect import Batch
from lib.app.case import record_path
from lib.core.checks import Check, faults
from lib.ports import ObjectInfo, Record
from tests.app.crank import Crank, open_crank, settings_below
from tests.app.planted import made

GONE = object()
#: What a hand might put in the place of any value.
VALUES: tuple[Any, ...] = (
    GONE,
    None,
    True,
    False,
    0,
    1,
    -1,
    2,
    3.0,
    0.5,
    1e300,
    float("nan"),
    float("inf"),
    "",
    "junk",
    "ready",
    "draw",
    "Not A Slug",
    [],
    ["junk"],
    {},
    {"junk": 1},
)
Place = tuple[Any, ...]


@dataclass(repr=False)
class Ready:
    """Works that are ready, as a pass meets them, and a judgement to hold a certificate against."""

    crank: Crank
    pairs: list[Pair]

    def learned(self, kind: Any = Certificates) -> Any:
        """Return certificates that were learned from all pairs."""
        known = kind()
        for pair in self.pairs:
            assert not known.cover(*pair[:2])
            self.check(pair, known)
        return known

    def check(self, pair: Pair, known: Any) -> run.Report:
        report, batch = run.Report(), Batch()
        run.judge_pair(self.crank.studio, pair, report, known, batch)
        report.corrections = [one.line("") for one in batch.suspects]
        return report

    def lie_of(self, pair: Pair) -> str:
        """Return what the full judgement finds wrong; an empty string for nothing."""
        report = self.check(pair, Certificates())
        found = (report.corrections, report.unreachable, report.orphans.named)
        return "" if found == ([], [], []) and not report.looked_at else str((found, report))


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ready]:
    """A burst, a post or carousel, a reel, and a plain work, all ready and old."""
    crank = open_crank(settings_below(Path(tmp_path_factory.mktemp("studio"))))
    crank.made()
    made(crank, "plain")
    pairs = [pair for pair in Walk(crank.studio) if pair.record is not None]
    assert {pair.record.data["summary"]["phase"] for pair in pairs if pair.record} == {"ready"}
    assert len(pairs) == 4
    yield Ready(crank, pairs)
    crank.local.close()


def places_of(value: Any, at: Place = ()) -> Iterator[Place]:
    """Yield the place of every value in a record."""
    keys: Any = ()
    if isinstance(value, dict):
        keys = value
    elif isinstance(value, list):
        keys = range(len(value))
    for key in keys:
        yield (*at, key)
        yield from places_of(value[key], (*at, key))


@contextmanager
def changed(data: Any, place: Place, value: Any) -> Iterator[None]:
    """Put another value into a record, and the old one back."""
    for key in place[:-1]:
        data = data[key]
    last = place[-1]
    before = copy.copy(data)
    if value is GONE:
        del data[last]
    else:
        data[last] = copy.deepcopy(value)
    try:
        yield
    finally:
        data.clear()
        (data.update if isinstance(data, dict) else data.extend)(before)


def listings(objects: Any) -> Iterator[tuple[ObjectInfo, ...]]:
    """Yield what else a listing might show."""
    rest = tuple(objects)
    for number, info in enumerate(rest):
        others = [
            replace(info, generation=info.generation + 1),
            replace(info, size=info.size + 1),
            replace(info, size=0),
            replace(info, crc32c="BBBBBB=="),
            replace(info, path=info.path[:-1]),
        ]
        for other in others:
            yield (*rest[:number], other, *rest[number + 1 :])
        yield (*rest[:number], *rest[number + 1 :])
        yield (*rest[: number + 1], *rest[number:])
        yield (*rest, replace(info, path=info.path + "x"))
    yield rest[::-1]
    yield ()


def agreeing(pair: Pair) -> Iterator[Pair]:
    """Yield works of which one object has another length, which record and listing agree on."""
    record, objects, _ = pair
    assert record is not None
    for number, info in enumerate(objects):
        for size in (0, 1, 7_999, 10_000_000):
            data = copy.deepcopy(record.data)
            memory = next(m for m in data["measured"].values() if m["path"] == info.path)
            data["summary"]["bytes"] += size - memory["size"]
            memory["size"] = size
            others = (*objects[:number], replace(info, size=size), *objects[number + 1 :])
            yield Pair(Record(record.path, data, record.version), others)
    data = copy.deepcopy(record.data)
    data["work"]["id"] = "No Id"
    yield Pair(Record(record_path("No Id"), data, record.version), objects)


def neighbours(value: Any) -> tuple[Any, ...]:
    """Values that are nearly what was there, or equal to it and of another type."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return (int(value),) if isinstance(value, bool) else ()
    return (value + 1, value - 1, value + 0.01, float(value), bool(value), str(value))


def mutants(pair: Pair) -> Iterator[tuple[str, Pair]]:
    """Yield a work with every single change, while it has that; and what changed, in words."""
    assert pair.record is not None
    data = pair.record.data
    for place in list(places_of(data)):
        old = data
        for key in place:
            old = old[key]
        for value in (*VALUES, *neighbours(old)):
            with changed(data, place, value):
                yield f"{place} = {value!r}", pair
        for name in ("junk", "unreadable") if isinstance(old, dict) else ():
            with changed(data, (*place, name), "x"):
                yield f"{place} has {name}", pair
    for mutant in agreeing(pair):
        yield f"{mutant.objects}", mutant
    for objects in listings(pair.objects):
        yield f"{objects}", Pair(pair.record, objects)


def falsely_certified(ready: Ready, kind: Any = Certificates) -> Iterator[str]:
    """Yield every single change under which a certificate hides what the judgement finds."""
    known = ready.learned(kind)
    for pair in ready.pairs:
        for words, mutant in mutants(pair):
            if known.cover(*mutant[:2]) and (lie := ready.lie_of(mutant)):
                yield f"{words}: {lie}"


def test_no_single_change_of_a_record_or_a_listing_hides_behind_a_certificate(
    ready: Ready,
) -> None:
    assert list(falsely_certified(ready)) == []


def test_works_that_nothing_is_wrong_with_are_certified(ready: Ready) -> None:
    known = ready.learned()
    for pair in ready.pairs:
        assert pair.record is not None
        assert known.cover(pair.record, pair.objects)
        harmless = {("work", "title"): "Other", ("work", "spec"): {}, ("work", "created_at"): 2.0}
        for place, value in harmless.items():
            with changed(pair.record.data, place, value):
                assert known.cover(pair.record, pair.objects)
        for number, step in enumerate(pair.record.data["work"]["plan"]["steps"]):
            if step["params"]:
                place = ("work", "plan", "steps", number, "params")
                with changed(pair.record.data, place, {"x": 1}):
                    assert known.cover(pair.record, pair.objects)


CHANGES = st.tuples(st.integers(0, 10**6), st.sampled_from([v for v in VALUES if v is not GONE]))


@given(st.integers(0, 3), CHANGES, CHANGES, st.booleans())
@settings(
    max_examples=1500, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_nor_do_two_changes_at_once(
    ready: Ready, which: int, one: tuple[int, Any], two: tuple[int, Any], same: bool
) -> None:
    known = ready.learned()
    pair = ready.pairs[which]
    assert pair.record is not None
    data = copy.deepcopy(pair.record.data)
    mutant = Pair(Record(pair.record.path, data, pair.record.version), pair.objects)
    for number, value in (one, (two[0], one[1] if same else two[1])):
        places = list(places_of(data))
        *path, last = places[number % len(places)]
        target = data
        for key in path:
            target = target[key]
        target[last] = copy.deepcopy(value)
    lie = ready.lie_of(mutant) if known.cover(*mutant[:2]) else ""
    assert lie == ""


#: Bugs: which module, what is written there, what would be wrong.
BUGS = [
    (certificate, 'data["pardons"] != {}', "False"),
    (certificate, 'summary["phase"] != Phase.READY', "False"),
    (certificate, '== summary["total"] ==', "=="),
    (certificate, "archived is None", "True"),
    (certificate, "and len(raw) == len(_WORK)", ""),
    (certificate, "and _ID(said)", "and path"),
    (certificate, "and self._slugs[owner]", ""),
    (certificate, "(parent is None or _ID(parent))", "True"),
    (certificate, "and type(revision) is int", ""),
    (certificate, "started is ended is None)", "ended is None)"),
    (certificate, "and type(number) is type(revision) is int", ""),
    (certificate, "and how in _OUTCOMES", ""),
    (certificate, "and len(raw) == len(_ATTEMPT)", ""),
    (pattern, 'memory["path"] != path', "False"),
    (pattern, 'memory["generation"] != info.generation', "False"),
    (pattern, 'memory["size"] != length', "False"),
    (pattern, 'memory["crc32c"] != info.crc32c', "False"),
    (pattern, 'type(memory["ours"]) is not bool', "False"),
    (pattern, 'not bounds.hold(memory["facts"])', "False"),
    (pattern, "length < bounds.least", "False"),
    (pattern, "total == size and", ""),
    (pattern, "and plan == self._plan", ""),
    (pattern, "if type(params) is not dict:", "if False:"),
    (pattern, "type(path) is not str or ", ""),
    (pattern, 'or "unreadable" in facts', ""),
    (pattern, "if is_plain:", "if True:"),
    (pattern, "self.good: Any = _UNKNOWN", "self.good = None"),
    (pattern, "type(number) not in _NUMBERS or not low", "not low"),
    (pattern, "type(number) not in _NUMBERS or not abs", "not abs"),
    (pattern, "<= by:", "<= by + 1:"),
    (pattern, "low <= number <= high", "number <= high"),
    (pattern, "low <= number <= high", "low <= number"),
]


@pytest.mark.parametrize(("module", "right", "wrong"), BUGS, ids=lambda bug: str(bug)[:40])
def test_a_planted_bug_is_found(
    ready: Ready, module: types.ModuleType, right: str, wrong: str
) -> None:
    source = inspect.getsource(module)
    assert source.count(right) == 1
    broken = types.ModuleType(module.__name__)
    broken.__dict__["__file__"] = module.__file__
    exec(compile(source.replace(right, wrong), str(module.__file__), "exec"), broken.__dict__)
    kinds = certificate_of(broken) if module is pattern else broken
    found = falsely_certified(ready, kinds.Certificates)
    facts = falsely_good(getattr(broken, "Bounds", pattern.Bounds))
    assert next(chain(facts, found), None) is not None


def certificate_of(broken: types.ModuleType) -> types.ModuleType:
    """Return the certificate with another pattern under it."""
    above = types.ModuleType(certificate.__name__)
    exec(compile(inspect.getsource(certificate), "certificate", "exec"), above.__dict__)
    above.__dict__["pattern_of"] = broken.__dict__["pattern_of"]
    return above


GOOD: dict[str, Any] = {
    "media_type": "video/mp4",
    "width": 10,
    "seconds": 1.0,
    "spread": 1.0,
    "entries": 1,
    "lufs": -16.0,
    "true_peak_dbtp": -1.0,
    "faststart": True,
}
DEMANDING = Check(
    media_type="video/mp4",
    width=10,
    seconds=1.0,
    min_spread=1.0,
    min_entries=1,
    lufs=-16.0,
    max_true_peak_dbtp=-1.0,
    faststart=True,
)


def falsely_good(bounds_of: Any) -> Iterator[str]:
    """Yield facts that are held to be good behind others, and are not."""
    for facts in (None, "junk", [], {}, 1):
        if holds(bounds_of(DEMANDING), facts):
            yield f"{facts!r} before any"
    for name in (*GOOD, "unreadable"):
        for value in (*VALUES, *neighbours(GOOD.get(name)), 1.1200001, 0.99, -15.4999, -0.9):
            facts = {**GOOD, name: value}
            if value is GONE:
                facts.pop(name)
            for first in ({}, GOOD):
                bounds = bounds_of(DEMANDING)
                holds(bounds, first)
                if holds(bounds, facts) and (wrong := faults(DEMANDING, 1, facts)):
                    yield f"{facts}: {wrong}"


def holds(bounds: Any, facts: Any) -> bool:
    try:
        return facts == bounds.good or bool(bounds.hold(facts))
    except (LookupError, TypeError):
        return False


def test_facts_that_are_held_to_be_good_are_good() -> None:
    assert holds(pattern.Bounds(DEMANDING), GOOD)
    assert list(falsely_good(pattern.Bounds)) == []


def test_a_certificate_knows_everything_that_a_check_can_ask_for() -> None:
    ranges = {**pattern.NEAR, **pattern.AT_LEAST, **pattern.AT_MOST}
    asked = {*pattern.EXACT, *pattern.NEAR, *ranges.values(), "min_bytes"}
    assert asked == set(Check.model_fields)
