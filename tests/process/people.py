"""People at one data folder: they order, edit, put away, try again, and reach into the bucket.

    python -m tests.process.people FOLDER SEED

Acts through the app as any command does, in a process of its own that is killed like the studio.
Prints a line of JSON before each act ("will") and after it was acknowledged ("did"): what was
printed is all that anybody may be held to.
"""

from __future__ import annotations

import json
import os
import random
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from lib.app import intake
from lib.app.case import WORKS, case_of
from lib.app.intake import Wish
from lib.core.errors import Conflict, Refused
from lib.core.work import Json, Keep, Work
from lib.ports import Query
from lib.wiring.local import open_local
from tests.app.crank import OWNER, settings_below
from tests.app.instant import InstantTools
from tests.drafts import draft
from tests.process.evidence import crc32c_of
from tests.process.studio import MENDED, UNLUCKY, plant
from tests.process.world import World

#: Works under way at once beyond which nobody orders more: a cycle is about a second.
MOST_UNDER_WAY = 24
#: How often each act is chosen, of the sum of all.
WEIGHTS = {
    "create": 8,
    "burst": 1,
    "revise": 3,
    "archive": 1,
    "retry": 2,
    "delete": 2,
    "junk": 2,
    "overwrite": 2,
    "foreign": 1,
}


def say(stage: str, act: str, **more: Any) -> None:
    """Print a line in one piece."""
    os.write(1, (json.dumps({"stage": stage, "act": act, **more}) + "\n").encode())


class People:
    """Somebody with a seed."""

    def __init__(self, folder: Path, seed: str) -> None:
        self._folder = folder
        self._seed = seed
        self._chance = random.Random(seed)
        self._local = open_local(settings_below(folder), tools=InstantTools(), executor="people")
        self._studio = self._local.studio
        self._bucket = self._local.settings.data / "bucket"
        self._brands = list(self._studio.brands.slugs())
        self._count = 0

    def act(self) -> None:
        """Do one thing; what nobody could do now is left."""
        name = self._chance.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
        # Somebody was first, or there is nothing of the kind to do it to.
        with suppress(Conflict, Refused):
            getattr(self, f"_{name}")()

    def _name(self) -> str:
        self._count += 1
        return f"{self._seed}-{self._count}"

    def _create(self) -> None:
        due = self._studio.records.query(Query(WORKS, order_by="due_at", limit=MOST_UNDER_WAY))
        if len(due) == MOST_UNDER_WAY:
            return
        work_id, brand = f"w-{self._name()}", self._chance.choice(self._brands)
        luck = UNLUCKY if self._chance.random() < 0.15 else "Fine"
        spec = draft(f"{luck} {work_id}", brand)
        say("will", "create", work=work_id)
        intake.create(self._studio, Wish(work_id, OWNER, OWNER, brand, "post", spec))
        say("did", "create", work=work_id)

    def _burst(self) -> None:
        spec = {"kind": "test", "brands": [self._chance.choice(self._brands)], "posts": 1}
        key = self._name().replace("-", "")
        work = intake.create_burst(self._studio, OWNER, OWNER, {**spec, "reels": 1}, key=key)
        say("did", "burst", work=work.id)

    def _revise(self) -> None:
        work = self._some_post()
        spec = draft(f"Edited {self._name()}", work.brand)
        say("will", "revise", work=work.id)
        new = intake.revise(self._studio, OWNER, work.id, spec)
        say("did", "revise", work=work.id, revision=new.revision)

    def _archive(self) -> None:
        work = self._some_post()
        say("will", "archive", work=work.id)
        intake.archive(self._studio, OWNER, work.id)
        say("did", "archive", work=work.id)

    def _retry(self) -> None:
        work = self._some_post("failed")
        with (self._folder / MENDED).open("a") as mended:
            mended.write(f"{work.id}\n")
        say("will", "retry", work=work.id)
        intake.retry(self._studio, OWNER, work.id, "stills", OWNER)
        say("did", "retry", work=work.id)

    def _some_post(self, phase: str = "") -> Work:
        """Return one of the latest posts. Raises Refused when there is none."""
        equals: Json = {"owner": OWNER, **({"summary.phase": phase} if phase else {})}
        query = Query(WORKS, equals, "created_at", descending=True, limit=60)
        works = [case_of(r).work for r in self._studio.records.query(query)]
        works = [w for w in works if w.id.startswith("w-") and w.archived_at is None]
        if not works:
            raise Refused("there is no such post")
        return self._chance.choice(works)

    def _file(self, *, kept: bool = False) -> tuple[str, Path]:
        work = self._some_post("ready")
        paths = [a.path for a in work.plan.artifacts() if a.keep is not Keep.RAW or not kept]
        path = self._chance.choice(paths)
        return path, self._bucket / path

    def _delete(self) -> None:
        path, file = self._file()
        say("will", "delete", path=path)
        file.unlink(missing_ok=True)
        say("did", "delete", path=path)

    def _junk(self) -> None:
        path, file = self._file(kept=True)
        say("will", "junk", path=path)
        if file.exists():
            file.write_bytes(file.read_bytes()[: self._chance.choice((0, 100, 5000))])
        say("did", "junk", path=path)

    def _overwrite(self) -> None:
        """Put other good bytes of one's own in the place of a finished file."""
        path, file = self._file(kept=True)
        facts = InstantTools().probe(file, "image/jpeg") if file.exists() else {}
        if facts.get("unreadable", not facts):
            raise Refused("somebody was here before")
        self._put(path, InstantTools()._bytes(f"mine {self._name()}", facts), "overwrite")

    def _foreign(self) -> None:
        brand = self._chance.choice(self._brands)
        place = self._chance.choice(("posts", "raw", "my holidays"))
        name = f"{OWNER}/{brand}/{place}/picture {self._name()}.jpg"
        self._put(name, self._chance.randbytes(3000), "foreign")

    def _put(self, path: str, data: bytes, act: str) -> None:
        fresh = self._folder / "fresh"
        fresh.write_bytes(data)
        say("will", act, path=path)
        (self._bucket / path).parent.mkdir(parents=True, exist_ok=True)
        crc32c = crc32c_of(fresh)
        fresh.rename(self._bucket / path)
        say("did", act, path=path, crc32c=crc32c)

    def live(self) -> None:
        """Act for ever."""
        while True:
            self.act()
            time.sleep(self._chance.uniform(0.0, 0.06))


def main() -> None:
    """Act until somebody kills this process."""
    folder = Path(sys.argv[1]).resolve()
    plant(World(folder))
    People(folder, sys.argv[2]).live()


if __name__ == "__main__":
    main()
