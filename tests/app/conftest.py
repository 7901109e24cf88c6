"""The studio that the tests of the verbs turn by hand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lib.app.audit import listing
from tests.app.crank import Crank, open_crank, settings_below
from tests.app.kept import Sweeping, everything, tick
from tests.app.older import Older


@pytest.fixture
def crank(tmp_path: Path) -> Iterator[Crank]:
    """Return an empty studio below a temporary folder."""
    opened = open_crank(settings_below(tmp_path))
    yield opened
    opened.local.close()


@pytest.fixture(params=[everything, tick], ids=["command", "tick"])
def sweeping(request: pytest.FixtureRequest) -> Sweeping:
    """How the storage is swept: all of it by the command, or a slice of it by the tick."""
    chosen: Sweeping = request.param
    return chosen


@pytest.fixture
def older(tmp_path: Path) -> Iterator[Older]:
    """Return an older studio's empty bucket."""
    made = Older(tmp_path)
    yield made
    made.close()


@pytest.fixture(params=[1000, 3], ids=["one page", "small pages"])
def page(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many objects one page of a listing holds."""
    monkeypatch.setattr(listing, "PAGE", request.param)
    return request.param
