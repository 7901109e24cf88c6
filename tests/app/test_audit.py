"""The audit finds what no event told, looks only where it must, and nothing stops it."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lib.app import audit, listing
from lib.app.audit import Report, audit_slice, reconcile
from lib.app.settle import begin, settle
from lib.app.sweep import sweep
from lib.core.checks import Check
from lib.core.errors import ToolFailed, Unavailable
from lib.core.paths import ObjectName, build, fingerprint
from lib.core.work import Artifact, Plan, Step, Work
from lib.ports import REMOVE
from tests.app.counted import Counted, counted
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
    crank.clock.advance(2 * audit.ORPHAN_AGE_S)


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


@pytest.fixture(params=[1000, 3], ids=["one page", "small pages"])
def page(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many objects one page of a listing holds."""
    monkeypatch.setattr(listing, "PAGE", request.param)
    return request.param


class TestAHealthyStudio:
    def test_a_pass_writes_deletes_enqueues_and_looks_at_nothing(
        self, crank: Crank, page: int
    ) -> None:
        made(crank, *NESTED)
        made(crank, "w-1", "w-2", brand="night-sky")
        studio, objects, records, queue = counted(crank.studio)
        report = reconcile(studio)
        assert (report.checked, report.looked_at) == (10, 0)
        assert report.corrections == report.unreachable == report.orphans.named == []
        assert set(objects.counts) == {"list"}
        assert set(records.counts) == {"query"}
        assert queue.calls == []

    def test_every_work_is_read_once_and_every_page_is_listed_once(
        self, crank: Crank, page: int
    ) -> None:
        made(crank, *(f"w-{n}" for n in range(17)))
        studio, objects, records, _ = counted(crank.studio)
        reconcile(studio)
        # A read finds the owner, one the brand, and two find that there is no other.
        assert records.given["query"] == 17 + 2
        calls = [(args, words["cursor"]) for _, args, words in objects.calls]
        assert len(calls) == len(set(map(repr, calls)))
        if page == 1000:
            assert len(calls) == 1
        else:
            full = sum(17 // page + 1 for _ in PLACES)
            empty = len(listing.CATEGORIES) - len(PLACES)
            assert len(calls) <= 1 + full + empty

    def test_many_small_brands_cost_one_call_each(
        self, crank: Crank, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(listing, "PAGE", 8)
        for brand in ("kitchen-proof", "night-sky", "two-wheels"):
            made(crank, f"{brand}-1", f"{brand}-2", brand=brand)
        studio, objects, _, _ = counted(crank.studio)
        assert reconcile(studio).checked == 6
        assert objects.counts["list"] == 1 + 3

    def test_a_tick_over_a_small_studio_lists_once_and_writes_nothing(self, crank: Crank) -> None:
        made(crank, "w-1", "w-2")
        sweep(crank.studio)  # makes the cursor
        studio, objects, records, queue = counted(crank.studio)
        sweep(studio)
        assert objects.counts == {"list": 1}
        assert set(records.counts) == {"query", "get"}
        assert queue.calls == []

    def test_an_archived_work_agrees_with_its_record(self, crank: Crank) -> None:
        made(crank, "w-1")
        crank.studio.records.update("works/w-1", {("work", "archived_at"): 1.0})
        settle(crank.studio, "w-1")
        report = reconcile(crank.studio)
        assert (report.looked_at, report.corrections) == (0, [])


def picture(filler: bytes) -> bytes:
    """Another picture that is as good as the one that was made."""
    facts = {"width": 10, "height": 10, "spread": 50.0, "media_type": "image/jpeg"}
    rest = filler * 20_000
    head = json.dumps({**facts, "digest": hashlib.sha256(rest).hexdigest()})
    return head.encode() + b"\n" + rest


BAD_HANDS = {
    "deleted": lambda file: file.unlink(),
    "emptied": lambda file: file.write_bytes(b""),
    "cut short": lambda file: file.write_bytes(file.read_bytes()[:-10]),
    "replaced by text": lambda file: file.write_text("not a picture"),
}


class TestWhatNoEventTold:
    @pytest.mark.parametrize("how", BAD_HANDS)
    @pytest.mark.parametrize("work_id", ["b", "b-1-two", "c"])
    def test_a_lost_or_spoilt_object_is_found_and_only_its_work_is_looked_at(
        self, crank: Crank, page: int, how: str, work_id: str
    ) -> None:
        made(crank, *NESTED)
        BAD_HANDS[how](file_of(crank, work_id))
        lose_events(crank)
        studio, objects, _, _ = counted(crank.studio)
        report = reconcile(studio)
        assert [c["work"] for c in report.corrections] == [work_id]
        assert set(report.corrections[0]["missing"]) == {"posts"}
        assert report.looked_at == 1
        looked = {args[0] for name, args, _ in objects.calls if name == "stat"}
        assert looked == {a.path for a in plan_of(work_id, BRAND).artifacts()}
        crank.until_quiet()
        assert summary(crank, work_id)["phase"] == "ready"

    def test_a_picture_replaced_by_a_good_one_is_what_the_record_shows_next(
        self, crank: Crank, page: int
    ) -> None:
        made(crank, *NESTED)
        file_of(crank, "b-1").write_bytes(picture(b"z"))
        lose_events(crank)
        before = crank.studio.records.get("works/b-1").data["measured"]["posts"]
        assert [c["work"] for c in reconcile(crank.studio).corrections] == ["b-1"]
        after = crank.studio.records.get("works/b-1").data["measured"]["posts"]
        assert after["generation"] > before["generation"]
        again = reconcile(crank.studio)
        assert (again.looked_at, again.corrections) == (0, [])

    def test_an_object_that_a_person_adds_ends_a_work_that_had_failed(
        self, crank: Crank, page: int
    ) -> None:
        crank.tools.failing["stills"] = ToolFailed("stills", "no ink")
        made(crank, "b", "c")
        assert summary(crank, "b")["phase"] == "failed"
        for place in PLACES:
            file = file_of(crank, "b", place)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(picture(place[:1].encode()))
        lose_events(crank)
        report = reconcile(crank.studio)
        assert [(c["work"], c["correctedStatus"]) for c in report.corrections] == [("b", "ready")]
        assert summary(crank, "b")["phase"] == "ready"

    @pytest.mark.parametrize(
        "lie",
        [
            {("summary", "phase"): "failed"},
            {("summary", "done"): 2},
            {("summary", "bytes"): 1},
            {("summary",): {}},
            {("measured", "posts", "generation"): 1},
            {("measured", "posts"): "nonsense"},
            {("measured",): {}},
            {("measured", "nothing"): {"path": "x"}},
        ],
        ids=str,
    )
    def test_a_record_that_lies_is_corrected_and_a_dry_run_only_says_so(
        self, crank: Crank, lie: dict[tuple[str, ...], Any]
    ) -> None:
        made(crank, "b", "c")
        honest = crank.studio.records.get("works/b").data
        crank.studio.records.update("works/b", lie)
        lied = crank.studio.records.get("works/b")
        dry = reconcile(crank.studio, dry_run=True)
        assert [(c["work"], c["action"]) for c in dry.corrections] == [("b", "would correct")]
        assert crank.studio.records.get("works/b") == lied
        assert [c["work"] for c in reconcile(crank.studio).corrections] == ["b"]
        assert crank.studio.records.get("works/b").data == honest
        assert reconcile(crank.studio).corrections == []

    def test_a_work_that_forgot_when_to_look_again_is_set_going(self, crank: Crank) -> None:
        order(crank, "w-1")
        crank.studio.records.update("works/w-1", {("due_at",): REMOVE})
        assert [c["work"] for c in reconcile(crank.studio).corrections] == ["w-1"]
        assert crank.studio.records.get("works/w-1").data["due_at"] > 0

    def test_a_work_that_changes_while_it_is_looked_at_is_no_correction(
        self, crank: Crank, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made(crank, "b", "c")
        file_of(crank, "b").unlink()
        lose_events(crank)
        stat, done = crank.local.objects.stat, []

        def overtaken(path: str) -> Any:
            if not done:
                done.append(path)
                settle(crank.studio, "b")
            return stat(path)

        monkeypatch.setattr(crank.local.objects, "stat", overtaken)
        report = reconcile(crank.studio)
        assert (report.looked_at, report.corrections) == (1, [])

    def test_a_listing_that_lies_is_not_believed(
        self, crank: Crank, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made(crank, "b", "c")
        real = crank.local.objects.list

        def forgetful(prefix: str, **words: Any) -> Any:
            page = real(prefix, **words)
            return replace(page, items=tuple(i for i in page.items if "/b_" not in i.path))

        monkeypatch.setattr(crank.local.objects, "list", forgetful)
        report = reconcile(crank.studio)
        assert (report.checked, report.looked_at, report.corrections) == (2, 1, [])


class TestOrphans:
    def test_what_no_plan_names_is_counted_and_named_and_not_touched(
        self, crank: Crank, page: int
    ) -> None:
        made(crank, "b", "c")
        whole = file_of(crank, "b")
        strangers = {
            f"{OWNER}/{BRAND}/posts/a-gone_posts-{'0' * 10}.jpg": "there is no work of that name",
            f"{OWNER}/{BRAND}/posts/readme.txt": "there is no work of that name",
            f"{OWNER}/{BRAND}/videos/zz_video-{'0' * 10}.mp4": "there is no work of that name",
            f"{OWNER}/{BRAND}/posts/b_posts-{'0' * 10}.jpg": "the work's plan does not name it",
        }
        for path in strangers:
            crank.file(path).parent.mkdir(parents=True, exist_ok=True)
            crank.file(path).write_bytes(whole.read_bytes())
        lose_events(crank)
        assert reconcile(crank.studio).orphans.objects == 0  # perhaps they are just being made
        crank.clock.advance(audit.ORPHAN_AGE_S)
        report = reconcile(crank.studio)
        assert {one["object"]: one["why"] for one in report.orphans.named} == strangers
        assert report.orphans.objects == 4
        assert report.orphans.bytes == 4 * whole.stat().st_size
        assert (report.looked_at, report.corrections) == (0, [])
        assert all(crank.file(path).is_file() for path in strangers)

    def test_a_superseded_revision_is_named(self, crank: Crank, page: int) -> None:
        made(crank, "b", "c")
        fields = {
            ("work", "plan"): plan_of("b", BRAND, edition=2).model_dump(mode="json"),
            ("work", "revision"): 2,
        }
        crank.studio.records.update("works/b", fields)
        settle(crank.studio, "b")
        crank.until_quiet()
        named = {one["object"] for one in reconcile(crank.studio).orphans.named}
        assert named == {a.path for a in plan_of("b", BRAND).artifacts()}

    def test_a_small_bucket_shows_brands_that_no_record_names(self, crank: Crank) -> None:
        made(crank, "b")
        path = f"somebody/else/posts/x_posts-{'0' * 10}.jpg"
        crank.file(path).parent.mkdir(parents=True)
        crank.file(path).write_bytes(b"x")
        lose_events(crank)
        crank.clock.advance(audit.ORPHAN_AGE_S)
        assert [one["object"] for one in reconcile(crank.studio).orphans.named] == [path]

    def test_only_so_many_are_named_and_all_are_counted(
        self, crank: Crank, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(audit, "ORPHANS_NAMED", 2)
        made(crank, "b")
        folder = file_of(crank, "b").parent
        for number in range(5):
            (folder / f"x-{number}.txt").write_text("five")
        lose_events(crank)
        crank.clock.advance(audit.ORPHAN_AGE_S)
        orphans = reconcile(crank.studio).orphans
        assert (orphans.objects, orphans.bytes, len(orphans.named)) == (5, 20, 2)


class TestSlices:
    @pytest.mark.parametrize("works", [1, 2, 3])
    def test_slices_check_every_work_once_and_look_at_none(
        self, crank: Crank, page: int, works: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(audit, "SLICE_WORKS", works)
        made(crank, *NESTED)
        made(crank, "w-1", "w-2", brand="night-sky")
        report = slices(crank)
        assert (report.checked, report.looked_at, report.corrections) == (10, 0, [])
        assert report.orphans.objects == 0

    def test_a_slice_ends_after_its_works_and_reads_hardly_more(
        self, crank: Crank, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(audit, "SLICE_WORKS", 5)
        made(crank, *(f"w-{n:02}" for n in range(30)))
        studio, _, records, _ = counted(crank.studio)
        report = Report()
        audit_slice(studio, report)
        assert report.checked == 5
        assert records.given["query"] <= 5 + 1 + 2

    def test_a_slice_ends_after_its_calls_and_still_goes_on(
        self, crank: Crank, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(listing, "PAGE", 1)
        monkeypatch.setattr(audit, "SLICE_CALLS", 1)
        made(crank, *NESTED)
        report = Report()
        audit_slice(crank.studio, report)
        assert report.checked == 1
        assert slices(crank).checked == len(NESTED) - 1

    def test_a_lie_behind_a_boundary_is_found(
        self, crank: Crank, page: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(audit, "SLICE_WORKS", 2)
        made(crank, *NESTED)
        for work_id in NESTED:
            file_of(crank, work_id, "thumbnails").unlink()
        lose_events(crank)
        corrected = Counter(c["work"] for c in slices(crank).corrections)
        assert corrected == Counter(NESTED)

    def test_works_that_come_and_go_between_slices_cost_the_others_nothing(
        self, crank: Crank, page: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(audit, "SLICE_WORKS", 2)
        made(crank, *NESTED)
        checked: list[str] = []
        judged = audit.case_of

        def noted(record: Any) -> Any:
            checked.append(record.path.partition("/")[2])
            return judged(record)

        monkeypatch.setattr(audit, "case_of", noted)
        report = Report()
        audit_slice(crank.studio, report)
        gone = next(i for i in ("bb-2", "c") if i not in checked)
        forget = f"DELETE FROM document WHERE id='{gone}'"
        crank.local.database.write(lambda conn: conn.execute(forget))
        made(crank, "a-new", "b-11", "z-new")
        slices(crank)
        lived = set(NESTED) - {gone}
        assert {i: n for i, n in Counter(checked).items() if i in lived} == dict.fromkeys(lived, 1)
        assert set(checked) - lived <= {"a-new", "b-11", "z-new"}

    def test_of_two_slices_at_once_the_one_that_is_ahead_keeps_its_place(
        self, crank: Crank, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(audit, "SLICE_WORKS", 2)
        made(crank, *NESTED)
        for work_id in NESTED:
            file_of(crank, work_id).unlink()
        lose_events(crank)
        first, ahead, behind = Report(), Report(), Report()
        audit_slice(crank.studio, first)
        walk = audit.Walk

        def overtaken(*args: Any, **words: Any) -> Any:
            monkeypatch.setattr(audit, "Walk", walk)
            audit_slice(crank.studio, ahead)  # begins and ends after we read the cursor
            audit_slice(crank.studio, ahead)
            return walk(*args, **words)

        monkeypatch.setattr(audit, "Walk", overtaken)
        audit_slice(crank.studio, behind)
        assert (behind.checked, behind.corrections) == (2, [])  # the same ones once more
        rest = slices(crank)
        assert [len(r.corrections) for r in (first, ahead, rest)] == [2, 4, 2]
        assert rest.checked == 2
        assert {summary(crank, i)["done"] for i in NESTED} == {2}

    def test_two_passes_at_once_correct_a_record_once(
        self, crank: Crank, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made(crank, *NESTED)
        for work_id in NESTED:
            file_of(crank, work_id).unlink()
        lose_events(crank)
        passes = ThreadPoolExecutor(2)
        both = [passes.submit(reconcile, crank.studio) for _ in range(2)]
        reports = [one.result(timeout=60) for one in both]
        assert {c["work"] for r in reports for c in r.corrections} == set(NESTED)
        assert [r.unreachable for r in reports] == [[], []]
        claims = [crank.studio.records.get(f"works/{i}").data["attempts"] for i in NESTED]
        assert [sorted(claim) for claim in claims] == [["draw-1-1", "draw-1-2"]] * len(NESTED)

    @pytest.mark.parametrize(
        "place",
        [None, "junk", {"owner": 1}, {"path": "works/b", "created_at": 1.0}],
        ids=str,
    )
    def test_a_place_that_cannot_be_read_is_the_beginning(self, crank: Crank, place: Any) -> None:
        made(crank, "b", "c")
        crank.studio.records.create(CURSOR, {"place": place, "path": "", "created_at": 0.0})
        assert slices(crank).checked == 2

    def test_a_place_that_the_bucket_refuses_costs_the_rest_of_one_pass(
        self, crank: Crank, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(listing, "PAGE", 2)
        monkeypatch.setattr(audit, "SLICE_WORKS", 2)
        made(crank, *NESTED)
        audit_slice(crank.studio, Report())
        real = crank.local.objects.list

        def strict(prefix: str, **words: Any) -> Any:
            if words["cursor"]:
                raise Unavailable("that token is too old")
            return real(prefix, **words)

        monkeypatch.setattr(crank.local.objects, "list", strict)
        assert [w.split(":")[0] for w in slices(crank).unreachable] == [f"{OWNER}/{BRAND}"]
        monkeypatch.setattr(crank.local.objects, "list", real)
        assert slices(crank).checked == len(NESTED)


class TestNothingStopsIt:
    @pytest.mark.parametrize(
        "poison",
        [
            {("work",): "junk"},
            {("work", "plan"): None},
            {("attempts",): ["junk"]},
            {("pardons",): ["junk"]},
            {("measured",): ["junk"]},
            {("summary",): "junk"},
        ],
        ids=str,
    )
    @pytest.mark.parametrize("run", [reconcile, sweep], ids=["reconcile", "tick"])
    def test_a_record_that_cannot_be_read_is_named_and_keeps_nobody(
        self, crank: Crank, poison: dict[tuple[str, ...], Any], run: Any
    ) -> None:
        made(crank, *NESTED)
        crank.studio.records.update("works/b-1", {**poison, ("due_at",): 1.0})
        file_of(crank, "c").unlink()
        lose_events(crank)
        report = run(crank.studio)
        assert {line.split(":")[0] for line in report.unreachable} == {"b-1"}
        assert [c["work"] for c in report.corrections] == ["c"]
        assert report.orphans.objects == 0  # what is the unread work's is nobody's orphan

    def test_records_of_no_brand_that_is_a_word_keep_nobody(self, crank: Crank) -> None:
        made(crank, "b", "c")
        crank.studio.records.create("works/x", {"owner": 5, "brand": None})
        crank.studio.records.create("works/y", {"owner": OWNER, "brand": 5})
        report = reconcile(crank.studio)
        assert {line.split(":")[0] for line in report.unreachable} == {"x", "y"}
        assert report.checked == 2

    def test_an_object_that_cannot_be_looked_at_is_named_with_its_work(
        self, crank: Crank, page: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made(crank, *NESTED)
        for work_id in ("b", "c"):
            file_of(crank, work_id).unlink()
        lose_events(crank)
        stat = crank.local.objects.stat

        def broken(path: str) -> Any:
            if "/b_" in path:
                raise Unavailable("the bucket does not answer")
            return stat(path)

        monkeypatch.setattr(crank.local.objects, "stat", broken)
        report = reconcile(crank.studio)
        assert report.unreachable == ["b: the bucket does not answer"]
        assert [c["work"] for c in report.corrections] == ["c"]

    def test_a_brand_that_cannot_be_listed_is_named_and_the_next_one_is_held(
        self, crank: Crank, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(listing, "PAGE", 4)
        made(crank, "w-1", "w-2", "w-3", brand="night-sky")
        made(crank, *NESTED)
        real = crank.local.objects.list

        def broken(prefix: str, **words: Any) -> Any:
            if prefix.startswith(f"{OWNER}/night-sky/"):
                raise Unavailable("the bucket does not answer")
            return real(prefix, **words)

        monkeypatch.setattr(crank.local.objects, "list", broken)
        report = reconcile(crank.studio)
        assert report.unreachable == [f"{OWNER}/night-sky: the bucket does not answer"]
        assert (report.checked, report.looked_at) == (len(NESTED), 0)
        assert slices(crank).checked == len(NESTED)

    def test_a_bucket_that_is_away_is_one_line_and_moves_no_place(
        self, crank: Crank, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made(crank, *NESTED)

        def away(prefix: str, **words: Any) -> Any:
            raise Unavailable("the bucket does not answer")

        monkeypatch.setattr(crank.local.objects, "list", away)
        report = Report()
        audit_slice(crank.studio, report)
        assert report.unreachable == ["the bucket: the bucket does not answer"]
        assert reconcile(crank.studio).unreachable == report.unreachable

    def test_records_that_are_away_are_loud(self, crank: Crank) -> None:
        class Away(Counted):
            def query(self, query: Any) -> Any:
                raise Unavailable("the database does not answer")

        studio = replace(crank.studio, records=Away(crank.studio.records))
        with pytest.raises(Unavailable, match="the database does not answer"):
            reconcile(studio)
