"""``./brandcast cost``: sums that can be followed, from counts that were counted."""

from __future__ import annotations

import json

import pytest

from infra import cost
from infra.offline.picture import Picture
from lib.cli.__main__ import main


def told(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, float]:
    assert main(["cost", *words, "--json"]) == 0
    found: dict[str, float] = json.loads(capsys.readouterr().out)
    return found


def test_every_unit_has_a_price_for_everything_that_it_uses() -> None:
    for unit in cost.UNITS:
        assert set(cost.operations(unit)) == set(cost.prices())
        assert cost.cost(cost.operations(unit)) > 0


def test_the_counted_seconds_are_those_of_instances_as_they_are_deployed(found: Picture) -> None:
    """A GiB for each CPU, and one CPU: tests/cloud/meter.py bills them like that."""
    sizes = {(one.limits["cpu"], one.limits["memory"]) for one in found.services.values()}
    assert sizes == {("1", "1Gi")}


def test_an_operation_without_a_price_is_no_free_one() -> None:
    with pytest.raises(KeyError):
        cost.cost({"reads": 1, "wishes": 1})


def test_a_hundred_brands_cost_a_hundred_times_the_works_and_the_same_ticks(
    capsys: pytest.CaptureFixture[str],
) -> None:
    one, many = told(capsys, "--brands", "1"), told(capsys, "--brands", "100")
    burst = cost.cost(cost.operations("burst"))
    assert many["ticks_month"] == one["ticks_month"]
    works = one["month"] - one["ticks_month"] - 30 * burst
    assert many["month"] - many["ticks_month"] - 30 * burst == pytest.approx(100 * works)


def test_longer_reels_cost_more_and_none_costs_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    longer = told(capsys, "--brands", "1", "--posts", "0", "--reels", "1", "--seconds", "30")
    shorter = told(capsys, "--brands", "1", "--posts", "0", "--reels", "1", "--seconds", "10")
    none = told(capsys, "--brands", "1", "--posts", "0", "--reels", "0")
    assert longer["day"] > shorter["day"] > none["day"]
    difference = longer["day"] - none["day"]
    assert difference == pytest.approx(cost.cost(cost.operations("reel_30s")))


def test_people_are_told_units_day_and_month(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cost", "--brands", "5"]) == 0
    text = capsys.readouterr().out
    for word in (*cost.UNITS, "a day", "a month", "kept", "list prices"):
        assert word in text


@pytest.mark.parametrize("words", [["--brands", "0"], ["--brands", "many"], []])
def test_a_wrong_number_of_brands_is_refused(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["cost", *words])
    assert ended.value.code == 2
    assert "brands" in capsys.readouterr().err
