"""Rules of what Google accepts: a schema knows types, not ranges, so a plan alone would not see it.

Ranges and patterns are those of the APIs' own references.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from infra.offline.picture import Json, Picture

#: Type of a resource → path of a value in it → least and greatest; durations in seconds.
_RANGES: dict[str, dict[str, tuple[float, float]]] = {
    "google_cloud_run_v2_service": {
        "template.timeout": (1, 3600),
        "template.max_instance_request_concurrency": (1, 1000),
    },
    "google_pubsub_subscription": {
        "ack_deadline_seconds": (10, 600),
        "message_retention_duration": (600, 31 * 86_400),
        "retry_policy.minimum_backoff": (0, 600),
        "retry_policy.maximum_backoff": (0, 600),
        "dead_letter_policy.max_delivery_attempts": (5, 100),
    },
    "google_cloud_tasks_queue": {
        "rate_limits.max_dispatches_per_second": (0.001, 500),
        "rate_limits.max_concurrent_dispatches": (1, 5000),
        "retry_config.max_doublings": (0, 16),
    },
    "google_cloud_scheduler_job": {
        "attempt_deadline": (15, 1800),
        "retry_config.retry_count": (0, 5),
    },
    "google_storage_bucket": {"soft_delete_policy.retention_duration_seconds": (0, 90 * 86_400)},
    "google_monitoring_alert_policy": {
        "conditions.condition_threshold.duration": (0, 84_600),
        "conditions.condition_absent.duration": (120, 84_600),
        "conditions.condition_threshold.aggregations.alignment_period": (60, 104 * 7 * 86_400),
        "alert_strategy.auto_close": (1800, 7 * 86_400),
    },
}
#: Type of a resource → an argument → what all of it must match.
_PATTERNS: dict[str, dict[str, str]] = {
    "google_service_account": {"account_id": r"(?=.{6,30}$)[a-z][a-z0-9-]*[a-z0-9]"},
    "google_project_iam_custom_role": {"role_id": r"[A-Za-z0-9_.]{3,64}"},
    "google_cloud_run_v2_service": {"name": r"(?=.{1,49}$)[a-z][a-z0-9-]*[a-z0-9]"},
    "google_cloud_tasks_queue": {"name": r"[A-Za-z0-9-]{1,100}"},
    "google_pubsub_topic": {"name": r"(?!goog)[A-Za-z][A-Za-z0-9._~+%-]{2,254}"},
    "google_pubsub_subscription": {"name": r"(?!goog)[A-Za-z][A-Za-z0-9._~+%-]{2,254}"},
    "google_storage_bucket": {"name": r"(?!goog)[a-z0-9][a-z0-9_.-]{1,61}[a-z0-9]"},
    "google_firestore_database": {"name": r"\(default\)|(?=.{4,63}$)[a-z][a-z0-9-]*[a-z0-9]"},
    "google_project_iam_member": {"condition.title": r".{1,100}"},
}
#: What the type of a resource begins with → the API that must be enabled for it.
_APIS = {
    "google_artifact_registry_": "artifactregistry",
    "google_billing_": "billingbudgets",
    "google_cloud_run_": "run",
    "google_cloud_scheduler_": "cloudscheduler",
    "google_cloud_tasks_": "cloudtasks",
    "google_firebaserules_": "firebaserules",
    "google_firestore_": "firestore",
    "google_logging_": "logging",
    "google_monitoring_": "monitoring",
    "google_project_iam_custom_role": "iam",
    "google_project_iam_member": "cloudresourcemanager",
    "google_project_service": "cloudresourcemanager",
    "google_pubsub_": "pubsub",
    "google_secret_manager_": "secretmanager",
    "google_service_account": "iam",
    "google_storage_": "storage",
}


def values_are_ones_that_google_accepts(found: Picture) -> list[str]:
    """Every number is within the range, and every name of the form, that its API documents."""
    faults = []
    for kind, paths in _RANGES.items():
        for resource, path, value in _each(found, kind, paths):
            least, most = paths[path]
            number = float(str(value).removesuffix("s"))
            if not least <= number <= most:
                faults.append(f"{kind} {resource}: {path} is {value}, not {least:g} to {most:g}")
            if path.endswith((".duration", "alignment_period")) and number % 60:
                faults.append(f"{kind} {resource}: {path} is {value}, no whole minutes")
    for kind, patterns in _PATTERNS.items():
        faults += [
            f"{kind} {resource}: {path} is {value!r}, which is no such name"
            for resource, path, value in _each(found, kind, patterns)
            if not re.fullmatch(patterns[path], str(value))
        ]
    return faults


def every_api_in_use_is_enabled(found: Picture) -> list[str]:
    """An empty project has almost no API; each one that something here is made by is asked for."""
    enabled = {
        api["service"].removesuffix(".googleapis.com") for api in found.of("google_project_service")
    }
    faults = []
    for kind in sorted(found.raw):
        needed = {api for prefix, api in _APIS.items() if kind.startswith(prefix)}
        faults += [f"{kind} needs an API that is not known here"] if not needed else []
        faults += [f"{kind} needs {api}, which is not enabled" for api in sorted(needed - enabled)]
    return faults


def several_requests_have_a_whole_processor(found: Picture) -> list[str]:
    """Cloud Run gives less than a whole processor only to one request at a time."""
    return [
        f"{service.name} takes {service.concurrency} requests with {service.limits.get('cpu')} CPU"
        for service in found.services.values()
        if service.concurrency > 1 and float(service.limits.get("cpu") or 0) < 1
    ]


def _each(found: Picture, kind: str, paths: Any) -> Iterator[tuple[str, str, Any]]:
    """Yield name, path and value of what the plan says; what it leaves out is not looked at."""
    for resource in found.of(kind):
        name = str(resource.get("name") or resource.get("display_name") or resource.get("member"))
        for path in paths:
            for value in _at(resource, path.split(".")):
                yield name, path, value


def _at(values: Json, steps: list[str]) -> Iterator[Any]:
    value = values.get(steps[0])
    if len(steps) == 1:
        if value is not None:
            yield value
        return
    for block in value or ():
        yield from _at(block, steps[1:])
