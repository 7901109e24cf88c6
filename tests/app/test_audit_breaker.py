"""What the breaker of the audit says, to whom, and how often."""

from __future__ import annotations

import pytest

from lib.app.audit import breaker
from lib.app.audit import suspect as suspects
from tests.app.crank import OWNER, Crank
from tests.app.test_audit_limits import news


class Lost(suspects.Batch):
    """Works of one owner, by their ids, that have all lost files."""

    def __init__(self, *ids: str) -> None:
        super().__init__(settled=len(ids), lost=len(ids))
        self.ids = list(ids)

    def lost_by_owner(self) -> dict[str, list[str]]:
        """Return them all."""
        return {OWNER: self.ids}


@pytest.mark.parametrize(
    ("count", "named"),
    [(5, "(w-00, w-01, w-02, w-03, w-04)"), (6, "(w-00, w-01, w-02, w-03, w-04 and others)")],
)
def test_five_works_are_named_and_the_others_are_counted(
    crank: Crank, count: int, named: str
) -> None:
    ids = [f"w-{number:02}" for number in range(count)]
    said = breaker.open_breaker(crank.studio, Lost(*ids), quietly=False)
    assert said["works"] == ids[:5]
    (line,) = news(crank, "breaker_opened")
    assert line["message"].startswith(f"{count} finished works seem to have lost files {named}.")


def test_a_day_is_a_day(crank: Crank) -> None:
    crank.clock.advance(86_400 - crank.clock.now() % 86_400)  # midnight
    for after_s, told in ((0, 1), (86_399, 1), (1, 2)):
        crank.clock.advance(after_s)
        breaker.open_breaker(crank.studio, Lost("w-00"), quietly=False)
        assert len(news(crank, "breaker_opened")) == told
