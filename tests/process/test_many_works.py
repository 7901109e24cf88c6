"""Ten times as many stored works: the studio starts, idles and answers as before.

The figures of 100,000 works are measured by the command of ``many_works.py``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.process import many_works

FEW, MANY, ACTIVE = 1_000, 10_000, 100
#: How much longer an answer may take for ten times as many works; reading them all takes ten times.
MOST_RATIO = 4.0
#: Below this an answer is not compared, seconds: what else this machine does is in it.
GRAIN_S = 0.05


def figures(folder: Path, works: int) -> dict[str, Any]:
    many_works.build(folder, works, ACTIVE)
    many_works.watched(folder)  # the first start enters them into the index
    return many_works.watched(folder)


def test_ten_times_as_many_works_cost_an_idle_studio_about_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(many_works, "WATCH_S", 4.0)
    (tmp_path / "few").mkdir()
    (tmp_path / "many").mkdir()
    few = figures(tmp_path / "few", FEW)
    many = figures(tmp_path / "many", MANY)
    slow = {
        name: (few["answer_s"][name], took_s)
        for name, took_s in many["answer_s"].items()
        if took_s > MOST_RATIO * max(few["answer_s"][name], GRAIN_S)
    }
    assert slow == {}
    assert many["start_s"] < few["start_s"] + 5.0
    assert many["idle_processor_share"] < 0.3  # the walk twice a second took half a core
    assert many["audit_goes_on"]
    assert many["mib"] < few["mib"] + 30
    assert many["noticed_s"] < 60
