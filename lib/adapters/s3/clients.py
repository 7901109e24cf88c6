"""boto3's client, as the adapters of this folder want it; credentials and region are its own.

Called by ``lib/wiring``. boto3 is imported when a client is wanted: no function's start pays
for it.
"""

from __future__ import annotations

from typing import Any

from lib.core.errors import Refused

#: Tries of one request, the first among them; boto3 waits longer from one to the next.
TRIES = 5
#: Seconds that a connection may take, and that a service may be silent.
CONNECT_S, SILENCE_S = 10.0, 60.0
#: Requests that one client has in flight at most.
CONNECTIONS = 32


def s3_client(
    *, endpoint: str | None = None, region: str | None = None, tries: int = TRIES, **keys: str
) -> Any:
    """Return a client with the credentials of the environment (boto3's own search).

    ``endpoint`` is the URL of a service that is not Amazon's; ``keys`` stand in for found
    credentials. Raises Refused for an endpoint, profile or region that makes no sense.
    """
    import boto3
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError

    config = Config(
        signature_version="s3v4",
        connect_timeout=CONNECT_S,
        read_timeout=SILENCE_S,
        max_pool_connections=CONNECTIONS,
        retries={"mode": "standard", "total_max_attempts": tries},
        # Not every service has a name for each bucket, nor understands checksums that trail.
        s3={"addressing_style": "path" if endpoint else "auto"},
        request_checksum_calculation="when_required",
    )
    try:
        return boto3.client("s3", endpoint_url=endpoint, region_name=region, config=config, **keys)
    except (BotoCoreError, ValueError) as error:
        raise Refused(
            f"no client for S3: {error}", hint="check the endpoint, the region and AWS_PROFILE"
        ) from error
