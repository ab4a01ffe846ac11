"""A real HTTP server on this machine that speaks chat completions, and misbehaves as a test asks for."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np

from animelayers.imaging.codecs import decode

Answer = tuple[int, bytes] | Callable[[], tuple[int, bytes]]


def said(text: object) -> Answer:
    """A chat completion."""
    return 200, json.dumps(
        {"choices": [{"message": {"role": "assistant", "content": text}}]}, ensure_ascii=False
    ).encode()


class Server(ThreadingHTTPServer):
    """`answer` gives the reply to the n-th request, counted from 0; `requests` are those that came: path,
    headers, body.
    """

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, answer: Callable[[int, np.ndarray], Answer]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answer, self.requests = answer, list[tuple[str, dict[str, str], Any]]()
        self.lock, self.now, self.most = threading.Lock(), 0, 0
        self.stop = threading.Event()  # what hangs waits for it
        self.headers: dict[str, str] = {}

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.server_address[1]}/v1"


class _Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        url = next(part for part in body["messages"][0]["content"] if part["type"] == "image_url")[
            "image_url"
        ]["url"]
        picture = decode(base64.b64decode(url.removeprefix("data:image/jpeg;base64,"), validate=True))
        with self.server.lock:
            number = len(self.server.requests)
            self.server.requests.append((self.path, dict(self.headers), body))
            self.server.now += 1
            self.server.most = max(self.server.most, self.server.now)
        answer = self.server.answer(number, picture)
        code, data = answer() if callable(answer) else answer
        with self.server.lock:
            self.server.now -= 1
        if code:
            self.send_response(code)
            for name, value in {"Content-Length": str(len(data)), **self.server.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

    def log_message(self, *args: Any) -> None:
        pass


@contextmanager
def serving(answer: Callable[[int, np.ndarray], Answer]) -> Iterator[Server]:
    """A server for the time of a with block."""
    server = Server(answer)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.stop.set()
        server.shutdown()
        thread.join()
        server.server_close()
