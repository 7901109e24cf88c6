"""The contract of the bucket's events: at least once each, in Cloud Storage's own words."""

from __future__ import annotations

import re
import threading
from datetime import datetime
from itertools import pairwise

#: The port whose backends are held to these clauses.
PORT = "events"


def kinds(events):
    return [(a["type"].rpartition(".")[2], d["name"], d["generation"]) for a, d in events]


def test_a_new_object_sends_one_finalized_event(rig):
    info = rig.put("a/b.txt", b"hello")
    assert kinds(rig.events()) == [("finalized", "a/b.txt", str(info.generation))]
    assert rig.events() == []


def test_the_attributes_are_those_of_a_storage_cloudevent(rig):
    rig.put("a/b.txt")
    ((attributes, _),) = rig.events()
    assert attributes["specversion"] == "1.0"
    assert attributes["type"] == "google.cloud.storage.object.v1.finalized"
    assert attributes["source"] == "//storage.googleapis.com/projects/_/buckets/studio"
    assert attributes["subject"] == "objects/a/b.txt"
    assert attributes["datacontenttype"] == "application/json"
    assert attributes["id"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z", attributes["time"])


def test_the_data_describe_the_object_with_its_integers_as_strings(rig):
    info = rig.put("a/b.txt", b"hello", by="studio")
    ((_, data),) = rig.events()
    assert data["bucket"] == "studio"
    assert data["name"] == "a/b.txt"
    assert data["generation"] == str(info.generation)
    assert data["metageneration"] == "1"
    assert data["size"] == "5"
    assert data["crc32c"] == info.crc32c
    assert data["contentType"] == "text/plain"
    assert data["metadata"] == {"by": "studio"}
    for key in ("timeCreated", "updated"):
        assert datetime.fromisoformat(data[key]).timestamp() == info.updated_at


def test_a_replacement_sends_the_new_generation_and_the_end_of_the_old(rig):
    old = rig.put("a.txt", b"old")
    rig.events()
    new = rig.objects.replace(
        "a.txt", rig.file(b"new"), generation=old.generation, media_type="t/x", metadata={}
    )
    assert sorted(kinds(rig.events())) == [
        ("deleted", "a.txt", str(old.generation)),
        ("finalized", "a.txt", str(new.generation)),
    ]


def test_a_deletion_sends_one_deleted_event(rig):
    info = rig.put("a.txt")
    rig.events()
    rig.objects.delete("a.txt", generation=info.generation)
    ((attributes, data),) = rig.events()
    assert attributes["type"] == "google.cloud.storage.object.v1.deleted"
    assert data["generation"] == str(info.generation)


def test_what_changed_nothing_sends_nothing(rig):
    info = rig.put("a.txt", b"one")
    rig.events()
    rig.put("a.txt", b"one")
    rig.objects.delete("a.txt", generation=info.generation + 1)
    rig.objects.delete("b.txt", generation=1)
    assert rig.events() == []


def test_a_failed_delivery_comes_again_with_the_same_id(rig):
    rig.put("a.txt")
    ids = []

    def fail_once(attributes, _):
        ids.append(attributes["id"])
        if len(ids) == 1:
            raise ValueError("not yet")

    assert rig.drain(fail_once) == 0
    rig.clock.advance(600)
    assert rig.drain(fail_once) == 1
    assert ids[0] == ids[1]
    assert rig.events() == []


def test_a_failed_delivery_waits_longer_each_time(rig):
    rig.put("a.txt")
    calls = []

    def fail(*_):
        calls.append(rig.clock.now())
        raise ValueError("still not")

    while len(calls) < 6:
        rig.drain(fail)
        rig.clock.advance(0.5)
    pauses = [after - before for before, after in pairwise(calls)]
    assert pauses == sorted(pauses)
    assert pauses[-1] >= 4 * pauses[0]


def test_a_failing_event_holds_up_no_other(rig):
    for number in range(40):
        rig.put(f"{number:02d}.txt")
    seen = []

    def fail_the_first(_, data):
        if data["name"] == "00.txt":
            raise ValueError("poison")
        seen.append(data["name"])

    assert rig.drain(fail_the_first) == 39
    assert seen == [f"{number:02d}.txt" for number in range(1, 40)]


def test_an_event_is_with_one_of_several_threads_at_a_time(rig, together):
    for number in range(100):
        rig.put(f"{number}.txt")
    seen = []
    both_inside = threading.Barrier(2)

    def deliver(_, data):
        seen.append(data["name"])
        if len(seen) <= 2:
            both_inside.wait(10)

    together(2, lambda _: rig.drain(deliver))
    assert sorted(seen) == sorted(f"{number}.txt" for number in range(100))


def test_every_event_has_an_id_of_its_own(rig):
    for _ in range(20):
        info = rig.put("a.txt")
        rig.objects.delete("a.txt", generation=info.generation)
    ids = [attributes["id"] for attributes, _ in rig.events()]
    assert len(set(ids)) == len(ids) == 40
