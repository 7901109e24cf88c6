"""Rules of the services: limits, accounts, images, time."""

from __future__ import annotations

import re

from infra.offline.picture import Picture
from lib import deployment
from lib.core.tools import QUEUES, ladder

_DIGEST = re.compile(r"[^@\s]+@sha256:[0-9a-f]{64}")
_INTERNAL = "INGRESS_TRAFFIC_INTERNAL_ONLY"
#: The service that people and pages call.
FRONT = "studio-api"
#: Longest answer that Cloud Run waits for, and longest deadline of a task, seconds.
LONGEST_S, LONGEST_DISPATCH_S = 3600, 1800


def every_service_has_limits(found: Picture) -> list[str]:
    """A service that runs away costs what was agreed to, and no more."""
    faults = []
    for service in found.services.values():
        lacking = [name for name in ("cpu", "memory") if not service.limits.get(name)]
        lacking += ["instances"] if not 0 < service.instances <= 100 else []
        lacking += ["requests at a time"] if service.concurrency < 1 else []
        lacking += ["time"] if not 0 < service.timeout_s <= LONGEST_S else []
        faults += [f"{service.name} has no limit of {what}" for what in lacking]
    return faults


def every_service_has_an_account_of_its_own(found: Picture) -> list[str]:
    """No service runs as the project's default account, and no two as the same."""
    faults, owners = [], dict[str, str]()
    for service in found.services.values():
        if service.account not in found.accounts():
            faults.append(f"{service.name} runs as {service.account or 'the default account'}")
        elif service.account in owners:
            faults.append(f"{service.name} and {owners[service.account]} are one account")
        owners[service.account] = service.name
    return faults


def every_image_is_named_by_its_digest(found: Picture) -> list[str]:
    """What was tested is what runs; a tag can be moved."""
    return [
        f"{service.name} runs {service.image}"
        for service in found.services.values()
        if not _DIGEST.fullmatch(service.image)
    ]


def only_the_api_faces_the_internet(found: Picture) -> list[str]:
    """What the platform calls cannot even be knocked at from outside."""
    return [
        f"{service.name} can be reached from the internet"
        for service in found.services.values()
        if service.name != FRONT and service.ingress != _INTERNAL
    ]


def the_time_limits_form_a_ladder(found: Picture) -> list[str]:
    """Tool, function, task, lease: each ends only after the one inside it."""
    faults = []
    for queue in QUEUES:
        service, limits = found.services.get(f"on-step-{queue}"), ladder(queue)
        if service is None:
            continue
        rungs = (limits.tool_s, service.timeout_s, limits.dispatch_s, limits.lease_s)
        if not rungs[0] < rungs[1] < rungs[2] <= rungs[3] or limits.dispatch_s > LONGEST_DISPATCH_S:
            words = " < ".join(f"{rung:g}" for rung in rungs)
            faults.append(f"{service.name}: {words} is no ladder of tool, function, task, lease")
    return faults + [
        f"{service.name} ends requests at {service.timeout_s:g} s, its server at {said} s"
        for service in found.services.values()
        if (said := service.environment.get("CLOUD_RUN_TIMEOUT_SECONDS")) is None
        or float(said) != service.timeout_s
    ]


def a_renderer_does_one_thing_at_a_time(found: Picture) -> list[str]:
    """With one thread the time limit kills the work; with two renders both would be too slow."""
    return [
        f"{service.name} takes {service.concurrency} requests with {threads} threads"
        for service in found.services.values()
        if service.name.endswith("render")
        and (service.concurrency, threads := service.environment.get("THREADS")) != (1, "1")
    ]


def threads_are_as_many_as_requests(found: Picture) -> list[str]:
    """A request that is taken is worked on: it never waits inside an instance, unseen."""
    faults = []
    for service in found.services.values():
        if service.environment.get("THREADS") != str(service.concurrency):
            faults.append(
                f"{service.name} takes {service.concurrency} requests, with other threads"
            )
        threaded = service.environment.get("THREADED_TIMEOUT_ENABLED")
        if service.concurrency > 1 and threaded != "true":
            faults.append(f"{service.name} does not end what takes too long")
    return faults


def a_tool_can_be_started_beside_grpc(found: Picture) -> list[str]:
    """Tools are started by a fork, in whose child the handlers of gRPC may abort."""
    return [
        f"{service.name} leaves gRPC's fork handlers on"
        for service in found.services.values()
        if service.environment.get("GRPC_ENABLE_FORK_SUPPORT") != "0"
    ]


def services_are_told_where_they_are(found: Picture) -> list[str]:
    """Every service has the whole environment, and the same one."""
    faults = []
    told: dict[str, str] = {}
    for service in found.services.values():
        ours = {k: v for k, v in service.environment.items() if k in deployment.ENVIRONMENT}
        faults += [f"{service.name} lacks {n}" for n in deployment.ENVIRONMENT if not ours.get(n)]
        unknown = [n for n in service.environment if n.startswith("BRANDCAST_") and n not in ours]
        faults += [f"{service.name} is told {name}, which is no setting" for name in unknown]
        faults += [
            f"{service.name} has another {n}" for n, v in ours.items() if told.get(n, v) != v
        ]
        told = told or ours
    for queue in QUEUES:
        url = told.get(f"BRANDCAST_STEP_{queue.upper()}_URL", "")
        service_at = found.service_at(url)
        if service_at is None or service_at.name != f"on-step-{queue}":
            faults.append(f"the steps of {queue} are sent to {url}")
    return faults


def names_are_those_of_the_code(found: Picture) -> list[str]:
    """Services, functions, limits and queues are those that the code knows."""
    planned = {
        service.name: deployment.Service(
            service.function,
            service.environment.get("FUNCTION_SIGNATURE_TYPE", ""),
            int(service.timeout_s),
            service.concurrency,
        )
        for service in found.services.values()
    }
    wanted = deployment.services()
    faults = [
        f"{name}: the plan has {planned.get(name)}, the code {wanted.get(name)}"
        for name in sorted(planned.keys() | wanted.keys())
        if planned.get(name) != wanted.get(name)
    ]
    queues = {queue["name"] for queue in found.of("google_cloud_tasks_queue")}
    return faults + [f"queues differ at {name}" for name in sorted(queues ^ set(QUEUES))]
