"""What may happen on the way from the source: damage, changes, refusals, and a source that goes."""

from __future__ import annotations

import pytest

from lib.app.migrate.run import IN_A_ROW
from lib.core.errors import NotFound, Refused, Unavailable
from tests.app.older import VIDEO, away, bring, cut, jobs


def test_bytes_that_were_damaged_on_their_way_are_asked_for_again(older, crank):
    older.fill()
    older.on_fetch = lambda key, file: cut(key, file) if older.fetched.count(key) == 1 else None
    report = bring(older, crank)
    assert report.problems == 0
    assert len(older.fetched) == 14


def test_bytes_of_the_right_length_that_are_others_are_noticed_where_a_checksum_is_told(
    older, crank
):
    older.fill()
    older.list = older.bucket.list

    def flip(key, file):
        data = file.read_bytes()
        file.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))

    older.on_fetch = lambda key, file: flip(key, file) if key == VIDEO else None
    report = bring(older, crank)
    (entry,) = report.failed
    assert (entry["id"], report.works_ready) == ("gen-1", 2)
    assert "comes with other bytes than the source tells of" in entry["why"]
    assert "gen-1" not in jobs(crank)
    older.on_fetch = lambda key, file: None
    assert bring(older, crank).problems == 0
    assert jobs(crank)["gen-1"]["phase"] == "ready"


def test_a_file_that_changes_while_it_is_fetched_waits_for_the_next_run(older, crank):
    older.fill()

    def gone(path, generation, file):
        raise NotFound("another generation")

    fetch, older.fetch = older.fetch, gone
    report = bring(older, crank)
    assert len(report.failed) == 3
    assert "was changed while it was being migrated" in report.failed[0]["why"]
    older.fetch = fetch
    assert bring(older, crank).works_ready == 3


def test_a_file_that_may_not_be_read_keeps_no_other_from_coming(older, crank):
    older.fill()

    def forbid(key, _):
        if key == VIDEO:
            raise Refused("forbidden")

    older.on_fetch = forbid
    report = bring(older, crank)
    assert [(entry["id"], entry["why"]) for entry in report.failed] == [("gen-1", "forbidden")]
    assert report.works_ready == 2


def test_a_source_that_goes_away_ends_the_run_instead_of_failing_a_thousand_times(older, crank):
    for number in range(IN_A_ROW + 5):
        older.put(f"anna/college/posts/gen-{number}_background.png")
    older.on_fetch = away
    with pytest.raises(Unavailable, match="cannot be reached"):
        bring(older, crank)
    assert len(older.fetched) < IN_A_ROW + 5
    older.on_fetch = lambda key, file: None
    assert bring(older, crank).works_ready == IN_A_ROW + 5
