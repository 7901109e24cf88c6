"""A studio on Google Cloud: the bucket, the database and the queues that infra/ creates.

Called in a deployed function. What infra/ tells it stands in the environment; a missing word is
refused by its variable's name.
"""

from __future__ import annotations

from lib.adapters.clock import SystemClock
from lib.adapters.gcp.clients import firestore_client, storage_client, tasks_client
from lib.adapters.gcp.objects import GcsObjects
from lib.adapters.gcp.queue import CloudTasks, Target
from lib.adapters.gcp.records import FirestoreRecords
from lib.app.case import INDEXED
from lib.app.salvage import FINISHED
from lib.app.studio import Studio
from lib.core.errors import Refused
from lib.core.tools import QUEUES, ladder
from lib.settings import PREFIX, Settings
from lib.wiring import parts

#: What a deployed function must be told.
NEEDED = ("project", "region", "bucket", "step_desk_url", "step_render_url", "tasks_account")


def open_gcp(settings: Settings) -> Studio:
    """Wire Google's services. Raises Refused naming the first setting that is missing."""
    for name in NEEDED:
        if not getattr(settings, name):
            raise Refused(
                f"{PREFIX}{name.upper()} is not set, and BRANDCAST_MODE is 'gcp'",
                hint="infra/ sets it for every function; elsewhere set it as infra/ does",
            )
    scratch = settings.data / "scratch"
    (scratch / FINISHED).mkdir(parents=True, exist_ok=True)
    storage = storage_client(settings.project, endpoint=settings.storage_endpoint)
    firestore = firestore_client(
        settings.project, settings.database, endpoint=settings.firestore_endpoint
    )
    urls = {"desk": settings.step_desk_url, "render": settings.step_render_url}
    targets = {
        name: Target(urls[name], settings.tasks_account, ladder(name).dispatch_s) for name in QUEUES
    }
    patience_s = float(settings.patience_s)
    return Studio(
        objects=GcsObjects(storage, settings.bucket, patience_s=patience_s),
        records=FirestoreRecords(firestore, INDEXED, patience_s=patience_s),
        queue=CloudTasks(
            tasks_client(endpoint=settings.tasks_endpoint),
            (settings.project, settings.region),
            targets,
            patience_s=patience_s,
        ),
        tools=parts.media(settings),
        brands=parts.brands(settings),
        text=parts.writer(),
        clock=SystemClock(),
        executor=parts.executor(),
        scratch=scratch,
    )
