"""What must be true of every write of a work's record: from what it was to what it is.

The intent of a revision is sealed and the ledger only grows, whoever writes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lib.app.invariants.breach import Breach
from lib.core.work import Json


def of_change(before: Json, after: Json) -> Iterator[Breach]:
    """Yield what is wrong with a write of a work's record."""
    old, new = before["work"], after["work"]
    if new["revision"] < old["revision"]:
        words = f"from {old['revision']} to {new['revision']}"
        yield Breach("a_revision_never_goes_back", old["id"], words)
    for name in old.keys() | new.keys():
        changed = old.get(name) != new.get(name)
        if changed and _is_sealed(name, old, new):
            yield Breach("a_revision_is_sealed", old["id"], f"{name} changed")
    if old.get("archived_at") is not None and new.get("archived_at") is None:
        yield Breach("a_tombstone_stays", old["id"], "it is archived no more")
    begun = after["attempts"].keys() - before["attempts"].keys()
    if old.get("archived_at") is not None and begun:
        yield Breach("what_is_put_away_is_left_alone", old["id"], f"{sorted(begun)} were claimed")
    for name, entry in before["attempts"].items():
        yield from _keeps(name, entry, after["attempts"].get(name), old["id"])


def _is_sealed(name: str, old: Json, new: Json) -> bool:
    if name == "archived_at":
        return False
    if name in ("id", "owner", "brand", "kind", "parent", "created_at"):
        return True
    return bool(old["revision"] == new["revision"])


def _keeps(name: str, was: Json, now: Any, work_id: str) -> Iterator[Breach]:
    """Compare what the ledger said of an attempt; only what was open may be filled in."""
    if now is None:
        yield Breach("the_ledger_only_grows", work_id, f"{name} is gone")
        return
    if was.get("ended_at") is not None and was != now:
        yield Breach("the_ledger_only_grows", work_id, f"the end of {name} was written again")
    for field in ("enqueued_at", "started_at", "executor"):
        if was.get(field) is not None and was.get(field) != now.get(field):
            words = f"{field} of {name} was {was.get(field)!r} and is {now.get(field)!r}"
            yield Breach("the_ledger_only_grows", work_id, words)
