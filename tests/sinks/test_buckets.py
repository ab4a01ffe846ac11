"""An output on an object store that stumbles: a local server of S3 or of Google Cloud Storage behind a proxy that
answers with faults and counts requests.
"""

from __future__ import annotations

import contextlib
import http.client
import importlib.util
import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pyarrow as pa
import pytest
from pyarrow import fs

from animelayers import owner
from animelayers.benchmark.scale import Films, Making, Size
from animelayers.dataset.output import Output
from animelayers.dataset.verify import verify
from animelayers.engine.pipeline import Pipeline
from animelayers.engine.placement import Stage
from animelayers.engine.run import run
from animelayers.sinks import Fenced, Locked, Shards, SinkError, bucket, lock, metadata, store
from tests.sinks import gcs
from tests.sinks.clips import clip
from tests.sinks.test_lock import RACE

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
    """Passes requests on to a server, unless `fault`, asked for method and path, says 500, SlowDown or torn, and
    its answers back, unless `loses` says so; `asked` counts requests by method, `seen` has their paths too, `keys`
    by what they were allowed.
    """

    def __init__(self, scheme: str, port: int) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.scheme, self.keys = scheme, set[str | None]()
        self.behind, self.asked, self.fault = port, Counter[str](), lambda method, path: ""  # type: ignore[misc]
        self.daemon_threads, self.seen = True, list[tuple[str, str]]()
        self.loses: Callable[[str, str], bool] = lambda method, path: False

    fault: Fault

    def uri(self, name: str) -> str:
        if self.scheme == "gs":
            return f"gs://anonymous@bucket/{name}?endpoint_override=127.0.0.1:{self.server_port}&scheme=http&retry_limit_seconds=5"
        return f"s3://key:secret@bucket/{name}?endpoint_override=127.0.0.1:{self.server_port}&scheme=http&region=us-east-1&allow_bucket_creation=true"


class Handler(BaseHTTPRequestHandler):
    server: Proxy
    protocol_version = "HTTP/1.1"

    def _pass(self) -> None:
        body, path = self._body(), unquote(self.path)
        fault = self.server.fault(self.command, path)
        self.server.asked[self.command] += 1
        self.server.seen.append((self.command, path))
        self.server.keys.add(self.headers.get("Authorization"))
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
            if self.server.loses(self.command, path):
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
                inner.close()
                return
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
            with contextlib.suppress(BrokenPipeError):  # who asked has given up
                self.wfile.write(data)

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = _pass

    def log_message(self, *_: Any) -> None:
        pass


@contextlib.contextmanager
def s3() -> Iterator[int]:
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


