from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from animelayers import Output
from animelayers.private import published, shown, without_keys
from animelayers.samples import scene, write
from tests.jobs.conftest import Decompose
from tests.jobs.conftest import decompose as decompose
from tests.jobs.conftest import net as net


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("s3://KEY:SECRET@bucket/folder?region=eu&secret_key=SECRET", "s3://bucket/folder?region=eu"),
        ("cannot read s3://KEY:SE/CRET@bucket/a, nor gs://TOKEN@b", None),
        ("https://user:pass@host/v1?token=abc#frag", "https://host/v1#frag"),
        ("/home/alice smith/films/one (1).mkv", "…/one (1).mkv"),
        ("[Errno 2] No such file: '/home/alice smith/a.png'", "[Errno 2] No such file: '…/a.png'"),
        ("decode: /home/alice/a.png: torn", "decode: …/a.png: torn"),
        ("file:///home/alice/films", "…/films"),
        ("~/films/a.mkv and C:\\Users\\alice\\b.mkv", None),
        ("24 frames/s, character/background, 1/2", "24 frames/s, character/background, 1/2"),
        ("episode_001/scene0000/000120", "episode_001/scene0000/000120"),
        ("${oc.env:HOME}", "${oc.env:HOME}"),
    ],
)
def test_what_is_told_of_a_text(text: str, kept: str | None) -> None:
    told = shown(text)
    assert kept is None or told == kept
    assert not any(word in told for word in ("KEY", "SECRET", "CRET", "TOKEN", "alice", "pass", "abc"))
    assert not any(word in without_keys(text) for word in ("SECRET", "TOKEN", "pass@", "abc"))
    assert published({"a": [text]}) == {"a": [told]}


TELLING = ("mallory-home", "mallory-films", "HUSHKEY", "HUSHSECRET")


def _refused(*_: object) -> None:
    raise AssertionError("a job asked the network for something")


def everything(folder: Path) -> bytes:
    """All bytes of an output, names included, tables unpacked."""
    said = b""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            said += str(path.relative_to(folder)).encode() + path.read_bytes()
            if path.suffix == ".parquet":
                table = pq.read_table(path)
                said += repr(table.to_pylist()).encode() + repr(table.schema.metadata).encode()
    return said


@pytest.mark.parametrize("sink", ["shards", "tree"])
def test_an_output_tells_no_user_path_or_key(
    sink: str, decompose: Decompose, net: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "mallory-home"
    films = home / "mallory-films" / "in"
    films.mkdir(parents=True)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("USER", "mallory-home")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "HUSHSECRET")
    write([scene("portrait", frames=2, size=(96, 54), seed=1)], "frames", films, form="frames")
    (films / "frames" / "bad.png").write_bytes(b"no picture")
    (films / "frames" / "gone.png").symlink_to(home / "mallory-films" / "elsewhere.png")
    output = tmp_path / "out"
    monkeypatch.setattr("socket.gethostname", lambda: "mallory-host")
    monkeypatch.setattr("socket.socket.connect", _refused)
    assert (
        decompose(
            films,
            output,
            f"sink={sink}",
            *(["sink.input_dir=s3://HUSHKEY:HUSHSECRET@bucket/x"] if sink == "tree" else []),
        )
        == 3
    )
    said = everything(output)
    assert len(Output(str(output))) == 2 and b"bad.png" in said
    for word in (*TELLING, "mallory-host", str(tmp_path), str(Path(net.partition("=")[2]).parent)):
        assert word.encode() not in said, word
    assert b"Exif" not in said
    assert json.loads((output / "dataset.json").read_text())["config"]["source"]["path"] == "…/in"


def test_whole_paths_are_kept_on_request_and_keys_never(tmp_path: Path) -> None:
    config = {"privacy": "full", "source": {"path": "/home/alice/films"}, "output": "s3://KEY:SECRET@b/out"}
    from animelayers.sinks import Shards, dataset

    store = Shards(str(tmp_path)).store
    dataset.describe(store, {"config": config})
    told = dataset.description(store)["config"]
    assert told["source"]["path"] == "/home/alice/films" and told["output"] == "s3://b/out"
