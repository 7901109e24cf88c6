"""Write without pause and print every acknowledgement, until somebody kills this process.

Started by ``test_local_durability.py``: ``python durability_writer.py FOLDER ROUND``.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from pathlib import Path

from lib.adapters.clock import SystemClock
from lib.adapters.local.database import Database
from lib.adapters.local.objects import LocalObjects
from lib.adapters.local.queue import LocalQueue
from lib.adapters.local.records import LocalRecords
from lib.ports import Task


def say(*words: object) -> None:
    """Print one acknowledgement in one piece."""
    os.write(1, (json.dumps(words) + "\n").encode())


def write_objects(objects: LocalObjects, folder: Path, name: str) -> None:
    """Create one object after the other, and replace one of them each time."""
    file = folder / f"{name}.bin"
    hot = f"hot/{name}.bin"
    file.write_bytes(name.encode())
    known = objects.stat(hot) or objects.put_once(hot, file, media_type="a/b", metadata={})
    number = 0
    while True:
        number += 1
        file.write_bytes(f"{name} {number} ".encode() * (number % 40 + 1) * 50)
        made = objects.put_once(f"o/{name}/{number}.bin", file, media_type="a/b", metadata={})
        say("object", made.path, made.generation, made.crc32c)
        known = objects.replace(
            hot, file, generation=known.generation, media_type="a/b", metadata={}
        )
        say("hot", known.path, known.generation, known.crc32c)
        if number % 5 == 0:
            objects.delete(made.path, generation=made.generation)
            say("deleted", made.path, made.generation, "")


def write_records(records: LocalRecords, queue: LocalQueue, name: str) -> None:
    """Count one document up and enqueue a task for every number."""
    path = f"counts/{name}"
    records.create(path, {"n": 0})
    number = 0
    while True:
        number += 1
        records.update(path, {("n",): number})
        say("count", path, number, "")
        queue.enqueue(Task(f"{name}-{number}", "desk", {}))
        say("task", f"{name}-{number}", 0, "")


def main(folder: Path, turn: str) -> None:
    """Write from four threads for ever."""
    database, clock = Database(folder / "studio.db"), SystemClock()
    objects = LocalObjects(folder / "media", database, clock)
    records, queue = LocalRecords(database, clock, {}), LocalQueue(database, clock)
    threads = [
        threading.Thread(target=write_objects, args=(objects, folder, f"{turn}{letter}"))
        for letter in "ab"
    ]
    threads += [
        threading.Thread(target=write_records, args=(records, queue, f"{turn}{letter}"))
        for letter in "cd"
    ]
    for thread in threads:
        thread.start()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
