"""Works of three small pictures in three categories, planted by hand, for the tests of the audit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lib.app.audit import Report, audit_slice
from lib.app.settle import begin
from lib.app.storage import orphans
from lib.core.checks import Check
from lib.core.paths import ObjectName, build, fingerprint
from lib.core.work import Artifact, Plan, Step, Work
from tests.app.crank import OWNER, Crank

BRAND = "two-wheels"
PLACES = ("posts", "reels", "thumbnails")
PICTURE = Check(media_type="image/jpeg", width=10, height=10)
#: Ids that begin one another, on both sides of the underscore; a query sorts them otherwise.
NESTED = ("b", "b-1", "b-1-two", "b-12", "b1", "ba", "bb-2", "c")
CURSOR = "audits/cursor"


def plan_of(work_id: str, brand: str, edition: int = 1) -> Plan:
    makes = []
    for place in PLACES:
        name = ObjectName(OWNER, brand, place, work_id, place, fingerprint(place, edition), "jpg")
        makes.append(Artifact(slot=place, path=build(name), check=PICTURE))
    pages = {place: {"width": 10, "height": 10} for place in PLACES}
    step = Step(name="draw", tool="stills", makes=tuple(makes), params={"pages": pages})
    return Plan(steps=(step,))


def order(crank: Crank, work_id: str, brand: str = BRAND) -> None:
    said: dict[str, Any] = {"owner": OWNER, "actor": OWNER, "brand": brand, "kind": "post"}
    begin(crank.studio, Work(id=work_id, plan=plan_of(work_id, brand), created_at=0.0, **said))


def made(crank: Crank, *ids: str, brand: str = BRAND) -> None:
    """Make these works, and let their objects grow older than any grace."""
    for work_id in ids:
        order(crank, work_id, brand)
    crank.until_quiet()
    crank.clock.advance(2 * orphans.ORPHAN_AGE_S)


def file_of(crank: Crank, work_id: str, place: str = "posts", brand: str = BRAND) -> Path:
    artifacts = plan_of(work_id, brand).artifacts()
    return crank.file(next(a.path for a in artifacts if a.slot == place))


def summary(crank: Crank, work_id: str) -> dict[str, Any]:
    return crank.studio.records.get(f"works/{work_id}").data["summary"]


def lose_events(crank: Crank) -> None:
    crank.local.objects.scan()
    crank.local.outbox.drain(lambda attributes, data: None)


def slices(crank: Crank, studio: Any = None) -> Report:
    """Audit in slices until the cursor is at the beginning again."""
    report = Report()
    for _ in range(1_000):
        audit_slice(studio or crank.studio, report)
        if crank.studio.records.get(CURSOR).data["place"] == {}:
            return report
    raise AssertionError("the slices come to no end")
