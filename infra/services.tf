# One image, five services: which function a service is, its environment says.

locals {
  services = {
    # Probing an object that somebody else put needs the whole file below /tmp, which is memory. A
    # renderer has one CPU: stills use no more, and a reel on two is done sooner for the same price.
    on-object      = { cpu = "1", memory = "1Gi", max_instances = 5, internal = true }
    on-step-desk   = { cpu = "1", memory = "1Gi", max_instances = 5, internal = true }
    on-step-render = { cpu = "1", memory = "1Gi", max_instances = var.render_instances, internal = true }
    # One tick at a time: another one that is due meanwhile is refused, and tried again.
    on-tick    = { cpu = "1", memory = "1Gi", max_instances = 1, internal = true }
    studio-api = { cpu = "1", memory = "1Gi", max_instances = 5, internal = false }
  }

  # A file system in memory: what is written there counts as memory.
  scratch = "/tmp"

  environment = {
    BRANDCAST_MODE            = var.constants.mode
    BRANDCAST_DATA            = "${local.scratch}/brandcast"
    BRANDCAST_PROJECT         = var.project
    BRANDCAST_REGION          = var.region
    BRANDCAST_BUCKET          = google_storage_bucket.media.name
    BRANDCAST_DATABASE        = google_firestore_database.records.name
    BRANDCAST_STEP_DESK_URL   = local.urls["on-step-desk"]
    BRANDCAST_STEP_RENDER_URL = local.urls["on-step-render"]
    # Tasks are delivered in the name of this account.
    BRANDCAST_TASKS_ACCOUNT = google_service_account.caller["tasks-caller"].email
  }
}

resource "google_cloud_run_v2_service" "service" {
  for_each = var.constants.services

  name     = each.key
  location = var.region
  ingress  = local.services[each.key].internal ? "INGRESS_TRAFFIC_INTERNAL_ONLY" : "INGRESS_TRAFFIC_ALL"
  # A service holds nothing: what must outlive it is in the bucket and the database.
  deletion_protection = false

  template {
    service_account                  = google_service_account.service[each.key].email
    timeout                          = "${each.value.timeout_s}s"
    max_instance_request_concurrency = each.value.threads
    # A whole Linux, because tools are child processes with sessions of their own.
    execution_environment = "EXECUTION_ENVIRONMENT_GEN2"

    scaling {
      min_instance_count = 0
      max_instance_count = local.services[each.key].max_instances
    }

    containers {
      image = var.image
      resources {
        limits = {
          cpu    = local.services[each.key].cpu
          memory = local.services[each.key].memory
        }
        cpu_idle          = true
        startup_cpu_boost = true
      }

      dynamic "env" {
        for_each = merge(local.environment, {
          FUNCTION_TARGET         = each.value.function
          FUNCTION_SIGNATURE_TYPE = each.value.signature
          THREADS                 = tostring(each.value.threads)
          # The server inside ends a request at the same limit as the platform outside does: with
          # one thread by killing its process, with several by an exception in the thread.
          CLOUD_RUN_TIMEOUT_SECONDS = tostring(each.value.timeout_s)
          THREADED_TIMEOUT_ENABLED  = "true"
          # A tool is started by a fork, and the handlers of gRPC may abort the child in it.
          GRPC_ENABLE_FORK_SUPPORT = "0"
        })
        content {
          name  = env.key
          value = env.value
        }
      }

      dynamic "env" {
        for_each = { for name, service in var.secrets : name => service if service == each.key }
        content {
          name = env.key
          value_source {
            secret_key_ref {
              secret  = google_secret_manager_secret.given[env.key].secret_id
              version = "latest"
            }
          }
        }
      }
    }
  }

  # Without its rights a new revision would start and fail.
  depends_on = [
    google_project_service.api,
    google_secret_manager_secret_iam_member.reader,
    google_storage_bucket_iam_member.service,
    google_project_iam_member.records,
  ]
}
