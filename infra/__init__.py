"""The deployment: Terraform, what proves it with no account, and the rules that it keeps."""
