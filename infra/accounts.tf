# Who is who, and who may do what. A service acts as its own account; those who call services
# have accounts of their own, which may do nothing but that.

locals {
  # Caller → the services that it calls, and nothing else.
  callers = {
    events-caller = ["on-object"]
    tasks-caller  = ["on-step-desk", "on-step-render"]
    tick-caller   = ["on-tick"]
  }

  # Service → what it may do in the bucket. Storage events lead to on-object, so it may never make
  # an object: an event that makes an object makes an event. It may delete what is spent, which
  # comes to an end. The tick moves orphans into quarantine: a move is a copy that was checked.
  in_bucket = {
    on-object      = "settler"
    on-step-desk   = "maker"
    on-step-render = "maker"
    on-tick        = "maker"
    studio-api     = "settler"
  }

  invocations = merge(
    merge([
      for caller, services in local.callers : {
        for service in services : "${service}/${caller}" => {
          service = service
          member  = google_service_account.caller[caller].member
        }
      }
    ]...),
    { for member in var.members : "studio-api/${member}" => { service = "studio-api", member = member } },
  )

  # Every service settles works, and a settled work may have steps to enqueue.
  enqueuers = merge([
    for service in keys(var.constants.services) : {
      for queue in keys(var.constants.queues) : "${service}/${queue}" => {
        service = service
        queue   = queue
      }
    }
  ]...)
}

resource "google_service_account" "service" {
  for_each     = var.constants.services
  account_id   = each.key
  display_name = "Brandcast: runs ${each.key}"
  depends_on   = [google_project_service.api]
}

resource "google_service_account" "caller" {
  for_each     = local.callers
  account_id   = each.key
  display_name = "Brandcast: may only call ${join(" and ", each.value)}"
  depends_on   = [google_project_service.api]
}

resource "google_cloud_run_v2_service_iam_member" "invoker" {
  for_each = local.invocations
  name     = google_cloud_run_v2_service.service[each.value.service].name
  location = var.region
  role     = "roles/run.invoker"
  member   = each.value.member
}

# Looks at objects and deletes what is spent. Replacing needs create and delete, so it is no maker.
resource "google_project_iam_custom_role" "settler" {
  role_id     = "brandcastSettler"
  title       = "Brandcast settler"
  description = "Look at objects, and delete those that are spent."
  permissions = ["storage.objects.delete", "storage.objects.get", "storage.objects.list"]
  depends_on  = [google_project_service.api]
}

# Delete is also what replacing an object asks for. Nothing updates an object's metadata.
resource "google_project_iam_custom_role" "maker" {
  role_id     = "brandcastMaker"
  title       = "Brandcast maker"
  description = "Look at objects, make and replace them, and delete those that are spent."
  permissions = [
    "storage.objects.create",
    "storage.objects.delete",
    "storage.objects.get",
    "storage.objects.list",
  ]
  depends_on = [google_project_service.api]
}

resource "google_storage_bucket_iam_member" "service" {
  for_each = local.in_bucket
  bucket   = google_storage_bucket.media.name
  role = (
    each.value == "maker"
    ? google_project_iam_custom_role.maker.name
    : google_project_iam_custom_role.settler.name
  )
  member = google_service_account.service[each.key].member
}

# Firestore knows no policy of a single database, so the project's names it in a condition.
resource "google_project_iam_member" "records" {
  for_each = var.constants.services
  project  = var.project
  role     = "roles/datastore.user"
  member   = google_service_account.service[each.key].member
  condition {
    title      = "only the database ${var.database}"
    expression = "resource.name == \"projects/${var.project}/databases/${var.database}\""
  }
}

resource "google_cloud_tasks_queue_iam_member" "enqueuer" {
  for_each = local.enqueuers
  name     = google_cloud_tasks_queue.queue[each.value.queue].name
  location = var.region
  role     = "roles/cloudtasks.enqueuer"
  member   = google_service_account.service[each.value.service].member
}

# A task carries a token of the caller, so whoever makes the task must be allowed to name it.
resource "google_service_account_iam_member" "names_caller" {
  for_each           = var.constants.services
  service_account_id = google_service_account.caller["tasks-caller"].name
  role               = "roles/iam.serviceAccountUser"
  member             = google_service_account.service[each.key].member
}

# The pages link to media by URLs signed in the service's own name, with no key file.
resource "google_service_account_iam_member" "signs_links" {
  service_account_id = google_service_account.service["studio-api"].name
  role               = "roles/iam.serviceAccountTokenCreator"
  member             = google_service_account.service["studio-api"].member
}
