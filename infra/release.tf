# How a new image gets here: cloudbuild.yaml, as an account that may change which image the five
# services run, and nothing else. Who may do what is never changed by a build: a person applies that.

resource "google_artifact_registry_repository" "images" {
  repository_id = "brandcast"
  location      = var.region
  format        = "DOCKER"

  docker_config {
    immutable_tags = true
  }

  cleanup_policies {
    id     = "keep-the-last"
    action = "KEEP"
    most_recent_versions {
      keep_count = 10
    }
  }

  cleanup_policies {
    id     = "delete-the-old"
    action = "DELETE"
    condition {
      older_than = "2592000s"
    }
  }

  depends_on = [google_project_service.api]
}

resource "google_service_account" "release" {
  account_id   = "brandcast-release"
  display_name = "Brandcast: builds an image and has the services run it"
  depends_on   = [google_project_service.api]
}

resource "google_artifact_registry_repository_iam_member" "pushes" {
  repository = google_artifact_registry_repository.images.name
  location   = var.region
  role       = "roles/artifactregistry.writer"
  member     = google_service_account.release.member
}

resource "google_cloud_run_v2_service_iam_member" "deploys" {
  for_each = var.constants.services
  name     = google_cloud_run_v2_service.service[each.key].name
  location = var.region
  role     = "roles/run.developer"
  member   = google_service_account.release.member
}

# A revision that runs as an account is made only by who may act as it.
resource "google_service_account_iam_member" "deploys_as" {
  for_each           = var.constants.services
  service_account_id = google_service_account.service[each.key].name
  role               = "roles/iam.serviceAccountUser"
  member             = google_service_account.release.member
}

resource "google_project_iam_member" "release_logs" {
  project = var.project
  role    = "roles/logging.logWriter"
  member  = google_service_account.release.member
}

# The source of a build and the state; neither is media.
resource "google_storage_bucket_iam_member" "release_state" {
  bucket = var.state_bucket
  role   = "roles/storage.objectUser"
  member = google_service_account.release.member
}

# A release plans without looking at what it may not change (-refresh=false), so it reads nothing
# but the project's number, and waits for what it set going.
resource "google_project_iam_custom_role" "release_reader" {
  role_id     = "brandcastReleaseReader"
  title       = "Brandcast release reader"
  description = "Read the project's own entry, and wait for a deployment."
  permissions = [
    "resourcemanager.projects.get",
    "run.operations.get",
    "serviceusage.services.use",
  ]
  depends_on = [google_project_service.api]
}

resource "google_project_iam_member" "release_reads" {
  project = var.project
  role    = google_project_iam_custom_role.release_reader.name
  member  = google_service_account.release.member
}
