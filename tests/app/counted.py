"""A port with every call counted and, where a test wants it, another answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from lib.app.studio import Studio


class Counted:
    """Hands every call on to ``port`` and notes it as (name, arguments)."""

    def __init__(self, port: Any) -> None:
        self._port = port
        self.calls: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = []
        #: How many records the answers to queries held.
        self.given: Counter[str] = Counter()

    @property
    def counts(self) -> Counter[str]:
        return Counter(name for name, _, _ in self.calls)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        real = getattr(self._port, name)

        def call(*args: Any, **words: Any) -> Any:
            self.calls.append((name, args, words))
            answer = real(*args, **words)
            if name == "query":
                self.given[name] += len(answer)
            return answer

        return call


def counted(studio: Studio) -> tuple[Studio, Counted, Counted, Counted]:
    """Return the studio with its objects, records and queue counted."""
    objects, records, queue = map(Counted, (studio.objects, studio.records, studio.queue))
    ports: dict[str, Any] = {"objects": objects, "records": records, "queue": queue}
    return replace(studio, **ports), objects, records, queue
