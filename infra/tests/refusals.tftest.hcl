# What a deployment may not choose. Run by tests/infra, or by hand: terraform test

mock_provider "google" {}

variables {
  project      = "offline-project"
  state_bucket = "offline-project-state"
  image        = "example/studio@sha256:0000000000000000000000000000000000000000000000000000000000000000"
}

run "an_ordinary_choice_is_planned" {
  command = plan
  variables {
    members = ["user:ann@example.com", "group:studio@example.com"]
    secrets = { VOICE_KEY = "on-step-render" }
  }
  assert {
    condition     = length(google_cloud_run_v2_service_iam_member.invoker) == 6
    error_message = "Four calls of the platform's and two members."
  }
  assert {
    condition     = length(google_secret_manager_secret.given) == 1
    error_message = "A secret that is named is created."
  }
}

run "nothing_optional_is_made_unasked" {
  command = plan
  assert {
    condition     = length(google_secret_manager_secret.given) + length(google_billing_budget.month) + length(google_monitoring_notification_channel.email) == 0
    error_message = "No secret, budget or channel without being asked for."
  }
}

run "pausing_stops_the_queues_and_the_tick" {
  command = plan
  variables {
    paused = true
  }
  assert {
    condition     = alltrue([for queue in google_cloud_tasks_queue.queue : queue.desired_state == "PAUSED"]) && google_cloud_scheduler_job.tick.paused
    error_message = "Everything that hands out work is paused."
  }
}

run "an_image_by_its_tag_is_refused" {
  command = plan
  variables {
    image = "example/studio:latest"
  }
  expect_failures = [var.image]
}

run "the_public_is_no_member" {
  command = plan
  variables {
    members = ["allUsers"]
  }
  expect_failures = [var.members]
}

run "a_whole_domain_is_no_member" {
  command = plan
  variables {
    members = ["domain:example.com"]
  }
  expect_failures = [var.members]
}

run "a_secret_is_named_as_its_variable" {
  command = plan
  variables {
    secrets = { "voice-key" = "on-step-render" }
  }
  expect_failures = [var.secrets]
}

run "no_renderer_at_all_is_refused" {
  command = plan
  variables {
    render_instances = 0
  }
  expect_failures = [var.render_instances]
}
