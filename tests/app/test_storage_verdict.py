"""The rule of what may go, asked directly: with evidence that a pass has, lacks, or has in part."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from lib.app import intake
from lib.app.case import Case, load
from lib.app.settle import judge
from lib.app.storage.carry_out import look
from lib.app.storage.provenance import marked, place_in_quarantine
from lib.app.storage.verdict import (
    Act,
    Evidence,
    Refusal,
    Removal,
    Verdict,
    class_of,
    judge_object,
    nobody,
)
from lib.core.retention import DAY_S, StorageClass
from lib.core.work import Keep, Plan
from lib.ports import ObjectInfo
from tests.app.crank import OWNER, Crank
from tests.app.kept import path_of, put, stat, write
from tests.app.planted import BRAND, file_of, made, plan_of

LATER = 400 * DAY_S


def said(crank: Crank, info: ObjectInfo, evidence: Evidence) -> Verdict:
    return judge_object(info, evidence, crank.clock.now() + LATER, nobody)


def case_of(crank: Crank, work_id: str = "b", **fields: Any) -> Case:
    case = load(crank.studio, work_id)
    assert case is not None
    return replace(case, work=case.work.model_copy(update=fields))


def with_keep(plan: Plan, keep: Keep) -> Plan:
    """Return a plan whose first artifact is kept as this."""
    step = plan.steps[0]
    makes = (step.makes[0].model_copy(update={"keep": keep}), *step.makes[1:])
    return Plan(steps=(step.model_copy(update={"makes": makes}),))


def in_quarantine(info: ObjectInfo) -> ObjectInfo:
    place = place_in_quarantine(info.path, info.generation)
    return replace(info, path=place, metadata=marked(info, "it was in the way"))


class TestWhatIsNotKnown:
    def test_of_nothing_nothing_is_claimed(self) -> None:
        nothing = Evidence()
        assert (nothing.archived, nothing.complete) == (False, False)
        assert (nothing.receipts(), nothing.kept()) == ([], {})

    def test_a_record_without_a_look_proves_no_receipt_and_no_completeness(
        self, crank: Crank
    ) -> None:
        made(crank, "b")
        unseen = Evidence(case_of(crank))
        assert (unseen.receipts(), unseen.complete) == ([], False)
        sightings = look(crank.studio, plan_of("b", BRAND).artifacts()[0].path).sightings
        assert Evidence(None, None, sightings).receipts() == []

    def test_a_pass_may_wish_what_a_look_will_decide(self, crank: Crank) -> None:
        """Before a look every superseded final is worth one, and every empty place is."""
        made(crank, "b")
        old = put(crank, path_of("b", "posts", "posts", 7))
        unseen = Evidence(case_of(crank))
        wish = said(crank, old, unseen)
        assert isinstance(wish, Removal)
        assert (wish.act, wish.guarded) == (Act.QUARANTINE, True)
        held = in_quarantine(stat(crank, plan_of("b", BRAND).artifacts()[0].path))
        wanted = said(crank, held, unseen)
        assert isinstance(wanted, Removal)
        assert wanted.act is Act.ADOPT


class TestWhoseItIs:
    def test_an_object_under_another_brand_than_its_works_is_refused(self, crank: Crank) -> None:
        made(crank, "b")
        stray = put(crank, path_of("b", "posts", "posts", brand="night-sky"))
        verdict = said(crank, stray, look(crank.studio, stray.path))
        assert isinstance(verdict, Refusal)
        assert verdict.why == f"b is a work of {OWNER}/{BRAND}"

    def test_a_name_that_is_none_of_ours_is_a_strays_whatever_it_says_of_itself(
        self, crank: Crank
    ) -> None:
        made(crank, "b")
        info = stat(crank, plan_of("b", BRAND).artifacts()[0].path)
        assert class_of(info, Evidence()) is StorageClass.FINAL
        assert class_of(replace(info, path="a/stray/thing"), Evidence()) is StorageClass.STRAY

    def test_a_persons_bytes_are_a_final_only_where_the_plan_wants_them_and_they_pass(
        self, crank: Crank
    ) -> None:
        made(crank, "b")
        path = plan_of("b", BRAND).artifacts()[0].path
        evidence = look(crank.studio, path)
        mine = replace(stat(crank, path), metadata={})
        assert class_of(mine, evidence) is StorageClass.FINAL
        assert class_of(mine, Evidence(evidence.case)) is StorageClass.STRAY
        assert class_of(mine, Evidence(None, None, evidence.sightings)) is StorageClass.STRAY
        write(crank, path, b"not a picture")
        again = look(crank.studio, path)
        assert class_of(replace(stat(crank, path), metadata={}), again) is StorageClass.STRAY


class TestWhatComesBack:
    def test_a_raw_file_never_does_and_a_receipt_does(self, crank: Crank) -> None:
        made(crank, "b")
        first = plan_of("b", BRAND).artifacts()[0]
        held = in_quarantine(stat(crank, first.path))
        for keep, comes in ((Keep.RAW, False), (Keep.RECEIPT, True), (Keep.FINAL, True)):
            case = case_of(crank, plan=with_keep(plan_of("b", BRAND), keep))
            verdict = said(crank, held, Evidence(case, None, {}))
            assert isinstance(verdict, Removal)
            assert (verdict.act is Act.ADOPT) == comes, keep
            assert not verdict.guarded


class TestWhatGoes:
    def test_the_old_finals_of_a_work_that_was_put_away_though_it_was_never_complete(
        self, crank: Crank
    ) -> None:
        made(crank, "b")
        old = put(crank, path_of("b", "posts", "posts", 7))
        file_of(crank, "b").unlink()
        crank.local.objects.scan()
        assert isinstance(said(crank, old, look(crank.studio, old.path)), Refusal)
        intake.archive(crank.studio, OWNER, "b")
        verdict = said(crank, old, look(crank.studio, old.path))
        assert isinstance(verdict, Removal)
        assert verdict.act is Act.QUARANTINE

    def test_an_old_raw_file_goes_unguarded(self, crank: Crank) -> None:
        made(crank, "b")
        old = put(crank, path_of("b", "raw", "background"))
        verdict = said(crank, old, look(crank.studio, old.path))
        assert isinstance(verdict, Removal)
        assert (verdict.act, verdict.guarded) == (Act.DELETE, False)

    def test_an_intermediate_among_the_finals_stays_when_its_work_is_put_away(
        self, crank: Crank
    ) -> None:
        """What lies in another room than raw may have been put on a page by hand."""
        made(crank, "b")
        first = plan_of("b", BRAND).artifacts()[0]
        plan = with_keep(plan_of("b", BRAND), Keep.RAW)
        case = case_of(crank, plan=plan, archived_at=crank.clock.now())
        found, sightings, _ = judge(crank.studio, case)
        info = stat(crank, first.path)
        assert said(crank, info, Evidence(case, found, sightings)) is None
