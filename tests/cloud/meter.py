"""What Google would bill: counted where the functions meet its services."""

from __future__ import annotations

import contextlib
import math
import os
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from infra.cost import KEPT
from tests.cloud.cloud import BUCKET, Cloud
from tests.e2e.processes import children

#: A request is billed in steps of so many seconds.
STEP_S = 0.1
_LIST = re.compile(r"^/storage/v1/b/[^/]+/o(\?|$)")
_OBJECT = re.compile(r"^/(download/)?storage/v1/b/[^/]+/o/")

Bill = Mapping[str, float]


def bill(cloud: Cloud) -> Counter[str]:
    """Return what was used so far."""
    used: Counter[str] = Counter()
    used.update(cloud.records.billed)
    for method, target, _ in cloud.objects.requests:
        used[_class(method, target)] += 1
    handed = sum(map(len, cloud.dispatcher.spans.values()))
    used["task_operations"] = len(cloud.tasks.requests) + handed
    used["requests"] = handed + len(cloud.events.requests) + len(cloud.calls)
    used["event_kib"] = sum(size for _, _, size in cloud.events.requests) / 1024
    used["log_kib"] = sum(service.log.stat().st_size for service in cloud.services) / 1024
    # What renders is billed for the processor time that it takes, for it has one CPU and fills it; all
    # else by the time in which an instance has any request.
    rendered_s = cpu_s(cloud.renderers.pid)
    shared = (cloud.dispatcher.spans["desk"], cloud.events.spans, cloud.calls)
    others_s = sum(map(open_s, shared))
    used["vcpu_s"] = rendered_s + others_s
    used["gib_s"] = used["vcpu_s"]  # one GiB for each CPU
    used[KEPT] = sum(blob.size for blob in cloud.storage.list_blobs(BUCKET)) / 1024**2
    used.pop("free", None)
    return used


def cpu_s(pid: int) -> float:
    """Return the processor time of a process and of all that descend from it, in seconds."""
    total = 0
    for one in {pid, *children(pid)}:
        with contextlib.suppress(OSError):
            fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
            total += sum(map(int, fields[11:15]))  # own and of children that ended, twice
    return total / os.sysconf("SC_CLK_TCK")


def open_s(spans: Sequence[tuple[float, float]]) -> float:
    """Return how long at least one of these requests was open, in billed steps."""
    total, until = 0.0, -math.inf
    for start, end in sorted(spans):
        fresh = max(0.0, end - max(start, until))
        total += math.ceil(fresh / STEP_S) * STEP_S if start > until else fresh
        until = max(until, end)
    return total


def _class(method: str, target: str) -> str:
    """Return the class of operation of one request to the bucket; deletions cost nothing."""
    if method == "POST" or (method == "GET" and _LIST.match(target)):
        return "class_a"
    if method == "GET" and _OBJECT.match(target):
        return "class_b"
    return "free"
