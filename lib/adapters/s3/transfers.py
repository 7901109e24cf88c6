"""Move bytes up and down: uploads in pieces, downloads that are held against every checksum known.

Called by ``objects.py``. The memory of a transfer is one piece, however large the object is.
"""

from __future__ import annotations

import base64
import hashlib
import re
import sys
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import google_crc32c

from lib.adapters.s3.answers import Absent, Broken, Unmet, answering_for
from lib.adapters.s3.versions import Sums, info_of
from lib.checksum import BLOCK, as_text
from lib.core.errors import StudioError
from lib.ports import ObjectInfo

#: Bytes of one piece; a file up to this size goes up in one request.
PIECE = 16 * 1024 * 1024
#: Most pieces that S3 takes; beyond 160 GB they grow.
MOST_PIECES = 10_000
_MD5 = re.compile(r'"?([0-9a-f]{32})(?:-(\d+))?"?')


def upload(client: Any, file: Path, sums: Sums, wanted: Mapping[str, Any], unless: Any) -> None:
    """Put a file; ``wanted`` names bucket, key, type and metadata, ``unless`` the precondition.

    Raises Unmet when the precondition does not hold.
    """
    what = f"{wanted['Bucket']}/{wanted['Key']}"
    with file.open("rb") as stream, answering_for(what):
        if sums.size > PIECE:
            _in_pieces(client, stream, sums.size, wanted, unless)
        else:
            client.put_object(Body=stream, ContentMD5=_base64(sums.md5), **wanted, **unless)


def _in_pieces(
    client: Any, stream: Any, size: int, wanted: Mapping[str, Any], unless: Mapping[str, str]
) -> None:
    place = {"Bucket": wanted["Bucket"], "Key": wanted["Key"]}
    piece = max(PIECE, -(-size // MOST_PIECES))
    begun = {**place, "UploadId": client.create_multipart_upload(**wanted)["UploadId"]}
    try:
        parts: list[dict[str, Any]] = []
        while data := stream.read(piece):
            number = len(parts) + 1
            md5 = _base64(hashlib.md5(data, usedforsecurity=False).digest())
            put = client.upload_part(Body=data, PartNumber=number, ContentMD5=md5, **begun)
            parts.append({"ETag": put["ETag"], "PartNumber": number})
        client.complete_multipart_upload(MultipartUpload={"Parts": parts}, **begun, **unless)
    except BaseException:
        _abort(client, begun)
        raise


def _abort(client: Any, begun: Mapping[str, str]) -> None:
    """Give up the pieces, which would be paid for; the bucket's lifecycle gets what we cannot."""
    try:
        with answering_for(f"the upload of {begun['Key']}"):
            client.abort_multipart_upload(**begun)
    except (StudioError, Absent, Unmet):
        return  # completed after all, or out of reach: what is told is why the upload failed


def download(client: Any, place: Mapping[str, str], generation: int, file: Path) -> None:
    """Copy exactly this generation into ``file``.

    Raises Absent when it is not the one that is stored, Broken when the bytes are not the ones
    that size, CRC32C or ETag tell of.
    """
    with answering_for(f"{place['Bucket']}/{place['Key']}"):
        answer = client.get_object(**place)
        # ``closing``: as a context a body hands out the raw stream, which checks nothing.
        with closing(answer["Body"]) as body:
            info = info_of(place["Key"], answer)
            if info.generation != generation:
                raise Absent(place["Key"])
            pieces = _pieces(client, place, answer)
            with file.open("wb") as stream:
                crc32c, size, md5s = _copy(body, stream, pieces)
    _check(info, answer, (crc32c, size, md5s))


def crc32c_of(client: Any, place: Mapping[str, str], etag: str) -> str:
    """Read an object and return its CRC32C. Raises Unmet when its ETag is another by now."""
    crc = 0
    what, get = f"{place['Bucket']}/{place['Key']}", client.get_object
    with answering_for(what), closing(get(**place, IfMatch=etag)["Body"]) as body:
        while block := body.read(BLOCK):
            crc = google_crc32c.extend(crc, block)
    return as_text(crc)


def _pieces(client: Any, place: Mapping[str, str], answer: Mapping[str, Any]) -> list[int]:
    """Return the sizes of the pieces that an ETag of many was made of; none for any other."""
    found = _MD5.fullmatch(answer["ETag"])
    if found is None or found[2] is None or _is_sealed(answer):
        return []
    sizes = [
        int(client.head_object(**place, PartNumber=number)["ContentLength"])
        for number in range(1, int(found[2]) + 1)
    ]
    # A service that does not tell of pieces tells of the whole, each time.
    return sizes if sum(sizes) == int(answer["ContentLength"]) else []


def _copy(body: Any, stream: Any, pieces: list[int]) -> tuple[str, int, list[bytes]]:
    """Copy a body and return its CRC32C, its size and the MD5 of each piece (or of the whole)."""
    crc, size, md5s = 0, 0, []
    for piece in pieces or [sys.maxsize]:
        md5, left = hashlib.md5(usedforsecurity=False), piece
        while left and (block := body.read(min(BLOCK, left))):
            stream.write(block)
            crc = google_crc32c.extend(crc, block)
            md5.update(block)
            left -= len(block)
        size += piece - left
        md5s.append(md5.digest())
    # Only the read that finds the end checks that all came.
    return as_text(crc), size + len(body.read(1)), md5s


def _check(info: ObjectInfo, answer: Mapping[str, Any], got: tuple[str, int, list[bytes]]) -> None:
    crc32c, size, md5s = got
    if size != info.size:
        raise Broken(f"{size} bytes came of {info.size}")
    if info.crc32c and crc32c != info.crc32c:
        raise Broken("its checksum (CRC32C) is another")
    found = _MD5.fullmatch(answer["ETag"])
    if found is None or _is_sealed(answer):
        return  # this ETag says nothing about the bytes
    if found[2] is None:
        expected = md5s[0].hex()
    elif len(md5s) == int(found[2]):
        expected = hashlib.md5(b"".join(md5s), usedforsecurity=False).hexdigest()
    else:
        return  # the service did not tell its pieces
    if expected != found[1]:
        raise Broken("its checksum (ETag) is another")


def _is_sealed(answer: Mapping[str, Any]) -> bool:
    """Tell whether the ETag is of encrypted bytes."""
    kms = str(answer.get("ServerSideEncryption", "")).startswith("aws:kms")
    return kms or "SSECustomerAlgorithm" in answer


def _base64(digest: bytes) -> str:
    return base64.b64encode(digest).decode()
