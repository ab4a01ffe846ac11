import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import ClassVar

import fsspec
import pyarrow as pa
import pytest
from fsspec.implementations.memory import MemoryFileSystem

from animelayers.dataset.output import Output
from animelayers.sinks import Fenced, Shards, SinkError, Tree, store
from tests.sinks.clips import clip, contents

ROWS = [
    clip("e/scene0000/000000", [0, 0, 1]),
    clip("e/scene0001/000003", [], error="decode: torn"),
    clip("e/scene0002/000004", [0]),
]
FILM = {"source": ["e.mp4"], "episode": ["e"], "kind": ["video"]}

DIE = """
import os, signal, sys
from tests.sinks.test_commit import ROWS, opened

def counted(call):
    def wrapper(*arguments):
        global left
        left -= 1
        if left == 0: os.kill(os.getpid(), signal.SIGKILL)
        return call(*arguments)
    return wrapper

kind, folder = sys.argv[1:]
for point in range(1, 1000):
    if os.fork() == 0:
        with opened(kind, f"{folder}/{point}", f"run{point}") as sink:
            left = point
            os.fsync, os.replace = counted(os.fsync), counted(os.replace)
            sink.write(ROWS, f"run{point}")
            os._exit(0)
    if os.wait()[1] == 0:
        break
"""


class opened:
    """A sink of a kind, open for a run."""

    def __init__(self, kind, folder, run):
        self.sink, self.run = {"shards": Shards, "tree": Tree}[kind](str(folder)), run

    def __enter__(self):
        self.lock = self.sink.open(self.run)
        self.swept = self.lock.__enter__()
        self.sink.save_plan(pa.table(FILM))
        return self.sink

    def __exit__(self, *exception):
        self.lock.__exit__(*exception)


@pytest.mark.parametrize("kind", ["shards", "tree"])
def test_killed_at_any_point_of_a_write(tmp_path, kind):
    with opened(kind, tmp_path / "whole", "whole") as sink:
        sink.write(ROWS, "whole")
    unbroken = contents(tmp_path / "whole")
    subprocess.run([sys.executable, "-c", DIE, kind, str(tmp_path)], check=True, timeout=120)
    points = sorted((p for p in tmp_path.iterdir() if p.name.isdigit()), key=lambda p: int(p.name))
    assert len(points) > 6
    seen = set()
    for point in points:
        assert json.loads((point / "run.lock").read_text())["run"] == f"run{point.name}", (
            "a killed driver leaves its lock"
        )
        done = set(Shards(str(point)).committed())
        seen.add(len(done))
        assert done in (set(), {row["clip_id"] for row in ROWS}), "all of a shard or nothing"
        if done:
            output = Output(str(point))
            assert [output.read(frame, layer) for frame in output for layer in output.layers]
        left = [
            name for name in contents(point) if name.endswith(".tmp") or (name.endswith(".tar") and not done)
        ]
        again = opened(kind, point, "again")
        with again as sink:
            assert again.swept == len(left)
            sink.write([row for row in ROWS if row["clip_id"] not in done], "again")
        assert contents(point) == unbroken
    assert seen == {0, 3}, "some died before the commit, some after"


def test_leftovers_are_swept_under_the_lock(tmp_path):
    sink = Shards(str(tmp_path))
    with sink.open("one"):
        sink.write(ROWS, "one")
    before = contents(tmp_path)
    planted = [
        "shards/e-scene0000-000000-0123456789ab.tar",
        "shards/.gone.run0.tmp",
        "metadata/.gone.run0.tmp",
    ]
    for name in planted:
        (tmp_path / name).write_bytes(b"half")
    (tmp_path / "notes.txt").write_text("somebody's own")
    (tmp_path / "shards" / "mine.tar").write_text("somebody's own")
    assert set(sink.committed()) == {row["clip_id"] for row in ROWS}, "readers do not trip over leftovers"
    with sink.open("two") as swept:
        assert swept == 3
    assert contents(tmp_path) == before | {
        "notes.txt": b"somebody's own",
        "shards/mine.tar": b"somebody's own",
    }


