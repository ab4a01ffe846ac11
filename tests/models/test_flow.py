"""Optical flow of pictures that were shifted by a known way."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from animelayers.models.flow import DIS, RAFT
from animelayers.models.protocols import Flow
from animelayers.weights import TABLE, WeightsError
from tests.conftest import DATA

DEVELOPER = DATA.parent / "weights" / "raft-small.pth"


def pair(x: int, y: int, size: tuple[int, int] = (320, 180)) -> tuple[np.ndarray, np.ndarray]:
    """A textured picture, and the same moved by whole pixels."""
    rng = np.random.default_rng(0)
    wide = sum(
        cv2.resize(rng.normal(0, 25, (n, n, 3)).astype(np.float32), (520, 380), interpolation=cv2.INTER_CUBIC)
        for n in (8, 30, 90)
    )
    wide = np.clip(wide + 128, 0, 255).astype(np.uint8)
    width, height = size
    return wide[60 : 60 + height, 60 : 60 + width], wide[60 - y : 60 - y + height, 60 - x : 60 - x + width]


def checked(model: Flow, tolerance: float) -> None:
    """Shifts of pairs of mixed sizes are measured, in pixels of the pictures."""
    ways = [((7, -3), (320, 180)), ((-12, 5), (320, 180)), ((4, 4), (200, 150))]
    flows = model([pair(*way, size) for way, size in ways])
    for flow, (way, (width, height)) in zip(flows, ways, strict=True):
        assert flow.shape == (height, width, 2) and flow.dtype == np.float32
        assert np.abs(np.median(flow[20:-20, 20:-20], (0, 1)) - way).max() < tolerance
    assert model([]) == []


@pytest.mark.parametrize("preset", ["ultrafast", "fast", "medium"])
def test_dis(preset: str) -> None:
    checked(DIS(preset), 0.3)  # type: ignore[arg-type]


def test_dis_at_reduced_size_and_on_tiny_pictures() -> None:
    checked(DIS(side=120), 0.8)
    for height, width in ((1, 1), (3, 50), (11, 9)):
        picture = np.full((height, width, 3), 70, np.uint8)
        (flow,) = DIS()([(picture, picture)])
        assert flow.shape == (height, width, 2) and np.abs(flow).max() < 0.01


def test_an_unknown_preset_is_named() -> None:
    with pytest.raises(ValueError, match="'slow' of DIS is unknown: one of ultrafast, fast, medium"):
        DIS("slow")  # type: ignore[arg-type]


def test_real_raft_measures_shifts() -> None:
    pytest.importorskip("torchvision")
    if not DEVELOPER.is_file():
        pytest.skip("no weights of RAFT here")
    checked(RAFT(DEVELOPER, updates=4), 0.9)


@pytest.mark.parametrize("size", ["small", "large"])
def test_raft_of_torchvision_runs_from_a_checkpoint(size: str, tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    from torchvision.models import optical_flow

    torch.manual_seed(0)
    net = optical_flow.raft_small() if size == "small" else optical_flow.raft_large()
    torch.save(net.state_dict(), tmp_path / "net.pth")
    first, second = pair(2, 1, (90, 50))
    # tiny pictures are padded, and pairs of one size share a batch
    made = RAFT(tmp_path / "net.pth", size, updates=2, batch=2)(
        [(first, second), (second, first), (first, second)]
    )  # type: ignore[arg-type]
    assert all(f.shape == (50, 90, 2) and np.isfinite(f).all() for f in made)
    assert np.allclose(made[0], made[2], atol=1e-3) and not np.allclose(made[0], made[1], atol=1e-3)
    other = "large" if size == "small" else "small"
    with pytest.raises(WeightsError, match=f"no checkpoint of RAFT {other}"):
        RAFT(tmp_path / "net.pth", other)  # type: ignore[arg-type]


@pytest.mark.parametrize("content", [b"", b"<html>404</html>", b"PK\x03\x04 cut short"])
def test_a_file_that_is_no_checkpoint_is_named(content: bytes, tmp_path: Path) -> None:
    pytest.importorskip("torchvision")
    (tmp_path / "net.pth").write_bytes(content)
    with pytest.raises(
        WeightsError,
        match=r"net\.pth is no checkpoint of RAFT small: torch cannot read it \(.+\); bring the file again",
    ):
        RAFT(tmp_path / "net.pth")


def test_missing_weights_say_where_they_come_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("torchvision")
    monkeypatch.setenv("ANIMELAYERS_WEIGHTS", str(tmp_path))
    with pytest.raises(WeightsError, match=r"raft_large_C_T_SKHT_V2-ff5fadd5\.pth"):
        RAFT("raft-large", "large")
    with pytest.raises(ValueError, match="'huge' of RAFT is unknown"):
        RAFT("raft-large", "huge")  # type: ignore[arg-type]


def test_a_release_is_known_by_the_digits_its_publisher_pins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import hashlib
    import zipfile
    from dataclasses import replace

    from animelayers.weights import Release, fetch, find

    content = b"weights" * 99
    (tmp_path / "net.pth").write_bytes(content)
    monkeypatch.setenv("ANIMELAYERS_WEIGHTS", str(tmp_path / "weights"))
    digest = hashlib.sha256(content).hexdigest()[:8]
    source = Release((tmp_path / "net.pth").as_uri())
    monkeypatch.setitem(
        TABLE, "raft-small", replace(TABLE["raft-small"], digest=f"sha256:{digest}", sources=(source,))
    )
    assert fetch("raft-small").read_bytes() == content and find("raft-small").is_file()
    monkeypatch.setitem(
        TABLE, "raft-large", replace(TABLE["raft-large"], digest="sha256:00000000", sources=(source,))
    )
    with pytest.raises(WeightsError, match="refused"):
        fetch("raft-large")
    with zipfile.ZipFile(tmp_path / "net.zip", "w") as archive:
        archive.writestr("net.pth", content)
    for member, said in (
        ("net.pth", ""),
        ("other.pth", r"other\.pth inside .*net\.zip: there is no such member"),
    ):
        zipped = Release((tmp_path / "net.zip").as_uri(), member)
        record = replace(
            TABLE["raft-large"],
            file=member,
            digest=f"sha1:{hashlib.sha1(content).hexdigest()}",
            sources=(zipped,),
        )
        monkeypatch.setitem(TABLE, "raft-large", record)
        if said:
            with pytest.raises(WeightsError, match=said):
                fetch("raft-large")
        else:
            assert fetch("raft-large").read_bytes() == content
    missing = Release((tmp_path / "nothing").as_uri())
    monkeypatch.setitem(TABLE, "raft-large", replace(TABLE["raft-large"], sources=(missing,)))
    with pytest.raises(WeightsError, match="nothing"):
        fetch("raft-large")
