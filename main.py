"""The deploy entry: imports functions/<name>.py only when the platform asks for that function.

One artifact is deployed for all functions; each process serves one of them and should load only
its own libraries. A module ``__getattr__`` (PEP 562) is what lets the framework find them.
"""

from __future__ import annotations

import importlib
from typing import Any

FUNCTIONS = frozenset({"on_object", "on_step", "on_tick", "studio_api"})


def __getattr__(name: str) -> Any:
    """Return a function by name, importing its file now."""
    if name not in FUNCTIONS:
        raise AttributeError(f"there is no function {name!r}")
    return getattr(importlib.import_module(f"functions.{name}"), name)