def test_retry_of_failures_leaves_good_files_alone(tmp_path):
    sink, failed = Shards(str(tmp_path)), ROWS[1]["clip_id"]
    with sink.open("one"):
        sink.write(ROWS, "one")
    before = contents(tmp_path)
    todo = {row["clip_id"] for row in ROWS} - set(sink.committed(retry_failed=True))
    assert todo == {failed}
    for run, row in (("two", ROWS[1]), ("three", clip(failed, [0, 1]))):
        with sink.open(run):
            sink.write([row], run)
        assert before.items() <= contents(tmp_path).items()
    assert len(contents(tmp_path)) == len(before) + 2, (
        "failing again adds nothing, succeeding takes the place of the failure"
    )
    assert sink.failures() == [] == Output(str(tmp_path)).errors.to_pylist()
    assert set(sink.committed(retry_failed=True)) == set(sink.committed()) == {row["clip_id"] for row in ROWS}
    assert len(Output(str(tmp_path))) == 6


def test_write_repeated_after_its_commit_changes_nothing(tmp_path):
    sink = Shards(str(tmp_path))
    with sink.open("one"):
        sink.write(ROWS, "one")
        before = contents(tmp_path)
        other = [
            row if row["error"] else clip(row["clip_id"], [0, 0, 1][: len(row["drawing"])], [b"x" * 9] * 6)
            for row in ROWS[:2]
        ] + [ROWS[2]]
        sink.write(other, "one")
    assert contents(tmp_path).items() >= before.items()


def test_clip_in_two_parquets_comes_once(tmp_path):
    sink, clip_id = Shards(str(tmp_path)), "e/scene0000/000000"
    with sink.open("one"):
        sink.write([clip(clip_id, [0, 1], [b"first"] * 6)], "one")
        sink.write([clip("a/scene0000/000000", [0]), clip(clip_id, [0], [b"second"] * 3)], "one")
    output = Output(str(tmp_path))
    assert output.twice == [clip_id]
    assert [output.read(frame, "character") for frame in output if frame.startswith("e/")] == [b"second"], (
        "a-… is lower than e-…"
    )


def test_forget_undoes_commits(tmp_path):
    sink = Shards(str(tmp_path))
    with sink.open("one"):
        sink.write(ROWS, "one")
        sink.write([clip("f/scene0000/000000", [0])], "one")
        sink.forget(["e/scene0000/000000", "f/scene0000/000000"])
    assert set(sink.committed()) == {"e/scene0001/000003", "e/scene0002/000004"}
    assert len(list((tmp_path / "shards").iterdir())) == 1, "a tar nothing points at goes, a shared one stays"
    assert Output(str(tmp_path)).read("e/scene0002_frame000000", "mask") == b"e/scene0002/000004 0 mask.png"
    with sink.open("two") as swept:
        assert swept == 0
        sink.write(ROWS[:1], "two")
    assert len(Output(str(tmp_path))) == 4


def test_worker_of_a_dead_driver_is_fenced(tmp_path, monkeypatch):
    sink = Shards(str(tmp_path))

    def taken_over(descriptor):
        (tmp_path / "run.lock").write_text(json.dumps({"run": "two"}))

    with sink.open("one"):
        with monkeypatch.context() as patch:
            patch.setattr(store.os, "fsync", taken_over)
            with pytest.raises(Fenced, match=r"run one .* names run two"):
                sink.write(ROWS, "one")
        assert not contents(tmp_path), "neither a file under its name nor a temporary one"
    assert (tmp_path / "run.lock").exists(), "the lock of the other run stays"
    (tmp_path / "run.lock").unlink()
    with pytest.raises(Fenced, match="no run"):
        sink.write(ROWS, "one")


