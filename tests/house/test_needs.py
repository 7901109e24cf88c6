"""The ground of every test: what is missing is said, and settings of this machine do not leak."""

from __future__ import annotations

import os

import pytest

from tests import conftest


def test_what_is_missing_on_a_laptop_is_a_skip_that_names_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(conftest, "CI", False)
    with pytest.raises(pytest.skip.Exception, match="the emulator is missing"):
        conftest.missing("the emulator")


def test_what_is_missing_in_ci_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conftest, "CI", True)
    with pytest.raises(pytest.fail.Exception, match="the emulator is missing"):
        conftest.missing("the emulator")


@pytest.fixture(scope="module", autouse=True)
def _a_machine_with_settings():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BRANDCAST_PORT", "nonsense")
        yield


def test_no_setting_of_this_machine_reaches_a_test() -> None:
    assert [name for name in os.environ if name.startswith("BRANDCAST_")] == []
