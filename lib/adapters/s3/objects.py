"""A bucket of any service that speaks S3: Amazon's, MinIO, R2, Supabase's S3 endpoint.

Called through the port ``Objects``. Every write names the version that it expects
(``If-None-Match``, ``If-Match``), so a repeated or delayed request changes nothing; the service
must keep these headers, and for reading none is needed. ``If-Match`` speaks of bytes: a version
that was replaced by equal bytes between our look and our write passes for the one looked at.
"""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace as changed
from pathlib import Path
from typing import Any, TypeVar

from lib.adapters.asked import check_life, check_page, check_range
from lib.adapters.s3.answers import Absent, Beyond, Broken, Unmet, answering_for
from lib.adapters.s3.transfers import crc32c_of, download, upload
from lib.adapters.s3.versions import NewVersion, headers, info_of, new_generation
from lib.core.errors import Conflict, NotFound, Refused, Unavailable
from lib.ports import ObjectInfo, Page

#: How often a body that came broken is asked for, and a key that two write is looked at again.
TRIES, LOOKS = 3, 8
#: Objects of a listing that are looked at together.
TOGETHER = 16
#: Checksums of other people's objects that are remembered.
REMEMBERED = 4096
#: Objects in one answer of S3 at most.
MOST_LISTED = 1000
_T = TypeVar("_T")


