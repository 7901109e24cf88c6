# bucket → topic → push → on-object; what could not be delivered is put aside, and kept.
# Made of its parts and not by Eventarc: so both kinds of event, the retries and the dead letters
# are written here, and not in a subscription that somebody else made.

resource "google_pubsub_topic" "objects" {
  name       = "objects"
  depends_on = [google_project_service.api]
}

resource "google_pubsub_topic" "dead" {
  name       = "objects-dead"
  depends_on = [google_project_service.api]
}

resource "google_pubsub_topic_iam_member" "bucket_publishes" {
  topic  = google_pubsub_topic.objects.name
  role   = "roles/pubsub.publisher"
  member = "serviceAccount:${data.google_storage_project_service_account.agent.email_address}"
}

resource "google_storage_notification" "objects" {
  bucket         = google_storage_bucket.media.name
  topic          = google_pubsub_topic.objects.id
  payload_format = "JSON_API_V1"
  event_types    = ["OBJECT_FINALIZE", "OBJECT_DELETE"]
  depends_on     = [google_pubsub_topic_iam_member.bucket_publishes]
}

resource "google_pubsub_subscription" "objects" {
  name                       = "objects"
  topic                      = google_pubsub_topic.objects.id
  ack_deadline_seconds       = var.constants.events.ack_s
  message_retention_duration = "604800s"

  push_config {
    push_endpoint = local.urls["on-object"]
    oidc_token {
      service_account_email = google_service_account.caller["events-caller"].email
      audience              = local.urls["on-object"]
    }
  }

  retry_policy {
    minimum_backoff = "${var.constants.events.min_backoff_s}s"
    maximum_backoff = "${var.constants.events.max_backoff_s}s"
  }

  dead_letter_policy {
    dead_letter_topic     = google_pubsub_topic.dead.id
    max_delivery_attempts = var.constants.events.max_attempts
  }

  # The default ends a subscription that was quiet for a month.
  expiration_policy {
    ttl = ""
  }

  depends_on = [google_pubsub_topic_iam_member.puts_aside]
}

resource "google_pubsub_subscription" "dead" {
  name                       = "objects-dead"
  topic                      = google_pubsub_topic.dead.id
  message_retention_duration = "1209600s"
  ack_deadline_seconds       = 60
  expiration_policy {
    ttl = ""
  }
}

# Pub/Sub moves a message in the name of its own agent: it takes it here, and puts it there.
resource "google_pubsub_topic_iam_member" "puts_aside" {
  topic      = google_pubsub_topic.dead.name
  role       = "roles/pubsub.publisher"
  member     = local.pubsub_agent
  depends_on = [google_project_service.api]
}

resource "google_pubsub_subscription_iam_member" "takes" {
  subscription = google_pubsub_subscription.objects.name
  role         = "roles/pubsub.subscriber"
  member       = local.pubsub_agent
}
