"""Settings come from the environment once; a typo is refused by the variable's name."""

from __future__ import annotations

import os
from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest

from lib.core.errors import Refused
from lib.settings import ROOT, Settings, load


def test_an_empty_environment_gives_the_defaults() -> None:
    found = load({})
    assert found == Settings()
    assert (found.mode, found.owner, found.port) == ("local", "me", 8080)
    assert found.data == ROOT / ".brandcast"
    assert found.assets == ROOT / "assets"


def test_variables_of_others_are_none_of_our_business() -> None:
    assert load({"PATH": "/bin", "PORT": "many", "XBRANDCAST_PORT": "many"}) == Settings()


def test_every_field_has_its_variable(tmp_path: Path) -> None:
    found = load(
        {
            "BRANDCAST_MODE": "local",
            "BRANDCAST_DATA": str(tmp_path / "data"),
            "BRANDCAST_OWNER": "ana",
            "BRANDCAST_PORT": "0",
            "BRANDCAST_WORKERS": "3",
            "BRANDCAST_ASSETS": str(tmp_path / "assets"),
        }
    )
    assert found == Settings(
        mode="local",
        data=tmp_path / "data",
        owner="ana",
        port=0,
        workers=3,
        assets=tmp_path / "assets",
    )


@pytest.mark.parametrize("name", ["BRANDCAST_PROT", "BRANDCAST_", "BRANDCAST_KITS"])
def test_an_unknown_variable_is_refused_by_name_with_the_known_ones(name: str) -> None:
    with pytest.raises(Refused) as refused:
        load({name: "1"})
    assert name in str(refused.value)
    assert "BRANDCAST_PORT" in refused.value.hint


@pytest.mark.parametrize("name", ["BRANDCAST_PORT", "BRANDCAST_WORKERS"])
@pytest.mark.parametrize("value", ["", "-1", "x", "80.0", "65536", " 80"])
def test_a_number_that_is_none_is_refused_by_name_and_value(name: str, value: str) -> None:
    with pytest.raises(Refused) as refused:
        load({name: value})
    assert name in str(refused.value)
    assert repr(value) in str(refused.value)
    assert "65535" in refused.value.hint


@pytest.mark.parametrize("value", ["0", "8080", "65535"])
def test_the_ends_of_the_range_of_ports_are_good(value: str) -> None:
    assert load({"BRANDCAST_PORT": value}).port == int(value)


def test_folders_are_made_absolute(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert load({"BRANDCAST_DATA": "~/studio"}).data == tmp_path / "studio"
    assert load({"BRANDCAST_DATA": "here"}).data == tmp_path / "here"


def test_the_users_own_kits_come_before_the_bundled_ones(tmp_path: Path) -> None:
    found = Settings(data=tmp_path / "data", assets=tmp_path / "assets")
    assert found.kits == (tmp_path / "data" / "brands", tmp_path / "assets" / "brands")


def test_no_number_of_workers_means_one_for_each_core() -> None:
    assert Settings().render_workers == os.cpu_count()
    assert Settings(workers=7).render_workers == 7


def test_settings_cannot_be_changed_after_they_were_read() -> None:
    with pytest.raises(FrozenInstanceError):
        Settings().port = 1  # type: ignore[misc]
