"""A plan as a picture: who is called by whom, as what account, with which rights.

Made from Terraform's JSON of a plan; read by the rules and by ``./brandcast deploy plan``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]
#: Type of an IAM resource → the kind of thing it grants on, and the attribute that names it.
_SCOPES = {
    "google_project_iam_member": ("project", "project"),
    "google_storage_bucket_iam_member": ("bucket", "bucket"),
    "google_cloud_run_v2_service_iam_member": ("service", "name"),
    "google_cloud_tasks_queue_iam_member": ("queue", "name"),
    "google_pubsub_topic_iam_member": ("topic", "topic"),
    "google_pubsub_subscription_iam_member": ("subscription", "subscription"),
    "google_service_account_iam_member": ("account", "service_account_id"),
    "google_secret_manager_secret_iam_member": ("secret", "secret_id"),
    "google_artifact_registry_repository_iam_member": ("repository", "repository"),
}


@dataclass(frozen=True, slots=True)
class Grant:
    """One right: ``role`` for ``member`` on one thing of a kind, perhaps under a condition."""

    role: str
    member: str
    kind: str
    name: str
    condition: str = ""

    @property
    def account(self) -> str:
        """Return the email of the member when it is a service account, else an empty string."""
        kind, _, email = self.member.partition(":")
        return email if kind == "serviceAccount" else ""


@dataclass(frozen=True, slots=True)
class Service:
    """One service as it is planned."""

    name: str
    account: str
    image: str
    timeout_s: float
    concurrency: int
    instances: int
    ingress: str
    limits: dict[str, str]
    #: Variables with their values; those of secrets are in ``secrets``.
    environment: dict[str, str]
    secrets: tuple[str, ...] = ()

    @property
    def function(self) -> str:
        """Return the function of ``main.py`` that it serves."""
        return self.environment.get("FUNCTION_TARGET", "")


@dataclass(frozen=True, slots=True)
class Call:
    """Somebody calls a service: what makes the call, to which address, as what account."""

    by: str
    url: str
    account: str
    audience: str


@dataclass(frozen=True)
class Picture:
    """Everything that the rules and the summary look at."""

    services: dict[str, Service]
    grants: tuple[Grant, ...]
    #: Custom role → its permissions.
    roles: dict[str, frozenset[str]]
    calls: tuple[Call, ...]
    #: Type → resources, as the plan has them.
    raw: dict[str, list[Json]] = field(repr=False)

    def of(self, kind: str) -> list[Json]:
        """Return the planned resources of a type."""
        return self.raw.get(kind, [])

    def service_at(self, url: str) -> Service | None:
        """Return the service that answers at an address."""
        name = url.removeprefix("https://").partition(".")[0].rpartition("-")[0]
        return self.services.get(name)

    def callers(self, service: Service) -> list[Call]:
        """Return who calls a service by the plan itself."""
        return [call for call in self.calls if self.service_at(call.url) == service]

    def granted(self, account: str) -> list[Grant]:
        """Return what an account may do."""
        return [grant for grant in self.grants if grant.account == account]

    def accounts(self) -> dict[str, str]:
        """Return every account that is created: its short name by its email."""
        return {a["email"]: a["account_id"] for a in self.of("google_service_account")}


def picture(plan: Json) -> Picture:
    """Read a plan. Raises KeyError when it is no plan of ours."""
    raw: dict[str, list[Json]] = {}
    for resource in plan["planned_values"]["root_module"]["resources"]:
        if resource["mode"] == "managed":
            raw.setdefault(resource["type"], []).append(resource["values"])
    services = [_service(values) for values in raw.get("google_cloud_run_v2_service", [])]
    return Picture(
        services={service.name: service for service in services},
        grants=tuple(_grants(raw)),
        roles={
            role["name"]: frozenset(role["permissions"])
            for role in raw.get("google_project_iam_custom_role", [])
        },
        calls=tuple(_calls(raw, {s.name: s for s in services})),
        raw=raw,
    )


def first(blocks: list[Json] | None) -> Json:
    """Return a block that may be there once, or an empty one."""
    return blocks[0] if blocks else {}


def seconds(text: str | None) -> float | None:
    """Return a duration of Google's, such as ``"600s"``; None when there is none."""
    return float(text.removesuffix("s")) if text else None


def short(name: str) -> str:
    """Return a name without the path before it and the project behind it."""
    return name.rpartition("/")[2].partition("@")[0]


def _service(values: Json) -> Service:
    template = first(values["template"])
    container = first(template["containers"])
    variables = container.get("env") or []
    plain = {item["name"]: item["value"] for item in variables if not item.get("value_source")}
    return Service(
        name=values["name"],
        account=template.get("service_account") or "",
        image=container["image"],
        timeout_s=seconds(template.get("timeout")) or 0,
        concurrency=template.get("max_instance_request_concurrency") or 0,
        instances=first(template.get("scaling")).get("max_instance_count") or 0,
        ingress=values.get("ingress") or "",
        limits=first(container.get("resources")).get("limits") or {},
        environment=plain,
        secrets=tuple(item["name"] for item in variables if item.get("value_source")),
    )


def _grants(raw: dict[str, list[Json]]) -> Iterator[Grant]:
    for kind, resources in raw.items():
        if kind not in _SCOPES:
            continue
        scope, named_by = _SCOPES[kind]
        for values in resources:
            condition = first(values.get("condition")).get("expression") or ""
            yield Grant(values["role"], values["member"], scope, short(values[named_by]), condition)


def _calls(raw: dict[str, list[Json]], services: dict[str, Service]) -> Iterator[Call]:
    for subscription in raw.get("google_pubsub_subscription", []):
        push = first(subscription.get("push_config"))
        if push:
            token = first(push.get("oidc_token"))
            email, audience = token.get("service_account_email", ""), token.get("audience", "")
            yield Call(f"Pub/Sub {subscription['name']}", push["push_endpoint"], email, audience)
    for job in raw.get("google_cloud_scheduler_job", []):
        target = first(job.get("http_target"))
        token = first(target.get("oidc_token"))
        email, audience = token.get("service_account_email", ""), token.get("audience", "")
        yield Call(f"Cloud Scheduler {job['name']}", target.get("uri", ""), email, audience)
    # Tasks are made by the code, from what the environment of the services says.
    said = next(iter(services.values())).environment if services else {}
    for queue in raw.get("google_cloud_tasks_queue", []):
        url = said.get(f"BRANDCAST_STEP_{queue['name'].upper()}_URL", "")
        account = said.get("BRANDCAST_TASKS_ACCOUNT", "")
        yield Call(f"Cloud Tasks {queue['name']}", url, account, url)