@contextlib.contextmanager
def gs() -> Iterator[int]:
    server = subprocess.Popen([sys.executable, gcs.__file__], stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout
        yield int(server.stdout.readline())
    finally:
        server.terminate()
        server.communicate(timeout=20)


@pytest.fixture(scope="module")
def ports() -> Iterator[Callable[[str], int]]:
    """Of the server of each scheme, which starts when it is asked for."""
    with contextlib.ExitStack() as stack:
        yield cache(lambda scheme: stack.enter_context({"s3": s3, "gs": gs}[scheme]()))


@pytest.fixture(params=["s3-obstore", "s3-pyarrow", "gs-obstore"])
def store_at(
    ports: Callable[[str], int], monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Iterator[tuple[Proxy, str]]:
    """With the extra, and without it."""
    scheme, _, client = request.param.partition("-")
    monkeypatch.setattr(store, "PAUSE_S", 0.05)
    monkeypatch.setattr(bucket, "RETRIES", 3)
    monkeypatch.setattr(bucket, "PART", 6 << 20)
    if client == "pyarrow":
        monkeypatch.setattr(bucket, "of", lambda address, region: None)
    elif not importlib.util.find_spec("obstore"):
        pytest.skip("obstore of the buckets extra is not installed")
    proxy = Proxy(scheme, ports(scheme))
    threading.Thread(target=proxy.serve_forever, daemon=True).start()
    if scheme == "s3":
        fs.FileSystem.from_uri(proxy.uri("any"))[0].create_dir("bucket")
    yield proxy, proxy.uri(re.sub(r"\W+", "-", request.node.name))
    proxy.shutdown()
    proxy.server_close()


@pytest.fixture
def pyarrow_alone(request: pytest.FixtureRequest) -> bool:
    """Whether the extra is taken for missing."""
    return "pyarrow" in request.node.name


def every(number: int, fault: str, methods: str = "PUT POST GET HEAD") -> Fault:
    """A fault for each n-th request of some methods."""
    count = Counter[str]()

    def said(method: str, path: str) -> str:
        count["all"] += method in methods.split()
        return fault if method in methods.split() and count["all"] % number == 0 else ""

    return said


@pytest.mark.parametrize("fault", ["SlowDown", "torn"])
def test_faults_that_pass_leave_no_trace(store_at: tuple[Proxy, str], fault: str) -> None:
    proxy, uri = store_at
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


def test_a_large_upload_that_breaks_once_is_whole(store_at: tuple[Proxy, str]) -> None:
    proxy, uri = store_at
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
    store_at: tuple[Proxy, str], rows: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy, uri = store_at
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


def test_an_upload_of_parts_that_never_succeeds_leaves_none_of_them(
    store_at: tuple[Proxy, str], monkeypatch: pytest.MonkeyPatch, pyarrow_alone: bool
) -> None:
    proxy, uri = store_at
    monkeypatch.setattr(store, "TRIES", 1)
    sink = Shards(uri)
    with sink.open("one"):
        proxy.fault = lambda method, path: "500" if "partNumber=2" in path else ""
        with pytest.raises(SinkError, match="nothing of it is visible"):
            sink.write(LARGE, "one")
        proxy.fault = lambda method, path: ""
        assert sink.committed() == {} and sink.store.names("shards", ".tar") == []
    if not pyarrow_alone:  # which forgets them
        with urllib.request.urlopen(f"http://127.0.0.1:{proxy.behind}/bucket?uploads") as listed:
            assert sink.store.root.partition("/")[2].encode() not in listed.read()


def test_of_runs_that_start_at_once_one_has_the_bucket(
    store_at: tuple[Proxy, str], pyarrow_alone: bool
) -> None:
    """Two processes on two machines, as far as the store can tell."""
    _, uri = store_at
    if pyarrow_alone:
        pytest.skip("pyarrow alone looks first, and what comes between it does not see")
    command = [sys.executable, "-c", RACE, uri]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    racers = [subprocess.Popen([*command, f"run{n}"], **pipes) for n in range(2)]  # type: ignore[call-overload]
    try:
        assert [racer.stdout.read(2) for racer in racers] == ["in"] * 2
        for racer in racers:
            racer.stdin.write("\n")
            racer.stdin.flush()
        said = [racer.stdout.readline() for racer in racers]
        assert sorted(line == "mine\n" for line in said) == [False, True]
        held = lock.read(Shards(uri).store)
        assert held is not None and held["run"] == f"run{said.index('mine' + chr(10))}"
        assert any(f"run {held['run']} on host" in line and "is writing here" in line for line in said)
    finally:
        for racer in racers:
            racer.communicate("\n", timeout=60)


def test_of_many_that_write_the_lock_at_once_one_gets_it(
    store_at: tuple[Proxy, str], pyarrow_alone: bool
) -> None:
    _, uri = store_at
    if pyarrow_alone:
        pytest.skip("pyarrow alone puts nothing on a condition")
    there = Shards(uri).store
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda n: there.create("run.lock", b"run%d" % n), range(8)))
        assert made.count(True) == 1 and there.read("run.lock") == b"run%d" % made.index(True)
        first = there.read("run.lock") or b""
        taken = list(pool.map(lambda n: there.exchange("run.lock", "", b"new%d" % n, first.__eq__), range(8)))
    assert taken.count(True) == 1 and there.read("run.lock") == b"new%d" % taken.index(True)


def test_the_lock_of_a_dead_run_is_taken_once(store_at: tuple[Proxy, str], pyarrow_alone: bool) -> None:
    """All find it dead; whoever comes second finds one that lives."""
    _, uri = store_at
    there = Shards(uri).store
    dead = json.dumps({"run": "old", **owner.here(), "born": 1.0}).encode()
    there.put("run.lock", "old", dead)
    locks = [lock.Lock(there, f"run{n}") for n in range(4)]

    def entered(one: lock.Lock) -> bool:
        try:
            one.__enter__()
        except (Locked, Fenced):
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        won = list(pool.map(entered, locks))
    assert won.count(True) == 1 or pyarrow_alone
    for one in [one for one, got in zip(locks, won, strict=True) if got]:
        one.__exit__()
    assert there.read("run.lock") is None


