"""Migrate: what the source has is here, checked, once; what could not come is named."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from lib.app import intake, views
from lib.app.case import WORKS, walk
from lib.app.verify import verify
from lib.core.errors import Refused
from lib.ports import Page, Query
from tests.app.crank import OWNER
from tests.app.older import FILM, PICTURE, VIDEO, bring, cut, jobs


def objects(crank):
    return crank.studio.objects.list("").items


def everything(crank):
    """Return all that is stored here: objects with their generations, records as they are."""
    return objects(crank), list(walk(crank.studio, Query(WORKS, order_by="created_at")))


def test_every_file_becomes_an_object_and_every_job_a_work_that_is_ready(older, crank):
    older.fill()
    report = bring(older, crank)
    assert (report.files, report.copied, report.works_adopted, report.works_ready) == (7, 7, 3, 3)
    assert report.problems == 0
    found = jobs(crank)
    told = {i: (j["kind"], j["phase"], j["files_verified"]) for i, j in found.items()}
    assert told == {
        "gen-1": ("reel", "ready", 4),
        "gen-2": ("carousel", "ready", 2),
        "gen-3": ("post", "ready", 1),
    }
    assert verify(crank.studio, OWNER).lies == []
    for item in objects(crank):
        key = item.metadata["migrated-from"].removeprefix("s3://older/")
        assert crank.studio.objects.read(item.path) == older.bucket.read(key)


def test_a_brand_that_has_no_kit_here_shows_like_any_other(older, crank):
    older.fill()
    bring(older, crank)
    assert "college" not in crank.studio.brands.slugs()
    assert {job["brand"] for job in jobs(crank).values()} == {"college"}
    assert crank.job(jobs(crank)["gen-1"]["id"])["phase"] == "ready"
    assert views.status(crank.studio, OWNER)["attention"] == []
    crank.tick(3600)
    assert {job["phase"] for job in jobs(crank).values()} == {"ready"}


def test_a_work_is_as_old_as_its_oldest_file(older, crank):
    older.fill()
    oldest = older.bucket.stat("anna/college/thumbnails/gen-1_college_thumbnail.png")
    bring(older, crank)
    work = walk(crank.studio, Query(WORKS, {"kind": "reel"}, order_by="created_at"))
    assert next(work).data["created_at"] == oldest.updated_at


def test_a_second_run_fetches_nothing_and_changes_nothing(older, crank):
    older.fill()
    bring(older, crank)
    before, older.fetched = everything(crank), []
    again = bring(older, crank)
    assert (again.changes, again.already_here, again.works_unchanged) == (0, 7, 3)
    assert older.fetched == []
    assert everything(crank) == before


def test_a_dry_run_says_what_would_be_done_and_does_nothing(older, crank):
    older.fill()
    older.put("anna/college/videos/gen-4_college_video.mp4", data=b"")
    before = everything(crank)
    report = bring(older, crank, dry_run=True)
    assert everything(crank) == before == ((), [])
    assert older.fetched == []
    assert (report.copied, report.works_adopted) == (7, 4)
    assert report.copied_bytes == report.bytes > 0
    assert [entry["why"] for entry in report.damaged] == ["0 bytes"]
    bring(older, crank)
    assert bring(older, crank, dry_run=True).changes == 0


def test_what_belongs_to_no_work_is_named_with_its_reason_and_stays(older, crank):
    older.fill()
    strangers = {
        "anna/college/reports/gen-1.pdf": "unknown category 'reports'",
        "anna/college/posts/gen-1_notes.txt": "its ending is none of",
        "anna/college/posts/summer.png": "no id in the name",
        "anna/college/thumbnails/summer.png": "begins with the id of no work",
        "anna/readme.txt": "its name is not {user}/{brand}/{category}/{file}",
        "anna/college/posts/2025/gen-1_background.png": "its name is not",
    }
    for key in strangers:
        older.put(key)
    report = bring(older, crank)
    found = {entry["object"].removeprefix("s3://older/"): entry["why"] for entry in report.orphans}
    assert found.keys() == strangers.keys()
    assert all(words in found[key] for key, words in strangers.items())
    assert all(older.bucket.stat(key) for key in strangers)
    assert report.works_ready == 3


def test_of_two_files_for_one_place_the_newer_comes_and_the_other_is_named(older, crank):
    older.fill()
    older.put("anna/college/posts/gen-3_background.jpg", {**PICTURE, "width": 999})
    report = bring(older, crank)
    (orphan,) = report.orphans
    assert orphan["object"].endswith("gen-3_college_background.png")
    assert "gen-3_background.jpg is the background of this work" in orphan["why"]
    (artifact,) = crank.job(jobs(crank)["gen-3"]["id"])["artifacts"]
    assert artifact["proof"]["facts"]["width"] == 999


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "0 bytes"),
        (b"no film", "cannot be decoded"),
        (None, "is image/png, and its name promises video/mp4"),
    ],
)
def test_a_damaged_file_is_not_ready_until_it_was_mended_at_the_source(older, crank, data, why):
    older.fill()
    older.put(VIDEO, PICTURE, data)
    report = bring(older, crank)
    (entry,) = report.damaged
    assert entry["object"] == f"s3://older/{VIDEO}"
    assert why in entry["why"]
    assert not [item for item in objects(crank) if "/videos/" in item.path]
    card = jobs(crank)["gen-1"]
    assert (card["phase"], card["files_verified"], card["files_required"]) == ("partial", 3, 4)
    assert f"s3://older/{VIDEO} cannot be decoded; mend it there" in card["reasons"][0]
    crank.until_quiet()
    before = everything(crank)
    assert bring(older, crank).changes == 0
    assert everything(crank) == before
    older.put(VIDEO, FILM)
    mended = bring(older, crank)
    assert (mended.works_updated, mended.copied, mended.problems) == (1, 1, 0)
    assert jobs(crank)["gen-1"]["phase"] == "ready"
    assert verify(crank.studio, OWNER).lies == []


def test_a_job_whose_upload_was_swallowed_says_what_it_lacks(older, crank):
    older.fill()
    older.bucket.delete(VIDEO, generation=older.bucket.stat(VIDEO).generation)
    older.fill("anna/college", {"posts/gen-2_slide_4.png": PICTURE})
    report = bring(older, crank)
    missing = {entry["id"]: entry["missing"] for entry in report.incomplete}
    assert missing == {"gen-1": ["video"], "gen-2": ["slide_3"]}
    card = jobs(crank)["gen-1"]
    assert card["phase"] == "partial"
    assert "s3://older/anna/college has no video of this work" in card["reasons"][0]
    again = "./brandcast migrate --from s3://older/ --endpoint http://x --owner-map anna=me"
    assert f"{again} brings it" in card["reasons"][0]


def test_what_a_hand_deleted_is_said_and_brought_again(older, crank):
    older.fill()
    bring(older, crank)
    crank.until_quiet()
    path = next(item.path for item in objects(crank) if "_video-" in item.path)
    crank.file(path).unlink()
    crank.tick(60)
    card = jobs(crank)["gen-1"]
    assert card["phase"] == "partial"
    assert f"this file came from s3://older/{VIDEO}, and nothing here can" in card["reasons"][0]
    older.fetched = []
    report = bring(older, crank)
    assert older.fetched == [VIDEO]
    assert (report.copied, report.already_here) == (1, 6)
    assert jobs(crank)["gen-1"]["phase"] == "ready"


def test_what_a_hand_cut_short_here_is_brought_again(older, crank):
    older.fill()
    bring(older, crank)
    path = next(item.path for item in objects(crank) if "_video-" in item.path)
    cut(None, crank.file(path))
    crank.tick(60)
    assert jobs(crank)["gen-1"]["phase"] == "partial"
    assert bring(older, crank).copied == 1
    assert jobs(crank)["gen-1"]["phase"] == "ready"
    assert verify(crank.studio, OWNER).lies == []


def test_a_picture_that_a_person_put_in_its_place_is_theirs(older, crank):
    older.fill()
    bring(older, crank)
    path = next(item.path for item in objects(crank) if "_background-" in item.path)
    better = crank.tools._bytes("background", {**PICTURE, "spread": 60.0})
    crank.file(path).write_bytes(better)
    crank.tick(60)
    assert bring(older, crank).copied == 0
    assert crank.studio.objects.read(path) == better
    assert jobs(crank)["gen-3"]["phase"] == "ready"


def test_metadata_that_was_copied_onto_other_bytes_is_not_believed(older, crank, tmp_path):
    older.fill()
    bring(older, crank)
    item = next(item for item in objects(crank) if "_background-" in item.path)
    (tmp_path / "other").write_bytes(b"x" * item.size)
    crank.studio.objects.replace(
        item.path,
        tmp_path / "other",
        generation=item.generation,
        media_type="image/png",
        metadata=item.metadata,
    )
    assert bring(older, crank).copied == 1
    assert verify(crank.studio, OWNER).lies == []


def test_a_file_that_changed_at_the_source_comes_as_another_object(older, crank):
    older.fill()
    bring(older, crank)
    older.put(VIDEO, {**FILM, "seconds": 9.0})
    report = bring(older, crank)
    assert (report.copied, report.works_updated) == (1, 1)
    films = [item for item in objects(crank) if "_video-" in item.path]
    assert len(films) == 2
    artifacts = crank.job(jobs(crank)["gen-1"]["id"])["artifacts"]
    (film,) = [artifact for artifact in artifacts if artifact["slot"] == "video"]
    assert film["proof"]["facts"]["seconds"] == 9.0


def test_users_keep_their_names_or_become_who_the_map_says(older, crank):
    older.fill("anna/college")
    older.fill("8F14 E45F/Two Wheels!")
    report = bring(older, crank, owners={"anna": "me"})
    other = report.owners["8F14 E45F"]["owner"]
    assert report.owners["anna"] == {"owner": "me", "works": 3}
    assert other.startswith("8f14-e45f-")
    assert len(jobs(crank)) == len(jobs(crank, other)) == 3
    (brand,) = {job["brand"] for job in jobs(crank, other).values()}
    assert brand.startswith("two-wheels-")


def test_two_users_that_become_one_owner_lose_nothing(older, crank):
    older.fill("anna/college")
    older.fill("otto/college")
    report = bring(older, crank, owners={"anna": "me", "otto": "me"})
    assert (report.works_ready, report.problems) == (6, 0)
    assert len(views.jobs(crank.studio, OWNER)) == 6
    assert len(objects(crank)) == 14


@pytest.mark.parametrize(
    ("owners", "words"), [({"ana": "me"}, "has no user 'ana'"), ({"anna": "Me!"}, "is no owner")]
)
def test_a_map_that_fits_nobody_is_refused_before_anything_is_done(older, crank, owners, words):
    older.fill()
    with pytest.raises(Refused, match=words):
        bring(older, crank, owners=owners)
    assert everything(crank) == ((), [])


def test_what_lies_below_a_prefix_is_brought_and_nothing_beside_it(older, crank):
    older.fill("backup/2025/anna/college")
    older.fill("backup/2025-old/anna/college")
    report = bring(older, crank, prefix="backup/2025/")
    assert (report.files, report.works_ready, report.problems) == (7, 3, 0)
    came = {item.metadata["migrated-from"] for item in objects(crank)}
    assert "s3://older/backup/2025/anna/college/videos/gen-1_college_video.mp4" in came


def test_a_work_that_was_put_away_stays_away(older, crank):
    older.fill()
    bring(older, crank)
    intake.archive(crank.studio, OWNER, jobs(crank)["gen-1"]["id"])
    older.put(VIDEO, {**FILM, "seconds": 9.0})
    report = bring(older, crank)
    assert (report.works_left_alone, report.copied) == (1, 0)
    assert jobs(crank)["gen-1"]["phase"] == "archived"


def test_a_listing_that_is_not_in_order_is_refused_rather_than_halved(older, crank):
    older.fill("anna/college")
    older.fill("otto/college")
    items = older.bucket.list("").items
    older.list = lambda prefix, cursor=None, limit=0: Page((*items[1:], items[0]), None)
    with pytest.raises(Refused, match="not in the order of names"):
        bring(older, crank, owners={})


def test_a_run_beside_a_running_studio_ends_the_same(older, crank):
    older.fill()
    older.put(VIDEO, data=b"no film")
    turns = []
    report = bring(older, crank, told=lambda *_: turns.append(crank.until_quiet()), workers=4)
    assert len(turns) == 3
    assert (report.works_ready, len(report.damaged)) == (2, 1)
    crank.until_quiet()
    assert sorted(job["phase"] for job in jobs(crank).values()) == ["partial", "ready", "ready"]
    assert bring(older, crank).changes == 0


def test_facts_are_believed_only_of_the_very_bytes(older, crank):
    older.fill()
    bring(older, crank)
    for item in objects(crank):
        assert item.metadata["facts-crc32c"] == item.crc32c
        assert json.loads(item.metadata["facts"])["width"] == 1080


def test_a_report_names_what_a_script_reads(older, crank):
    older.fill()
    told = []
    report = bring(older, crank, told=lambda found, brand: told.append(replace(found)))
    assert [found.works_adopted for found in told] == [1, 2, 3]
    assert report.source == "s3://older/"
