# What a deployment chooses. What follows from the code is in constants.auto.tfvars.json.

variable "project" {
  description = "Id of the project that everything is created in."
  type        = string
}

variable "region" {
  description = "Region of everything that has one."
  type        = string
  default     = "europe-west1"
}

variable "image" {
  description = "The image that every service runs, by digest: REPOSITORY/NAME@sha256:…"
  type        = string
  validation {
    # A tag can be moved, so the same configuration could start other code tomorrow.
    condition     = can(regex("^[^@\\s]+@sha256:[0-9a-f]{64}$", var.image))
    error_message = "Name the image by its digest: REPOSITORY/NAME@sha256: and 64 hexadecimal digits."
  }
}

variable "members" {
  description = "Who may call studio-api, as IAM members: user:…, group:… or serviceAccount:…"
  type        = set(string)
  default     = []
  validation {
    condition = alltrue([
      for member in var.members : can(regex("^(user|group|serviceAccount):[^@\\s]+@[^@\\s]+$", member))
    ])
    error_message = "Name people, groups or service accounts (user:ann@example.com); never the public."
  }
}

variable "database" {
  description = "Id of the Firestore database."
  type        = string
  default     = "brandcast"
}

variable "render_instances" {
  description = "How many renders may run at the same time; each is an instance of 2 CPUs and 4 GiB."
  type        = number
  default     = 10
  validation {
    condition     = var.render_instances >= 1 && var.render_instances <= 100
    error_message = "Choose from 1 to 100 renders at the same time."
  }
}

variable "paused" {
  description = "Stop handing out work: the queues and the tick are paused, nothing is lost."
  type        = bool
  default     = false
}

variable "alert_email" {
  description = "Where alerts are sent; empty: they only show in the console."
  type        = string
  default     = ""
}

variable "billing_account" {
  description = "Billing account of the budget (XXXXXX-XXXXXX-XXXXXX); empty: no budget."
  type        = string
  default     = ""
}

variable "budget" {
  description = "What a month may cost before the budget speaks, in the currency of the account."
  type        = number
  default     = 50
}

variable "secrets" {
  description = "Secret → the one service that may read it, as the environment variable of its name."
  type        = map(string)
  default     = {}
  validation {
    condition     = alltrue([for name in keys(var.secrets) : can(regex("^[A-Z][A-Z0-9_]*$", name))])
    error_message = "Name a secret as its environment variable: capitals, digits and underscores."
  }
}

variable "state_bucket" {
  description = "The bucket that holds the state of this folder; a release needs it."
  type        = string
}

variable "constants" {
  description = "What the code knows about its deployment; ./brandcast deploy constants --write."
  type = object({
    mode = string
    services = map(object({
      function  = string
      signature = string
      timeout_s = number
      threads   = number
    }))
    queues = map(object({
      max_attempts  = number
      max_retry_s   = number
      dispatch_s    = number
      min_backoff_s = number
      max_backoff_s = number
      max_doublings = number
    }))
    events = object({
      ack_s         = number
      max_attempts  = number
      min_backoff_s = number
      max_backoff_s = number
    })
    tick = object({
      schedule   = string
      deadline_s = number
      retries    = number
    })
    logged = object({
      corrected  = string
      breaker    = string
      tick_ended = string
    })
  })
}
