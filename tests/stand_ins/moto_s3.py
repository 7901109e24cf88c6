"""moto as a stand-in for an S3-compatible service: how to run it."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

from lib.adapters.s3.clients import s3_client
from tests.stand_ins.process import StandIn

#: moto asks nobody who he is.
KEYS = {"aws_access_key_id": "contract", "aws_secret_access_key": "contract"}
_numbers = itertools.count()


class MotoS3(StandIn):
    """One server, with its objects in memory."""

    def command(self) -> list[str]:
        """Return what to run."""
        return [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.port)]

    @property
    def url(self) -> str:
        """Return where it answers."""
        return f"http://127.0.0.1:{self.port}"


def s3_client_of(url: str, **more: Any) -> Any:
    """Return the adapters' client, talking to a stand-in."""
    return s3_client(endpoint=url, region="us-east-1", **{**KEYS, **more})


@contextmanager
def new_s3_bucket(server: MotoS3) -> Iterator[tuple[Any, str]]:
    """Create an empty bucket; yield a client and its name."""
    with closing(s3_client_of(server.url)) as client:
        name = f"contract-{next(_numbers)}"
        client.create_bucket(Bucket=name)
        yield client, name
