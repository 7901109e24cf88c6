"""A clock that is set back: what was due by it does not wait for the same instant again."""

from __future__ import annotations

from typing import Any

import pytest

from lib.app import recovery, sweep
from tests.app.crank import Crank

BACK_S = -3 * 3600.0


def test_a_lost_task_is_sent_again_though_its_claim_lies_ahead(
    crank: Crank, monkeypatch: pytest.MonkeyPatch
) -> None:
    burst = crank.burst(crank.studio.brands.slugs()[0], posts=0)
    crank.clock.advance(BACK_S)
    monkeypatch.setattr(sweep, "audit_slice", lambda *_: None)
    crank.tick()
    assert crank.delivered == []  # its task is due in three hours, and so is a look at the work
    assert recovery.look_again(crank.studio) == 1
    crank.until_quiet()
    assert crank.burst_view(burst.id)["phase"] == "complete"
    assert recovery.look_again(crank.studio) == 0


def test_an_event_that_waits_is_delivered_though_its_time_lies_ahead(crank: Crank) -> None:
    crank.burst(crank.studio.brands.slugs()[0], posts=0)
    assert crank.task()
    outbox = crank.local.outbox

    def refusing(attributes: dict[str, Any], data: dict[str, Any]) -> None:
        raise ConnectionError

    assert outbox.drain(refusing) == 0
    waiting = outbox.pending()
    assert waiting
    assert crank.events() == 0
    crank.clock.advance(BACK_S)
    assert crank.events() == waiting
