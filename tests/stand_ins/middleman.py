"""An HTTP server between a client and another server, which can spoil what passes.

It notes every request, and may swallow an answer after the other side has acted on the request, or
answer in its place.
"""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self


class Middleman:
    """Forwards to ``127.0.0.1:port`` until the block ends."""

    def __init__(self, port: int) -> None:
        self.port = port
        #: Method, target and length of the body of every request.
        self.requests: list[tuple[str, str, int]] = []
        #: Method, target and status of everything that the other side answered.
        self.answers: list[tuple[str, str, int]] = []
        #: When each of these requests began and ended.
        self.spans: list[tuple[float, float]] = []
        #: Told method and target; a number is answered instead of forwarding.
        self.answer: Callable[[str, str], int | None] = lambda method, target: None
        #: Told method and target after the other side answered; True swallows the answer.
        self.swallow: Callable[[str, str], bool] = lambda method, target: False
        #: Told method, target and the body of an answer; returns the body that is passed on.
        self.spoil: Callable[[str, str, bytes], bytes] = lambda method, target, body: body
        #: Told the body; True answers in the other side's place that all is well.
        self.drop: Callable[[bytes], bool] = lambda body: False
        self._server = _Server(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        """Return where it answers."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        between = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _pass(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                between.requests.append((self.command, self.path, len(body)))
                status = 200 if between.drop(body) else between.answer(self.command, self.path)
                if status is not None:
                    self._reply(status, [], b'{"error": {"message": "as the test wishes"}}')
                    return
                start = time.perf_counter()
                other = http.client.HTTPConnection("127.0.0.1", between.port, timeout=30)
                headers = {k: v for k, v in self.headers.items() if k.lower() != "host"}
                headers["Host"] = self.headers["Host"]  # links that it gives out lead back here
                other.request(self.command, self.path, body, headers)
                answer = other.getresponse()
                data = answer.read()
                other.close()
                between.spans.append((start, time.perf_counter()))
                between.answers.append((self.command, self.path, answer.status))
                if between.swallow(self.command, self.path):
                    self.close_connection = True
                    return
                data = between.spoil(self.command, self.path, data)
                self._reply(answer.status, answer.getheaders(), data)

            do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = _pass  # noqa: N815 - http.server's names

            def _reply(self, status: int, headers: list[tuple[str, str]], data: bytes) -> None:
                self.send_response(status)
                told = {name.lower(): value for name, value in headers}
                for name, value in headers:
                    if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                        self.send_header(name, value)
                # The answer to a HEAD tells the length of a body that it does not bring.
                unseen = told.get("content-length") if self.command == "HEAD" else None
                self.send_header("Content-Length", unseen or str(len(data)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(data)

            def log_message(self, *_: Any) -> None:
                return

        return Handler


class _Server(ThreadingHTTPServer):
    """Says nothing when somebody hangs up: that is what the tests do on purpose."""

    def handle_error(self, *_: Any) -> None:
        return


def first(wanted: Callable[[str, str], bool], times: int = 1) -> Callable[[str, str], bool]:
    """Return a test that is true for the first ``times`` requests that are wanted."""
    left = [times]

    def test(method: str, target: str) -> bool:
        if not left[0] or not wanted(method, target):
            return False
        left[0] -= 1
        return True

    return test
