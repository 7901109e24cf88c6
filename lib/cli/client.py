"""How a command reaches the studio: over HTTP when one is running, in this process otherwise.

Both ways end in the same API, so a command cannot tell the difference.
"""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from lib import settings as settings_module
from lib.adapters.local.lock import holder
from lib.app.api import PREFIX, Call, handle
from lib.core.errors import Refused, StudioError, Unavailable
from lib.settings import Settings
from lib.wiring.local import LocalStudio, open_local

#: Seconds that one answer may take; a burst of 200 brands is planned within a few.
TIMEOUT_S = 60.0


@dataclass(frozen=True, slots=True)
class Client:
    """Speaks the JSON API; exactly one of ``port`` and ``local`` is set."""

    settings: Settings
    port: int | None = None
    local: LocalStudio | None = None

    def get(self, path: str, **query: Any) -> Any:
        """Return a document. Raises the API's error."""
        return self._call("GET", path, query, None)

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """Change something and return what it became. Raises the API's error."""
        return self._call("POST", path, {}, body)

    def close(self) -> None:
        """Let go of the data folder."""
        if self.local:
            self.local.close()

    def _call(self, method: str, path: str, query: dict[str, Any], body: Any) -> Any:
        data = b"" if body is None else json.dumps(body).encode()
        if self.local:
            texts = {key: str(value) for key, value in query.items()}
            call = Call(method, PREFIX + path, texts, data, "application/json")
            reply = handle(self.local.studio, self.settings.owner, call)
            return _read(reply.status, reply.body)
        url = f"http://127.0.0.1:{self.port}{quote(PREFIX + path)}"
        request = urllib.request.Request(  # noqa: S310 - always our own loopback address
            f"{url}?{urlencode(query)}" if query else url,
            data=None if body is None else data,
            method=method,
            headers={"Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:  # noqa: S310
                return _read(answer.status, answer.read())
        except urllib.error.HTTPError as error:
            return _read(error.code, error.read())
        except OSError as error:
            raise Unavailable(f"the studio on port {self.port} does not answer: {error}") from error


def settings_for(data: Path | None, port: int | None = None) -> Settings:
    """Return the settings with what the command line says on top.

    Raises Refused for what no command here can work with.
    """
    found = settings_module.load()
    if found.mode != "local":
        raise Refused(
            f"BRANDCAST_MODE is {found.mode!r}",
            hint="commands speak to the studio on this machine: leave it out (a deployed studio is "
            "asked at its API: infra/README.md)",
        )
    if data is not None:
        found = replace(found, data=data.expanduser().resolve())
    if port is not None:
        found = replace(found, port=port)
    if found.data.exists() and not found.data.is_dir():
        raise Refused(f"{found.data} is no folder", hint="give --data the name of a folder")
    return found


def connect(settings: Settings) -> Client:
    """Return a client of the running studio, or of the data folder itself."""
    running = holder(settings.data)
    if running and running.get("port"):
        return Client(settings, port=running["port"])
    return Client(settings, local=open_local(settings))


def _read(status: int, body: bytes) -> Any:
    try:
        document = json.loads(body)
    except ValueError as error:
        raise Unavailable(f"the studio answered {status} with no JSON") from error
    if status < 400:
        return document
    title, hint = document.get("title", f"status {status}"), document.get("hint", "")
    raise (Refused(title, hint=hint) if status < 500 else StudioError(title))
