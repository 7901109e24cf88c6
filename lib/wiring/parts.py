"""What every studio has, wherever it runs: brand kits, media tools, a writer, a name for itself.

Called by the rooms beside this one. Each part is imported when it is wanted, so that a function
loads only what it uses.
"""

from __future__ import annotations

import os
import uuid
from typing import TYPE_CHECKING

from lib.ports import Objects, Text, Tools
from lib.settings import Settings

if TYPE_CHECKING:
    from lib.adapters.kits import KitFolders
    from lib.templates.load import TemplateFolders


def brands(settings: Settings) -> KitFolders:
    """Return the brand kits."""
    from lib.adapters.kits import KitFolders

    return KitFolders(settings.kits, fonts=settings.assets / "fonts", templates=templates(settings))


def templates(settings: Settings) -> TemplateFolders:
    """Return the templates of pages."""
    from lib.templates.load import TemplateFolders

    return TemplateFolders(settings.templates)


def foreign_bucket(
    bucket: str, *, endpoint: str | None = None, region: str | None = None
) -> Objects:
    """Return a bucket of any S3-compatible service, with the credentials of the environment."""
    from lib.adapters.s3.clients import s3_client
    from lib.adapters.s3.objects import S3Objects

    return S3Objects(s3_client(endpoint=endpoint, region=region), bucket)


def media(settings: Settings) -> Tools:
    """Return the media tools."""
    from lib.media.toolbox import MediaTools

    return MediaTools(assets=settings.assets, kits=settings.kits)


def writer() -> Text:
    """Return who writes the proposals."""
    from lib.adapters.offline.writer import OfflineWriter

    return OfflineWriter()


def executor() -> str:
    """Return the name by which this process stands in the ledger."""
    return f"{os.getpid()}-{uuid.uuid4().hex[:8]}"
