"""Google Cloud: Cloud Storage for objects, Firestore for records, Cloud Tasks for the queue."""
