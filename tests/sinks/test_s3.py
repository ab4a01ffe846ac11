"""An output on an object store that stumbles: a local S3 server behind a proxy that answers with faults and
counts requests.
"""

from __future__ import annotations

import http.client
import importlib.util
import os
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from pyarrow import fs

from animelayers.output import Output
from animelayers.sinks import Fenced, Locked, Shards, SinkError, metadata, store
from animelayers.verify import verify
from tests.sinks.clips import clip

ROWS = [
    clip("e/scene0000/000000", [0, 0, 1]),
    clip("e/scene0001/000003", [], error="decode: torn"),
    clip("e/scene0002/000004", [0]),
]
LARGE = [clip("e/scene0000/000000", [0], [os.urandom(9_000_000), os.urandom(9_000_000), b"small"])]
"""Larger than one part of a multipart upload."""
SLOW = (
    b'<?xml version="1.0"?><Error><Code>SlowDown</Code><Message>Reduce your request rate.</Message></Error>'
)
Fault = Callable[[str, str], str]


class Proxy(ThreadingHTTPServer):
    """Passes requests on to a server, unless `fault`, asked for method and path, says 500, SlowDown or torn;
    `asked` counts them by method.
    """

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.behind, self.asked, self.fault = port, Counter[str](), lambda method, path: ""  # type: ignore[misc]
        self.daemon_threads = True

    fault: Fault

    def uri(self, name: str) -> str:
        return f"s3://key:secret@bucket/{name}?endpoint_override=127.0.0.1:{self.server_port}&scheme=http&region=us-east-1&allow_bucket_creation=true"


