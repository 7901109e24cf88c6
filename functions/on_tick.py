"""Scheduler handler: settle what is due, audit a slice, tidy up; resumable, safe when doubled."""

from __future__ import annotations

import dataclasses
from typing import Any

import flask
import functions_framework

from lib import wiring
from lib.app.sweep import sweep


@functions_framework.http
def on_tick(request: flask.Request) -> dict[str, Any]:
    """Run one tick and answer with its report."""
    del request  # a tick has no parameters: what is due, the clock says
    return dataclasses.asdict(sweep(wiring.studio()))
