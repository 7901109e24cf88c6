# What a person should hear about. What each means and what to do is in README.md, under its name.

locals {
  of_services = "resource.type = \"cloud_run_revision\""

  # Alert → what it looks at; it speaks when the value is over the limit for that long.
  alerts = {
    "due works wait" = {
      metric   = "${local.of_services} AND metric.type = \"logging.googleapis.com/user/${google_logging_metric.oldest_due.name}\""
      limit    = 600
      for_s    = 300
      align    = "ALIGN_PERCENTILE_99"
      align_s  = 300
      group_by = []
    }
    # The delay of an attempt after its time, in milliseconds. A burst fills the render queue for a
    # while, and that is what a queue is for.
    "steps wait at the desk" = {
      metric   = "resource.type = \"cloud_tasks_queue\" AND resource.label.queue_id = \"desk\" AND metric.type = \"cloudtasks.googleapis.com/queue/task_attempt_delays\""
      limit    = 600000
      for_s    = 300
      align    = "ALIGN_PERCENTILE_99"
      align_s  = 300
      group_by = []
    }
    "steps wait to render" = {
      metric   = "resource.type = \"cloud_tasks_queue\" AND resource.label.queue_id = \"render\" AND metric.type = \"cloudtasks.googleapis.com/queue/task_attempt_delays\""
      limit    = 3600000
      for_s    = 300
      align    = "ALIGN_PERCENTILE_99"
      align_s  = 300
      group_by = []
    }
    "events wait" = {
      metric   = "resource.type = \"pubsub_subscription\" AND resource.label.subscription_id = \"${google_pubsub_subscription.objects.name}\" AND metric.type = \"pubsub.googleapis.com/subscription/oldest_unacked_message_age\""
      limit    = 1800
      for_s    = 300
      align    = "ALIGN_MAX"
      align_s  = 60
      group_by = []
    }
    "dead letters" = {
      metric   = "resource.type = \"pubsub_subscription\" AND resource.label.subscription_id = \"${google_pubsub_subscription.dead.name}\" AND metric.type = \"pubsub.googleapis.com/subscription/num_undelivered_messages\""
      limit    = 0
      for_s    = 0
      align    = "ALIGN_MAX"
      align_s  = 60
      group_by = []
    }
    "records corrected" = {
      metric   = "${local.of_services} AND metric.type = \"logging.googleapis.com/user/${google_logging_metric.corrections.name}\""
      limit    = 0
      for_s    = 0
      align    = "ALIGN_DELTA"
      align_s  = 300
      group_by = []
    }
    "breaker opened" = {
      metric   = "${local.of_services} AND metric.type = \"logging.googleapis.com/user/${google_logging_metric.breaker.name}\""
      limit    = 0
      for_s    = 0
      align    = "ALIGN_DELTA"
      align_s  = 300
      group_by = []
    }
    "functions fail" = {
      metric   = "${local.of_services} AND metric.type = \"run.googleapis.com/request_count\" AND metric.label.response_code_class = \"5xx\""
      limit    = 5
      for_s    = 0
      align    = "ALIGN_DELTA"
      align_s  = 600
      group_by = ["resource.label.service_name"]
    }
  }
}

resource "google_logging_metric" "corrections" {
  name   = "brandcast-corrections"
  filter = "${local.of_services} AND jsonPayload.event = \"${var.constants.logged.corrected}\""
  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"
  }
  depends_on = [google_project_service.api]
}

resource "google_logging_metric" "breaker" {
  name   = "brandcast-breaker"
  filter = "${local.of_services} AND jsonPayload.event = \"${var.constants.logged.breaker}\""
  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"
  }
  depends_on = [google_project_service.api]
}

# Each tick says how long the oldest work that it found due had been due, in seconds.
resource "google_logging_metric" "oldest_due" {
  name            = "brandcast-oldest-due"
  filter          = "${local.of_services} AND jsonPayload.event = \"${var.constants.logged.tick_ended}\""
  value_extractor = "EXTRACT(jsonPayload.oldest_due_s)"
  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "DISTRIBUTION"
    unit        = "s"
  }
  depends_on = [google_project_service.api]
}

resource "google_monitoring_notification_channel" "email" {
  for_each     = var.alert_email == "" ? [] : toset([var.alert_email])
  display_name = "Brandcast: ${each.key}"
  type         = "email"
  labels       = { email_address = each.key }
  depends_on   = [google_project_service.api]
}

resource "google_monitoring_alert_policy" "over" {
  for_each              = local.alerts
  display_name          = "Brandcast: ${each.key}"
  combiner              = "OR"
  notification_channels = [for channel in google_monitoring_notification_channel.email : channel.name]

  conditions {
    display_name = each.key
    condition_threshold {
      filter          = each.value.metric
      comparison      = "COMPARISON_GT"
      threshold_value = each.value.limit
      duration        = "${each.value.for_s}s"
      aggregations {
        alignment_period     = "${each.value.align_s}s"
        per_series_aligner   = each.value.align
        cross_series_reducer = each.value.align == "ALIGN_DELTA" ? "REDUCE_SUM" : "REDUCE_MAX"
        group_by_fields      = each.value.group_by
      }
    }
  }

  documentation {
    mime_type = "text/markdown"
    content   = "What it means and what to do: infra/README.md, Alerts, “${each.key}”."
  }

  alert_strategy {
    auto_close = "86400s"
  }
}

# Nothing else would notice that the clock itself has stopped: no tick, no news of it.
resource "google_monitoring_alert_policy" "no_tick" {
  display_name          = "Brandcast: no tick"
  combiner              = "OR"
  notification_channels = [for channel in google_monitoring_notification_channel.email : channel.name]

  conditions {
    display_name = "no tick"
    condition_absent {
      filter   = "${local.of_services} AND resource.label.service_name = \"on-tick\" AND metric.type = \"run.googleapis.com/request_count\" AND metric.label.response_code_class = \"2xx\""
      duration = "1200s"
      aggregations {
        alignment_period     = "60s"
        per_series_aligner   = "ALIGN_DELTA"
        cross_series_reducer = "REDUCE_SUM"
      }
    }
  }

  documentation {
    mime_type = "text/markdown"
    content   = "What it means and what to do: infra/README.md, Alerts, “no tick”."
  }

  depends_on = [google_project_service.api]
}

resource "google_billing_budget" "month" {
  for_each        = var.billing_account == "" ? [] : toset([var.billing_account])
  billing_account = each.key
  display_name    = "Brandcast: a month"

  budget_filter {
    projects = ["projects/${local.number}"]
  }
  amount {
    specified_amount {
      units = tostring(var.budget)
    }
  }
  threshold_rules {
    threshold_percent = 0.5
  }
  threshold_rules {
    threshold_percent = 1.0
  }
  threshold_rules {
    threshold_percent = 1.0
    spend_basis       = "FORECASTED_SPEND"
  }
  # Besides those who pay, whom it tells in any case.
  dynamic "all_updates_rule" {
    for_each = var.alert_email == "" ? [] : [1]
    content {
      monitoring_notification_channels = [for channel in google_monitoring_notification_channel.email : channel.name]
    }
  }
  depends_on = [google_project_service.api]
}