def test_an_answer_that_is_lost_does_not_lose_the_lock(
    store_at: tuple[Proxy, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lock was written, and nobody was told."""
    proxy, uri = store_at
    there, lost = Shards(uri).store, Counter[str]()

    def after(method: str, path: str) -> bool:
        lost[method] += method == "PUT" and "run.lock" in path
        return lost["PUT"] == 1 and method == "PUT"

    monkeypatch.setattr(proxy, "loses", after)
    assert there.create("run.lock", b"mine") and there.read("run.lock") == b"mine"
    assert not there.create("run.lock", b"theirs") and there.read("run.lock") == b"mine"
    lost.clear()
    assert there.exchange("run.lock", "", b"mine 1", b"mine".__eq__) and there.read("run.lock") == b"mine 1"
    assert not there.exchange("run.lock", "", b"theirs", b"mine".__eq__)
    assert there.read("run.lock") == b"mine 1"


def test_without_the_extra_what_is_not_guarded_is_said(
    store_at: tuple[Proxy, str], pyarrow_alone: bool, caplog: pytest.LogCaptureFixture
) -> None:
    _, uri = store_at
    with Shards(uri).open("one"):
        pass
    said = [line for line in caplog.messages if "run.lock" in line]
    assert [("animelayers[buckets]" in line and "in the same moment" in line) for line in said] == [
        True
    ] * pyarrow_alone


def test_sizes_of_many_files_take_few_requests(store_at: tuple[Proxy, str], pyarrow_alone: bool) -> None:
    proxy, uri = store_at
    there = Shards(uri).store
    names = [f"shards/{letter}{number}.tar" for letter in "abc" for number in range(5)]
    for number, name in enumerate(names):
        there.put(name, "one", b"." * number)
    wanted = {"shards/a.tar": None, "shards/zz.tar": None, "away/b.tar": None}
    wanted |= {name: number for number, name in enumerate(names) if "b" in name or "c" in name}
    proxy.asked.clear()
    assert there.sizes(list(wanted)) == list(wanted.values()) and there.sizes([]) == []
    assert pyarrow_alone or sum(proxy.asked.values()) <= 3, (
        "a request per folder, and none for what is not there"
    )


def test_a_file_far_from_the_others_is_asked_for_by_itself(
    store_at: tuple[Proxy, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy, uri = store_at
    there = Shards(uri).store
    monkeypatch.setattr(bucket, "_PAGE", 2)
    for number in range(12):
        there.put(f"shards/{number:02d}.tar", "one", b".." * number)
    proxy.asked.clear()
    assert there.sizes(["shards/00.tar", "shards/11.tar", "shards/12.tar"]) == [0, 22, None]
    assert sum(proxy.asked.values()) <= 8


def test_a_bucket_that_is_not_there_is_one_sentence(store_at: tuple[Proxy, str]) -> None:
    _, uri = store_at
    elsewhere = uri.replace("@bucket/", "@nowhere/").replace("&allow_bucket_creation=true", "")
    with pytest.raises(SinkError, match="nowhere") as told, Shards(elsewhere).open("one"):
        pass
    assert "\n" not in str(told.value) and "secret" not in str(told.value)


def test_names_are_the_same_to_all(store_at: tuple[Proxy, str]) -> None:
    """Those obstore writes pyarrow lists and reads, and the other way round."""
    _, uri = store_at
    there = Shards(uri).store
    for name in ["x y.tar", "日本#%[]{}~*é?.tar", "b%20c.tar", "e&s=1.tar", "-+@!'().tar"]:
        there.put(f"shards/{name}", "one", name.encode())
        assert name in there.names("shards", ".tar") and there.exists(f"shards/{name}")
        with there.fs.open_input_stream(there.path(f"shards/{name}")) as stream:
            assert stream.read() == there.read(f"shards/{name}") == name.encode()
        there.remove(f"shards/{name}")
        there.remove(f"shards/{name}")
        assert not there.exists(f"shards/{name}") and there.read(f"shards/{name}") is None


def test_a_store_that_is_out_for_longer_than_its_client_waits_is_asked_again(
    store_at: tuple[Proxy, str], caplog: pytest.LogCaptureFixture
) -> None:
    proxy, uri = store_at
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


def test_what_a_clip_raises_midway_leaves_no_torn_file(store_at: tuple[Proxy, str]) -> None:
    _, uri = store_at
    place = store.Store(uri)

    def torn() -> Iterator[bytes]:
        yield b"half"
        raise ValueError("no more")

    with pytest.raises(ValueError, match="no more"):
        place.publish([place.draft("shards/a.tar", "one", torn())])
    assert place.read("shards/a.tar") is None


def test_one_run_at_a_time_and_the_fence(store_at: tuple[Proxy, str]) -> None:
    _, uri = store_at
    sink, other = Shards(uri), Shards(uri)
    with sink.open("one"):
        with pytest.raises(Locked), other.open("two"):
            pass
        with pytest.raises(Fenced):
            other.write(ROWS, "two")
        sink.write(ROWS, "one")
    with other.open("two") as swept:
        assert swept == 0


def test_requests_of_a_commit_are_counted_and_few(store_at: tuple[Proxy, str], pyarrow_alone: bool) -> None:
    proxy, uri = store_at
    sink = Shards(uri)
    with sink.open("one"):
        sink.write([clip("a/scene0000/000000", [0])], "one")
        proxy.asked.clear()
        for number in range(5):
            sink.write([clip(f"b/scene{number:04d}/000000", [0])], "one")
        asked = dict(proxy.asked)
    assert asked["PUT"] == 10, "a tar and a table each, one request each"
    assert sum(asked.values()) - asked["PUT"] <= 5 * (6 if pyarrow_alone else 3), asked


@pytest.mark.parametrize("store_at", ["s3-obstore", "gs-obstore"], indirect=True)
def test_a_run_asks_for_four_small_things_a_commit_and_for_little_around_it(
    store_at: tuple[Proxy, str],
) -> None:
    """As the driver and its workers ask: is a clip there already, twice, and does the lock still name the run,
    twice. A run reads each table it finds twice and each there is at its end, and asks for a thousand tars at once.
    """
    proxy, uri = store_at
    before = 0
    for commits in (3, 9, 9):
        proxy.seen.clear()
        sink, made = Shards(uri), 0
        with sink.open("one"):
            sink.check({})
            sink.describe({"fingerprints": {}})
            done, lost = sink.committed(), sink.lost()
            assert len(done) == before and not lost
            for number in range(commits):
                rows = [clip(f"b/scene{number:04d}/000000", [0], source="b.mkv")]
                if rows[0]["clip_id"] not in done and not sink.holds(rows):
                    sink.write(rows, "one")
                    made += 1
            assert sink.failures() == []
        asked = Counter(method for method, _ in proxy.seen)
        beside = sum(asked.values()) - 2 * made
        assert made == commits - before and asked["PUT"] == 2 * made + 2, (
            "a tar and a table each; the lock, dataset.json"
        )
        assert beside <= 4 * made + 2 * before + commits + 22, (beside, made, before)
        before = commits


@pytest.mark.parametrize("store_at", ["s3-obstore"], indirect=True)
def test_clips_are_gathered_into_few_commits_and_three_small_requests_each(
    store_at: tuple[Proxy, str], tmp_path: Path
) -> None:
    """Films of 1080p with some 1.7 GB of layers, which are pretended."""
    proxy, uri = store_at
    size = Size(films=2, frames=1_200, clip=60, deaths=0)
    making: Any = partial(Making, size, str(tmp_path))
    found = {}
    for commit_bytes in (100_000_000, None, 1_000_000_000):
        proxy.seen.clear()
        where = uri.replace("?", f"-{commit_bytes}?")
        sink = Shards(where, commit_bytes)
        summary = run(
            Films(size, str(tmp_path)),
            Pipeline({"making": Stage(making, cpus=0.5)}, readers=0),
            sink,
            fingerprints={"making": {"fingerprint": "1"}},
            describe={},
            address="inline",
            processes=0,
        )
        assert summary.frames_done == 1_200 and not summary.failures
        commits = metadata.names(sink.store)
        puts = [n for n, (method, path) in enumerate(proxy.seen) if method == "PUT" and path.endswith(".tar")]
        beside = [method for method, _ in proxy.seen[puts[0] : puts[-1]] if method != "PUT"]
        assert len(puts) == len(commits) and len(beside) <= 3 * len(commits) + 2, "the lock beats, too"
        found[commit_bytes] = len(commits), Output(where).table["frame_id"].to_pylist()
    (small, frames), (usual, same), (large, same_again) = found.values()
    assert small == 20 > usual > large and frames == same == same_again and len(set(frames)) == 1_200


def test_a_plan_grows_and_settles_there_and_clips_are_forgotten(store_at: tuple[Proxy, str]) -> None:
    _, uri = store_at
    sink = Shards(uri)
    plan = pa.table({"source": ["a", "b"], "clip_id": ["1", "2"]})

    def kept() -> Any:
        return (sink.load_plan() or plan.slice(2)).to_pydict()

    with sink.open("one"):
        sink.add_plan(plan.slice(1))
        sink.add_plan(plan.slice(0, 1))
        sink.settle_plan({"a": 0, "b": 1})
        assert kept() == plan.to_pydict() and not sink.store.names("plan", ".parquet")
        sink.save_plan(plan.slice(1))
        sink.keep_plan({"a"})
        assert sink.load_plan() is None
        sink.write([clip("a/scene0000/000000", [0])], "one")
        sink.write([clip("a/scene0001/000000", [0])], "one")
        sink.forget(["a/scene0000/000000"])
        assert (
            list(sink.committed()) == ["a/scene0001/000000"] and len(sink.store.names("shards", ".tar")) == 1
        )


def test_many_commits_are_gathered_there_too(
    store_at: tuple[Proxy, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    proxy, uri = store_at
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


def test_on_gs_without_the_extra_all_is_there_and_what_is_not_guarded_is_said(
    ports: Callable[[str], int], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Not by way of the proxy: pyarrow keeps Python waiting while it asks there whether a file is closed."""
    uri = f"gs://anonymous@bucket/alone?endpoint_override=127.0.0.1:{ports('gs')}&scheme=http&retry_limit_seconds=5"
    with monkeypatch.context() as without:
        without.setattr(bucket, "of", lambda address, region: None)
        sink = Shards(uri)
        with sink.open("one"):
            sink.write(ROWS[:1], "one")
        assert sum("in the same moment" in line for line in caplog.messages) == 1
        assert sink.store.folders("") == ["metadata", "shards"]
        alone = [Output(uri).read(frame, "character") for frame in Output(uri)]
    sink = Shards(uri)
    with sink.open("two"):
        sink.write(ROWS[2:], "two")
    assert sink.store.folders("") == ["metadata", "shards"]
    read = [Output(uri).read(frame, "character") for frame in Output(uri)]
    assert read[: len(alone)] == alone and len(read) == len(alone) + 1 and not sink.lost()


@pytest.mark.parametrize("store_at", ["gs-obstore"], indirect=True)
def test_keys_of_google_are_found_where_pyarrow_finds_them(
    store_at: tuple[Proxy, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A service account's key in a file; both ask for a token there, and both show it."""
    rsa = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.rsa")
    from cryptography.hazmat.primitives import serialization as form

    proxy, uri = store_at
    key = rsa.generate_private_key(65537, 2048).private_bytes(
        form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption()
    )
    account = {
        "type": "service_account",
        "project_id": "p",
        "private_key_id": "1",
        "private_key": key.decode(),
        "client_email": "me@p.iam.gserviceaccount.com",
        "client_id": "1",
        "token_uri": f"http://127.0.0.1:{proxy.behind}/token",
    }
    (tmp_path / "account.json").write_text(json.dumps(account))
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "account.json"))
    there = Shards(uri.replace("anonymous@", "")).store
    proxy.keys.clear()
    assert there.in_bucket and there.create("run.lock", b"mine") and there.read("run.lock") == b"mine"
    assert proxy.keys == {"Bearer its-token"}


@pytest.mark.parametrize("store_at", ["gs-obstore"], indirect=True)
def test_both_clients_go_where_the_variable_says(
    store_at: tuple[Proxy, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lock lies beside what it locks, whatever the variables of obstore alone say."""
    proxy, uri = store_at
    monkeypatch.setenv("CLOUD_STORAGE_EMULATOR_ENDPOINT", f"http://127.0.0.1:{proxy.server_port}")
    monkeypatch.setenv("GOOGLE_BASE_URL", "http://127.0.0.1:9")
    there = Shards(uri.partition("?")[0] + "?retry_limit_seconds=3").store
    assert there.create("run.lock", b"mine")
    with there.fs.open_input_stream(there.path("run.lock")) as stream:
        assert stream.read() == b"mine"
