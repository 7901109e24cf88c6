"""A studio with very many stored works: how it starts, idles, answers and audits.

    python -m tests.process.many_works --works 100000 --active 1000 [--folder DIR]

One work is made by the studio itself; its record, its rows and its files are multiplied by SQL and by
hard links, each with its own names and generations. Active works wait for their time. Then a real
studio is started on them and watched. Prints one JSON document.
"""

from __future__ import annotations

import argparse
import json
import os
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from lib.app.settle import begin
from lib.core.work import Plan, Work
from tests.app.crank import OWNER, Crank, open_crank, settings_below
from tests.app.planted import plan_of
from tests.process.group import Group

BRANDS = ("kitchen-proof", "night-sky", "plain-money", "steady-habits", "two-wheels")
#: Links that one file of ext4 may have, less some.
MOST_LINKS = 60_000
#: Seconds for which an idle studio is watched, and after its start until it is.
WATCH_S, SETTLE_S = 10.0, 3.0
#: Seconds between two stored works: some 300 a day.
APART_S = 300.0
#: Seconds from now at which an active work may begin.
LATER_S = 86_400.0
TICKS_A_S = os.sysconf("SC_CLK_TCK")


def build(folder: Path, works: int, active: int) -> None:
    """Make a data folder of so many ready works and so many that wait for their time."""
    crank = open_crank(settings_below(folder))
    crank.clock.advance(time.time() - crank.clock.now() - works * APART_S)
    try:
        first = name_of(0)
        begin(crank.studio, work_of(crank, first, BRANDS[0]))
        crank.until_quiet()
        record = crank.studio.records.get(f"works/{first}").data
        assert record["summary"]["phase"] == "ready"
        for number in range(active):
            waiting = work_of(crank, f"wait-{number:06}", BRANDS[number % len(BRANDS)])
            later = {"not_before": time.time() + LATER_S}
            steps = tuple(s.model_copy(update=later) for s in waiting.plan.steps)
            begin(crank.studio, waiting.model_copy(update={"plan": Plan(steps=steps)}))
    finally:
        crank.local.close()
    _multiply(folder / "data", json.dumps(record), works)


def name_of(number: int) -> str:
    """Return the id of a stored work."""
    return f"w-{number:08}"


def work_of(crank: Crank, work_id: str, brand: str) -> Work:
    """Return a work of three pictures."""
    said: dict[str, Any] = {"owner": OWNER, "actor": OWNER, "brand": brand, "kind": "post"}
    plan = plan_of(work_id, brand)
    return Work(id=work_id, plan=plan, created_at=crank.clock.now(), **said)


def _multiply(data: Path, record: str, works: int) -> None:
    """Store the record again and again, under other names, with its rows and files."""
    with closing(sqlite3.connect(data / "studio.db", isolation_level=None)) as database:
        database.execute("PRAGMA synchronous=OFF")
        columns = "path, generation, size, crc32c, media_type, metadata, updated_at, mtime_ns"
        like = f"%{name_of(0)}%"
        found = database.execute(f"SELECT {columns} FROM object WHERE path LIKE ?", (like,))
        rows = found.fetchall()
        version, last = database.execute(
            "SELECT (SELECT max(version) FROM document), (SELECT max(generation) FROM object)"
        ).fetchone()
        database.execute("BEGIN")
        files = Links(data / "bucket")
        for number in range(1, works):
            id_, brand = name_of(number), BRANDS[number % len(BRANDS)]
            text = record.replace(name_of(0), id_).replace(f'"{BRANDS[0]}"', f'"{brand}"')
            text = text.replace(f"/{BRANDS[0]}/", f"/{brand}/")
            told = json.loads(text)
            told["created_at"] = told["work"]["created_at"] = told["created_at"] + number * APART_S
            for path, _, *rest in rows:
                last += 1
                name = path.replace(name_of(0), id_).replace(f"/{BRANDS[0]}/", f"/{brand}/")
                slot = name.split("/")[2]
                told["measured"][slot] = {**told["measured"][slot], "generation": last}
                size, crc32c, kind, notes, updated, _ = rest
                inode, mtime_ns = files.link(path, name)
                values = (name, last, size, crc32c, kind, notes, updated, mtime_ns, inode)
                database.execute("INSERT INTO object VALUES (?,?,?,?,?,?,?,?,?)", values)
            document = (id_, version + number, json.dumps(told))
            database.execute("INSERT INTO document VALUES ('works',?,?,?)", document)
        database.execute("UPDATE number SET value = ?", (last,))
        database.execute("COMMIT")


