"""Run one command: ``python -m lib.cli COMMAND``. Errors are one plain sentence and a hint."""

from __future__ import annotations

import argparse
import importlib
import json
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from lib.cli.parser import parse
from lib.core.errors import Refused, StudioError

#: Where each command lives; imported only when it is called.
_ROOMS = {
    "up": "up",
    "watch": "content",
    "burst": "content",
    "jobs": "content",
    "job": "content",
    "verify": "truth",
    "reconcile": "truth",
    "audit": "truth",
    "sweep": "sweep",
    "migrate": "migrate",
    "doctor": "doctor",
    "brands": "doctor",
    "templates": "preview",
    "preview": "preview",
    "deploy": "deploy",
    "cost": "cost",
    "test": "checks",
    "bench": "checks",
    "sim": "checks",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code: 0 good, 1 problems found, 2 could not run."""
    args = parse(arguments)
    room = importlib.import_module(f"lib.cli.{_ROOMS[args.command]}")
    try:
        code: int = getattr(room, args.command)(args)
    except StudioError as error:
        _explain(args, error)
        return 2
    except KeyboardInterrupt:
        print("Stopped. Nothing is lost: ./brandcast up goes on.", file=sys.stderr)
        return 2
    except BrokenPipeError:
        # Whoever read our words has gone, as ``| head`` does; nothing more can be said there.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 2
    return code


def _explain(args: argparse.Namespace, error: StudioError) -> None:
    hint = error.hint if isinstance(error, Refused) else ""
    if getattr(args, "json", False):
        print(json.dumps({"error": error.code, "title": str(error), "hint": hint}))
    print(f"brandcast: {error}" + (f"\n  {hint}" if hint else ""), file=sys.stderr)


def _leave(code: int) -> NoReturn:
    """End this process with everything that it started.

    A render may still run when a studio is stopped. Waiting for it would keep a process alive
    that has given up its lock and its database; the next start tries that step again.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    _leave(main())
