"""The records in Firestore.

Called through the port ``Records``. Fields are set blindly by their path, so that two writers of
different fields never meet; a compare-and-set names the update time that it read. No transaction is
used: contended ones wait for each other, and a lost answer leaves nobody knowing.
"""

from __future__ import annotations

import json
import queue
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from google.api_core import exceptions as api
from google.api_core.retry import Retry, if_exception_type
from google.cloud import firestore
from google.cloud.firestore_v1.base_query import FieldFilter
from google.cloud.firestore_v1.field_path import FieldPath
from google.protobuf.timestamp_pb2 import Timestamp

from lib.adapters.asked import check_query, cursor_value
from lib.adapters.document import MOST_BYTES, check_fields, set_fields, split, text_of
from lib.adapters.gcp.answers import AWAY, answering_for
from lib.core.errors import Conflict, NotFound, Refused, Unavailable
from lib.ports import REMOVE, Json, Query, Record

#: Seconds that one request may take with all its tries.
PATIENCE_S = 60.0
#: Documents whose last state is remembered: those that one function works on at a time.
REMEMBERED = 64
#: Answers to a write that only the caller can judge.
_JUDGED = (api.AlreadyExists, api.FailedPrecondition, api.NotFound)
_MICROS = 1_000_000


class FirestoreRecords:
    """Documents at ``collection/id`` of one database."""

    def __init__(
        self,
        client: firestore.Client,
        indexed: Mapping[str, Sequence[str]],
        *,
        patience_s: float = PATIENCE_S,
    ) -> None:
        """Stand for the database; ``indexed`` names, by collection, the fields of its queries.

        A request is tried again for ``patience_s``.
        """
        self._patience_s = patience_s
        # A request names what it expects or sets the same once more: each may be sent again.
        self._retry = Retry(predicate=if_exception_type(*AWAY), timeout=patience_s)
        self._client = client
        #: Version and text of the documents that were read or written last.
        self._last: dict[str, tuple[int, str]] = {}
        self._remembering = threading.Lock()
        self._indexed = {collection: frozenset(fields) for collection, fields in indexed.items()}

    def create(self, path: str, data: Json) -> Record:
        """Create the document; see the port."""
        reference = self._checked(path, data)
        try:
            with answering_for(path, api.AlreadyExists):
                result = reference.create(data, timeout=self._patience_s, retry=self._retry)
        except api.AlreadyExists as error:
            raise Conflict(f"{path} exists already") from error
        return self._known(Record(path, data, _version(result.update_time)))

    def get(self, path: str) -> Record | None:
        """Return the document, or None."""
        split(path)
        with answering_for(path):
            found = self._client.document(path).get(timeout=self._patience_s, retry=self._retry)
        return self._known(_record(found)) if found.exists else None

    def update(
        self,
        path: str,
        fields: Mapping[tuple[str, ...], Any],
        *,
        version: int | None = None,
        beside: Mapping[str, Json] | None = None,
        durable: bool = True,
    ) -> Record:
        """Set single fields by their path; see the port."""
        del durable  # every write is
        check_fields(path, fields)
        reference = self._checked(path, {str(k): v for k, v in fields.items() if v is not REMOVE})
        changes = {
            FieldPath(*name).to_api_repr(): firestore.DELETE_FIELD if value is REMOVE else value
            for name, value in fields.items()
        }
        others = {
            other: (self._checked(other, data), data)
            for other, data in (beside or {}).items()
            if other != path  # it is there already, or the update is refused
        }
        while True:
            batch = self._client.batch()
            option = None
            if version is not None:
                option = self._client.write_option(last_update_time=_instant(version))
            batch.update(reference, changes, option=option)
            for other, data in others.values():
                batch.create(other, data)
            try:
                with answering_for(path, *_JUDGED), _naming_the_limit(path):
                    result, *_ = batch.commit(timeout=self._patience_s, retry=self._retry)
            except api.AlreadyExists:
                others = {o: pair for o, pair in others.items() if self.get(o) is None}
                continue
            except (api.FailedPrecondition, api.NotFound) as error:
                found = self.get(path)
                if found is None:
                    raise NotFound(f"there is no {path}") from error
                raise Conflict(f"{path} has version {found.version}, not {version}") from error
            return self._written(path, version, fields, _version(result.update_time))

    def query(self, query: Query) -> list[Record]:
        """Return the matching documents; see the port.

        Raises Refused, naming the field, when the query compares or sorts by one that was not
        declared.
        """
        check_query(query, self._indexed)
        asked: Any = self._client.collection(query.collection)
        for field, value in query.equals.items():
            asked = asked.where(filter=FieldFilter(_dotted(field), "==", value))
        way = firestore.Query.DESCENDING if query.descending else firestore.Query.ASCENDING
        cursor = []
        if query.order_by is not None:
            asked = asked.order_by(_dotted(query.order_by), direction=way)
            cursor += [cursor_value(query)] if query.after is not None else []
        asked = asked.order_by("__name__", direction=way)
        if query.after is not None:
            asked = asked.start_after([*cursor, self._client.document(query.after.path)])
        asked = asked.limit(query.limit)
        with answering_for(f"a query of {query.collection}"):
            found = asked.stream(timeout=self._patience_s, retry=self._retry)
            return [_record(one) for one in found]

    def watch(self, collection: str, *, poll_s: float = 0.5) -> Iterator[list[Record]]:
        """Yield the documents that changed, whenever some did; see the port."""
        changed: queue.SimpleQueue[list[Record]] = queue.SimpleQueue()

        def told(_: Any, changes: Any, __: Any) -> None:
            changed.put([_record(c.document) for c in changes if c.type.name != "REMOVED"])

        listening: Any = self._client.collection(collection).on_snapshot(told)
        try:
            changed.get(timeout=self._patience_s)  # what is there already
        except queue.Empty as error:
            listening.unsubscribe()
            raise Unavailable(f"{collection} could not be listened to") from error
        return self._changes(changed, listening, poll_s)

    def _changes(
        self, changed: queue.SimpleQueue[list[Record]], listening: Any, poll_s: float
    ) -> Iterator[list[Record]]:
        try:
            while True:
                try:
                    yield changed.get(timeout=poll_s)
                except queue.Empty:
                    if not listening.is_active:  # silence would look like quiet
                        raise Unavailable("the listening to changes has ended") from None
                    yield []
        finally:
            listening.unsubscribe()

    def _checked(self, path: str, data: Json) -> Any:
        """Return the reference of a document whose path and data are good. Raises Refused."""
        split(path)
        text_of(data, path)
        return self._client.document(path)

    def _known(self, record: Record) -> Record:
        """Remember a document as it was read or written last, so that its next write knows it."""
        text = json.dumps(record.data)
        with self._remembering:
            self._last.pop(record.path, None)
            self._last[record.path] = (record.version, text)
            if len(self._last) > REMEMBERED:
                del self._last[next(iter(self._last))]
        return Record(record.path, json.loads(text), record.version)

    def _written(
        self, path: str, base: int | None, fields: Mapping[tuple[str, ...], Any], version: int
    ) -> Record:
        """Return the document as it is after a write; Firestore's answer holds no data.

        What was written over ``base`` follows from it; anything else is read.
        """
        known, text = self._last.get(path, (None, ""))
        if base is not None and known == base:
            data = json.loads(text)
            set_fields(data, fields)
            return self._known(Record(path, data, version))
        found = self.get(path)
        if found is None:
            raise NotFound(f"there is no {path}")
        return found


@contextmanager
def _naming_the_limit(path: str) -> Iterator[None]:
    """Say how large a document may be; only Firestore knows what a blind update comes to."""
    try:
        yield
    except api.InvalidArgument as error:
        if "size" not in str(error):
            raise
        raise Refused(
            f"{path} would be too large, at most {MOST_BYTES} bytes are allowed",
            hint="put large values into an object and keep its path here",
        ) from error


def _record(found: Any) -> Record:
    return Record(
        f"{found.reference.parent.id}/{found.id}", found.to_dict(), _version(found.update_time)
    )


def _version(instant: Any) -> int:
    stamp = instant.timestamp_pb()
    return int(stamp.seconds * _MICROS + stamp.nanos // 1000)


def _instant(version: int) -> Timestamp:
    return Timestamp(seconds=version // _MICROS, nanos=version % _MICROS * 1000)


def _dotted(field: str) -> str:
    path: str = FieldPath(*field.split(".")).to_api_repr()
    return path
