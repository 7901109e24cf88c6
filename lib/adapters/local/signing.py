"""Sign and check the URLs that let anyone read one object for a while.

Called by ``objects.py``. The key lies in the data folder, readable by its owner only; knows
nothing of HTTP beyond the text of a URL.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote, urlencode

from lib.core.errors import Refused, Unavailable

#: First part of every signed URL's path.
MEDIA = "/media/"
#: Bytes of the key: as many as the hash has.
KEY_BYTES = 32


class Signer:
    """The holder of the key."""

    def __init__(self, key_file: Path, base_url: str) -> None:
        """Read the key, making it at the first start. ``base_url`` has no slash at its end."""
        self._base_url = base_url.rstrip("/")
        try:
            self._key = _read_or_make(key_file)
        except OSError as error:
            raise Unavailable(f"the key {key_file} cannot be read: {error}") from error

    def url(self, path: str, generation: int, expires_at: float) -> str:
        """Return a URL for one generation of one object, good until ``expires_at``."""
        expires = str(int(expires_at))
        query = {
            "generation": str(generation),
            "expires": expires,
            "signature": self._sign(path, str(generation), expires),
        }
        return f"{self._base_url}{MEDIA}{quote(path)}?{urlencode(query)}"

    def check(self, path: str, query: Mapping[str, str], now: float) -> int:
        """Return the generation that the URL was signed for. Raises Refused when it is not good.

        ``path`` is the object's, unquoted; ``query`` holds the URL's parameters.
        """
        generation, expires = query.get("generation", ""), query.get("expires", "")
        given = query.get("signature", "")
        wanted = self._sign(path, generation, expires)
        if not hmac.compare_digest(given.encode("utf-8", "replace"), wanted.encode()):
            raise Refused("the link is not genuine", hint="open the object's page for a new link")
        if now >= int(expires):
            raise Refused("the link has expired", hint="open the object's page for a new link")
        return int(generation)

    def _sign(self, path: str, generation: str, expires: str) -> str:
        # A line break can be in none of the parts of a genuine link, so the parts cannot run
        # into one another.
        text = f"GET\n{path}\n{generation}\n{expires}".encode("utf-8", "replace")
        return hmac.new(self._key, text, hashlib.sha256).hexdigest()


def _read_or_make(key_file: Path) -> bytes:
    if not key_file.exists():
        draft = key_file.with_name(f"{key_file.name}.{secrets.token_hex(4)}")
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            os.write(handle, secrets.token_bytes(KEY_BYTES))
            os.fsync(handle)
        finally:
            os.close(handle)
        try:
            os.link(draft, key_file)  # unlike a rename, never replaces another process's key
        except FileExistsError:
            pass
        finally:
            os.unlink(draft)
    key = key_file.read_bytes()
    if len(key) != KEY_BYTES:
        raise Refused(f"{key_file} is no key", hint="delete it; links given out so far then end")
    if key_file.stat().st_mode & 0o077:
        raise Refused(
            f"{key_file} can be read by other users",
            hint=f"run: chmod 600 {key_file}",
        )
    return key
