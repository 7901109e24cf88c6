"""Google Cloud: Cloud Storage for the objects, Firestore for the records."""
