"""The bucket in Cloud Storage.

Called through the port ``Objects``. Every write names the generation that it expects, so a
repeated or delayed request changes nothing; what was stored is told by the bucket's own answer.
Uses only requests whose preconditions every stand-in keeps: a deletion names its generation
itself, and nothing is composed, rewritten or patched.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from google.api_core import exceptions as api
from google.auth import credentials as auth
from google.cloud.storage import Client
from google.cloud.storage.retry import DEFAULT_RETRY

from lib.adapters.asked import check_life, check_page, check_range
from lib.adapters.gcp.answers import Tries, answering_for
from lib.adapters.gcp.signing import Signer
from lib.checksum import crc32c_of
from lib.core.errors import Conflict, NotFound, Refused, Unavailable
from lib.ports import ObjectInfo, Page

#: Bytes of one request of a resumable upload: the memory that an upload takes at most.
CHUNK = 8 * 1024 * 1024
#: Seconds that one request may take, and all tries of it together.
TIMEOUT_S = 60.0
PATIENCE_S = 120.0
#: How often an object that is replaced under our eyes is looked at again.
LOOKS = 8
#: Answers that only the caller can judge.
_JUDGED = (api.NotFound, api.PreconditionFailed)
_FIELDS = "name,generation,size,crc32c,contentType,timeCreated,metadata"


class GcsObjects:
    """The objects of one bucket."""

    def __init__(
        self,
        client: Client,
        bucket: str,
        *,
        signing: auth.Signing | None = None,
        patience_s: float = PATIENCE_S,
    ) -> None:
        """Stand for the bucket; nothing is asked yet.

        A request is tried again for ``patience_s``. Links are signed by ``signing``, or else by
        IAM's signBlob in the name of the client's own service account: no key file is needed.
        """
        self._client = client
        self._bucket = client.bucket(bucket)
        self._signer = Signer(signing or client._credentials)  # noqa: SLF001 - there is no other way
        self._retry = DEFAULT_RETRY.with_timeout(patience_s)
        self._seen_bucket = False

    def put_once(
        self,
        path: str,
        file: Path,
        *,
        media_type: str,
        metadata: Mapping[str, str],
        move: bool = False,
    ) -> ObjectInfo:
        """Create the object from ``file``; see the port."""
        del move  # the bytes are copied into the bucket in any case
        try:
            return self._upload(path, file, 0, (media_type, metadata), _tries())
        except api.PreconditionFailed:
            return self._ours(path, file)

    def replace(
        self,
        path: str,
        file: Path,
        *,
        generation: int,
        media_type: str,
        metadata: Mapping[str, str],
        move: bool = False,
    ) -> ObjectInfo:
        """Replace exactly this generation by ``file``; see the port."""
        del move
        tries = _tries()
        try:
            return self._upload(path, file, generation, (media_type, metadata), tries)
        except (api.PreconditionFailed, api.NotFound):
            # Only when an answer was lost may the newer generation be our own.
            if tries.lost:
                return self._ours(path, file)
            self._check_bucket()
            raise Conflict(f"{path} is not generation {generation} any more") from None

    def stat(self, path: str) -> ObjectInfo | None:
        """Return what is stored at ``path`` now, or None; see the port."""
        blob = self._blob(path)
        try:
            with answering_for(self._name(path), *_JUDGED):
                blob.reload(timeout=TIMEOUT_S, retry=self._retry)
        except api.NotFound:
            self._check_bucket()
            return None
        return _info(blob)

    def read(self, path: str, *, start: int = 0, end: int | None = None) -> bytes:
        """Return bytes ``start`` to ``end``, fewer where the object ends; see the port."""
        check_range(start, end)
        for _ in range(LOOKS):
            info = self.stat(path)
            if info is None:
                raise NotFound(f"there is no object {path}")
            last = info.size if end is None else min(end, info.size)
            if start >= last:
                return b""
            try:
                return self._range(path, info.generation, start, last)
            except api.NotFound:
                continue  # replaced since: look again
        raise Unavailable(f"{path} keeps changing", retry_after_s=1.0)

    def _range(self, path: str, generation: int, start: int, last: int) -> bytes:
        with answering_for(self._name(path), *_JUDGED):
            data: bytes = self._blob(path, generation).download_as_bytes(
                start=start,
                end=last - 1,
                raw_download=True,
                timeout=TIMEOUT_S,
                retry=self._retry,
            )
        return data

    def fetch(self, path: str, generation: int, file: Path) -> None:
        """Copy exactly this generation into ``file``, checked by its checksum; see the port."""
        if not file.parent.is_dir():
            raise Refused(f"there is no folder {file.parent}", hint="create it")
        blob = self._blob(path, generation)
        try:
            with answering_for(self._name(path), *_JUDGED):
                blob.download_to_filename(
                    str(file), raw_download=True, timeout=TIMEOUT_S, retry=self._retry
                )
        except api.NotFound as error:
            file.unlink(missing_ok=True)
            self._check_bucket()
            raise NotFound(f"there is no generation {generation} of {path}") from error
        except (Refused, Unavailable):
            file.unlink(missing_ok=True)
            raise

    def list(self, prefix: str, *, cursor: str | None = None, limit: int = 1000) -> Page:
        """Return one page of the objects below ``prefix``; see the port."""
        check_page(limit)
        found = self._client.list_blobs(
            self._bucket,
            prefix=prefix,
            page_token=cursor,
            page_size=limit,
            fields=f"items({_FIELDS}),nextPageToken",
            timeout=TIMEOUT_S,
            retry=self._retry,
        )
        try:
            with answering_for(f"the listing of {self._bucket.name}/{prefix}", api.NotFound):
                items = tuple(_info(blob) for blob in next(found.pages, ()))
        except api.NotFound as error:
            raise self._no_bucket() from error
        return Page(items, found.next_page_token)

    def delete(self, path: str, *, generation: int) -> bool:
        """Delete exactly this generation; False when it is not there any more."""
        try:
            with answering_for(self._name(path), *_JUDGED):
                self._blob(path, generation).delete(timeout=TIMEOUT_S, retry=self._retry)
        except api.NotFound:
            self._check_bucket()
            return False
        return True

    def signed_url(self, path: str, *, expires_s: float) -> str:
        """Return a V4 URL that lets anyone read this generation until it expires.

        Raises NotFound when there is no object, Refused when ``expires_s`` is over seven days.
        """
        check_life(expires_s)
        info = self.stat(path)
        if info is None:
            raise NotFound(f"there is no object {path}")
        with answering_for(f"a link to {self._name(path)}"):
            url: str = self._blob(path).generate_signed_url(
                version="v4",
                expiration=timedelta(seconds=expires_s),
                generation=info.generation,
                **self._signer.arguments(),
            )
        return url

    def _upload(
        self,
        path: str,
        file: Path,
        generation: int,
        kind: tuple[str, Mapping[str, str]],
        tries: Tries,
    ) -> ObjectInfo:
        """Put the file over ``generation`` (0: nothing); ``kind`` is media type and metadata."""
        if not file.is_file():
            raise Refused(f"there is no file {file}", hint="write it first")
        blob = self._blob(path)
        media_type, metadata = kind
        blob.metadata = dict(metadata)
        try:
            with answering_for(self._name(path), *_JUDGED):
                blob.upload_from_filename(
                    str(file),
                    content_type=media_type,
                    if_generation_match=generation,
                    checksum="crc32c",
                    timeout=TIMEOUT_S,
                    retry=self._retry.with_predicate(tries),
                )
        except api.NotFound as error:
            if generation:
                raise
            raise self._no_bucket() from error
        return _info(blob)

    def _ours(self, path: str, file: Path) -> ObjectInfo:
        """Return what is stored if it is the file's very bytes: our acknowledgement was lost."""
        info = self.stat(path)
        if info is None:
            raise Unavailable(f"{path} was deleted while it was put", retry_after_s=1.0)
        if (info.size, info.crc32c) != (file.stat().st_size, crc32c_of(file)):
            raise Conflict(f"{path} exists already with other bytes")
        return info

    def _blob(self, path: str, generation: int | None = None) -> Any:
        return self._bucket.blob(path, chunk_size=CHUNK, generation=generation)

    def _name(self, path: str) -> str:
        return f"{self._bucket.name}/{path}"

    def _check_bucket(self) -> None:
        """Raise Refused when there is no such bucket: its objects are not "absent" then.

        Cloud Storage answers 404 for both. A listing needs no right that we lack. Once seen is
        enough: only an empty bucket can be deleted, so what was in it is absent in truth.
        """
        if self._seen_bucket:
            return
        try:
            with answering_for(f"the bucket {self._bucket.name}", api.NotFound):
                found = self._client.list_blobs(self._bucket, page_size=1, retry=self._retry)
                next(found.pages, None)
        except api.NotFound as error:
            raise self._no_bucket() from error
        self._seen_bucket = True

    def _no_bucket(self) -> Refused:
        return Refused(
            f"there is no bucket {self._bucket.name} in project {self._client.project}",
            hint="check the project and the name of the bucket, or create it with infra/",
        )


def _tries() -> Tries:
    return Tries(DEFAULT_RETRY._predicate)  # noqa: SLF001 - the client's own judgement


def _info(blob: Any) -> ObjectInfo:
    return ObjectInfo(
        blob.name,
        int(blob.generation),
        int(blob.size),
        blob.crc32c,
        blob.content_type or "application/octet-stream",
        blob.time_created.timestamp(),
        dict(blob.metadata or {}),
    )
