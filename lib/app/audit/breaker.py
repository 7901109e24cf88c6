"""Says that a pass corrects nothing, because more seems to be lost than can be believed.

Called by ``run`` for a batch that was judged and not corrected. A bucket that suddenly shows
nothing, or the wrong one, must not make the studio render everything anew. Nothing remembers that
the breaker opened: the next batch is judged by what is found then. Events, due times and opened
pages go on settling single works.
"""

from __future__ import annotations

import contextlib
import logging

from lib.app.audit.suspect import Batch
from lib.app.case import ACTIVITY
from lib.app.journal import note
from lib.app.studio import Studio
from lib.core.errors import StudioError
from lib.core.work import Json

#: What to do about it, for people.
HINT = (
    "see whether the studio is wired to the right bucket; if the files are really gone, "
    "./brandcast reconcile --accept-losses corrects the records and makes them anew"
)
#: Works that a line names.
NAMED = 5
#: An owner hears of it once in so many seconds.
NEWS_S = 86_400.0


def open_breaker(studio: Studio, batch: Batch, *, quietly: bool) -> Json:
    """Say that a batch is left as it is, and return what a report says of it.

    Not ``quietly`` is on the log and, once a day, in the activity feed of every owner concerned.
    """
    owners = batch.lost_by_owner()
    named = [work_id for ids in owners.values() for work_id in ids][:NAMED]
    said = f"{batch.lost} of {batch.settled} settled works have lost files; nothing was corrected"
    if not quietly:
        note(
            "breaker_opened",
            f"{said}: {HINT}",
            level=logging.ERROR,
            lost=batch.lost,
            settled=batch.settled,
            works=named,
        )
        for owner, ids in owners.items():
            _tell(studio, owner, ids)
    return {
        "lost": batch.lost,
        "settled": batch.settled,
        "works": named,
        "message": said,
        "hint": HINT,
    }


def _tell(studio: Studio, owner: str, ids: list[str]) -> None:
    now = studio.clock.now()
    words = ", ".join(ids[:NAMED]) + (" and others" if len(ids) > NAMED else "")
    line = {
        "at": now,
        "owner": owner,
        "brand": "",
        "work_id": None,
        "parent": None,
        "level": "error",
        "code": "breaker_opened",
        "message": f"{len(ids)} finished works seem to have lost files ({words}). That is more "
        f"than happens by itself, so nothing was changed: {HINT}",
    }
    # Told already today, or not to be told now: the log has it, and the report.
    with contextlib.suppress(StudioError):
        studio.records.create(f"{ACTIVITY}/breaker-{owner}-{int(now // NEWS_S)}", line)
