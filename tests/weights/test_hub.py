"""Folders of the model hub, fetched by its real client from a small hub on this machine."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from animelayers import weights
from animelayers.job import fingerprint
from animelayers.options import Named
from animelayers.weights import TABLE, WeightsError, find, folders
from animelayers.weights.records import Weights, hub

COMMIT = "5f0e2c1d" * 5
FILES = {
    "config.json": b'{"model_type": "tiny"}',
    "model.safetensors": b"numbers" * 1000,
    "part/vocab.txt": b"a\nb\n",
    "pytorch_model.bin": b"a pickle",
    "modeling_tiny.py": b"raise SystemExit('code of the hub ran')",
    "README.md": b"words",
}
GOOD = ["config.json", "model.safetensors", "part/vocab.txt"]


class _Hub(BaseHTTPRequestHandler):
    """As much of the hub's interface as fetching a folder asks for; `org/gated` wants consent, `org/code` has
    no safetensors.
    """

    def log_message(self, *args: object) -> None:
        pass

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def _answer(self) -> None:
        path = self.path.partition("?")[0]
        repository = "/".join(path.removeprefix("/api/models/").strip("/").split("/")[:2])
        files = {
            name: data
            for name, data in FILES.items()
            if repository != "org/code" or not name.endswith(".safetensors")
        }
        if repository == "org/gated" and "/resolve/" in path:
            self._send(403, b"no", {"X-Error-Code": "GatedRepo", "X-Error-Message": "Access is restricted"})
        elif repository == "org/nothing":
            self._send(404, b"no", {"X-Error-Code": "RepoNotFound"})
        elif "/tree/" in path:
            tree = [
                {"type": "file", "path": name, "size": len(data), "oid": hashlib.sha1(data).hexdigest()}
                for name, data in files.items()
            ]
            self._send(200, json.dumps(tree).encode())
        elif path.startswith("/api/models/"):
            self._send(
                200,
                json.dumps(
                    {"id": repository, "sha": COMMIT, "siblings": [{"rfilename": name} for name in files]}
                ).encode(),
            )
        else:
            name = path.split(f"/resolve/{COMMIT}/")[1]
            self._send(
                200,
                files[name],
                {"ETag": f'"{hashlib.sha1(files[name]).hexdigest()}"', "X-Repo-Commit": COMMIT},
            )

    def _send(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for key, value in {
            "Content-Type": "application/json",
            "Content-Length": str(len(body)),
            **(headers or {}),
        }.items():
            self.send_header(key, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    pytest.importorskip("huggingface_hub")
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Weights:
    monkeypatch.setenv("ANIMELAYERS_WEIGHTS", str(tmp_path / "weights"))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hub"))
    made = hub("tiny", "matte", "org/tiny", ("MIT", "MIT", "yes", "ours"))
    monkeypatch.setitem(TABLE, "tiny", made)
    return made


FETCH = """
import sys
from animelayers.weights import TABLE, WeightsError, fetch
from animelayers.weights.records import hub
for repository in sys.argv[1:]:
    TABLE["tiny"] = hub("tiny", "matte", repository, ("MIT", "MIT", "yes", "ours"))
    try:
        print(fetch("tiny"))
    except WeightsError as error:
        print(error)
