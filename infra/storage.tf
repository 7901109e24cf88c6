# The bucket is what says that something is done; it is written by the steps' services alone.
resource "google_storage_bucket" "media" {
  name                        = "${var.project}-media"
  location                    = var.region
  storage_class               = "STANDARD"
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  # Terraform never deletes media: emptying the bucket is a step of its own (README.md, tear-down).
  force_destroy = false

  versioning {
    enabled = false
  }

  # Raw files live for minutes; kept for the usual seven days after their deletion, they would cost
  # more than everything that is kept on purpose.
  soft_delete_policy {
    retention_duration_seconds = 0
  }

  # What a died upload left behind is in no listing, but on the bill.
  lifecycle_rule {
    action {
      type = "AbortIncompleteMultipartUpload"
    }
    condition {
      age = 1
    }
  }

  # There is no rule that deletes raw files. A rule can look at the beginning and at the end of a
  # name, and "raw" stands in the middle; both ends are those of files that are kept.

  depends_on = [google_project_service.api]
}

data "google_storage_project_service_account" "agent" {
  project = var.project
}
