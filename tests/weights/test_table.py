from __future__ import annotations

import importlib.util
import os
import re
from pathlib import Path

import pytest

from animelayers import weights
from animelayers.weights import TABLE, Rembg, WeightsError, Wheel
from animelayers.weights.fetch import fetch
from animelayers.weights.records import Packaged
from animelayers.weights.store import _places, find


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
    released = {
        url
        for stem, text in sources.items()
        if stem != "sam"
        for url in re.findall(r"releases/download/v0.0.0/([\w.-]+)", text)
    }
    ours = {source.file: w for w in TABLE.values() for source in w.sources if isinstance(source, Rembg)}
    assert released == set(ours)
    for file, w in ours.items():
        text = next(text for text in sources.values() if f"/{file}" in text)
        assert f'return "{w.name}"' in text
        if w.digest.startswith("md5:") or w.name == "bria-rmbg":
            assert w.digest in text


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"U2NET_HOME": "/u"},
        {"REMBG_HOME": "/r"},
        {"XDG_DATA_HOME": "/x"},
        {"U2NET_HOME": "/u", "REMBG_HOME": "/r", "XDG_DATA_HOME": "/x"},
    ],
)
def test_files_are_looked_for_where_rembg_keeps_them(
    variables: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = importlib.util.find_spec("rembg")
    assert spec and spec.submodule_search_locations
    # alone: the whole of rembg takes seconds to import
    path = Path(spec.submodule_search_locations[0], "sessions", "base.py")
    base = importlib.util.spec_from_file_location("rembg_sessions_base", path)
    assert base and base.loader
    module = importlib.util.module_from_spec(base)
    base.loader.exec_module(module)
    for name in ("U2NET_HOME", "REMBG_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    session = type(
        "Session", (module.BaseSession,), {"name": classmethod(lambda cls, *args, **kwargs: "isnet-anime")}
    )
    theirs = [
        Path(session.model_dir()) / "isnet-anime.onnx",
        Path(session.legacy_home()) / "isnet-anime.onnx",
    ]
    assert list(_places(TABLE["isnet-anime"]))[1:] == theirs


def test_every_record_is_complete() -> None:
    assert len({w.file for w in TABLE.values()}) == len(TABLE)
    for name, w in TABLE.items():
        assert name == w.name and w.sources and w.code_license and w.weights_license and w.evidence and w.role
        assert w.homepage.startswith("https://") or all(isinstance(source, Packaged) for source in w.sources)
        if w.hub:
            assert (
                not w.digest
                and w.file == name
                and not any(pattern.endswith((".bin", ".pt", ".py", ".pkl")) for pattern in w.hub.patterns)
            )
        else:
            assert re.fullmatch(
                r"sha256:(?:[0-9a-f]{64}|[0-9a-f]{8})|md5:[0-9a-f]{32}|sha1:[0-9a-f]{40}", w.digest
            )


@pytest.mark.parametrize(
    "name", [name for name, w in TABLE.items() if w.file.endswith(".pt") and w.role == "inpainting"]
)
def test_torchscript_is_code_and_wholly_pinned(name: str) -> None:
    assert re.fullmatch(r"sha256:[0-9a-f]{64}", TABLE[name].digest) and TABLE[name].size


WHEEL_BORNE = [
    name
    for name, w in TABLE.items()
    if any(isinstance(source, Wheel) for source in w.sources) and name != "u2netp"
]


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
        pytest.skip(
            "u2netp is not here: python jobs/fetch_models.py names=u2netp, or set ANIMELAYERS_NETWORK=1"
        )
    else:
        path = find("u2netp")
    assert path.stat().st_size == u2netp.size
    weights.verify(path, u2netp, again=True)