class S3Objects:
    """The objects of one bucket."""

    def __init__(self, client: Any, bucket: str) -> None:
        """Stand for the bucket; nothing is asked yet."""
        self._client = client
        self._bucket = bucket
        self._seen_bucket = False
        self._crcs: OrderedDict[tuple[str, int], str] = OrderedDict()
        self._remembering = threading.Lock()

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
        new = NewVersion(file, media_type, metadata, new_generation())
        for _ in range(LOOKS):
            try:
                return self._upload(path, new, {"IfNoneMatch": "*"})
            except Unmet as unmet:
                info = self.stat(path)
                if info is None and unmet.again:
                    continue  # two were at it, and neither came through
            if info is None:
                raise Unavailable(f"{path} was deleted while it was put", retry_after_s=1.0)
            if (info.size, info.crc32c) != (new.sums.size, new.sums.crc32c):
                raise Conflict(f"{path} exists already with other bytes")
            return info
        raise Unavailable(f"{path} keeps changing", retry_after_s=1.0)

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
        new = NewVersion(file, media_type, metadata, new_generation(after=generation))
        for _ in range(LOOKS):
            head = self._head(path)
            if head is None or info_of(path, head).generation != generation:
                break
            try:
                return self._upload(path, new, {"IfMatch": head["ETag"]})
            except Unmet as unmet:
                info = self._look(path)
                # The number that is stored is ours alone: it tells a lost answer for certain.
                if info is not None and info.generation == new.generation:
                    return info
                if not unmet.again:
                    break
        raise Conflict(f"{path} is not generation {generation} any more")

    def stat(self, path: str) -> ObjectInfo | None:
        """Return what is stored at ``path`` now, or None; see the port.

        Reads bytes whose CRC32C neither we nor the service wrote down, once for each version.
        """
        for _ in range(LOOKS):
            head = self._head(path)
            if head is None:
                return None
            info = self._known(info_of(path, head))
            if info.crc32c:
                return info
            try:
                place = self._place(path)
                crc32c = self._whole(path, lambda: crc32c_of(self._client, place, head["ETag"]))  # noqa: B023 - called at once
            except (Absent, Unmet):
                continue  # replaced since: look again
            self._remember(info, crc32c)
        raise Unavailable(f"{path} keeps changing", retry_after_s=1.0)

    def read(self, path: str, *, start: int = 0, end: int | None = None) -> bytes:
        """Return bytes ``start`` to ``end``, fewer where the object ends; see the port."""
        check_range(start, end)
        asked = self._place(path)
        if start == end:
            asked["Range"] = f"bytes={start}-{start}"
        elif start or end is not None:
            asked["Range"] = f"bytes={start}-{'' if end is None else end - 1}"
        try:
            data = self._whole(path, lambda: self._bytes(path, asked))
        except Beyond:
            return b""
        except Absent as error:
            self._check_bucket()
            raise NotFound(f"there is no object {path}") from error
        return b"" if start == end else data

    def fetch(self, path: str, generation: int, file: Path) -> None:
        """Copy exactly this generation into ``file``, checked by all that S3 tells of its bytes.

        See the port. Where S3 tells nothing (encryption with a customer's key), its length is.
        """
        if not file.parent.is_dir():
            raise Refused(f"there is no folder {file.parent}", hint="create it")
        place = self._place(path)
        whole = False
        try:
            self._whole(path, lambda: download(self._client, place, generation, file))
            whole = True
        except (Absent, Unmet) as error:
            self._check_bucket()
            raise NotFound(f"there is no generation {generation} of {path}") from error
        finally:
            if not whole:
                file.unlink(missing_ok=True)

    def list(self, prefix: str, *, cursor: str | None = None, limit: int = 1000) -> Page:
        """Return one page of the objects below ``prefix``; see the port.

        S3's listing tells neither metadata nor type, so each object is looked at as well. The
        CRC32C of other people's objects is empty, unless the service has it.
        """
        check_page(limit)
        asked: dict[str, Any] = {"Bucket": self._bucket, "Prefix": prefix}
        asked["MaxKeys"] = min(limit, MOST_LISTED)
        if cursor is not None:
            asked["ContinuationToken"] = cursor
        try:
            with answering_for(f"the listing of {self._bucket}/{prefix}"):
                found = self._client.list_objects_v2(**asked)
        except Absent as error:
            raise self._no_bucket() from error
        self._seen_bucket = True
        paths = [item["Key"] for item in found.get("Contents", ())]
        with ThreadPoolExecutor(TOGETHER) as pool:
            infos = list(pool.map(self._look, paths))
        items = tuple(self._known(info) for info in infos if info is not None)
        return Page(items, found.get("NextContinuationToken"))

    def delete(self, path: str, *, generation: int) -> bool:
        """Delete exactly this generation; False when it is not there any more."""
        for _ in range(LOOKS):
            head = self._head(path)
            if head is None or info_of(path, head).generation != generation:
                return False
            try:
                with answering_for(self._name(path)):
                    self._client.delete_object(**self._place(path), IfMatch=head["ETag"])
            except (Absent, Unmet):
                continue  # another was first: look again
            return True
        raise Unavailable(f"{path} keeps changing", retry_after_s=1.0)

    def signed_url(self, path: str, *, expires_s: float) -> str:
        """Return a URL that lets anyone read this object until it expires.

        In a bucket with versions it opens this very version. A link that is signed with
        temporary credentials dies with them. Raises NotFound when there is no object.
        """
        check_life(expires_s)
        head = self._head(path)
        if head is None:
            raise NotFound(f"there is no object {path}")
        named = self._place(path)
        if head.get("VersionId", "null") != "null":
            named["VersionId"] = head["VersionId"]
        with answering_for(f"a link to {self._name(path)}"):
            url: str = self._client.generate_presigned_url(
                "get_object", Params=named, ExpiresIn=math.ceil(expires_s)
            )
        return url

    def _upload(self, path: str, new: NewVersion, unless: Mapping[str, str]) -> ObjectInfo:
        """Put a file under a precondition; return what is stored. Raises Unmet."""
        wanted = {
            **self._place(path),
            "ContentType": new.media_type,
            "Metadata": headers(new.metadata, new.generation, new.sums),
        }
        try:
            upload(self._client, new.file, new.sums, wanted, unless)
        except Absent as error:
            raise Unmet from error  # what is to be replaced, or the upload, is gone: look
        info = self._look(path)
        # Whoever changes it right after us changes what is there now, not what we stored.
        return info if info and info.generation == new.generation else new.info(path)

    def _bytes(self, path: str, asked: Mapping[str, str]) -> bytes:
        got = self._client.get_object
        with answering_for(self._name(path)), closing(got(**asked)["Body"]) as body:
            data: bytes = body.read()
        return data

    def _whole(self, path: str, transfer: Callable[[], _T]) -> _T:
        """Try a transfer until its bytes come whole; boto3 tries requests again, not bodies."""
        for left in reversed(range(TRIES)):
            try:
                return transfer()
            except Broken as error:
                if not left:
                    words = f"{self._name(path)} was damaged on its way: {error}"
                    raise Unavailable(words, retry_after_s=1.0) from error
        raise AssertionError  # pragma: no cover - the last try returns or raises

    def _look(self, path: str) -> ObjectInfo | None:
        head = self._head(path)
        return None if head is None else info_of(path, head)

    def _head(self, path: str) -> Any:
        """Return S3's answer to a HEAD, or None when there is no such object."""
        try:
            with answering_for(self._name(path)):
                return self._client.head_object(**self._place(path), ChecksumMode="ENABLED")
        except Absent:
            self._check_bucket()
            return None

    def _known(self, info: ObjectInfo) -> ObjectInfo:
        """Return the info with the checksum that was read of this version, if any was."""
        crc32c = info.crc32c or self._crcs.get((info.path, info.generation), "")
        return changed(info, crc32c=crc32c)

    def _remember(self, info: ObjectInfo, crc32c: str) -> None:
        with self._remembering:
            self._crcs[info.path, info.generation] = crc32c
            while len(self._crcs) > REMEMBERED:
                self._crcs.popitem(last=False)

    def _place(self, path: str) -> dict[str, str]:
        return {"Bucket": self._bucket, "Key": path}

    def _name(self, path: str) -> str:
        return f"{self._bucket}/{path}"

    def _check_bucket(self) -> None:
        """Raise Refused when there is no such bucket: its objects are not "absent" then.

        S3 answers a HEAD with 404 for both, without a word. Once seen is enough: only an empty
        bucket can be deleted.
        """
        if self._seen_bucket:
            return
        try:
            with answering_for(f"the bucket {self._bucket}"):
                self._client.list_objects_v2(Bucket=self._bucket, MaxKeys=1)
        except Absent as error:
            raise self._no_bucket() from error
        self._seen_bucket = True

    def _no_bucket(self) -> Refused:
        return Refused(f"there is no bucket {self._bucket}", hint="check its name and the endpoint")
