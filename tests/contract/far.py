"""A bucket behind a network that a test can spoil: one rig for every provider.

Called by ``test_far_objects.py`` for each provider of ``FAR``, and by the tests of what is special
to one. A provider joins by its entry in ``FAR``; no clause changes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from dataclasses import replace as changed
from pathlib import Path
from typing import Any

import pytest

from lib.adapters.gcp.objects import CHUNK, GcsObjects
from lib.adapters.s3.clients import TRIES
from lib.adapters.s3.objects import S3Objects
from lib.adapters.s3.transfers import PIECE
from lib.ports import ObjectInfo, Objects
from tests.stand_ins.fake_gcs import FakeGcs, client_of, new_bucket, throwaway_signing
from tests.stand_ins.middleman import Middleman, first
from tests.stand_ins.moto_s3 import MotoS3, new_s3_bucket, s3_client_of
from tests.stand_ins.process import free_port

#: Seconds that a patient bucket of Cloud Storage tries, and one that is not.
PATIENT_S, IMPATIENT_S = 20.0, 0.1


@dataclass(frozen=True)
class Provider:
    """How a provider's buckets are opened, and how its requests, refusals and links are known."""

    #: The fixture that runs its stand-in.
    stand_in: str
    #: Creates an empty bucket in the stand-in; gives its name.
    new_bucket: Callable[[Any], AbstractContextManager[str]]
    #: Opens the bucket of this name at a URL; asks again after a failure only if told so.
    opened: Callable[[str, str, bool], AbstractContextManager[Objects]]
    #: Told method and target; whether the request stores a small file.
    is_upload: Callable[[str, str], bool]
    #: Bytes of the largest request of a large upload.
    piece: int
    #: What is said of ``no-such-bucket`` (a pattern), and the word of what to do about it.
    no_bucket: tuple[str, str]
    #: The word of what to do about a missing permission.
    permission: str
    #: What a link to live 90 seconds says.
    link: Mapping[str, str]


@dataclass
class Far:
    """One bucket, freshly made and empty, reached through ``between``."""

    provider: Provider
    between: Middleman
    #: Its name.
    bucket: str
    objects: Objects
    folder: Path

    def file(self, data: bytes) -> Path:
        """Return a file with these bytes."""
        file = self.folder / f"{len(list(self.folder.iterdir()))}.bin"
        file.write_bytes(data)
        return file

    def put(self, data: bytes) -> ObjectInfo:
        """Create ``a.txt``."""
        file = self.file(data)
        return self.objects.put_once("a.txt", file, media_type="text/plain", metadata={"k": "v"})

    def replace(self, data: bytes, generation: int) -> ObjectInfo:
        """Replace this generation of ``a.txt``."""
        file, kind = self.file(data), "text/plain"
        return self.objects.replace(
            "a.txt", file, generation=generation, media_type=kind, metadata={}
        )

    def to(self, bucket: str) -> AbstractContextManager[Far]:
        """Give the rig over a second opening of a bucket, which need not exist."""
        return self._at(self.between.url, bucket)

    def straight(self) -> AbstractContextManager[Far]:
        """Give the rig with nobody between: fake-gcs-server opens links to its own address only."""
        return self._at(f"http://127.0.0.1:{self.between.port}", self.bucket)

    def to_nobody(self) -> AbstractContextManager[Far]:
        """Give the rig over a service where nobody listens, and which is not waited for."""
        return self._at(f"http://127.0.0.1:{free_port()}", self.bucket, patient=False)

    @contextmanager
    def outrun(
        self, slower: Callable[[str, str], bool], data: bytes, generation: int
    ) -> Iterator[None]:
        """Have another replace this generation right before the first ``slower`` request acts."""
        slow = first(slower)

        def act(method: str, target: str) -> None:
            if slow(method, target):
                faster.replace(data, generation)

        with self.to(self.bucket) as faster:
            self.between.answer = act
            yield

    @contextmanager
    def _at(self, url: str, bucket: str, *, patient: bool = True) -> Iterator[Far]:
        with self.provider.opened(url, bucket, patient) as objects:
            yield changed(self, bucket=bucket, objects=objects)


#: Everything that the port can be asked, of objects that are not there.
CALLS: Mapping[str, Callable[[Far], Any]] = {
    "stat": lambda far: far.objects.stat("a.txt"),
    "read": lambda far: far.objects.read("a.txt"),
    "list": lambda far: far.objects.list(""),
    "put": lambda far: far.put(b"x"),
    "replace": lambda far: far.replace(b"x", 1),
    "fetch": lambda far: far.objects.fetch("a.txt", 1, far.folder / "copy"),
    "delete": lambda far: far.objects.delete("a.txt", generation=1),
    "link": lambda far: far.objects.signed_url("a.txt", expires_s=60),
}


@contextmanager
def _new_gcs(server: FakeGcs) -> Iterator[str]:
    yield new_bucket(server).name


@contextmanager
def _new_s3(server: MotoS3) -> Iterator[str]:
    with new_s3_bucket(server) as (_, name):
        yield name


@contextmanager
def _opened_gcs(url: str, bucket: str, patient: bool) -> Iterator[Objects]:
    patience_s = PATIENT_S if patient else IMPATIENT_S
    with closing(client_of(url)) as client:
        yield GcsObjects(client, bucket, signing=throwaway_signing(), patience_s=patience_s)


@contextmanager
def _opened_s3(url: str, bucket: str, patient: bool) -> Iterator[Objects]:
    with closing(s3_client_of(url, tries=TRIES if patient else 1)) as client:
        yield S3Objects(client, bucket)


FAR = {
    "gcs": Provider(
        stand_in="fake_gcs",
        new_bucket=_new_gcs,
        opened=_opened_gcs,
        is_upload=lambda method, target: method in ("POST", "PUT") and "/upload/" in target,
        piece=CHUNK,
        no_bucket=("no bucket no-such-bucket in project contract", "infra/"),
        permission="infra/README.md",
        link={"X-Goog-Algorithm": "GOOG4-RSA-SHA256", "X-Goog-Expires": "90"},
    ),
    "s3": Provider(
        stand_in="moto_s3",
        new_bucket=_new_s3,
        opened=_opened_s3,
        is_upload=lambda method, target: method == "PUT",
        piece=PIECE,
        no_bucket=("no (such )?bucket", "endpoint"),
        permission="s3:ListBucket",
        link={"X-Amz-Algorithm": "AWS4-HMAC-SHA256", "X-Amz-Expires": "90"},
    ),
}


@contextmanager
def far_bucket(name: str, folder: Path, request: pytest.FixtureRequest) -> Iterator[Far]:
    """Yield the rig over a new bucket of the provider ``name``; files are made in ``folder``."""
    provider = FAR[name]
    server = request.getfixturevalue(provider.stand_in)
    with (
        provider.new_bucket(server) as bucket,
        Middleman(server.port) as between,
        provider.opened(between.url, bucket, True) as objects,
    ):
        yield Far(provider, between, bucket, objects, folder)
