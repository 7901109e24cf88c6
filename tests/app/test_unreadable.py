"""A record that nobody can read keeps nobody else waiting."""

from __future__ import annotations

import pytest

from lib.app import views
from lib.core.paths import parse
from tests.app.crank import OWNER, Crank


def test_a_record_that_nobody_can_read_is_left_out_of_every_list(crank: Crank) -> None:
    burst = crank.burst(*crank.studio.brands.slugs()[:1])
    crank.until_quiet()
    one, *others = views.jobs(crank.studio, OWNER)
    crank.studio.records.update(f"works/{one['id']}", {("work", "plan"): "rubbish"})
    assert [job["id"] for job in views.jobs(crank.studio, OWNER)] == [o["id"] for o in others]
    assert len(crank.burst_view(burst.id)["jobs"]) == len(others)
    assert views.status(crank.studio, OWNER)["today"]["ready"] == len(others)
    crank.studio.records.update(f"works/{burst.id}", {("summary",): "rubbish"})
    assert views.bursts(crank.studio, OWNER) == []


def test_a_burst_is_commissioned_again_beside_a_work_that_nobody_can_read(crank: Crank) -> None:
    burst = crank.burst(*crank.studio.brands.slugs()[:1])
    crank.until_quiet()
    one = views.jobs(crank.studio, OWNER)[0]["id"]
    crank.studio.records.update(f"works/{one}", {("work",): "rubbish"})
    receipt = next(a for a in crank.job(burst.id)["artifacts"] if a["slot"] == "commissioned")
    crank.file(receipt["object"]).unlink()
    crank.tick(after_s=1)
    assert crank.job(burst.id)["phase"] == "ready"
    second = crank.burst(*crank.studio.brands.slugs()[:1], key="second")
    crank.until_quiet()
    assert crank.job(second.id)["phase"] == "ready"


@pytest.mark.parametrize("slot", ["drafts", "proposals"])
def test_a_sealed_document_that_a_person_wrote_over_is_named_in_words(
    crank: Crank, slot: str
) -> None:
    burst = crank.burst(*crank.studio.brands.slugs()[:1])
    while not crank.studio.objects.list("").items or slot not in _paths(crank):
        assert crank.task()
    crank.file(_paths(crank)[slot]).write_text('{"entries": ["by hand"]}')
    crank.local.objects.scan()
    crank.until_quiet()
    (reason,) = [r for r in crank.job(burst.id)["reasons"] if "delete that object" in r]
    assert f"{slot} is not as it was sealed" in reason
    assert "ValidationError" not in reason


def _paths(crank: Crank) -> dict[str, str]:
    found = {}
    for info in crank.studio.objects.list("").items:
        name = parse(info.path)
        assert name is not None
        found[name.slot] = info.path
    return found
