"""What will lie in the bucket follows from bytes that were measured, and from the keep times."""

from __future__ import annotations

import pytest

from lib.app.storage.forecast import Holding, bytes_a_day, forecast
from lib.core.retention import DAY_S, HOUR_S, StorageClass
from tests.core.plans import T0

GB = 1_000_000_000


def holding(*puts: tuple[float, int]) -> Holding:
    """Return what puts of these ages (days) and sizes leave."""
    found = Holding()
    for age_days, size in puts:
        found.add(size, T0 - age_days * DAY_S, T0)
    return found


def daily(size: int, days: int) -> Holding:
    return holding(*((day + 0.5, size) for day in range(days)))


def test_a_radio_that_keeps_a_week_comes_to_rest_at_seven_days_of_audio() -> None:
    size = int(1.44 * GB)
    found = forecast({StorageClass.AIRED_AUDIO: daily(size, 7)}, T0)
    steady = found["by_class"]["aired_audio"]["steady_bytes"]
    assert steady == pytest.approx(7 * size, rel=0.1)
    assert found["grows_bytes_a_day"] == 0
    assert found["in_a_year_bytes"] == pytest.approx(10 * GB, rel=0.1)


def test_finals_grow_without_end_at_what_arrived_lately() -> None:
    found = forecast({StorageClass.FINAL: daily(3 * GB, 90)}, T0)
    assert found["by_class"]["final"]["bytes_a_day_7"] == 3 * GB
    assert found["by_class"]["final"]["bytes_a_day_30"] == 3 * GB
    assert found["by_class"]["final"]["steady_bytes"] is None
    assert found["in_30_days_bytes"] == (90 + 30) * 3 * GB
    assert found["in_a_year_bytes"] == (90 + 365) * 3 * GB


def test_a_week_that_was_quiet_shows_in_the_short_window_alone() -> None:
    held = holding(*((day + 0.5, GB) for day in range(7, 90)))
    assert bytes_a_day(StorageClass.FINAL, held, 7, T0) == 0
    assert bytes_a_day(StorageClass.FINAL, held, 30, T0) == pytest.approx(23 / 30 * GB)


def test_a_young_studio_is_averaged_over_the_days_that_it_has() -> None:
    assert bytes_a_day(StorageClass.FINAL, daily(GB, 2), 30, T0) == pytest.approx(2 * GB / 1.5)
    first_hour = holding((HOUR_S / DAY_S, GB))
    assert bytes_a_day(StorageClass.FINAL, first_hour, 30, T0) == GB


def test_raw_files_are_as_many_as_are_worked_on() -> None:
    found = forecast({StorageClass.RAW: holding((0.1, 5 * GB))}, T0)
    assert found["grows_bytes_a_day"] == 0
    assert found["in_a_year_bytes"] == 5 * GB


def test_nothing_is_forecast_from_nothing() -> None:
    assert forecast({}, T0)["in_a_year_bytes"] == 0
    assert bytes_a_day(StorageClass.FINAL, Holding(), 7, T0) == 0
