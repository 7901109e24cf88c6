"""The studio that the tests of the verbs turn by hand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.app.crank import Crank, open_crank, settings_below


@pytest.fixture
def crank(tmp_path: Path) -> Iterator[Crank]:
    """Return an empty studio below a temporary folder."""
    opened = open_crank(settings_below(tmp_path))
    yield opened
    opened.local.close()
