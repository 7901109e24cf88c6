"""The rule of what may go, asked directly: with evidence that a pass has, lacks, or has in part."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lib.app import intake
from lib.app.case import Case, load
from lib.app.judgement import judge
from lib.app.settle import begin, settle
from lib.app.storage.carry_out import Hand, look, retire
from lib.app.storage.provenance import marked, place_in_quarantine
from lib.app.storage.report import Swept
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
from lib.core.errors import Unavailable
from lib.core.retention import DAY_S, GRACE_S, StorageClass
from lib.core.work import Keep, Plan, Work
from lib.ports import ObjectInfo
from tests.app.crank import OWNER, Crank
from tests.app.kept import (
    acts,
    aired,
    everything,
    held,
    lose_record,
    path_of,
    put,
    stat,
    write,
)
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
        unseen = Evidence(case_of(crank, plan=with_keep(plan_of("b", BRAND), Keep.RECEIPT)))
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


class TestTheHand:
    def hand(self, crank: Crank) -> Hand:
        return Hand(crank.studio, Swept())

    def test_what_is_gone_by_now_is_neither_removed_nor_refused(self, crank: Crank) -> None:
        made(crank, "b")
        old = put(crank, path_of("b", "raw", "background"))
        crank.studio.objects.delete(old.path, generation=old.generation)
        hand = self.hand(crank)
        removal = Removal(old, StorageClass.RAW, Act.DELETE, "its revision was superseded")
        assert hand.carry_out(removal) is False
        assert (hand.report.proofs, hand.report.refused, hand.report.unreachable) == ([], [], [])

    def test_what_cannot_be_looked_at_does_not_count_as_gone(
        self, crank: Crank, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made(crank, "b")
        old = put(crank, path_of("b", "raw", "background"))

        def away(path: str) -> Any:
            raise Unavailable(f"{path} does not answer")

        monkeypatch.setattr(crank.local.objects, "stat", away)
        hand = self.hand(crank)
        removal = Removal(old, StorageClass.RAW, Act.DELETE, "its revision was superseded")
        assert hand.carry_out(removal) is False
        assert hand.report.unreachable == [f"{old.path}: {old.path} does not answer"]

    def test_of_a_name_that_is_none_of_ours_there_is_no_evidence(self, crank: Crank) -> None:
        assert look(crank.studio, "a/stray/thing") == Evidence()

    def test_each_that_comes_back_is_held_against_the_check_of_its_own_place(
        self, crank: Crank
    ) -> None:
        plan = plan_of("b", BRAND)
        sizes = {artifact.slot: 10 + n for n, artifact in enumerate(plan.artifacts())}
        makes = tuple(
            a.model_copy(update={"check": a.check.model_copy(update={"width": sizes[a.slot]})})
            for a in plan.artifacts()
        )
        pages = {slot: {"width": width, "height": 10} for slot, width in sizes.items()}
        step = plan.steps[0].model_copy(update={"makes": makes, "params": {"pages": pages}})
        said: dict[str, Any] = {"owner": OWNER, "actor": OWNER, "brand": BRAND, "kind": "post"}
        begin(crank.studio, Work(id="b", plan=Plan(steps=(step,)), created_at=0.0, **said))
        made(crank, "c")
        data = crank.studio.records.get("works/b").data
        lose_record(crank, "b")
        everything(crank)
        assert held(crank).keys() == {a.path for a in makes}
        crank.studio.records.create("works/b", data)
        crank.clock.advance(2 * GRACE_S)
        assert set(acts(everything(crank)).values()) == {"adopt"}
        assert held(crank) == {}

    def test_a_work_is_retired_with_all_that_follows(self, crank: Crank) -> None:
        made(crank, "b")
        retire(crank.studio, look(crank.studio, path_of("b", "posts", "posts")), "its time is over")
        record = crank.studio.records.get("works/b").data
        now = crank.clock.now()
        assert record["work"]["archived_at"] == now
        assert record["archived_by"] == {"actor": "retention", "at": now, "why": "its time is over"}
        assert record["summary"]["phase"] == "archived"

    def test_a_work_that_its_owner_put_away_is_not_put_away_again(self, crank: Crank) -> None:
        aired(crank)
        at = crank.clock.now()
        crank.studio.records.update("works/w-1", {("work", "archived_at"): at})
        settle(crank.studio, "w-1")
        crank.clock.advance(LATER)
        assert "delete" in acts(everything(crank)).values()
        record = crank.studio.records.get("works/w-1").data
        assert record["work"]["archived_at"] == at
        assert "archived_by" not in record
