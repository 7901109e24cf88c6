"""Hold every record against the bucket by a listing beside a query, in constant memory."""

from lib.app.audit.run import Report, audit_slice, reconcile, settle_or_tell

__all__ = ["Report", "audit_slice", "reconcile", "settle_or_tell"]
