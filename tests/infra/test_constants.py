"""What Terraform takes from the code is what the code says."""

from __future__ import annotations

import dataclasses
import json
import re

import pytest

import main
from infra.offline.picture import Picture
from lib import deployment
from lib.cli.deploy import CONSTANTS
from lib.core.tools import MAX_DELIVERIES, QUEUES, ladder
from lib.settings import PREFIX, Settings
from lib.wiring.gcp import NEEDED
from tests.house.source import ROOT


def test_the_committed_file_is_what_the_code_says() -> None:
    assert CONSTANTS.read_text() == deployment.tfvars(), "./brandcast deploy constants --write"


def test_every_function_is_a_service() -> None:
    assert {service.function for service in deployment.services().values()} == main.FUNCTIONS


def test_a_function_that_nobody_deploys_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(main, "FUNCTIONS", main.FUNCTIONS | {"on_nothing"})
    with pytest.raises(KeyError, match="on_nothing"):
        deployment.services()


def test_time_limits_follow_from_the_slowest_tool(monkeypatch: pytest.MonkeyPatch) -> None:
    assert set(deployment.queues()) == set(QUEUES)
    for queue in QUEUES:
        limits = ladder(queue)
        assert deployment.services()[f"on-step-{queue}"].timeout_s == limits.request_s
        assert deployment.queues()[queue].dispatch_s == limits.dispatch_s
        assert deployment.queues()[queue].max_retry_s == limits.lease_s
        assert deployment.queues()[queue].max_attempts == MAX_DELIVERIES


def test_a_delivery_is_waited_for_longer_than_its_function_takes() -> None:
    assert deployment.EVENT_S < deployment.EVENT_ACK_S <= 600
    assert deployment.TICK_S < deployment.TICK_DEADLINE_S <= 1800


def test_terraform_sets_exactly_the_environment_that_is_declared(found: Picture) -> None:
    for service in found.services.values():
        ours = {name for name in service.environment if name.startswith("BRANDCAST_")}
        assert ours == set(deployment.ENVIRONMENT)


def test_every_setting_that_terraform_sets_is_one() -> None:
    known = {PREFIX + field.name.upper() for field in dataclasses.fields(Settings)}
    assert set(deployment.ENVIRONMENT) <= known


def test_a_function_is_told_everything_that_it_needs() -> None:
    assert {PREFIX + name.upper() for name in NEEDED} <= set(deployment.ENVIRONMENT)


def test_no_number_of_the_code_is_written_in_terraform_again() -> None:
    numbers = set(re.findall(r"\d{3}", json.dumps(deployment.constants()["services"])))
    texts = [(ROOT / "infra" / name).read_text() for name in ("services.tf", "queues.tf")]
    assert not [number for number in numbers for text in texts if number in text]


def test_what_alerts_count_is_what_the_code_logs() -> None:
    source = "\n".join(file.read_text() for file in (ROOT / "lib").rglob("*.py"))
    logged = set(re.findall(r'note\(\s*"(\w+)"', source))
    counted = {deployment.CORRECTED, deployment.BREAKER, deployment.TICK_ENDED}
    assert counted <= logged
