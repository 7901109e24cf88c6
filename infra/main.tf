provider "google" {
  project = var.project
  region  = var.region
  # Budgets are counted against a billing account, whose API must be told which project asks.
  billing_project       = var.project
  user_project_override = true
}

data "google_project" "this" {
  project_id = var.project
}

locals {
  number = data.google_project.this.number

  # The address of a service follows from its name, so a step's service can be told its own
  # address, to which it enqueues the steps that come after, without a circle.
  urls = {
    for name in keys(var.constants.services) :
    name => "https://${name}-${local.number}.${var.region}.run.app"
  }

  # Google's own accounts, which act for its services in this project.
  pubsub_agent = "serviceAccount:service-${local.number}@gcp-sa-pubsub.iam.gserviceaccount.com"
}

resource "google_project_service" "api" {
  for_each = toset([
    "artifactregistry.googleapis.com",
    "billingbudgets.googleapis.com",
    "cloudbuild.googleapis.com",
    "cloudresourcemanager.googleapis.com",
    "cloudscheduler.googleapis.com",
    "cloudtasks.googleapis.com",
    "firebaserules.googleapis.com",
    "firestore.googleapis.com",
    "iam.googleapis.com",
    "iamcredentials.googleapis.com", # signs the links to media
    "logging.googleapis.com",
    "monitoring.googleapis.com",
    "pubsub.googleapis.com",
    "run.googleapis.com",
    "secretmanager.googleapis.com",
    "storage.googleapis.com",
  ])
  service = each.key
  # Others in the project may use them too.
  disable_on_destroy = false
}
