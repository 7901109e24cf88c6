"""Carry an error from the place where a block failed to the one who must judge it.

Called where foreign work is run on somebody's behalf: the writer thread, the outbox, the
ticker. It hides nothing: whoever opens it must look at ``error`` and answer for it.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from types import TracebackType


class Caught(AbstractContextManager["Caught"]):
    """Hold the exception that a ``with`` block ended with; ``error`` is None when it went well.

    Only ``Exception`` is held: an interrupt or an exit goes its way.
    """

    __slots__ = ("error",)

    def __init__(self) -> None:
        """Start without an error."""
        self.error: Exception | None = None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        """Keep the exception of the block and tell Python that it is in good hands."""
        if not isinstance(error, Exception):
            return False
        self.error = error
        return True
