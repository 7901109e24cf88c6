"""What must be true of one work's record by itself, whatever the bucket holds.

A record is written in one piece by ``settle``, so its summary follows from the evidence that
stands beside it: plan, ledger and what was measured.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from lib.app.case import Case, case_of
from lib.app.invariants.breach import Breach
from lib.app.judgement import summarise
from lib.app.observe import remembered
from lib.core.errors import Unavailable
from lib.core.paths import parse
from lib.core.rollup import SETTLED, Phase
from lib.core.status import assess
from lib.core.work import Outcome
from lib.ports import Record


def of_record(record: Record, now: float) -> Iterator[Breach]:
    """Yield what is wrong with a record of the works collection at the instant ``now``."""
    try:
        case = case_of(record)
    except Unavailable as error:
        yield Breach("a_record_can_be_read", record.path, str(error))
        return
    yield from _belongs_to_one(record, case)
    yield from _says_what_follows(case, now)
    yield from _is_never_forgotten(case)
    yield from _ledger_is_honest(case)


def _belongs_to_one(record: Record, case: Case) -> Iterator[Breach]:
    """Hold the places against each other that say whose a work is: queries and paths use them."""
    work = case.work
    said = {
        "path": (record.path, f"works/{work.id}"),
        "owner": (record.data.get("owner"), work.owner),
        "brand": (record.data.get("brand"), work.brand),
        "kind": (record.data.get("kind"), work.kind),
        "parent": (record.data.get("parent"), work.parent),
        "created_at": (record.data.get("created_at"), work.created_at),
    }
    for name, (outside, inside) in said.items():
        if outside != inside:
            words = f"{name} is {outside!r} outside and {inside!r} inside"
            yield Breach("a_work_has_one_owner", work.id, words)
    for artifact in work.plan.artifacts():
        parts = parse(artifact.path)
        if parts is None or (parts.owner, parts.work_id) != (work.owner, work.id):
            yield Breach("a_work_has_one_owner", work.id, f"its plan names {artifact.path}")


def _says_what_follows(case: Case, now: float) -> Iterator[Breach]:
    """Hold the summary against the evidence in the same record, until a clock changes it."""
    work, summary = case.work, case.summary
    if summary.get("revision") != work.revision or (case.due_at or now) < now:
        return  # not settled since: an event, a task or the tick is on its way
    sightings = remembered(work.plan.artifacts(), case.measured)
    if sightings is None:
        yield Breach("a_memory_is_of_the_plan", work.id, "it remembers what no plan names")
        return
    found = assess(work.plan, sightings, case.attempts, now)
    derived = summarise(work, found, sightings, case.attempts)
    for name in ("phase", "done", "total", "bytes", "missing"):
        if summary.get(name) != derived[name]:
            words = f"{name} says {summary.get(name)!r}, the evidence says {derived[name]!r}"
            yield Breach("a_summary_is_derived", work.id, words)


def _is_never_forgotten(case: Case) -> Iterator[Breach]:
    """Ask for an instant at which somebody looks again at what is not at an end."""
    word = case.summary.get("phase")
    moves = case.work.archived_at is None and word not in SETTLED | {Phase.DRAFT}
    if case.due_at is not None:
        return
    if moves:
        yield Breach("no_work_is_forgotten", case.work.id, f"it is {word} and never due")
    elif case.former or any(a.started_at is not None and a.ended_at is None for a in case.attempts):
        words = f"it is {word}, with an attempt that is open and never due"
        yield Breach("no_work_is_forgotten", case.work.id, words)


def _ledger_is_honest(case: Case) -> Iterator[Breach]:
    """Ask for numbers without gaps, ends with outcomes, and no more tries than allowed."""
    of_step: dict[str, list[int]] = {}
    failures: Counter[str] = Counter()
    for attempt in case.attempts:
        of_step.setdefault(attempt.step, []).append(attempt.number)
        name = f"{case.work.id} {attempt.step} {attempt.number}"
        if (attempt.ended_at is None) != (attempt.outcome is None):
            yield Breach("an_end_has_an_outcome", name, f"{attempt.ended_at}, {attempt.outcome}")
        if attempt.started_at is None and attempt.outcome in (Outcome.OK, Outcome.FAILED):
            yield Breach("an_attempt_that_ended_had_begun", name, str(attempt.outcome))
        if attempt.outcome is Outcome.OK:
            failures[attempt.step] = 0  # it was made; what fails now is to make it again
        failures[attempt.step] += attempt.outcome is Outcome.FAILED and not attempt.pardoned
    for name, numbers in of_step.items():
        if sorted(numbers) != list(range(1, len(numbers) + 1)):
            yield Breach("attempts_are_numbered", f"{case.work.id} {name}", str(sorted(numbers)))
    for step in case.work.plan.steps:
        if failures[step.name] > step.tries:
            words = f"failed {failures[step.name]} times, {step.tries} were allowed"
            yield Breach("tries_are_bounded", f"{case.work.id} {step.name}", words)
