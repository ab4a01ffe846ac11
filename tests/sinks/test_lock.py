import json
import os
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from fsspec.implementations.memory import MemoryFileSystem

from animelayers import owner
from animelayers.sinks import Locked, Shards, lock

HOLD = """
import sys
from animelayers.sinks import Shards, lock
lock.BEAT_S = 0.1
with Shards(sys.argv[1]).open("first"):
    sys.stdout.write("in")
    sys.stdout.flush()
    sys.stdin.read()
"""


@pytest.fixture
def holder(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout.read(2) == b"in"
    yield process
    process.kill()
    process.communicate()


def test_second_run_is_refused_until_the_first_is_dead(tmp_path, holder, monkeypatch):
    monkeypatch.setattr(lock, "WATCH_S", 30)
    sink = Shards(str(tmp_path))
    named = rf"run first on host {socket.gethostname()}, process {holder.pid}, started .*"
    for take_over, remedy in ((False, "take_over=true"), (True, "it beats")):
        with pytest.raises(Locked, match=named + remedy), sink.open("second", take_over=take_over):
            pass
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    assert (tmp_path / "run.lock").exists()
    with sink.open("second"):
        assert json.loads((tmp_path / "run.lock").read_text())["run"] == "second"
    assert not (tmp_path / "run.lock").exists()


RACE = """
import sys, time
from animelayers.sinks import Locked, Shards
sys.stdout.write("in"); sys.stdout.flush()
sys.stdin.readline()
try:
    with Shards(sys.argv[1]).open(sys.argv[2]):
        print("mine", flush=True)
        sys.stdin.readline()
except Locked as refused:
    print(refused, flush=True)
"""


def test_of_processes_that_start_at_once_one_writes_and_the_others_are_refused(tmp_path):
    """Two desks, or two terminals: whoever comes second is told by whom the output is held, and the first is
    not disturbed.
    """
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", RACE, str(tmp_path), f"run{n}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for n in range(3)
    ]
    try:
        assert [racer.stdout.read(2) for racer in racers] == ["in"] * 3
        for racer in racers:
            racer.stdin.write("\n")
            racer.stdin.flush()
        said = [racer.stdout.readline() for racer in racers]
        assert sorted(line == "mine\n" for line in said) == [False, False, True]
        winner = said.index("mine\n")
        assert json.loads((tmp_path / "run.lock").read_text())["run"] == f"run{winner}"
        assert all(
            f"run run{winner} on host" in line and f"process {racers[winner].pid}" in line
            for line in said
            if line != "mine\n"
        )
    finally:
        for racer in racers:
            racer.communicate("\n", timeout=60)
    assert not (tmp_path / "run.lock").exists()


def planted(folder: Path, **fields) -> Path:
    path = folder / "run.lock"
    path.write_text(json.dumps({"run": "old", **owner.here(), "start": "then", "beat": 3} | fields))
    return path


DEAD = {"born": 1.0}
CONTAINER = {"namespace": "pid:[1]"}
ELSEWHERE = {"host": "elsewhere", "boot_id": "of another machine", "machine_id": "another"}


@pytest.mark.parametrize(
    ("fields", "silently", "by_force"),
    [
        (DEAD, True, True),  # this pid used again, as by pid 1 of a container
        ({"pid": 4_000_000}, True, True),
        ({"boot_id": "before the restart"}, True, True),
        (CONTAINER, True, True),  # of the same name: it was started again, or it would beat
        ({**CONTAINER, "host": "elsewhere"}, False, True),
        (ELSEWHERE, False, True),
        ({}, False, True),  # alive and silent: it hangs
    ],
)
def test_silent_locks(tmp_path, monkeypatch, fields, silently, by_force):
    monkeypatch.setattr(lock, "WATCH_S", 0.05)
    monkeypatch.setattr(owner, "_machine_id", lambda: "this")
    sink = Shards(str(tmp_path))
    for take_over, taken in ((False, silently), (True, by_force)):
        planted(tmp_path, **fields)
        if taken:
            with sink.open("new", take_over=take_over):
                lock.fence(sink.store, "new")
        else:
            with (
                pytest.raises(Locked, match=r"run old .*take_over=true"),
                sink.open("new", take_over=take_over),
            ):
                pass


@pytest.mark.parametrize(
    "data",
    [b"", b"\0" * 64, b"{", b"[]", b"null", b'{"pid": "x"}', b'{"pid": [1], "boot_id": {}}', b"\xff\xfe"],
)
def test_a_damaged_lock_is_one_sentence_and_can_be_taken(tmp_path, monkeypatch, data):
    """What a power cut leaves."""
    monkeypatch.setattr(lock, "WATCH_S", 0.05)
    (tmp_path / "run.lock").write_bytes(data)
    sink = Shards(str(tmp_path))
    with pytest.raises(Locked, match="take_over=true") as told, sink.open("new"):
        pass
    assert "\n" not in str(told.value)
    with sink.open("new", take_over=True):
        lock.fence(sink.store, "new")


def test_a_beating_lock_is_never_taken_whatever_the_clock_says(tmp_path, monkeypatch):
    """Of a machine whose processes cannot be seen from here; the clock stands a day back, where no clock is
    asked.
    """
    monkeypatch.setattr(lock, "BEAT_S", 0.05)
    monkeypatch.setattr(lock, "WATCH_S", 60)
    monkeypatch.setattr(time, "time", lambda: 0.0)
    first = lock.Lock(Shards(str(tmp_path)).store, "first")
    first._owner |= ELSEWHERE
    with (
        first,
        pytest.raises(Locked, match="it beats, so it is alive"),
        Shards(str(tmp_path)).open("second", take_over=True),
    ):
        pass


def test_lock_beats_and_is_never_taken_back(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(lock, "BEAT_S", 0.01)
    path = tmp_path / "run.lock"
    with Shards(str(tmp_path)).open("one"):
        deadline = time.monotonic() + 20
        while json.loads(path.read_text())["beat"] < 2 and time.monotonic() < deadline:
            time.sleep(0.01)
        assert json.loads(path.read_text())["beat"] >= 2
        theirs = planted(tmp_path, run="two").read_text()
        while "can commit nothing more" not in caplog.text and time.monotonic() < deadline:
            time.sleep(0.01)
            if json.loads(path.read_text())["run"] == "one":  # a beat was under way
                theirs = planted(tmp_path, run="two").read_text()
    assert path.read_text() == theirs


def test_of_two_that_create_a_lock_at_once_one_has_it_and_nobody_reads_half_of_it(tmp_path):
    store = Shards(str(tmp_path)).store
    names = [f"run{i}".encode() * 1000 for i in range(8)]
    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(lambda name: store.create("run.lock", name), names))
    assert won.count(True) == 1 and (tmp_path / "run.lock").read_bytes() == names[won.index(True)]
    assert len(list(tmp_path.iterdir())) == 1


def test_a_store_that_knows_conditional_puts_is_asked_for_one():
    fs = MemoryFileSystem()
    store = Shards("memory://locks/out").store
    assert store.create("run.lock", b"one") and not store.create("run.lock", b"two")
    assert fs.cat("/locks/out/run.lock") == b"one"
