"""The Tools port: each run in a process that can be killed, and the probe.

A tool that hangs is killed at its deadline with everything it started; a tool that crashes
takes nothing with it. Its process dies with this one, so a killed studio leaves no orphan.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lib.core.errors import ToolFailed, Unavailable
from lib.media.fork_client import ForkClient
from lib.media.probe import probe
from lib.media.runner.ffmpeg_run import last_words
from lib.media.tools import TOOLS
from lib.ports import ToolCall

_FORKS = ForkClient()


class MediaTools:
    """Implements Tools with the programs of this room."""

    def __init__(self, *, assets: Path, kits: Sequence[Path]) -> None:
        self._assets = assets
        self._kits = tuple(kits)

    def run(self, call: ToolCall) -> None:
        """Make the files of a call in a process of its own; see the port."""
        if call.tool not in TOOLS:
            raise ToolFailed(call.tool, f"there is no such tool; there are {', '.join(TOOLS)}")
        request = {
            "tool": call.tool,
            "params": call.params,
            "needs": {slot: str(file) for slot, file in call.needs.items()},
            "makes": {slot: str(file) for slot, file in call.makes.items()},
            "workdir": str(call.workdir),
            "assets": str(self._assets),
            "kits": [str(folder) for folder in self._kits],
        }
        # Files, so that nobody waits for another: however much a tool says, only its last words
        # are read.
        with (
            tempfile.TemporaryFile() as asked,
            tempfile.TemporaryFile() as answered,
            tempfile.TemporaryFile() as said,
        ):
            asked.write(json.dumps(request).encode())
            asked.seek(0)
            try:
                code = _FORKS.run((asked, answered, said)).wait(call.deadline_s)
            except TimeoutError as error:
                words = f"gave no answer in {call.deadline_s:g} s and was killed"
                raise ToolFailed(
                    call.tool, words, permanent=False, tail=last_words(said)
                ) from error
            answered.seek(0)
            _judge(call.tool, code, answered.read(), last_words(said))

    def probe(self, file: Path, media_type: str) -> dict[str, Any]:
        """Measure a file; see the port."""
        return probe(file, media_type)


def _judge(tool: str, code: int, output: bytes, tail: str) -> None:
    """Raise ToolFailed, or Unavailable, unless the child said that all is well."""
    try:
        answer = json.loads(output.splitlines()[-1])
    except (ValueError, IndexError) as error:
        if code < 0:
            words = f"was killed by signal {-code}"
            raise ToolFailed(tool, words, permanent=False, tail=tail) from error
        last = tail.splitlines()[-1] if tail else f"ended with code {code}"
        raise ToolFailed(tool, last, tail=tail) from error
    if "away" in answer:
        raise Unavailable(f"{tool}: {answer['away']}")
    if "error" in answer:
        raise ToolFailed(
            tool, answer["error"], permanent=answer["permanent"], tail=answer["tail"] or tail
        )
