import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from animelayers.sinks import Locked, Shards, lock

HOLD = """
import sys
from animelayers.sinks import Shards
with Shards(sys.argv[1]).open("first"):
    sys.stdout.write("in")
    sys.stdout.flush()
    sys.stdin.read()
"""


@pytest.fixture
def holder(tmp_path):
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout.read(2) == b"in"
    yield process
    process.kill()
    process.communicate()


def test_second_run_is_refused_until_the_first_is_dead(tmp_path, holder):
    sink = Shards(str(tmp_path))
    named = rf"run first on host {socket.gethostname()}, process {holder.pid}, .*take_over=true"
    for take_over in (False, True):
        with pytest.raises(Locked, match=named), sink.open("second", take_over=take_over):
            pass
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    assert (tmp_path / "run.lock").exists()
    with sink.open("second"):
        assert json.loads((tmp_path / "run.lock").read_text())["run"] == "second"
    assert not (tmp_path / "run.lock").exists()


def planted(folder: Path, **fields) -> Path:
    path = folder / "run.lock"
    here = {"run": "old", "host": socket.gethostname(), "pid": os.getpid(), "boot_id": lock._boot_id(), "start": "then", "touched": time.time()}
    path.write_text(json.dumps(here | fields))
    return path


@pytest.mark.parametrize(
    ("fields", "take_over", "taken"),
    [
        ({"boot_id": "before the restart"}, False, True),
        ({"host": "elsewhere", "touched": 0}, False, False),
        ({"host": "elsewhere", "touched": 0}, True, True),
        ({"host": "elsewhere"}, True, False),
        ({"touched": 0}, False, False),
        ({"touched": 0}, True, True),
    ],
)
def test_stale_locks(tmp_path, fields, take_over, taken):
    planted(tmp_path, **fields)
    sink = Shards(str(tmp_path))
    if taken:
        with sink.open("new", take_over=take_over):
            lock.fence(sink.store, "new")
    else:
        with pytest.raises(Locked, match="run old"), sink.open("new", take_over=take_over):
            pass


def test_lock_cut_short_while_written_grows_stale(tmp_path):
    (tmp_path / "run.lock").touch()
    sink = Shards(str(tmp_path))
    with pytest.raises(Locked), sink.open("new", take_over=True):
        pass
    os.utime(tmp_path / "run.lock", (0, 0))
    with sink.open("new", take_over=True):
        lock.fence(sink.store, "new")


def test_lock_is_touched_and_never_taken_back(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(lock, "TOUCH_S", 0.01)
    path = tmp_path / "run.lock"
    with Shards(str(tmp_path)).open("one"):
        first = json.loads(path.read_text())["touched"]
        deadline = time.time() + 20
        while json.loads(path.read_text())["touched"] == first and time.time() < deadline:
            time.sleep(0.01)
        assert json.loads(path.read_text())["touched"] > first
        theirs = planted(tmp_path, run="two").read_text()
        while "can commit nothing more" not in caplog.text and time.time() < deadline:
            time.sleep(0.01)
            if json.loads(path.read_text())["run"] == "one":  # a touch was under way
                theirs = planted(tmp_path, run="two").read_text()
    assert path.read_text() == theirs
