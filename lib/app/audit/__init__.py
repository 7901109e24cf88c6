"""Hold every record against the bucket by a listing beside a query, in constant memory."""

from lib.app.audit.night import audit_brand, begin_night
from lib.app.audit.run import Report, audit_slice, reconcile, settle_or_tell

__all__ = [
    "Report",
    "audit_brand",
    "audit_slice",
    "begin_night",
    "reconcile",
    "settle_or_tell",
]
