"""A plan in one document, by room: for people before the first deploy, and for scripts.

Called by ``./brandcast deploy plan``; the roles of the table in README.md are checked against it.
"""

from __future__ import annotations

from typing import Any

from infra.offline.picture import Grant, Picture, Service, first, short

Json = dict[str, Any]


def summary(found: Picture) -> Json:
    """Return what the plan would create, as JSON values."""
    return {
        "resources": sum(len(resources) for resources in found.raw.values()),
        "services": [_service(found, service) for service in found.services.values()],
        "queues": [_queue(queue) for queue in found.of("google_cloud_tasks_queue")],
        "schedules": [
            {"name": job["name"], "schedule": job["schedule"], "zone": job["time_zone"]}
            for job in found.of("google_cloud_scheduler_job")
        ],
        "events": [
            event for n in found.of("google_storage_notification") for event in _ways(found, n)
        ],
        "buckets": [
            {"name": bucket["name"], "location": bucket["location"]}
            for bucket in found.of("google_storage_bucket")
        ],
        "databases": [
            {
                "name": database["name"],
                "location": database["location_id"],
                "indexes": len(found.of("google_firestore_index")),
                "overrides": len(found.of("google_firestore_field")),
            }
            for database in found.of("google_firestore_database")
        ],
        "accounts": [_account(found, email, name) for email, name in found.accounts().items()],
        "agents": _agents(found),
        "roles": {short(role): sorted(allowed) for role, allowed in sorted(found.roles.items())},
        "secrets": [
            {"name": secret["secret_id"], "read_by": _readers(found, secret["secret_id"])}
            for secret in found.of("google_secret_manager_secret")
        ],
        "alerts": sorted(
            alert["display_name"].partition(": ")[2]
            for alert in found.of("google_monitoring_alert_policy")
        ),
        "budget": [first(b["amount"]) for b in found.of("google_billing_budget")] or None,
    }


def callers(found: Picture, service: Service) -> list[str]:
    """Return who calls a service: what the platform makes call, and the members that may."""
    members = [
        grant.member
        for grant in found.grants
        if (grant.role, grant.name) == ("roles/run.invoker", service.name)
        and grant.account not in {call.account for call in found.calls}
    ]
    return [call.by for call in found.callers(service)] + members


def rights(found: Picture, account: str) -> list[str]:
    """Return what an account may do, each right in words, sorted."""
    return sorted(_right(grant) for grant in found.granted(account))


def _right(grant: Grant) -> str:
    where = f"{grant.kind} {grant.name}"
    if grant.condition:
        where = f"database {grant.condition.rpartition('/')[2].rstrip(chr(34))}"
    return f"{short(grant.role)} on {where}"


def _service(found: Picture, service: Service) -> Json:
    return {
        "name": service.name,
        "function": service.function,
        "called_by": callers(found, service),
        "account": short(service.account),
        "timeout_s": service.timeout_s,
        "requests": service.concurrency,
        "instances": service.instances,
        "cpu": service.limits.get("cpu"),
        "memory": service.limits.get("memory"),
        "internal": service.ingress == "INGRESS_TRAFFIC_INTERNAL_ONLY",
    }


def _queue(queue: Json) -> Json:
    rates, retry = first(queue["rate_limits"]), first(queue["retry_config"])
    return {
        "name": queue["name"],
        "at_once": rates["max_concurrent_dispatches"],
        "attempts": retry["max_attempts"],
        "retry_for": retry["max_retry_duration"],
        "pauses": [retry["min_backoff"], retry["max_backoff"]],
    }


def _ways(found: Picture, notice: Json) -> list[Json]:
    """Return the ways from a bucket to a service."""
    ways = []
    for subscription in found.of("google_pubsub_subscription"):
        push = first(subscription.get("push_config"))
        if not push or subscription["topic"] != notice["topic"]:
            continue
        service = found.service_at(push["push_endpoint"])
        dead = first(subscription.get("dead_letter_policy"))
        ways.append(
            {
                "bucket": notice["bucket"],
                "events": notice["event_types"],
                "topic": short(notice["topic"]),
                "service": service.name if service else None,
                "attempts": dead.get("max_delivery_attempts"),
                "dead_letters": short(dead.get("dead_letter_topic") or ""),
            }
        )
    return ways


def _account(found: Picture, email: str, name: str) -> Json:
    return {"name": name, "email": email, "rights": rights(found, email)}


def _agents(found: Picture) -> list[Json]:
    """Return the accounts of Google's own that are given rights."""
    ours = found.accounts()
    others = {g.member: g.account for g in found.grants if g.account and g.account not in ours}
    return [
        {"member": member, "rights": rights(found, account)} for member, account in others.items()
    ]


def _readers(found: Picture, secret: str) -> list[str]:
    return [short(g.account) for g in found.grants if (g.kind, g.name) == ("secret", secret)]
