"""The studio that the tests of the verbs turn by hand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.app.crank import Crank, open_crank, settings_below
from tests.app.older import Older


@pytest.fixture
def crank(tmp_path: Path) -> Iterator[Crank]:
    """Return an empty studio below a temporary folder."""
    opened = open_crank(settings_below(tmp_path))
    yield opened
    opened.local.close()


@pytest.fixture
def older(tmp_path: Path) -> Iterator[Older]:
    """Return an older studio's empty bucket."""
    made = Older(tmp_path)
    yield made
    made.close()
