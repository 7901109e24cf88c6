# The queues of steps, and the tick.

locals {
  # Queue → as many deliveries at a time as its service can take; more would only be refused.
  dispatches = {
    for queue in keys(var.constants.queues) :
    queue => local.services["on-step-${queue}"].max_instances * var.constants.services["on-step-${queue}"].threads
  }
}

resource "google_cloud_tasks_queue" "queue" {
  for_each      = var.constants.queues
  name          = each.key
  location      = var.region
  desired_state = var.paused ? "PAUSED" : "RUNNING"

  rate_limits {
    max_concurrent_dispatches = local.dispatches[each.key]
    max_dispatches_per_second = 50
  }

  # Delivery ends when both are spent. A delivery after the attempt's lease finds it given up, and a
  # task that is deleted here is enqueued again under another name by whoever settles the work.
  retry_config {
    max_attempts       = each.value.max_attempts
    max_retry_duration = "${each.value.max_retry_s}s"
    min_backoff        = "${each.value.min_backoff_s}s"
    max_backoff        = "${each.value.max_backoff_s}s"
    max_doublings      = each.value.max_doublings
  }

  depends_on = [google_project_service.api]
}

resource "google_cloud_scheduler_job" "tick" {
  name             = "tick"
  region           = var.region
  schedule         = var.constants.tick.schedule
  time_zone        = "Etc/UTC"
  attempt_deadline = "${var.constants.tick.deadline_s}s"
  paused           = var.paused

  retry_config {
    retry_count          = var.constants.tick.retries
    min_backoff_duration = "5s"
    max_backoff_duration = "30s"
  }

  http_target {
    http_method = "POST"
    uri         = local.urls["on-tick"]
    oidc_token {
      service_account_email = google_service_account.caller["tick-caller"].email
      audience              = local.urls["on-tick"]
    }
  }

  depends_on = [google_cloud_run_v2_service_iam_member.invoker]
}