class Handler(BaseHTTPRequestHandler):
    server: Proxy
    protocol_version = "HTTP/1.1"

    def _pass(self) -> None:
        body = self._body()
        fault = self.server.fault(self.command, self.path)
        self.server.asked[self.command] += 1
        if fault == "torn":
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
        elif fault:
            self._answer(
                503 if fault == "SlowDown" else 500,
                {"Content-Type": "application/xml"},
                SLOW if fault == "SlowDown" else b"",
            )
        else:
            inner = http.client.HTTPConnection("127.0.0.1", self.server.behind, timeout=30)
            passed = {
                name: value
                for name, value in self.headers.items()
                if name.lower() not in ("transfer-encoding", "expect", "content-length")
            }
            inner.request(self.command, self.path, body, passed | {"Content-Length": str(len(body))})
            got = inner.getresponse()
            self._answer(got.status, dict(got.getheaders()), got.read())
            inner.close()

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        parts = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _answer(self, status: int, headers: dict[str, str], data: bytes) -> None:
        self.send_response_only(status)
        length = headers.get("Content-Length", "0") if self.command == "HEAD" else str(len(data))
        for name, value in headers.items():
            if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                self.send_header(name, value)
        self.send_header("Content-Length", length)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = _pass

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    if not importlib.util.find_spec("moto"):
        pytest.skip("no local S3 server: moto of the dev extra is not installed")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        number = int(free.getsockname()[1])
    command = [sys.executable, "-m", "moto.server"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    server = subprocess.Popen([*command, "-H", "127.0.0.1", "-p", str(number)], **quiet)  # type: ignore[call-overload]
    try:
        end = time.monotonic() + 90
        while True:
            try:
                socket.create_connection(("127.0.0.1", number), 1).close()
                break
            except OSError:
                assert time.monotonic() < end and server.poll() is None, "the server did not come up"
                time.sleep(0.2)
        yield number
    finally:
        server.terminate()
        server.wait(20)


@pytest.fixture
def s3(
    port: int, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Iterator[tuple[Proxy, str]]:
    monkeypatch.setattr(store, "PAUSE_S", 0.05)
    proxy = Proxy(port)
    threading.Thread(target=proxy.serve_forever, daemon=True).start()
    fs.FileSystem.from_uri(proxy.uri("any"))[0].create_dir("bucket")
    yield proxy, proxy.uri(request.node.name.replace("[", "-").replace("]", ""))
    proxy.shutdown()
    proxy.server_close()


def every(number: int, fault: str, methods: str = "PUT POST GET HEAD") -> Fault:
    """A fault for each n-th request of some methods."""
    count = Counter[str]()

    def said(method: str, path: str) -> str:
        count["all"] += method in methods.split()
        return fault if method in methods.split() and count["all"] % number == 0 else ""

    return said


@pytest.mark.parametrize("fault", ["SlowDown", "torn"])
def test_faults_that_pass_leave_no_trace(s3: tuple[Proxy, str], fault: str) -> None:
    proxy, uri = s3
    proxy.fault = every(4, fault)
    sink = Shards(uri)
    with sink.open("one"):
        sink.write(ROWS, "one")
    proxy.fault = lambda method, path: ""
    output = Output(uri)
    assert (
        set(sink.committed()) == {row["clip_id"] for row in ROWS}
        and not sink.lost()
        and not verify(sink).tables
        and not verify(sink).clips
    )
    assert next(output.read(frame, "character") for frame in output) == b"e/scene0000/000000 0 character.png"


def test_a_large_upload_that_breaks_once_is_whole(s3: tuple[Proxy, str]) -> None:
    proxy, uri = s3
    broken = Counter[str]()

    def fault(method: str, path: str) -> str:
        if method == "PUT" and "partNumber=2" in path:
            broken["parts"] += 1
            return "torn" if broken["parts"] == 1 else ""
        return ""

    proxy.fault = fault
    sink = Shards(uri)
    with sink.open("one"):
        sink.write(LARGE, "one")
    assert broken["parts"] >= 2 and not sink.lost() and not verify(sink).clips


@pytest.mark.parametrize("rows", [ROWS, LARGE], ids=["small", "large"])
def test_an_upload_that_never_succeeds_is_told_and_nothing_of_it_is_seen(
    s3: tuple[Proxy, str], rows: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy, uri = s3
    monkeypatch.setattr(store, "TRIES", 1)
    sink = Shards(uri)
    with sink.open("one"):
        proxy.fault = lambda method, path: "500" if method == "PUT" and ".tar" in path else ""
        with pytest.raises(SinkError, match="nothing of it is visible"):
            sink.write(rows, "one")
        proxy.fault = lambda method, path: ""
        assert sink.committed() == {} and sink.store.names("shards", ".tar") == []
        sink.write(rows, "one")
    assert len(sink.committed()) == len(rows) and not sink.lost()


def test_a_store_that_is_out_for_longer_than_its_client_waits_is_asked_again(
    s3: tuple[Proxy, str], caplog: pytest.LogCaptureFixture
) -> None:
    proxy, uri = s3
    sink, failed = Shards(uri), Counter[str]()

    def fault(method: str, path: str) -> str:
        if method == "PUT" and ".tar" in path and "asked again" not in caplog.text:
            failed["tar"] += 1
            return "500"
        return ""

    with sink.open("one"):
        proxy.fault = fault
        sink.write(ROWS, "one")
    assert failed["tar"] > 1 and len(sink.committed()) == len(ROWS) and not sink.lost()


def test_what_a_clip_raises_midway_leaves_no_torn_file(s3: tuple[Proxy, str]) -> None:
    _, uri = s3
    place = store.Store(uri)

    def torn() -> Iterator[bytes]:
        yield b"half"
        raise ValueError("no more")

    with pytest.raises(ValueError, match="no more"):
        place.publish([place.draft("shards/a.tar", "one", torn())])
    assert place.read("shards/a.tar") is None


def test_one_run_at_a_time_and_the_fence(s3: tuple[Proxy, str]) -> None:
    _, uri = s3
    sink, other = Shards(uri), Shards(uri)
    with sink.open("one"):
        with pytest.raises(Locked), other.open("two"):
            pass
        with pytest.raises(Fenced):
            other.write(ROWS, "two")
        sink.write(ROWS, "one")
    with other.open("two") as swept:
        assert swept == 0


def test_requests_of_a_commit_are_counted_and_few(s3: tuple[Proxy, str]) -> None:
    proxy, uri = s3
    sink = Shards(uri)
    with sink.open("one"):
        sink.write([clip("a/scene0000/000000", [0])], "one")
        proxy.asked.clear()
        for number in range(5):
            sink.write([clip(f"b/scene{number:04d}/000000", [0])], "one")
        asked = dict(proxy.asked)
    assert asked["PUT"] == 10, "a tar and a table each, one request each"
    assert sum(asked.values()) - asked["PUT"] <= 5 * 6, asked


def test_many_commits_are_gathered_there_too(
    s3: tuple[Proxy, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    proxy, uri = s3
    sink = Shards(uri)
    with sink.open("one"):
        for number in range(6):
            sink.write([clip(f"b/scene{number:04d}/000000", [0], source="b.mkv")], "one")
    before = Output(uri).table
    monkeypatch.setattr(metadata.gather, "__defaults__", (2, 100))
    proxy.fault = every(5, "SlowDown")
    with sink.open("two"):
        pass
    proxy.fault = lambda method, path: ""
    assert len(metadata.names(sink.store)) == 1 and Output(uri).table == before