"""


def fetched(endpoint: str, *repositories: str) -> str:
    """What the real client of the hub does with repositories, one after the other, in a process of its own:
    it reads its address once.
    """
    env = os.environ | {"HF_ENDPOINT": endpoint, "HF_TOKEN": "", "HF_HUB_DISABLE_PROGRESS_BARS": "1"}
    end = subprocess.run(
        [sys.executable, "-c", FETCH, *repositories], env=env, capture_output=True, text=True, timeout=120
    )
    assert end.returncode == 0, end.stderr
    return end.stdout


def brought(folder: Path) -> Path:
    """The files of the hub, copied there by hand."""
    for name, data in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def test_a_folder_comes_without_code_and_with_its_digests(
    endpoint: str, tiny: Weights, tmp_path: Path
) -> None:
    home = tmp_path / "weights"
    assert fetched(endpoint, "org/tiny").split() == [str(home / "tiny")]
    assert sorted(str(p.relative_to(home / "tiny")) for p in (home / "tiny").rglob("*") if p.is_file()) == [
        folders.MANIFEST,
        *GOOD,
    ]
    facts = json.loads((home / "tiny" / folders.MANIFEST).read_text())
    assert facts["repository"] == "org/tiny" and facts["revision"] == COMMIT
    assert facts["files"] == {name: hashlib.sha256(FILES[name]).hexdigest() for name in GOOD}
    assert [p.name for p in home.iterdir() if not p.name.endswith(".verified")] == ["tiny"]
    assert find("tiny") == home / "tiny" and weights.is_pinned(tiny)
    assert weights.digest("tiny") == folders.digest(facts["files"]) == fingerprint.plain("tiny", Named)
    (home / "tiny" / "config.json").write_bytes(b"{}")
    with pytest.raises(WeightsError, match=r"config\.json: sha256 .*expected .*names=tiny"):
        find("tiny")
    assert fetched(endpoint, "org/tiny").split() == [str(home / "tiny")], (
        "an explicit fetch replaces a broken folder"
    )
    assert (home / "tiny" / "config.json").read_bytes() == FILES["config.json"]
    (home / "tiny" / "extra.json").write_bytes(b"{}")
    with pytest.raises(WeightsError, match=r"extra\.json was not fetched with it"):
        find("tiny")


def test_what_cannot_be_fetched_says_why_and_leaves_nothing(
    endpoint: str, tiny: Weights, tmp_path: Path
) -> None:
    told = fetched(endpoint, "org/gated", "org/nothing", "org/code")
    assert "asks for consent: agree on that page, then log in with `hf auth login`" in told
    assert "there is no such repository" in told
    assert "no weights of a kind that is data only" in told
    assert "`hf download org/gated`" in told and str(tmp_path / "weights" / "tiny") in told
    assert "no connection" in fetched("http://127.0.0.1:9", "org/tiny")
    assert not list((tmp_path / "weights").iterdir())


def test_a_folder_brought_by_hand_is_taken_and_said_to_be_unpinned(tiny: Weights, tmp_path: Path) -> None:
    with pytest.raises(
        WeightsError,
        match=r"names=tiny.*by hand: copy the files of https://huggingface\.co/org/tiny .*hf download org/tiny",
    ):
        find("tiny")
    assert weights.digest("tiny") == "" and fingerprint.plain("tiny") == "tiny"
    folder = brought(tmp_path / "weights" / "tiny")
    assert find("tiny") == folder and not weights.is_pinned(tiny)
    assert weights.size(tiny) == sum(len(FILES[name]) for name in GOOD)
    before = weights.digest("tiny")
    (folder / "model.safetensors").write_bytes(b"other numbers")
    assert weights.digest("tiny") not in ("", before)
    (folder / "model.safetensors").unlink()
    with pytest.raises(WeightsError, match="not on this machine"):
        find("tiny")


def test_what_the_hubs_own_client_brought_is_found(tiny: Weights, tmp_path: Path) -> None:
    kept = tmp_path / "hub" / "hub" / "models--org--tiny"
    brought(kept / "snapshots" / COMMIT)
    (kept / "refs").mkdir()
    (kept / "refs" / "main").write_text(COMMIT)
    assert find("tiny") == kept / "snapshots" / COMMIT and not weights.is_pinned(tiny)


def test_a_damaged_manifest_is_no_manifest(tiny: Weights, tmp_path: Path) -> None:
    folder = brought(tmp_path / "weights" / "tiny")
    for damaged in ("half", "[]", "{}"):
        (folder / folders.MANIFEST).write_text(damaged)
        with pytest.raises(WeightsError, match="is damaged"):
            find("tiny")


def test_digests_of_a_folder_are_remembered_until_a_file_changes(
    tiny: Weights, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weights.store, "SETTLED_S", 0.0)
    folder = brought(tmp_path / "weights" / "tiny")
    hashed = []
    real = hashlib.file_digest
    monkeypatch.setattr(hashlib, "file_digest", lambda *args: hashed.append(args) or real(*args))
    assert [find("tiny"), find("tiny")] == [folder] * 2 and len(hashed) == len(GOOD)
    stat = (folder / "model.safetensors").stat()
    (folder / "model.safetensors").write_bytes(b"NUMBERS" * 1000)
    os.utime(folder / "model.safetensors", ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert find("tiny") == folder and len(hashed) == 2 * len(GOOD)
