"""What lets Terraform read, plan and test this folder with no account and no network."""