LIMITED = """
import os, resource, sys
from animelayers.sinks import Shards, SinkError
from tests.sinks.clips import clip
sink = Shards(sys.argv[1])
big = clip("e/scene0005/000000", [0], [os.urandom(300_000)] * 3)
with sink.open("run"):
    sink.write([clip("e/scene0004/000000", [0])], "run")
    if sys.argv[2] == "full":
        resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, 500_000))
    else:
        os.chmod(sys.argv[1] + "/shards", 0o555)
        os.chown(sys.argv[1], 65534, 65534) if os.getuid() == 0 else None
        os.setuid(65534) if os.getuid() == 0 else None
    try:
        sink.write([big], "run")
    except SinkError as problem:
        sys.exit(str(problem))
"""


@pytest.mark.parametrize(
    ("fault", "said"),
    [("full", "may not grow further; free some space"), ("readonly", "not writable (Permission denied)")],
)
def test_refused_by_the_disk(tmp_path, fault, said):
    tmp_path.chmod(0o777)
    out = Path("/tmp") / f"sink-{fault}-{os.getpid()}"  # pytest's own folders are closed to other users
    try:
        failed = subprocess.run(
            [sys.executable, "-c", LIMITED, str(out), fault], capture_output=True, text=True, timeout=60
        )
        assert failed.returncode == 1 and said in failed.stderr and str(out) in failed.stderr, failed.stderr
        assert len(contents(out)) == 2, "nothing half-visible, no temporary file left"
        os.chmod(out / "shards", 0o755)
        sink = Shards(str(out))
        with sink.open("again"):
            sink.write([clip("e/scene0005/000000", [0])], "again")
        assert len(Output(str(out))) == 2
    finally:
        shutil.rmtree(out, ignore_errors=True)


class Shaky(MemoryFileSystem):
    """An object store: no rename, whole puts, and puts that can be refused."""

    protocol = "shaky"
    store: ClassVar = {}
    pseudo_dirs: ClassVar = [""]
    puts: ClassVar = []
    refuse = ""

    def mv(self, *arguments, **_):
        raise NotImplementedError("no rename")

    def _open(self, path, mode="rb", **kwargs):
        if "w" in mode:
            if self.refuse and path.endswith(self.refuse):
                raise OSError(28, "No space left on device")
            self.puts.append(path)
        return super()._open(path, mode, **kwargs)


def test_store_without_rename(monkeypatch):
    fsspec.register_implementation("shaky", Shaky, clobber=True)
    sink = Shards("shaky://bucket/out")
    assert sink.local_path is None
    with sink.open("one"):
        monkeypatch.setattr(Shaky, "refuse", ".parquet")
        with pytest.raises(SinkError, match="disk is full"):
            sink.write(ROWS, "one")
        monkeypatch.setattr(Shaky, "refuse", "")
        assert set(sink.committed()) == set(), "a tar without its Parquet is no commit"
    Shaky.puts.clear()
    with sink.open("two") as swept:
        assert swept == 1
        sink.write(ROWS, "two")
        sink.describe({"counts": {"frames": 4}})
    assert [path.rpartition(".")[2] for path in Shaky.puts] == ["tar", "parquet", "json"], (
        "the tar first, the Parquet last"
    )
    output = Output("shaky://bucket/out")
    assert output.read("e/scene0000_frame000001", "background") == b"e/scene0000/000000 0 background.jpg"
    assert sink.description()["counts"] == {"frames": 4}
    sink.forget([row["clip_id"] for row in ROWS])
    assert [path.rpartition("/")[2] for path in Shaky.store if "out/" in path] == ["dataset.json"]


def test_damaged_parquet_is_named(tmp_path):
    sink = Shards(str(tmp_path))
    with sink.open("one"):
        sink.write(ROWS, "one")
    (tmp_path / "metadata" / "foreign.parquet").write_bytes(b"PAR1 not really")
    for reader in (sink.committed, sink.failures, lambda: len(Output(str(tmp_path)))):
        with pytest.raises(SinkError, match=r"foreign\.parquet"):
            reader()
