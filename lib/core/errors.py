"""The one tree of errors, sorted by what the caller can do about them.

    StudioError
    ├── Refused       the caller's input is wrong: mend it, then ask again      (HTTP 4xx)
    ├── NotFound      there is no such thing                                    (HTTP 404)
    ├── Conflict      somebody else was first: read again, then decide again    (HTTP 409)
    ├── Unavailable   could not look or could not reach: try again later        (HTTP 503)
    ├── ToolFailed    a tool could not make its artifacts from these inputs
    └── Unsure        an outside effect may have happened; never repeat blindly

Adapters translate foreign exceptions into these at the border and chain the cause.
Absent is a value (``None``); "could not look" is ``Unavailable``.
"""

from __future__ import annotations

import errno

#: Faults of the machine that say nothing against what it was at, and end some day.
_PASSING = {
    errno.ENOSPC: "the disk is full: free some space, and this goes on by itself",
    errno.EDQUOT: "the disk quota is used up: free some space, and this goes on by itself",
    errno.EROFS: "the disk is read-only",
    errno.EIO: "the disk cannot be read or written",
    errno.EMFILE: "too many files are open",
    errno.ENFILE: "too many files are open",
    errno.ENOMEM: "the memory is used up",
    errno.EAGAIN: "no more processes can be started",
}
#: What Python says where a limit refuses a thread; it has no error of its own for that.
_NO_THREAD = "can't start new thread"


class StudioError(Exception):
    """Something in the studio went wrong."""

    code = "studio_error"


class Refused(StudioError):
    """The request cannot be carried out as it stands.

    ``hint`` says what to do about it, in words a user can act on.
    """

    code = "refused"

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class NotFound(StudioError):
    """There is no such thing here."""

    code = "not_found"


class Conflict(StudioError):
    """Somebody else was first; read again before deciding again."""

    code = "conflict"


class Unavailable(StudioError):
    """The other side could not be reached or could not answer completely."""

    code = "unavailable"

    def __init__(self, message: str, *, retry_after_s: float = 5.0) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class ToolFailed(StudioError):
    """A tool could not make its artifacts.

    ``permanent`` means that the same inputs will fail again, so trying again is pointless;
    a tool killed at its deadline or by the system is not permanent. ``tail`` holds the
    last lines that the tool printed.
    """

    code = "tool_failed"

    def __init__(self, tool: str, message: str, *, permanent: bool = True, tail: str = "") -> None:
        super().__init__(f"{tool}: {message}")
        self.tool = tool
        self.permanent = permanent
        self.tail = tail


class Unsure(StudioError):
    """An outside effect may or may not have happened; ask the platform or a person."""

    code = "unsure"


def machine_fault(error: BaseException | None) -> str:
    """Return in plain words what the machine lacks, empty when an error is of another kind.

    Looks through what an error was caused by.
    """
    while error is not None:
        number = error.errno if isinstance(error, OSError) else None
        if isinstance(error, MemoryError):
            number = errno.ENOMEM
        elif isinstance(error, RuntimeError) and str(error) == _NO_THREAD:
            number = errno.EAGAIN
        if number in _PASSING:
            return _PASSING[number]
        error = error.__cause__
    return ""
