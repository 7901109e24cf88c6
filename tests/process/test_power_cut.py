"""A power cut after any write of a record: what a ready work claims, and what was acknowledged."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from lib.adapters.local import files, group_commit
from lib.adapters.local.write_log import WriteLog
from lib.app import intake
from lib.app.intake import Wish
from lib.app.recovery import recover
from tests.app.crank import OWNER, Crank, open_crank, settings_below
from tests.drafts import draft
from tests.process.evidence import Evidence
from tests.process.power import Disk

#: Of the cuts that are made, every so many-th is gone on from until all is made.
GO_ON_EVERY = 6
BRAND = "two-wheels"


@dataclass
class Cuts:
    """A studio whose power is cut behind every write of a record, and what was found then."""

    folder: Path
    crank: Crank
    disk: Disk
    acknowledged: dict[str, int] = field(default_factory=dict)
    found: list[str] = field(default_factory=list)
    excused: set[str] = field(default_factory=set)
    count: int = 0

    def watch(self, patch: pytest.MonkeyPatch) -> None:
        """Cut behind every write from now on."""
        records = self.crank.local.records
        for name in ("create", "update"):
            write = getattr(records, name)

            def cutting(*args: Any, write: Callable[..., Any] = write, **more: Any) -> Any:
                record = write(*args, **more)
                self.cut()
                return record

            patch.setattr(records, name, cutting)

    def cut(self) -> None:
        """Cut the power in each way, and look."""
        self.count += 1
        for log_synced, names_kept in itertools.product((False, True), repeat=2):
            after = self.folder / "after"
            data = self.disk.cut(after, log_synced=log_synced, names_kept=names_kept)
            seen = Evidence(data)
            self.found += seen.lies(self.excused)
            self.found += [
                f"{id_} in revision {revision} was acknowledged and is gone"
                for id_, revision in self.acknowledged.items()
                if id_ not in seen.works or seen.works[id_]["work"]["revision"] < revision
            ]
            if self.count % GO_ON_EVERY == 0:
                self.found += gone_on(after)

    def scenario(self) -> None:
        """Order, make, edit, make again, spoil a file and make that again."""
        studio = self.crank.studio
        for number in (1, 2):
            work_id, spec = f"w-{number}", draft(f"The title {number}", BRAND)
            intake.create(studio, Wish(work_id, OWNER, OWNER, BRAND, "post", spec))
            self.acknowledged[work_id] = 1
        self.crank.until_quiet()
        intake.revise(studio, OWNER, "w-1", draft("Another title", BRAND))
        self.acknowledged["w-1"] = 2
        self.crank.until_quiet()
        picture = self.crank.job("w-2")["artifacts"][1]["object"]
        for junk in (b"", b"junk"):
            self.excused = {picture}  # until the studio looks, nobody told it
            self.crank.file(picture).write_bytes(junk)
            self.crank.tick()
            self.excused = set()
            self.cut()
        assert {self.crank.job(w)["phase"] for w in ("w-1", "w-2")} == {"ready"}


def gone_on(folder: Path) -> list[str]:
    """Start a studio on what a cut left, leave it alone, and return what it did not mend."""
    crank = open_crank(settings_below(folder))
    try:
        crank.local.objects.sweep_tmp()
        crank.local.objects.scan()
        recover(crank.studio)
        for _ in range(8):
            crank.tick(after_s=60)
        seen = Evidence(folder / "data")
        wrong = [f"{i} stays {r['summary']['phase']}" for i, r in seen.works.items()]
        return [w for w in wrong if not w.endswith("ready")] + list(seen.lies(excused=set()))
    finally:
        crank.local.close()


@pytest.fixture
def cuts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cuts]:
    disk = Disk(tmp_path / "data", monkeypatch)
    crank = open_crank(settings_below(tmp_path))
    made = Cuts(tmp_path, crank, disk)
    made.watch(monkeypatch)
    yield made
    crank.local.close()


def test_no_power_cut_leaves_a_lie_or_takes_what_was_acknowledged(cuts: Cuts) -> None:
    cuts.scenario()
    assert cuts.found == []
    assert cuts.count > 20
    assert cuts.disk.syncs > cuts.count / 2


def without_bytes(patch: pytest.MonkeyPatch) -> None:
    """A file gets its name before its bytes are on the disk."""
    forgetting_sync(patch, files, "_make_durable")
    forgetting_sync(patch, files, "_copy")


def without_names(patch: pytest.MonkeyPatch) -> None:
    """A put returns before the file's name is on the disk."""
    patch.setattr(group_commit, "sync_folder", lambda folder: None)


def without_log(patch: pytest.MonkeyPatch) -> None:
    """An order is acknowledged before the log is on the disk."""
    patch.setattr(WriteLog, "sync", lambda self: None)


def forgetting_sync(patch: pytest.MonkeyPatch, room: Any, name: str) -> None:
    real = getattr(room, name)

    def forgetting(*args: Any, **more: Any) -> Any:
        with pytest.MonkeyPatch.context() as within:
            within.setattr(files.os, "fsync", lambda handle: None)
            return real(*args, **more)

    patch.setattr(room, name, forgetting)


@pytest.mark.parametrize(
    ("bug", "words"),
    [
        (without_bytes, "has other bytes"),
        (without_names, "is not in the bucket"),
        (without_log, "was acknowledged and is gone"),
    ],
)
def test_each_sync_that_is_left_out_is_missed(
    cuts: Cuts, monkeypatch: pytest.MonkeyPatch, bug: Callable[..., None], words: str
) -> None:
    bug(monkeypatch)
    cuts.scenario()
    assert words in "\n".join(cuts.found)
