# The records: plans, ledgers and news.

locals {
  # In the Firebase format, so that its tools read the same file.
  declared = jsondecode(file("${path.module}/firestore.indexes.json"))
  indexes = {
    for index in local.declared.indexes :
    join("-", concat([index.collectionGroup], [for f in index.fields : "${f.fieldPath}-${lower(f.order)}"])) => index
  }
  fields = { for field in local.declared.fieldOverrides : "${field.collectionGroup}-${field.fieldPath}" => field }
}

resource "google_firestore_database" "records" {
  name        = var.database
  location_id = var.region
  type        = "FIRESTORE_NATIVE"
  # The ledger is the one thing that the bucket cannot give back.
  delete_protection_state           = "DELETE_PROTECTION_ENABLED"
  point_in_time_recovery_enablement = "POINT_IN_TIME_RECOVERY_ENABLED"
  deletion_policy                   = "DELETE"
  depends_on                        = [google_project_service.api]
}

resource "google_firestore_index" "composite" {
  for_each    = local.indexes
  database    = google_firestore_database.records.name
  collection  = each.value.collectionGroup
  query_scope = each.value.queryScope

  dynamic "fields" {
    for_each = each.value.fields
    content {
      field_path = fields.value.fieldPath
      order      = fields.value.order
    }
  }
}

resource "google_firestore_field" "override" {
  for_each   = local.fields
  database   = google_firestore_database.records.name
  collection = each.value.collectionGroup
  field      = each.value.fieldPath

  index_config {
    dynamic "indexes" {
      for_each = each.value.indexes
      content {
        order       = indexes.value.order
        query_scope = indexes.value.queryScope
      }
    }
  }
}

resource "google_firebaserules_ruleset" "records" {
  source {
    files {
      name    = "firestore.rules"
      content = file("${path.module}/firestore.rules")
    }
  }
  depends_on = [google_project_service.api]
}

resource "google_firebaserules_release" "records" {
  name         = "cloud.firestore/${google_firestore_database.records.name}"
  ruleset_name = google_firebaserules_ruleset.records.name
  # A ruleset cannot be deleted while it is released.
  lifecycle {
    replace_triggered_by = [google_firebaserules_ruleset.records]
  }
}
