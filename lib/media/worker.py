"""The child process of one tool run: reads the call as JSON, makes the files, says how it went.

Forked by ``fork_server.py`` in a session of its own, or started as a program. Answers with one
JSON line on standard output: ``{}``, ``{"error": …, "permanent": …, "tail": …}``, or
``{"away": …}`` when the machine lacks what it takes, which says nothing against the call.
"""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path

from pydantic import ValidationError

from lib.core.errors import ToolFailed, Unavailable, machine_fault
from lib.media.room import Room
from lib.media.runner.confine import die_with_parent
from lib.media.tools import TOOLS


def main() -> int:
    """Carry out the call on standard input."""
    die_with_parent()
    call = json.load(sys.stdin)
    room = Room(
        assets=Path(call["assets"]),
        kits=tuple(Path(folder) for folder in call["kits"]),
        workdir=Path(call["workdir"]),
    )
    needs = _Needs({slot: Path(file) for slot, file in call["needs"].items()})
    makes = {slot: Path(file) for slot, file in call["makes"].items()}
    try:
        module = importlib.import_module(TOOLS[call["tool"]])
        module.run(call["params"], needs, makes, room)
        answer: dict[str, object] = {}
    except ToolFailed as error:
        words = str(error).removeprefix(f"{call['tool']}: ")
        answer = {"error": words, "permanent": error.permanent, "tail": error.tail}
    except Unavailable as error:
        answer = {"away": str(error)}
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        words = f"parameter {where}: {first['msg']}" if where else first["msg"]
        answer = {"error": words, "permanent": True, "tail": ""}
    except KeyError as error:
        answer = {"error": f"parameter {error} is missing", "permanent": True, "tail": ""}
    except (OSError, ValueError, MemoryError, RuntimeError) as error:
        # A full disk is over some day; a picture that is none stays so.
        lacking = machine_fault(error)
        if not lacking and isinstance(error, RuntimeError):
            raise  # a fault of ours
        words = f"an input or output cannot be used: {error}"
        answer = {"error": words, "permanent": True, "tail": ""}
        if lacking:
            answer = {"away": f"{lacking} ({error})"}
    print(json.dumps(answer))
    return 0


class _Needs(dict[str, Path]):
    """The files that a tool was given, which says so when one was not."""

    def __missing__(self, slot: str) -> Path:
        raise ToolFailed("inputs", f"there is no {slot!r}; there are {list(self) or 'none'}")


if __name__ == "__main__":
    sys.exit(main())
