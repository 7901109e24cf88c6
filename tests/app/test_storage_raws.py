"""Raw files that nothing needs go, whoever left them; nothing else does, whatever it is called."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from lib.app import intake, judgement
from lib.app.settle import begin
from lib.app.storage.carry_out import Hand
from lib.app.storage.passes import sweep_everything
from lib.app.storage.provenance import CAME_FROM
from lib.app.storage.report import Swept
from lib.app.storage.verdict import Act, Removal
from lib.core.checks import Check
from lib.core.errors import Unavailable
from lib.core.retention import GRACE_S, StorageClass
from lib.core.work import Artifact, Attempt, Keep, Plan, Step, Work
from lib.ports import REMOVE, ObjectInfo
from tests.app.crank import OWNER, Crank
from tests.app.kept import (
    Sweeping,
    acts,
    everything,
    is_there,
    lose_record,
    path_of,
    put,
    reasons,
    stat,
    superseded,
    write,
)
from tests.app.planted import BRAND, made, plan_of

PICTURE = Check(media_type="image/jpeg")


def raw_of(crank: Crank, work_id: str, **more: Any) -> str:
    """Put a raw file that no plan names, and return its path."""
    return put(crank, path_of(work_id, "raw", "background"), **more).path


def needing(work_id: str) -> Plan:
    """Return a plan of a raw file and a page that is drawn from it."""
    raw = Artifact(
        slot="background",
        path=path_of(work_id, "raw", "background"),
        check=PICTURE,
        keep=Keep.RAW,
    )
    page = plan_of(work_id, BRAND).artifacts()[0]
    params = {"pages": {page.slot: {"width": 10, "height": 10}}}
    draw = Step(name="draw", tool="stills", makes=(page,), needs=("background",), params=params)
    paint = Step(name="paint", tool="background", makes=(raw,), params={"width": 9, "height": 9})
    return Plan(steps=(paint, draw))


def begun(crank: Crank, work_id: str) -> str:
    """Begin a work that needs its raw file, which is there; nothing is delivered."""
    said: dict[str, Any] = {"owner": OWNER, "actor": OWNER, "brand": BRAND, "kind": "post"}
    path = raw_of(crank, work_id)
    now = crank.clock.now()
    begin(crank.studio, Work(id=work_id, plan=needing(work_id), created_at=now, **said))
    return path


#: What an object says of itself, and why it stays then.
NOT_OURS: dict[str, tuple[dict[str, Any], str]] = {
    "made as another work's": ({"work_id": "other"}, "made as background of other"),
    "made as another slot": ({"slot": "poster"}, "made as poster of b"),
    "brought in": ({CAME_FROM: "s3://older/x"}, "brought in from an older studio"),
    "restored": ({"restored-from": "somewhere"}, "took it out of quarantine"),
    "with facts of other bytes": ({"facts-crc32c": "AAAAAA=="}, "a person changed them"),
}


class TestWhatGoes:
    def test_a_raw_file_of_a_superseded_revision(self, crank: Crank, sweeping: Sweeping) -> None:
        made(crank, "b")
        path = raw_of(crank, "b")
        size = stat(crank, path).size
        report = sweeping(crank)
        assert acts(report) == {path: "delete"}
        assert not is_there(crank, path)
        assert report.freed_bytes == size
        (proof,) = report.proofs
        assert proof["why"] == "its revision was superseded"
        assert proof["class"] == "raw"
        finals = {a.path for a in plan_of("b", BRAND).artifacts()}
        assert {one["object"] for one in proof["proof"]["verified"]} == finals
        assert all(one["crc32c"] and one["generation"] for one in proof["proof"]["verified"])

    def test_a_raw_file_of_a_work_without_a_record(self, crank: Crank, sweeping: Sweeping) -> None:
        made(crank, "b")
        path = raw_of(crank, "gone")
        report = sweeping(crank)
        assert acts(report) == {path: "delete"}
        assert report.proofs[0]["proof"] == {"record": None}
        assert not is_there(crank, path)

    def test_a_raw_file_of_a_work_that_was_put_away(self, crank: Crank, sweeping: Sweeping) -> None:
        path = begun(crank, "b")
        intake.archive(crank.studio, OWNER, "b")
        assert acts(sweeping(crank)) == {}  # its attempt may still be at work
        crank.clock.advance(GRACE_S)
        assert acts(sweeping(crank)) == {path: "delete"}
        assert not is_there(crank, path)

    def test_a_second_sweep_finds_nothing(self, crank: Crank, sweeping: Sweeping) -> None:
        made(crank, "b")
        raw_of(crank, "b")
        raw_of(crank, "gone")
        assert len(sweeping(crank).proofs) == 2
        crank.until_quiet()
        again = sweeping(crank)
        assert (again.proofs, again.refused, again.unreachable) == ([], [], [])


class TestWhatStays:
    def test_a_raw_file_that_may_be_newer_than_its_record_was_read(
        self, crank: Crank, sweeping: Sweeping
    ) -> None:
        made(crank, "b")
        paths = [raw_of(crank, work_id, old=False) for work_id in ("b", "gone")]
        crank.clock.advance(GRACE_S - 1)
        assert acts(sweeping(crank)) == {}
        assert all(is_there(crank, path) for path in paths)
        crank.clock.advance(1)
        assert acts(sweeping(crank)).keys() == set(paths)

    def test_a_raw_file_that_an_attempt_is_about_to_need(
        self, crank: Crank, sweeping: Sweeping
    ) -> None:
        path = begun(crank, "b")
        attempt = Attempt(
            step="draw", number=1, enqueued_at=crank.clock.now(), started_at=crank.clock.now()
        )
        fields = {("attempts", "draw-1-1"): attempt.model_dump(mode="json"), ("due_at",): REMOVE}
        crank.studio.records.update("works/b", fields)
        assert sweeping(crank).proofs == []
        assert is_there(crank, path)

    @pytest.mark.parametrize("how", NOT_OURS)
    def test_a_raw_file_that_is_not_proved_to_be_ours(
        self, crank: Crank, sweeping: Sweeping, how: str
    ) -> None:
        told, why = NOT_OURS[how]
        made(crank, "b")
        path = put(crank, path_of("b", "raw", "background"), **told).path
        report = sweeping(crank)
        assert report.proofs == []
        assert why in reasons(report)[path]
        assert is_there(crank, path)

    def test_a_raw_file_that_a_person_overwrote(self, crank: Crank, sweeping: Sweeping) -> None:
        made(crank, "b")
        path = raw_of(crank, "b")
        write(crank, path, b"mine")
        crank.clock.advance(2 * GRACE_S)
        report = sweeping(crank)
        assert "a person put it there" in reasons(report)[path]
        assert crank.file(path).read_bytes() == b"mine"

    def test_a_file_whose_name_is_none_of_ours(self, crank: Crank, sweeping: Sweeping) -> None:
        made(crank, "b")
        path = f"{OWNER}/{BRAND}/raw/notes.txt"
        write(crank, path, b"mine")
        crank.clock.advance(2 * GRACE_S)
        report = sweeping(crank)
        assert reasons(report) == {path: "its name is none of ours"}
        assert is_there(crank, path)

    def test_what_is_on_air_or_held_for_a_slot(self, crank: Crank, sweeping: Sweeping) -> None:
        made(crank, "b")
        path = raw_of(crank, "b")
        report = sweeping(crank, in_use=lambda used: used == path)
        assert report.proofs == []
        assert "on air" in reasons(report)[path]
        assert is_there(crank, path)

    def test_an_object_in_the_folder_of_another_brand_than_its_works(
        self, crank: Crank, sweeping: Sweeping
    ) -> None:
        made(crank, "b", brand="night-sky")
        made(crank, "c")
        path = raw_of(crank, "b")
        report = sweeping(crank)
        assert report.proofs == []
        assert is_there(crank, path)

    def test_everything_of_a_work_whose_record_cannot_be_read(
        self, crank: Crank, sweeping: Sweeping
    ) -> None:
        made(crank, "b", "c")
        path = raw_of(crank, "b")
        crank.studio.records.update("works/b", {("work", "revision"): "two"})
        report = sweeping(crank)
        assert report.proofs == []
        assert is_there(crank, path)


class TestTheLastLook:
    """What a pass believed is looked at again right before; only that decides."""

    def removal(self, info: ObjectInfo, act: Act = Act.DELETE) -> Removal:
        return Removal(info, StorageClass.RAW, act, "it was believed")

    def hand(self, crank: Crank) -> Hand:
        return Hand(crank.studio, Swept())

    def test_a_generation_that_was_not_seen_stays(self, crank: Crank) -> None:
        made(crank, "b")
        info = stat(crank, raw_of(crank, "b"))
        artifact_again = crank.studio.scratch / "again"
        artifact_again.write_bytes(crank.file(info.path).read_bytes())
        crank.studio.objects.replace(
            info.path,
            artifact_again,
            generation=info.generation,
            media_type=info.media_type,
            metadata=info.metadata,
        )
        crank.clock.advance(2 * GRACE_S)
        hand = self.hand(crank)
        assert not hand.carry_out(self.removal(info))
        assert "changed since it was seen" in reasons(hand.report)[info.path]
        assert is_there(crank, info.path)

    def test_what_would_be_done_otherwise_by_now_is_not_done(self, crank: Crank) -> None:
        info = stat(crank, superseded(crank, "b")[0])
        hand = self.hand(crank)
        assert not hand.carry_out(self.removal(info, Act.DELETE))
        assert is_there(crank, info.path)

    def test_what_went_on_air_meanwhile_stays(self, crank: Crank, sweeping: Sweeping) -> None:
        made(crank, "b")
        path = raw_of(crank, "b")
        asked = [True, False] if sweeping is everything else [True]
        report = sweeping(crank, in_use=lambda _: asked.pop())
        assert report.proofs == []
        assert "on air" in reasons(report)[path]
        assert is_there(crank, path)

    def test_a_deletion_names_the_generation_that_was_seen(
        self, crank: Crank, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made(crank, "b")
        info = stat(crank, raw_of(crank, "b"))
        delete = crank.local.objects.delete

        def overtaken(path: str, *, generation: int) -> bool:
            write(crank, path, b"mine, at the last moment")
            return delete(path, generation=generation)

        monkeypatch.setattr(crank.local.objects, "delete", overtaken)
        hand = self.hand(crank)
        assert not hand.carry_out(self.removal(info))
        assert hand.report.proofs == []
        assert crank.file(info.path).read_bytes() == b"mine, at the last moment"

    def test_a_record_that_came_meanwhile_keeps_its_objects(self, crank: Crank) -> None:
        path = begun(crank, "b")
        hand = self.hand(crank)
        assert not hand.carry_out(self.removal(stat(crank, path)))
        assert is_there(crank, path)

    def test_a_record_that_is_written_during_the_look_keeps_its_objects(
        self, crank: Crank, sweeping: Sweeping, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made(crank, "b")
        path = raw_of(crank, "b")
        final = plan_of("b", BRAND).artifacts()[-1].path
        look, plan = crank.local.objects.stat, needing("b").model_dump(mode="json")

        def revising(asked: str) -> Any:
            found = look(asked)
            if asked == final:  # the last that is looked at
                crank.studio.records.update("works/b", {("work", "plan"): plan})
            return found

        monkeypatch.setattr(crank.local.objects, "stat", revising)
        assert sweeping(crank).proofs == []
        assert is_there(crank, path)

    def test_a_record_that_is_only_missing_in_the_walk_keeps_its_objects(
        self, crank: Crank, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made(crank, "c")
        path = begun(crank, "b")
        query = crank.local.records.query
        monkeypatch.setattr(
            crank.local.records,
            "query",
            lambda asked: [r for r in query(asked) if r.path != "works/b"],
        )
        assert sweep_everything(crank.studio).proofs == []
        assert is_there(crank, path)


def test_one_object_that_cannot_be_looked_at_keeps_no_other_from_going(
    crank: Crank, sweeping: Sweeping, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(crank, "b", "c")
    bad, good = raw_of(crank, "b"), raw_of(crank, "c")
    look: Callable[[str], Any] = crank.local.objects.stat

    def away(path: str) -> Any:
        if path == bad:
            raise Unavailable("the bucket does not answer")
        return look(path)

    monkeypatch.setattr(crank.local.objects, "stat", away)
    report = sweeping(crank)
    assert acts(report) == {good: "delete"}
    assert len(report.unreachable) == 1
    monkeypatch.undo()
    assert is_there(crank, bad)


@pytest.mark.parametrize("fault", [OverflowError, ValueError, TypeError, IndexError])
def test_a_work_that_no_calculation_takes_keeps_its_objects_and_no_other_from_going(
    crank: Crank, sweeping: Sweeping, fault: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(crank, "b", "c")
    bad, good = raw_of(crank, "b"), raw_of(crank, "c")
    real = judgement.assess

    def poisoned(plan: Plan, *rest: Any) -> Any:
        if "/b_" in plan.artifacts()[0].path:
            raise fault("cannot convert float infinity to integer")
        return real(plan, *rest)

    monkeypatch.setattr(judgement, "assess", poisoned)
    report = sweeping(crank)
    assert acts(report) == {good: "delete"}
    assert ["b" in words for words in report.unreachable] == [True]
    assert is_there(crank, bad)


def test_losing_a_record_takes_a_raw_file_and_no_final(crank: Crank, sweeping: Sweeping) -> None:
    made(crank, "b", "c")
    path = raw_of(crank, "b")
    lose_record(crank, "b")
    report = sweeping(crank)
    assert acts(report)[path] == "delete"
    finals = {a.path for a in plan_of("b", BRAND).artifacts()}
    assert {o: a for o, a in acts(report).items() if o != path} == dict.fromkeys(
        finals, "quarantine"
    )
