# None is needed yet. What var.secrets names is created here, read by one service, and mounted
# into it; the value is added by hand (README.md), so that it is never in the state.

resource "google_secret_manager_secret" "given" {
  for_each  = var.secrets
  secret_id = each.key
  replication {
    auto {}
  }
  depends_on = [google_project_service.api]
}

resource "google_secret_manager_secret_iam_member" "reader" {
  for_each  = var.secrets
  secret_id = google_secret_manager_secret.given[each.key].id
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.service[each.value].member
}
