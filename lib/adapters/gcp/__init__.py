"""Google Cloud: Cloud Storage for the objects."""
