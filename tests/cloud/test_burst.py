"""The deployed functions make what the embedded studio makes, whatever is late, doubled or lost."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

from lib.app.verify import verify
from tests.app.crank import OWNER
from tests.cloud.cloud import Cloud
from tests.cloud.evidence import LIMIT_S, cases, made_here, wait_until_same
from tests.infra.index_coverage import Shape, uncovered

SPEC = {"kind": "test", "brands": ["night-sky", "two-wheels"], "posts": 1, "reels": 1}


def query(collection: str, equals: tuple[str, ...], order: tuple[tuple[str, str], ...]) -> Shape:
    """Return the shape of a query as it went over the wire; every order ends with the name."""
    *fields, (last, _) = order
    assert last == "__name__"
    ((field, way),) = fields or [(None, "ascending")]
    return Shape(collection, frozenset(equals), field, way == "descending")


def test_a_burst_is_the_same_to_the_byte_as_here_though_its_news_are_doubled_late_and_lost(
    cloud: Cloud, tmp_path: Path
) -> None:
    here = made_here(tmp_path, SPEC)
    lost, dropped = min(path for path in here if "/videos/" in path), []

    def drop(body: bytes) -> bool:
        told = json.loads(body)["message"]["attributes"]
        if told["objectId"] == lost:
            dropped.append(told["eventType"])
        return bool(told["objectId"] == lost)

    cloud.events.drop = drop
    turn = itertools.count()
    cloud.events.answer = lambda *_: 503 if next(turn) % 3 == 0 else None

    burst = cloud.ask("/bursts", {**SPEC, "key": "one"})
    view = cloud.until(burst["id"], "complete", LIMIT_S)
    assert view["counts"]["ready"] == 4
    studio = cloud.studio()
    wait_until_same(cloud, here)
    found = verify(studio, OWNER)
    assert (found.works, found.lies) == (5, [])
    assert cloud.uploads() == sum(len(case.work.plan.artifacts()) for case in cases(studio))
    assert set(cloud.dispatcher.answers) <= {200, 429}
    assert cloud.tasks.given_up == []

    assert uncovered({query(*shape) for shape in cloud.records.shapes}) == []

    # Its deletion is told to nobody; only the tick can see that a ready work is not.
    info = studio.objects.stat(lost)
    assert info is not None
    assert studio.objects.delete(lost, generation=info.generation)
    cloud.wait_for(lambda: studio.objects.stat(lost) is not None, LIMIT_S)
    cloud.until(burst["id"], "complete", LIMIT_S)
    wait_until_same(cloud, here)
    assert verify(studio, OWNER).lies == []
    # Each by both subscriptions; the video was put twice.
    assert dropped.count("OBJECT_DELETE") >= 2
    assert dropped.count("OBJECT_FINALIZE") >= 4
    assert next(turn) > 2 * len(here)


def test_nothing_that_a_function_says_is_an_unhandled_error(cloud: Cloud) -> None:
    burst = cloud.ask("/bursts", {**SPEC, "brands": ["night-sky"], "reels": 0})
    cloud.until(burst["id"], "complete", LIMIT_S)
    cloud.wait_for(lambda: cloud.ticks >= 3, LIMIT_S)
    said: set[str] = set()
    for service in cloud.services:
        lines = service.log.read_text().splitlines()
        assert [line for line in lines if not line.startswith("{")] == []
        told = [json.loads(line) for line in lines]
        assert [line for line in told if line["severity"] == "ERROR"] == []
        said |= {line["event"] for line in told}
    assert {"step_enqueued", "step_ended", "raw_discarded"} <= said


def test_every_function_has_its_servers_control_socket_to_itself(cloud: Cloud) -> None:
    cloud.wait_for(lambda: cloud.ticks >= 1, LIMIT_S)
    for service in cloud.services:
        assert (service.runtime / "gunicorn.ctl").is_socket()
