"""Bring an older studio's bucket in: copy its files, check them, adopt the works they make."""

from lib.app.migrate.report import Report
from lib.app.migrate.run import Source, migrate

__all__ = ["Report", "Source", "migrate"]