class Links:
    """Files of the same bytes under many names."""

    def __init__(self, bucket: Path) -> None:
        self._bucket = bucket
        self._base: dict[str, tuple[Path, int]] = {}

    def link(self, source: str, name: str) -> tuple[int, int]:
        """Give a file one more name; return its inode and time."""
        base, count = self._base.get(source, (self._bucket / source, 1))
        if count > MOST_LINKS:
            fresh = self._bucket / name
            fresh.parent.mkdir(parents=True, exist_ok=True)
            fresh.write_bytes(base.read_bytes())
            base, count = fresh, 0
        else:
            try:
                os.link(base, self._bucket / name)
            except FileNotFoundError:
                (self._bucket / name).parent.mkdir(parents=True)
                os.link(base, self._bucket / name)
        self._base[source] = (base, count + 1)
        found = os.stat(base)
        return found.st_ino, found.st_mtime_ns


def processor_s(pid: int) -> float:
    """Return the processor time that a process has taken."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_A_S


def memory_mib(pid: int) -> float:
    """Return a process's resident memory."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(x for x in lines if x.startswith("VmRSS")).split()[1]) / 1024


def answers(studio: Group) -> Iterator[tuple[str, float]]:
    """Yield the seconds that each page took, the second time it was asked for."""
    pages = {
        "jobs": ("/jobs", {"limit": 200}),
        "failed": ("/jobs", {"state": "failed"}),
        "status": ("/status", {}),
        "bursts": ("/bursts", {}),
        "activity": ("/activity", {}),
        "job": (f"/jobs/{name_of(7)}", {}),
    }
    for name, (path, query) in pages.items():
        studio.client.get(path, **query)
        begun = time.monotonic()
        studio.client.get(path, **query)
        yield name, round(time.monotonic() - begun, 4)


def noticed_s(studio: Group, folder: Path) -> float:
    """Delete one file by hand; return after how many seconds its work is made again."""
    path = next(a.path for a in plan_of(name_of(9), BRANDS[9 % 5]).artifacts())
    file = folder / "data" / "bucket" / path
    file.unlink()
    begun = time.monotonic()
    while not file.exists() and time.monotonic() - begun < 300:
        time.sleep(0.02)
    return round(time.monotonic() - begun, 2)


def watched(folder: Path) -> dict[str, Any]:
    """Start a studio on a folder and return what it takes."""
    with Group(folder) as studio:
        assert studio.serves(within_s=600)
        start_s, pid = time.monotonic() - studio.begun, studio.process.pid
        started_mib = memory_mib(pid)
        time.sleep(SETTLE_S)
        took = {"answer_s": dict(answers(studio))}
        audited, before = place_of(folder), processor_s(pid)
        time.sleep(WATCH_S)
        return {
            "start_s": round(start_s, 2),
            "idle_processor_share": round((processor_s(pid) - before) / WATCH_S, 3),
            "audit_goes_on": place_of(folder) != audited,
            **took,
            "noticed_s": noticed_s(studio, folder),
            "mib_at_start": round(started_mib, 1),
            "mib": round(memory_mib(pid), 1),
        }


def place_of(folder: Path) -> str:
    """Return where the audit stands."""
    place = f"file:{folder / 'data' / 'studio.db'}?mode=ro"
    with closing(sqlite3.connect(place, uri=True)) as database:
        sql = "SELECT data FROM document WHERE collection = 'audits'"
        return str(database.execute(sql).fetchall())


def main() -> int:
    """Build, watch, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--works", type=int, default=100_000)
    parser.add_argument("--active", type=int, default=1_000)
    parser.add_argument("--folder", type=Path, help="an empty folder that is kept")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as spare:
        folder = (args.folder or Path(spare)).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        begun = time.monotonic()
        if not (folder / "data").exists():
            build(folder, args.works, args.active)
        built_s = round(time.monotonic() - begun, 1)
        figures = {"works": args.works, "active": args.active, "built_s": built_s}
        print(json.dumps({**figures, **watched(folder)}, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
