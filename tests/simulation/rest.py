"""What must be true when everything is at rest: every work at its end, nothing left, nothing hidden.

Asked by ``run`` after the quiet, with what the oracle has seen until then.
"""

from __future__ import annotations

from collections import Counter

from lib.app import views
from lib.app.case import WORKS, Case, case_of
from lib.app.invariants import of_objects, of_record
from lib.app.storage.provenance import place_in_quarantine
from lib.core.paths import parse
from lib.core.recipes.burst import is_burst
from lib.core.rollup import SETTLED, Phase
from lib.core.work import Keep
from lib.ports import ObjectInfo, Record
from tests.simulation.oracle import Oracle, fail
from tests.simulation.ports import without_next


def restless(oracle: Oracle) -> str:
    """Return why the studio is not at rest yet; empty when everything came to its end."""
    now = oracle.world.engine.now
    for record in map(without_next, oracle.world.records.all(WORKS)):
        if record.path in oracle.broken:
            continue  # it waits for the person who broke it, and for nobody else
        case = case_of(record)
        why = _unfinished(oracle, record, case, now)
        if why:
            return f"{case.work.id}: {why}"
    return ""


def _unfinished(oracle: Oracle, record: Record, case: Case, now: float) -> str:
    word, live = case.summary["phase"], oracle.world.bucket.live()
    breaches = [*of_record(record, now), *of_objects(case, live, now)]
    if breaches:
        return str(breaches[0])
    if case.work.archived_at is not None:
        return "" if word == Phase.ARCHIVED else f"it is put away, and {word}"
    if word not in SETTLED or case.due_at is not None:
        return f"it is {word}, and due at {case.due_at}"
    ledger = record.data["attempts"].values()
    if any(a["started_at"] is not None and a["ended_at"] is None for a in ledger):
        return "an attempt is open"
    true = True
    for artifact in case.work.plan.artifacts():
        info = live.get(artifact.path)
        there = info is not None and oracle.good(
            artifact, oracle.world.bucket.lives[artifact.path, info.generation]
        )
        true = true and (there or artifact.keep is Keep.RAW)
        if word == Phase.READY and info and artifact.keep is Keep.RAW and _ours(info):
            return f"{artifact.path} is left"
    if is_burst(case.work.kind) and word == Phase.READY:
        _burst_is_told(oracle, case)
    return "" if true == (word == Phase.READY) else f"it is {word}, and the bucket says {true}"


def leftover(oracle: Oracle) -> str:
    """Return what of ours nothing needs and nobody has removed or moved; empty when nothing."""
    works = {w.work.id: w for w in map(case_of, map(without_next, oracle.readable()))}
    unreadable = {path.partition("/")[2] for path in oracle.broken}
    for info in oracle.world.bucket.live().values():
        name = parse(info.path)
        life = oracle.world.bucket.lives[info.path, info.generation]
        if name is None or life.by_person or name.work_id in unreadable:
            continue
        if life.cut or _is_in_the_way(oracle, place_in_quarantine(info.path, info.generation)):
            continue  # bytes that nobody can tell from a person's: the sweep says so
        case = works.get(name.work_id)
        planned = case is not None and info.path in {a.path for a in case.work.plan.artifacts()}
        whole = case is None or case.summary["phase"] in (Phase.READY, Phase.ARCHIVED)
        if name.category == "raw" and whole:
            return f"{info.path} is left"
        if not planned and whole and name.category not in ("quarantine", "receipts", "raw"):
            return f"{info.path} is in nobody's plan"
    return ""


def _is_in_the_way(oracle: Oracle, path: str) -> bool:
    """Tell whether what lies at a path is a copy of which not all arrived."""
    info = oracle.world.bucket.live().get(path)
    return info is not None and oracle.world.bucket.lives[path, info.generation].cut


def _burst_is_told(oracle: Oracle, case: Case) -> None:
    """Hold what a page shows of a burst at rest against the works that there are."""
    works = [case_of(without_next(r)) for r in oracle.readable()]
    children = [w for w in works if w.work.parent == case.work.id]
    view = views.burst(oracle.world.studio, case.work.owner, case.work.id)
    ordered = case.measured["commissioned"]["facts"]["entries"]
    # What is proposed anew, after a person took the first proposals away, may be something else.
    left_alone = not any(
        life.by_person or life.killer == "person"
        for artifact in case.work.plan.artifacts()
        for life in oracle.lives[artifact.path]
    )
    if len(children) > ordered and left_alone:
        words = f"{len(children)} works for {ordered} that were ordered"
        fail("a_burst_has_the_works_it_ordered", case.work.id, words)
    if len(view["jobs"]) != len(children):
        fail("nothing_is_left_out", case.work.id, f"{len(view['jobs'])} of {len(children)}")
    words_of = Counter(child.summary["phase"] for child in children)
    good = words_of[Phase.READY] + words_of[Phase.ARCHIVED] == len(children) == ordered
    if view["phase"] == "complete" and not good and left_alone:
        fail("complete_means_every_work", case.work.id, str(dict(words_of)))
    if view["counts"]["ready"] != words_of[Phase.READY]:
        fail("what_is_counted_is_there", case.work.id, str(view["counts"]))


def _ours(info: ObjectInfo) -> bool:
    return "work" in info.metadata
