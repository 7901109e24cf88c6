"""What the machine lacks is told apart from what is wrong with the work, whatever raised it."""

from __future__ import annotations

import errno

import pytest

from lib.core.errors import ToolFailed, machine_fault


def caused_by(cause: BaseException) -> ToolFailed:
    error = ToolFailed("voice", "stopped")
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (MemoryError(), "the memory is used up"),
        (OSError(errno.ENOMEM, "no memory"), "the memory is used up"),
        (BlockingIOError(errno.EAGAIN, "a fork"), "no more processes can be started"),
        (RuntimeError("can't start new thread"), "no more processes can be started"),
    ],
)
def test_a_lack_of_memory_or_processes_is_the_machines_fault(
    error: BaseException, words: str
) -> None:
    assert machine_fault(error) == words
    assert machine_fault(caused_by(error)) == words


@pytest.mark.parametrize("error", [None, RuntimeError("can't"), ValueError("memory")])
def test_other_faults_are_not_the_machines(error: BaseException | None) -> None:
    assert machine_fault(error) == ""
