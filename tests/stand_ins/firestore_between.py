"""A gRPC server between Firestore's clients and the emulator.

It counts what Firestore would bill, notes the shape of every query, and may be away.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent import futures
from typing import Any, Self

import grpc
from google.cloud.firestore_v1.types import (
    BatchGetDocumentsResponse,
    CommitRequest,
    RunQueryRequest,
    RunQueryResponse,
    StructuredQuery,
)

PREFIX = "/google.firestore.v1.Firestore/"
_ANSWERS_IN_A_STREAM = {"BatchGetDocuments", "RunQuery", "RunAggregationQuery"}
_TALKS = {"Listen", "Write"}
#: Collection, fields that must be equal, and field and way of the order.
Shape = tuple[str, tuple[str, ...], tuple[tuple[str, str], ...]]


class FirestoreBetween:
    """Forwards to the emulator at ``address`` until the block ends."""

    def __init__(self, address: str) -> None:
        self._channel = grpc.insecure_channel(address)
        #: Documents read, written and deleted, as they are billed.
        self.billed: Counter[str] = Counter()
        self.shapes: set[Shape] = set()
        #: Asked before each call; a status is answered instead.
        self.answer: Callable[[], grpc.StatusCode | None] = lambda: None

    def __enter__(self) -> Self:
        # A listener keeps its thread for as long as it listens.
        self._server = grpc.server(futures.ThreadPoolExecutor(64))
        self._server.add_generic_rpc_handlers((_Everything(self._forward),))
        self.address = f"127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop(0).wait()
        self._channel.close()

    def _forward(self, method: str) -> grpc.RpcMethodHandler:
        name = method.removeprefix(PREFIX)
        if name in _TALKS:
            return grpc.stream_stream_rpc_method_handler(
                lambda requests, context: self._talk(method, requests, context)
            )
        if name in _ANSWERS_IN_A_STREAM:
            return grpc.unary_stream_rpc_method_handler(
                lambda request, context: self._stream(method, name, request, context)
            )
        return grpc.unary_unary_rpc_method_handler(
            lambda request, context: self._call(method, name, request, context)
        )

    def _call(self, method: str, name: str, request: bytes, context: Any) -> bytes:
        self._look_away(context)
        try:
            answer: bytes = self._channel.unary_unary(method)(request, metadata=_told(context))
        except grpc.RpcError as error:
            context.abort(error.code(), error.details())
        if name == "Commit":
            for write in CommitRequest.deserialize(request).writes:
                self.billed["deletes" if write.delete else "writes"] += 1
        return answer

    def _stream(self, method: str, name: str, request: bytes, context: Any) -> Iterator[bytes]:
        self._look_away(context)
        if name == "RunQuery":
            self.shapes.add(_shape(RunQueryRequest.deserialize(request).structured_query))
        read = 0
        try:
            for answer in self._channel.unary_stream(method)(request, metadata=_told(context)):
                read += _documents(name, answer)
                self.billed["reads"] += _documents(
                    name, answer
                )  # who asks may not wait for the end
                yield answer
        except grpc.RpcError as error:
            context.abort(error.code(), error.details())
        # A query that finds nothing is billed as one read.
        self.billed["reads"] += name == "RunQuery" and not read

    def _talk(self, method: str, requests: Iterable[bytes], context: Any) -> Iterator[bytes]:
        self._look_away(context)
        try:
            yield from self._channel.stream_stream(method)(requests, metadata=_told(context))
        except grpc.RpcError as error:
            context.abort(error.code(), error.details())

    def _look_away(self, context: Any) -> None:
        status = self.answer()
        if status is not None:
            context.abort(status, "as the test wishes")


class _Everything(grpc.GenericRpcHandler):
    def __init__(self, forward: Callable[[str], grpc.RpcMethodHandler]) -> None:
        self._forward = forward

    def service(self, call: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler:
        return self._forward(call.method)


def _told(context: Any) -> tuple[tuple[str, str], ...]:
    """Return what the client told beside the request, without what belongs to its connection."""
    own = ("user-agent", "grpc-")
    return tuple((k, v) for k, v in context.invocation_metadata() if not k.startswith(own))


def _documents(name: str, answer: bytes) -> int:
    if name == "RunQuery":
        return int("document" in RunQueryResponse.deserialize(answer))
    if name == "BatchGetDocuments":
        found = BatchGetDocumentsResponse.deserialize(answer)
        return int("found" in found or bool(found.missing))
    return 0


def _shape(query: StructuredQuery) -> Shape:
    (collection,) = [source.collection_id for source in query.from_]
    where = query.where
    filters = where.composite_filter.filters if "composite_filter" in where else [where]
    equals = [f.field_filter.field.field_path for f in filters if "field_filter" in f]
    names = {StructuredQuery.Direction.DESCENDING: "descending"}
    order = [(o.field.field_path, names.get(o.direction, "ascending")) for o in query.order_by]
    return collection, tuple(sorted(equals)), tuple(order)
