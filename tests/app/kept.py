"""Objects and works for the tests of the storage: put as ``deposit`` does, or planted by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lib.app.deposit import deposit
from lib.app.settle import begin, settle
from lib.app.storage.passes import sweep_everything
from lib.app.storage.provenance import origin_of
from lib.app.storage.report import Swept
from lib.app.sweep import sweep
from lib.core.checks import Check
from lib.core.paths import ObjectName, build, fingerprint
from lib.core.retention import GRACE_S
from lib.core.work import Artifact, Plan, Work
from lib.ports import ObjectInfo
from tests.app.crank import OWNER, Crank
from tests.app.planted import BRAND, lose_events, made, plan_of
from tests.core.plans import good_facts, segment

FOLDER = f"{OWNER}/{BRAND}/quarantine/"
#: One sweep, by the command or by the tick.
Sweeping = Callable[..., Swept]


def everything(crank: Crank, **words: Any) -> Swept:
    """Sweep the whole bucket, as the command does."""
    return sweep_everything(crank.studio, **words)


def tick(crank: Crank, **words: Any) -> Swept:
    """Sweep what one tick audits."""
    return sweep(crank.studio, **words).swept


def path_of(work_id: str, category: str, slot: str, edition: int = 1, brand: str = BRAND) -> str:
    """Return an object's path; another edition has another fingerprint."""
    digest = fingerprint(slot, edition, "planted")
    return build(ObjectName(OWNER, brand, category, work_id, slot, digest, "jpg"))


def put(
    crank: Crank, path: str, *, work_id: str = "", slot: str = "", old: bool = True, **told: str
) -> ObjectInfo:
    """Put an object as a work's attempt does, and let it grow older than any grace."""
    name = path.rpartition("/")[2]
    artifact = Artifact(
        slot=slot or name.partition("_")[2].rpartition("-")[0],
        path=path,
        check=Check(media_type="image/jpeg"),
    )
    file = crank.studio.scratch / "planted"
    file.write_bytes(f"bytes of {path}".encode())
    owner = work_id or name.partition("_")[0]
    deposit(crank.studio, owner, artifact, file, facts={}, seen=None, told=told)
    if old:
        crank.clock.advance(2 * GRACE_S)
    return stat(crank, path)


def stat(crank: Crank, path: str) -> ObjectInfo:
    """Return an object that must be there."""
    info = crank.studio.objects.stat(path)
    assert info is not None, path
    return info


def is_there(crank: Crank, path: str) -> bool:
    """Tell whether there is an object."""
    return crank.studio.objects.stat(path) is not None


def write(crank: Crank, path: str, data: bytes) -> None:
    """Put a file there as a person does."""
    file = crank.file(path)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)
    lose_events(crank)


def revise(crank: Crank, work_id: str, edition: int, brand: str = BRAND) -> None:
    """Give a planted work another edition, and make it."""
    record = crank.studio.records.get(f"works/{work_id}")
    plan = plan_of(work_id, brand, edition)
    fields = {
        ("work", "plan"): plan.model_dump(mode="json"),
        ("work", "revision"): record.data["work"]["revision"] + 1,
    }
    crank.studio.records.update(record.path, fields)
    settle(crank.studio, work_id)
    crank.until_quiet()


def superseded(crank: Crank, work_id: str) -> list[str]:
    """Make a work and its second edition; return the paths of the first one's finals."""
    made(crank, work_id)
    revise(crank, work_id, 2)
    crank.clock.advance(2 * GRACE_S)
    return [artifact.path for artifact in plan_of(work_id, BRAND).artifacts()]


def lose_record(crank: Crank, *work_ids: str) -> None:
    """Delete records as only a fault can; the port has no word for it."""
    crank.local.records.keep_up()
    database = crank.local.database
    rows = [(work_id,) for work_id in work_ids]
    database.execute_many("DELETE FROM document WHERE collection = 'works' AND id = ?", rows)
    database.execute_many("DELETE FROM field WHERE collection = 'works' AND id = ?", rows)
    latest = "SELECT coalesce(max(version), 0) FROM document WHERE collection = 'works'"
    database.execute(f"UPDATE indexed SET version = ({latest}) WHERE collection = 'works'")


def aired(crank: Crank, *, but: tuple[str, ...] = ("speech",), of: Plan | None = None) -> Plan:
    """Make the segment ``w-1`` of the kernel's tests with all that it keeps but some."""
    of = of or segment()
    for artifact in of.artifacts():
        if artifact.slot not in but:
            file = crank.studio.scratch / "planted"
            file.write_bytes(artifact.slot.encode() * 200)
            facts = good_facts(artifact.check)
            deposit(crank.studio, "w-1", artifact, file, facts=facts, seen=None)
    said: dict[str, Any] = {"owner": "anna", "actor": "anna", "brand": "healthy-college"}
    now = crank.clock.now()
    begin(crank.studio, Work(id="w-1", kind="segment", plan=of, created_at=now, **said))
    return of


def acts(report: Swept) -> dict[str, str]:
    """Return what was done, by object."""
    return {one["object"]: one["act"] for one in report.proofs}


def reasons(report: Swept) -> dict[str, str]:
    """Return why objects stayed, by object."""
    return {one["object"]: one["why"] for one in report.refused}


def held(crank: Crank) -> dict[str, Any]:
    """Return what lies in quarantine, by where it came from."""
    found = crank.studio.objects.list(FOLDER).items
    origins = [(origin_of(info), info) for info in found]
    return {origin.path: info for origin, info in origins if origin is not None}
