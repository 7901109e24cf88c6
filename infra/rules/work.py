"""Rules of queues, the tick and the alerts."""

from __future__ import annotations

from infra.offline.picture import Picture, first, seconds
from lib import deployment


def every_queue_gives_up(found: Picture) -> list[str]:
    """Delivery ends only when attempts *and* time are spent, so both are limited.

    Where one is not, a task that cannot be delivered stays for 31 days.
    """
    faults = []
    for queue in found.of("google_cloud_tasks_queue"):
        name, retry = queue["name"], first(queue.get("retry_config"))
        limits = deployment.queues().get(name)
        if limits is None:
            continue
        if retry.get("max_attempts") != limits.max_attempts:
            faults.append(f"{name} tries {retry.get('max_attempts')} times")
        if seconds(retry.get("max_retry_duration")) != limits.max_retry_s:
            faults.append(f"{name} tries for {retry.get('max_retry_duration') or 'ever'}")
        pauses = (seconds(retry.get("min_backoff")) or 0, seconds(retry.get("max_backoff")) or 0)
        if not 0 < pauses[0] < pauses[1] <= 3600:
            faults.append(f"{name} pauses from {pauses[0]:g} to {pauses[1]:g} s")
    return faults


def a_queue_hands_out_what_its_service_can_take(found: Picture) -> list[str]:
    """More deliveries than the service takes would be refused, and slow the whole queue down."""
    faults = []
    for queue in found.of("google_cloud_tasks_queue"):
        service = found.services.get(f"on-step-{queue['name']}")
        rates = first(queue.get("rate_limits"))
        at_once = rates.get("max_concurrent_dispatches") or 1000
        if service is None or at_once > service.instances * service.concurrency:
            faults.append(f"{queue['name']} hands out {at_once} tasks at a time")
        if not 0 < (rates.get("max_dispatches_per_second") or 0) <= 500:
            faults.append(f"{queue['name']} has no rate that Cloud Tasks allows")
    return faults


def the_tick_is_tried_again(found: Picture) -> list[str]:
    """A tick that failed is tried again, is waited for to its end, and knows one time zone."""
    faults = []
    for job in found.of("google_cloud_scheduler_job"):
        service = found.service_at(first(job.get("http_target")).get("uri", ""))
        if (first(job.get("retry_config")).get("retry_count") or 0) < 1:
            faults.append(f"{job['name']} is not tried again")
        deadline_s = seconds(job.get("attempt_deadline")) or 0
        if service is None or not service.timeout_s < deadline_s <= 1800:
            faults.append(f"{job['name']} is waited for {deadline_s:g} s")
        if job.get("time_zone") not in {"Etc/UTC", "UTC"}:
            faults.append(f"{job['name']} goes by {job.get('time_zone')}")
    return faults if found.of("google_cloud_scheduler_job") else ["nothing ticks"]


def every_alert_says_what_to_do(found: Picture) -> list[str]:
    """An alert names the place that explains it, and looks at something that exists."""
    metrics = {metric["name"] for metric in found.of("google_logging_metric")}
    faults = []
    for alert in found.of("google_monitoring_alert_policy"):
        name = alert["display_name"]
        if "infra/README.md" not in (first(alert.get("documentation")).get("content") or ""):
            faults.append(f"{name} does not say what to do")
        for condition in alert["conditions"]:
            kind = first(condition.get("condition_threshold")) or first(
                condition.get("condition_absent")
            )
            _, mine, rest = kind.get("filter", "").partition("logging.googleapis.com/user/")
            if not kind or (mine and rest.rstrip('"') not in metrics):
                faults.append(f"{name} looks at a metric that nobody makes")
    return faults
