"""What lies in quarantine comes back when a plan wants it again, or when a person says so."""

from __future__ import annotations

from typing import Any

import pytest

from lib.app.settle import settle
from lib.app.storage.carry_out import Hand
from lib.app.storage.provenance import origin_of
from lib.app.storage.report import Swept
from lib.app.verify import verify
from lib.core.errors import NotFound, Refused
from lib.core.retention import DAY_S, GRACE_S
from lib.ports import ObjectInfo
from tests.app.crank import OWNER, Crank
from tests.app.kept import (
    FOLDER,
    Sweeping,
    acts,
    everything,
    held,
    is_there,
    lose_record,
    path_of,
    put,
    reasons,
    revise,
    stat,
    superseded,
    write,
)
from tests.app.planted import BRAND, file_of, made, order, plan_of, summary


def came_from(info: ObjectInfo) -> str:
    origin = origin_of(info)
    return origin.path if origin else ""


def restore(crank: Crank, path: str, *, dry_run: bool = False) -> Any:
    return Hand(crank.studio, Swept(), dry_run=dry_run).restore(path)


class TestComingBack:
    def test_a_plan_that_wants_it_again_gets_it_and_nothing_is_made_anew(
        self, crank: Crank, sweeping: Sweeping, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        paths = superseded(crank, "b")
        said = {path: stat(crank, path).metadata for path in paths}
        sweeping(crank)
        makes = crank.tools.made.copy()
        record = crank.studio.records.get("works/b")
        plan = plan_of("b", BRAND).model_dump(mode="json")
        crank.studio.records.update(record.path, {("work", "plan"): plan, ("work", "revision"): 3})
        crank.clock.advance(2 * GRACE_S)
        report = sweeping(crank)
        assert {one["act"] for one in report.proofs if "quarantine/" in one["object"]} == {"adopt"}
        assert all(is_there(crank, path) for path in paths)
        assert {path: stat(crank, path).metadata for path in paths} == said
        assert not held(crank).keys() & set(paths)
        crank.until_quiet()
        assert summary(crank, "b")["phase"] == "ready"
        assert crank.tools.made == makes
        assert verify(crank.studio, OWNER).lies == []

    def test_records_that_come_back_find_their_objects_again(
        self, crank: Crank, sweeping: Sweeping
    ) -> None:
        made(crank, "b", "c")
        data = crank.studio.records.get("works/b").data
        lose_record(crank, "b")
        sweeping(crank)
        assert len(held(crank)) == 3
        crank.studio.records.create("works/b", data)
        crank.clock.advance(2 * GRACE_S)
        assert set(acts(sweeping(crank)).values()) == {"adopt"}
        assert held(crank) == {}
        assert summary(crank, "b")["phase"] == "ready"

    def test_a_dry_run_takes_nothing_back(self, crank: Crank) -> None:
        made(crank, "b", "c")
        data = crank.studio.records.get("works/b").data
        lose_record(crank, "b")
        everything(crank)
        crank.studio.records.create("works/b", data)
        crank.clock.advance(2 * GRACE_S)
        assert set(acts(everything(crank, dry_run=True)).values()) == {"adopt"}
        assert len(held(crank)) == 3
        assert not any(is_there(crank, a.path) for a in plan_of("b", BRAND).artifacts())

    def test_a_work_that_was_put_away_wants_nothing_again(
        self, crank: Crank, sweeping: Sweeping
    ) -> None:
        paths = superseded(crank, "b")
        sweeping(crank)
        plan = plan_of("b", BRAND).model_dump(mode="json")
        at = crank.clock.now()
        fields = {("work", "plan"): plan, ("work", "archived_at"): at}
        crank.studio.records.update("works/b", fields)
        crank.clock.advance(2 * GRACE_S)
        assert "adopt" not in acts(sweeping(crank)).values()
        assert set(paths) <= held(crank).keys()

    def test_bytes_that_do_not_pass_the_check_are_not_taken(
        self, crank: Crank, sweeping: Sweeping, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made(crank, "b", "c")
        data = crank.studio.records.get("works/b").data
        lose_record(crank, "b")
        sweeping(crank)
        crank.studio.records.create("works/b", data)
        crank.clock.advance(2 * GRACE_S)
        monkeypatch.setattr(crank.tools, "probe", lambda file, kind: {"unreadable": "broken"})
        report = sweeping(crank)
        assert "adopt" not in acts(report).values()
        assert len(held(crank)) == 3
        for info in held(crank).values():
            assert reasons(report)[info.path] == "a plan wants it again, but cannot be read: broken"

    def test_a_place_that_is_taken_is_left_alone(self, crank: Crank, sweeping: Sweeping) -> None:
        made(crank, "b")
        path = plan_of("b", BRAND).artifacts()[0].path
        info = stat(crank, path)
        revise(crank, "b", 2)
        crank.clock.advance(2 * GRACE_S)
        sweeping(crank)
        revise(crank, "b", 1)  # and everything is made again before anybody looks
        crank.clock.advance(2 * GRACE_S)
        generation = stat(crank, path).generation
        assert generation != info.generation
        report = sweeping(crank)
        assert "adopt" not in acts(report).values()
        assert stat(crank, path).generation == generation

    def test_an_object_in_the_place_that_a_plan_wants_is_found_and_not_made(
        self, crank: Crank
    ) -> None:
        """The other direction needs no quarantine: what lies in an empty slot's place fills it."""
        made(crank, "b")
        first = file_of(crank, "b").read_bytes()
        for artifact in plan_of("c", BRAND).artifacts():
            write(crank, artifact.path, first)
        makes = crank.tools.made.copy()
        order(crank, "c")
        crank.until_quiet()
        assert summary(crank, "c")["phase"] == "ready"
        assert crank.tools.made == makes


class TestRestoringByHand:
    @pytest.mark.parametrize("by", ["its place", "its origin"])
    def test_a_person_gets_it_back_and_keeps_it(
        self, crank: Crank, sweeping: Sweeping, by: str
    ) -> None:
        path = superseded(crank, "b")[0]
        before = crank.file(path).read_bytes()
        sweeping(crank)
        place = held(crank)[path].path
        assert restore(crank, place if by == "its place" else path).path == path
        assert crank.file(path).read_bytes() == before
        assert path not in held(crank)
        assert "work" not in stat(crank, path).metadata
        crank.clock.advance(1000 * DAY_S)
        report = sweeping(crank)
        assert path not in acts(report)
        assert "a person took it out" in reasons(report)[path]
        assert is_there(crank, path)

    def test_a_work_that_lacked_it_has_it_at_once(self, crank: Crank) -> None:
        made(crank, "b", "c")
        data = crank.studio.records.get("works/b").data
        lose_record(crank, "b")
        everything(crank)
        crank.studio.records.create("works/b", data)
        settle(crank.studio, "b")
        assert summary(crank, "b")["phase"] == "working"
        for artifact in plan_of("b", BRAND).artifacts():
            restore(crank, artifact.path)
        assert summary(crank, "b")["phase"] == "ready"

    def test_a_dry_run_only_says_so(self, crank: Crank) -> None:
        path = superseded(crank, "b")[0]
        everything(crank)
        assert restore(crank, path, dry_run=True).path == path
        assert not is_there(crank, path)
        assert path in held(crank)

    def test_what_is_not_there_is_told(self, crank: Crank) -> None:
        made(crank, "b")
        for path in (plan_of("b", BRAND).artifacts()[0].path, f"{FOLDER}x_y-{'0' * 10}.jpg", "x"):
            with pytest.raises(NotFound, match="nothing in quarantine"):
                restore(crank, path)

    def test_of_two_that_came_from_one_place_the_newer_comes_back(self, crank: Crank) -> None:
        path = superseded(crank, "b")[0]
        everything(crank)
        older = held(crank)[path]
        revise(crank, "b", 1)
        crank.clock.advance(2 * GRACE_S)
        revise(crank, "b", 2)
        crank.clock.advance(2 * GRACE_S)
        everything(crank)
        both = [i for i in crank.studio.objects.list(FOLDER).items if came_from(i) == path]
        (newer,) = [info for info in both if info.path != older.path]
        assert newer.updated_at > older.updated_at
        restore(crank, path)
        assert stat(crank, path).metadata["restored-from"] == newer.path
        assert is_there(crank, older.path)
        assert not is_there(crank, newer.path)

    def test_only_what_came_from_that_very_place_comes_back(self, crank: Crank) -> None:
        """The third edition lies beside the first in quarantine, and its name begins as that does."""
        path = superseded(crank, "b")[0]
        revise(crank, "b", 3)
        crank.clock.advance(2 * GRACE_S)
        everything(crank)
        second = plan_of("b", BRAND, 2).artifacts()[0].path
        assert {path, second} <= held(crank).keys()
        places = {origin: info.path for origin, info in held(crank).items()}
        for origin in (path, second):
            restore(crank, origin)
            assert stat(crank, origin).metadata["restored-from"] == places[origin]

    def test_what_does_not_say_where_it_came_from_is_not_given_back(self, crank: Crank) -> None:
        made(crank, "b")
        place = put(crank, path_of("b", "quarantine", "posts")).path
        for asked in (place, plan_of("b", BRAND).artifacts()[0].path):
            with pytest.raises(NotFound, match="nothing in quarantine"):
                restore(crank, asked)
        assert is_there(crank, place)

    def test_a_person_gets_all_that_the_object_said_but_that_we_made_it(self, crank: Crank) -> None:
        path = superseded(crank, "b")[0]
        before = stat(crank, path).metadata
        everything(crank)
        place = held(crank)[path].path
        restore(crank, path)
        kept = {key: value for key, value in before.items() if key not in ("work", "slot")}
        assert stat(crank, path).metadata == {**kept, "restored-from": place}

    def test_what_lies_in_the_old_place_is_not_overwritten(self, crank: Crank) -> None:
        path = superseded(crank, "b")[0]
        everything(crank)
        write(crank, path, b"mine")
        with pytest.raises(Refused, match="other bytes lie at"):
            restore(crank, path)
        assert crank.file(path).read_bytes() == b"mine"
        assert path in held(crank)

    def test_what_a_person_changed_there_is_not_taken_for_the_old_one(self, crank: Crank) -> None:
        path = superseded(crank, "b")[0]
        everything(crank)
        info = held(crank)[path]
        other = crank.studio.scratch / "other"
        other.write_bytes(b"not it")
        crank.studio.objects.replace(
            info.path,
            other,
            generation=info.generation,
            media_type=info.media_type,
            metadata=info.metadata,
        )
        with pytest.raises(Refused, match="a person changed it"):
            restore(crank, path)
        assert not is_there(crank, path)
