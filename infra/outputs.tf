output "studio_api" {
  description = "Where the API answers, to those who may call it."
  value       = local.urls["studio-api"]
}

output "bucket" {
  description = "The bucket of the media."
  value       = google_storage_bucket.media.name
}

output "image_repository" {
  description = "Where a release pushes its image."
  value       = "${var.region}-docker.pkg.dev/${var.project}/${google_artifact_registry_repository.images.repository_id}"
}

output "release_account" {
  description = "The account that cloudbuild.yaml runs as."
  value       = google_service_account.release.name
}

output "image" {
  description = "What the services run now; a change of anything else names it again."
  value       = var.image
}
