"""LaMa's adapter: the real loading code and crops on a small TorchScript with random weights. It proves the
plumbing, not quality.
"""

from __future__ import annotations

import hashlib
import logging
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from animelayers.models.inpaint import Fallback, OpenCV
from animelayers.samples import scene
from animelayers.weights import TABLE, WeightsError

pytest.importorskip("torch")

from animelayers.models.lama import Lama
from tests.models import tiny_lama


@pytest.fixture(scope="session")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_lama.save(tmp_path_factory.mktemp("lama") / "tiny.pt")


def own(path: Path, **options: object) -> Lama:
    return Lama(path, trust_own_file=True, device="cpu", **options)  # type: ignore[arg-type]


def drawn(*sizes: tuple[int, int]) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Frames of (width, height) and holes where their character is."""
    shots = [scene("walk", 1, size) for size in sizes]
    return [shot.frames[0] for shot in shots], [shot.character[0] > 8 for shot in shots]


def test_ragged_pictures_are_filled_inside_their_holes_only_and_alike_alone_or_together(file: Path) -> None:
    pictures, holes = drawn((320, 180), (61, 45), (320, 180))
    holes[2] = np.zeros_like(holes[2])
    holes[2][3:9, 300:] = holes[2][120:170, 10:50] = True
    pictures[0].flags.writeable = False
    lama = own(file)
    together = lama(pictures, holes)
    for picture, hole, made in zip(pictures, holes, together, strict=True):
        assert made.shape == picture.shape and made.dtype == np.uint8
        assert (
            np.array_equal(made[~hole], picture[~hole]) and (made[hole] != picture[hole]).any(1).mean() > 0.9
        )
    alone = [lama([picture], [hole])[0] for picture, hole in zip(pictures, holes, strict=True)]
    assert max(np.abs(a.astype(int) - b).max() for a, b in zip(alone, together, strict=True)) <= 1
    assert lama([], []) == []


def test_nothing_to_fill_and_nothing_known(file: Path) -> None:
    (picture,), _ = drawn((64, 40))
    none, all_of_it = np.zeros((40, 64), bool), np.ones((40, 64), bool)
    same, filled = own(file)([picture, picture], [none, all_of_it])
    assert np.array_equal(same, picture) and filled.shape == picture.shape
    assert own(file)([picture[:1, :1]], [all_of_it[:1, :1]])[0].shape == (1, 1, 3)


def test_what_a_crop_holds_is_what_simple_lama_makes_of_it(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    simple = pytest.importorskip("simple_lama_inpainting")
    monkeypatch.setenv("LAMA_MODEL", str(file))
    (picture,), (hole,) = drawn((128, 64))
    theirs = np.asarray(
        simple.SimpleLama("cpu")(Image.fromarray(picture), Image.fromarray(255 * hole.view(np.uint8)))
    )
    (ours,) = own(file, seam_width=0, share=4)([picture], [hole])
    assert np.abs(ours.astype(int) - theirs)[hole].max() <= 1


def test_only_a_pinned_or_trusted_program_runs(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(WeightsError, match="is a program"):
        Lama(file)
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    monkeypatch.setitem(TABLE, "lama", replace(TABLE["lama"], size=0, digest=f"sha256:{digest}"))
    monkeypatch.setenv("ANIMELAYERS_WEIGHTS", str(tmp_path))
    assert Lama(file, device="cpu")
    with pytest.raises(WeightsError, match="not on this machine"):
        Lama()
    (tmp_path / "big-lama.pt").write_bytes(file.read_bytes())
    assert Lama(device="cpu")
    (tmp_path / "big-lama.pt").write_bytes(file.read_bytes() + b" ")
    with pytest.raises(WeightsError, match="not the pinned"):
        Lama()


def test_other_files_and_wrong_options_are_named(file: Path, tmp_path: Path) -> None:
    (tmp_path / "text.pt").write_text("no program")
    with pytest.raises(WeightsError, match="is no TorchScript"):
        own(tmp_path / "text.pt")
    with pytest.raises(WeightsError, match="as LaMa does"):
        own(tiny_lama.save(tmp_path / "other.pt", tiny_lama.Shrinker()))
    with pytest.raises(WeightsError, match="no weights are called"):
        own(tmp_path / "none.pt")
    with pytest.raises(WeightsError, match="is no file"):
        own(tmp_path)
    with pytest.raises(ValueError, match="multiple of 64"):
        own(file, longest=100)


def test_the_next_one_fills_what_the_first_fails_on_and_that_is_told_once(
    file: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    pictures, holes = drawn((96, 54), (160, 90), (96, 54))
    pictures[1] = np.full_like(pictures[1], 250)
    broken = own(tiny_lama.save(tmp_path / "nan.pt", tiny_lama.Painter(limit=0.95)), context=8)
    with pytest.raises(FloatingPointError, match="NaN"):
        broken(pictures, holes)
    both = Fallback(broken, OpenCV("ns"))
    with caplog.at_level(logging.WARNING):
        made = both(pictures, holes)
        both(pictures, holes)
    assert [r.message for r in caplog.records] == [
        "Lama failed, OpenCV fills the hole instead (told once): FloatingPointError: the inpainter gave NaN or infinity"
    ]
    want = [
        broken(pictures[:1], holes[:1])[0],
        OpenCV("ns")(pictures[1:2], holes[1:2])[0],
        broken(pictures[2:], holes[2:])[0],
    ]
    assert all(np.array_equal(a, b) for a, b in zip(made, want, strict=True))
    assert both.why == ["", "lama failed: FloatingPointError: the inpainter gave NaN or infinity", ""]


def test_missing_weights_are_an_error_unless_they_are_not_required(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    pictures, holes = drawn((96, 54), (96, 54))
    with pytest.raises(WeightsError, match="no weights are called"):
        Lama(tmp_path / "none.pt")
    lama = Lama(tmp_path / "none.pt", required=False)
    with pytest.raises(WeightsError, match="no weights are called"):
        lama(pictures, holes)
    made = Fallback(lama, OpenCV())(pictures, holes)
    assert np.array_equal(made[1], OpenCV()(pictures[1:], holes[1:])[0]) and len(caplog.records) == 1
