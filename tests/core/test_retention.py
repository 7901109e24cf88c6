"""What an object is kept as, and for how long: by its name, its plan, and receipts that are there."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.core.paths import CATEGORIES, ObjectName
from lib.core.retention import (
    DAY_S,
    GRACE_S,
    HOUR_S,
    POLICY,
    Kept,
    StorageClass,
    class_of_name,
    classes_of_plan,
    too_many,
)
from lib.core.work import Keep, Plan
from tests.core.plans import (
    MASTER,
    PICTURE,
    SEALED,
    SPEECH,
    T0,
    artifact,
    item,
    plan,
    publication,
    segment,
    shapes,
    step,
)


def name(category: str, slot: str = "slide_1") -> ObjectName:
    return ObjectName("anna", "healthy-college", category, "w-1", slot, "0" * 10, "jpg")


def kept(of: Plan, **receipts: float) -> dict[str, Kept]:
    """Return by slot what the artifacts of a plan are kept as."""
    found = classes_of_plan(of, {item(of, slot).path: at for slot, at in receipts.items()})
    return {a.slot: found[a.path] for a in of.artifacts()}


def test_every_class_has_a_rule_with_a_reason() -> None:
    assert set(POLICY) == set(StorageClass)
    assert all(rule.why for rule in POLICY.values())
    assert all(rule.since for rule in POLICY.values() if rule.keep_s is not None)


def test_the_keep_times_are_those_that_were_promised() -> None:
    times = {cls.value: rule.keep_s for cls, rule in POLICY.items() if rule.keep_s is not None}
    assert times == {
        "aired_audio": 7 * DAY_S,
        "aired_record": 30 * DAY_S,
        "playout_cache": 24 * HOUR_S,
        "speech_cache": 48 * HOUR_S,
        "quarantine": 30 * DAY_S,
    }


@pytest.mark.parametrize("cls", [c for c in StorageClass if POLICY[c].keep_s is not None])
def test_nothing_goes_before_its_time_and_nothing_stays_past_it(cls: StorageClass) -> None:
    keep_s = POLICY[cls].keep_s
    assert keep_s is not None
    assert not Kept(cls, T0).is_over(T0 + keep_s - 1)
    assert Kept(cls, T0).is_over(T0 + keep_s)


@pytest.mark.parametrize("cls", [c for c in StorageClass if POLICY[c].keep_s is None])
def test_what_is_kept_for_ever_is_never_over(cls: StorageClass) -> None:
    assert not Kept(cls, T0).is_over(T0 + 100 * 365 * DAY_S)


def test_a_keep_time_that_has_not_begun_is_not_over() -> None:
    assert not Kept(StorageClass.AIRED_AUDIO, None).is_over(T0)


@pytest.mark.parametrize(
    ("category", "slot", "cls"),
    [
        ("raw", "background", StorageClass.RAW),
        ("receipts", "aired", StorageClass.RECEIPT),
        ("quarantine", "video", StorageClass.QUARANTINE),
        ("cache", "playout", StorageClass.PLAYOUT_CACHE),
        ("cache", "speech", StorageClass.SPEECH_CACHE),
        *((c, "slide_1", StorageClass.FINAL) for c in ("posts", "videos", "audio", "clips")),
    ],
)
def test_without_a_plan_the_name_says_the_class(
    category: str, slot: str, cls: StorageClass
) -> None:
    assert class_of_name(name(category, slot)) is cls


def test_no_category_is_without_a_class() -> None:
    assert {class_of_name(name(category)) for category in CATEGORIES} <= set(StorageClass)


@pytest.mark.parametrize("shape", [s for s, p in shapes().items() if not p.touches_the_world()])
def test_a_plan_without_effects_keeps_its_finals_for_ever(shape: str) -> None:
    of = shapes()[shape]
    for one in of.artifacts():
        assert kept(of)[one.slot] == Kept(StorageClass(one.keep.value))


def test_audio_and_record_of_a_segment_count_from_its_aired_receipt() -> None:
    assert kept(segment(), aired=T0) == {
        "script": Kept(StorageClass.AIRED_RECORD, T0),
        "speech": Kept(StorageClass.RAW),
        "master": Kept(StorageClass.AIRED_AUDIO, T0),
        "aired": Kept(StorageClass.AIRED_RECORD, T0),
    }


def test_a_segment_that_was_not_aired_is_kept() -> None:
    classes = {slot: one.storage_class for slot, one in kept(segment()).items()}
    assert classes["master"] is classes["script"] is StorageClass.FINAL
    assert classes["aired"] is StorageClass.RECEIPT


def on_two_stations() -> Plan:
    """A master that is aired twice, with a cover."""
    receipts = [artifact(slot, "receipts", SEALED, Keep.RECEIPT) for slot in ("north", "south")]
    return plan(
        step("master", artifact("master", "audio", MASTER), artifact("cover", "posts", PICTURE)),
        step("north", receipts[0], needs=("master",), effect=True),
        step("south", receipts[1], needs=("master", "cover"), effect=True),
    )


def test_a_work_that_still_has_to_be_aired_elsewhere_is_not_over() -> None:
    half = kept(on_two_stations(), north=T0)
    assert half["master"].storage_class is not StorageClass.AIRED_AUDIO
    assert half["north"].storage_class is StorageClass.RECEIPT
    whole = kept(on_two_stations(), north=T0, south=T0 + HOUR_S)
    assert whole["master"] == Kept(StorageClass.AIRED_AUDIO, T0 + HOUR_S)


def test_an_effect_with_two_receipts_has_happened_when_both_are_there() -> None:
    receipts = [artifact(slot, "receipts", SEALED, Keep.RECEIPT) for slot in ("north", "south")]
    of = plan(
        step("master", artifact("master", "audio", MASTER)),
        step("air", *receipts, needs=("master",), effect=True),
    )
    assert kept(of, north=T0)["master"] == Kept(StorageClass.FINAL)
    assert kept(of, north=T0, south=T0)["master"] == Kept(StorageClass.AIRED_AUDIO, T0)
    later = kept(of, north=T0, south=T0 + HOUR_S)
    assert later["master"] == Kept(StorageClass.AIRED_AUDIO, T0 + HOUR_S)


def test_an_effect_that_leaves_more_than_its_receipt_has_happened_with_the_receipt() -> None:
    receipt = artifact("north", "receipts", SEALED, Keep.RECEIPT)
    page = artifact("page", "posts", PICTURE)
    of = plan(
        step("master", artifact("master", "audio", MASTER)),
        step("air", receipt, page, needs=("master",), effect=True),
    )
    assert kept(of, north=T0)["master"] == Kept(StorageClass.AIRED_AUDIO, T0)


def test_an_effect_without_a_receipt_never_happened() -> None:
    of = plan(
        step("master", artifact("master", "audio", MASTER)),
        step("air", artifact("page", "posts", PICTURE), needs=("master", "lost"), effect=True),
    )
    assert kept(of)["master"] == Kept(StorageClass.FINAL)


def test_a_day_has_86400_seconds() -> None:
    kept_s = {cls: rule.keep_s for cls, rule in POLICY.items() if rule.keep_s is not None}
    assert kept_s[StorageClass.PLAYOUT_CACHE] == 86_400
    assert kept_s[StorageClass.AIRED_AUDIO] == 604_800
    assert GRACE_S == 3_600


def test_raw_files_of_a_work_that_was_aired_are_raw_whatever_they_hold() -> None:
    of = plan(
        step("draft", artifact("draft", "raw", SEALED, Keep.RAW)),
        step("speech", artifact("speech", "raw", SPEECH, Keep.RAW)),
        step("master", artifact("master", "audio", MASTER), needs=("speech",)),
        step(
            "air",
            artifact("aired", "receipts", SEALED, Keep.RECEIPT),
            needs=("master", "speech"),
            effect=True,
        ),
    )
    found = kept(of, aired=T0)
    assert found["draft"] == found["speech"] == Kept(StorageClass.RAW)


def test_pictures_that_went_out_are_published_and_kept() -> None:
    cover = kept(on_two_stations(), north=T0, south=T0)["cover"]
    assert cover.storage_class is StorageClass.PUBLISHED
    assert not cover.is_over(T0 + 1000 * DAY_S)


def test_receipts_of_a_publication_are_kept_for_ever() -> None:
    every = kept(publication(), instagram=T0, facebook=T0, youtube=T0)
    assert {one.storage_class for one in every.values()} == {StorageClass.RECEIPT}


@given(st.dictionaries(st.sampled_from(["north", "south", "aired"]), st.floats(0, 1e9)))
def test_whatever_receipts_there_are_raws_and_unsent_finals_never_get_a_keep_time(
    receipts: dict[str, float],
) -> None:
    for of in shapes().values():
        paths = {a.path: receipts[a.slot] for a in of.artifacts() if a.slot in receipts}
        classes = classes_of_plan(of, paths)
        assert classes.keys() == {a.path for a in of.artifacts()}
        for one in of.artifacts():
            if one.keep is Keep.RAW or not paths:
                assert POLICY[classes[one.path].storage_class].keep_s is None


class TestTheBreaker:
    def test_a_few_may_leave_any_brand(self) -> None:
        assert not too_many(50, 0, 50)
        assert too_many(51, 0, 51)

    def test_many_may_leave_a_large_brand(self) -> None:
        assert not too_many(60, 0, 1200)
        assert too_many(61, 0, 1200)

    def test_what_left_already_counts(self) -> None:
        assert not too_many(1, 49, 60)
        assert too_many(1, 50, 60)

    def test_nothing_leaving_is_never_too_much(self) -> None:
        assert not too_many(0, 1000, 1000)
