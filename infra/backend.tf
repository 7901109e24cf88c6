# Where the state is kept: named when it is initialised (README.md, first deploy), because the
# bucket must exist before anything of this folder does.
terraform {
  backend "gcs" {}
}
