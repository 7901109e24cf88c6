"""The embedded HTTP server: ``studio_api`` on the loopback interface, and media by signed URL.

Any page in a browser can reach a local port, so a request must name this host, and a change
must not come from another origin. Users and tokens come with the cloud front door.
"""

from __future__ import annotations

import mimetypes
import socket
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlsplit

import functions_framework
from werkzeug.datastructures import Headers
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

from lib import wiring
from lib.adapters.local.objects import LocalObjects
from lib.core.errors import Refused, StudioError
from lib.settings import ROOT

HOST = "127.0.0.1"
_NAMES = {"127.0.0.1", "localhost"}
_SAFE = {"GET", "HEAD"}
MEDIA = "/media/"

Wsgi = Callable[[dict[str, Any], Any], Iterable[bytes]]


class Server:
    """Serves until stopped; port 0 takes a free one, one that is taken is Refused."""

    def __init__(self, port: int) -> None:
        self._api: Wsgi = functions_framework.create_app(  # type: ignore[no-untyped-call]
            "studio_api", str(ROOT / "main.py")
        )
        # Bound here, because werkzeug ends the process with words of its own when it cannot.
        with _listening(port) as bound:
            self._http = make_server(
                HOST,
                port,
                self._answer,
                threaded=True,
                request_handler=_QuietHandler,
                fd=bound.fileno(),
            )
        self.port: int = self._http.port

    def run(self) -> None:
        """Serve requests until ``stop``."""
        self._http.serve_forever()

    def stop(self) -> None:
        """Stop serving and free the port."""
        self._http.shutdown()
        self._http.server_close()

    def _answer(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        request = Request(environ)
        if _is_foreign(request):
            return Response("this studio answers its own pages only", 403)(environ, start_response)
        if request.path.startswith(MEDIA):
            return _media(request)(environ, start_response)
        return self._api(environ, start_response)


class _QuietHandler(WSGIRequestHandler):
    """Writes no line for each request: the studio logs decisions, and the terminal is people's."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Write nothing."""


def _listening(port: int) -> socket.socket:
    try:
        return socket.create_server((HOST, port))
    except OSError as error:
        raise Refused(
            f"port {port} cannot be used: {error.strerror}",
            hint="choose another with --port, or --port 0 for any free one",
        ) from error


def _is_foreign(request: Request) -> bool:
    """Tell whether a request comes by another host name, or changes things from elsewhere."""
    if urlsplit(f"//{request.host}").hostname not in _NAMES:
        return True
    origin = request.headers.get("Origin")
    return request.method not in _SAFE and origin is not None and origin != request.host_url[:-1]


def _media(request: Request) -> Response:
    """Send one object whose URL carries a valid signature; ranges are honoured."""
    objects = wiring.studio().objects
    path = request.path.removeprefix(MEDIA)
    if request.method not in _SAFE or not isinstance(objects, LocalObjects):
        return Response("not found", 404)
    try:
        info = objects.verify_signed(path, request.args.to_dict())
        span = request.range.range_for_length(info.size) if request.range else None
        start, end = span or (0, info.size)
        body = objects.read(path, start=start, end=end)
    except StudioError as error:
        return Response(str(error), 403)
    headers = Headers({"Accept-Ranges": "bytes", "X-Content-Type-Options": "nosniff"})
    if span:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{info.size}"
    kind = info.media_type or mimetypes.guess_type(path)[0] or "application/octet-stream"
    return Response(body, 206 if span else 200, headers, mimetype=kind)
