"""A cheap proof that a settled work is as its record says, for nearly all works of a pass.

Called by ``run``. To judge a work takes ten times as long as to see that it is *like* one that was
judged and found true in this very pass: the same plan but for paths and parameters, which no
judgement reads; a memory that is the listing's to the generation, of exactly the artifacts that the
plan keeps; facts that pass the same checks; nothing open, nothing pardoned, nothing due.

Works on records as they are stored. It says yes only where the full judgement would find nothing;
whatever it does not know is no, and is judged.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import itemgetter
from typing import Any

from pydantic import TypeAdapter

from lib.app.audit.pattern import Pattern, pattern_of
from lib.app.case import Case, record_path
from lib.core.rollup import Phase
from lib.core.work import Attempt, Json, Name, Outcome, Slug, Work, WorkId
from lib.ports import ObjectInfo, Record

#: Plans that are remembered of works of one kind with as many objects; the eldest gives way.
PATTERNS = 8
#: Words of which is remembered whether they are well-formed, before all are forgotten.
WORDS = 10_000

_WORK = tuple(Work.model_fields)
_work = itemgetter(*_WORK)
_ATTEMPT = tuple(Attempt.model_fields)
_attempt = itemgetter(*_ATTEMPT)
_OUTCOMES = frozenset({None, *(outcome.value for outcome in Outcome)})
_TEXT_OR_NONE = (str, type(None))
_ID = TypeAdapter(WorkId).validator.isinstance_python


class Certificates:
    """What one pass has learned of works that it judged; belongs to one thread."""

    def __init__(self) -> None:
        """Know nothing yet: the first work of every kind is judged."""
        self._patterns: dict[tuple[str, int], list[Pattern]] = {}
        self._slugs = _Words(Slug)
        self._names = _Words(Name)

    def cover(self, record: Record, objects: Sequence[ObjectInfo]) -> bool:
        """Tell whether a work is certainly ready, as its record says, with these objects.

        ``objects`` are all that a listing shows under the work's name, by category and name.
        """
        try:
            return self._cover(record, objects)
        except (LookupError, TypeError, AttributeError):
            return False  # of another form than we write: for the judgement to read

    def learn(self, record: Record, case: Case, objects: Sequence[ObjectInfo]) -> None:
        """Remember a work that was judged: ready from memory, and its record told no lie."""
        pattern = pattern_of(record, case, objects)
        if pattern is not None:
            patterns = self._patterns.setdefault((case.work.kind, len(objects)), [])
            patterns.insert(0, pattern)
            del patterns[PATTERNS:]

    def _cover(self, record: Record, objects: Sequence[ObjectInfo]) -> bool:
        data = record.data
        raw, summary, measured = data["work"], data["summary"], data["measured"]
        patterns = self._patterns.get((raw["kind"], len(objects)))
        if patterns is None or len(measured) != len(objects) or data.get("due_at") is not None:
            return False
        if data["pardons"] != {} or type(summary) is not dict or type(measured) is not dict:
            return False
        if summary["phase"] != Phase.READY or not (
            summary["done"] == summary["total"] == len(objects)
        ):
            return False
        if not self._is_work(raw, record.path) or not self._are_closed(data["attempts"]):
            return False
        for pattern in patterns:
            if pattern.fits(raw["plan"], measured, objects, summary["bytes"]):
                if pattern is not patterns[0]:
                    patterns.remove(pattern)
                    patterns.insert(0, pattern)
                return True
        return False

    def _is_work(self, raw: Json, path: str) -> bool:
        """Tell whether a stored work is well-formed and not archived; its plan is for a pattern."""
        said, owner, actor, brand, _, title, spec, _, revision, parent, created, archived = _work(
            raw
        )
        return (
            archived is None
            and len(raw) == len(_WORK)
            and path == record_path(said)
            and _ID(said)
            and self._slugs[owner]
            and self._slugs[brand]
            and (parent is None or _ID(parent))
            and type(actor) is type(title) is str
            and type(spec) is dict
            and type(revision) is int
            and type(created) is float
        )

    def _are_closed(self, attempts: Json) -> bool:
        """Tell whether a ledger is well-formed, and every attempt of it that began has ended."""
        for raw in attempts.values():
            step, number, revision, enqueued, started, ended, by, how, words, final, pardoned = (
                _attempt(raw)
            )
            if not (
                type(enqueued) is float
                and (type(started) is type(ended) is float or started is ended is None)
                and self._names[step]
                and type(number) is type(revision) is int
                and type(by) in _TEXT_OR_NONE
                and how in _OUTCOMES
                and type(words) is str
                and type(final) is type(pardoned) is bool
                and len(raw) == len(_ATTEMPT)
            ):
                return False
        return True


class _Words(dict[str, bool]):
    """Which words are of a type; each is validated once, for there are few."""

    def __init__(self, kind: Any) -> None:
        super().__init__()
        self._is_valid = TypeAdapter(kind).validator.isinstance_python

    def __missing__(self, word: str) -> bool:
        if len(self) >= WORDS:
            self.clear()
        valid = self[word] = type(word) is str and self._is_valid(word)
        return valid
