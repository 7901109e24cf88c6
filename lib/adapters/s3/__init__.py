"""Any S3-compatible bucket, behind the same port as the others."""
