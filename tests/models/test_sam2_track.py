"""Trackers with a memory: the real loading code on tiny checkpoints with random weights. It proves the
plumbing, not quality.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from animelayers.models.sam2_track import Sam2, Transformers
from animelayers.samples import scene
from animelayers.weights import WeightsError
from tests.models import tiny_sam2


def drawn(frames: int) -> tuple[list[np.ndarray], list[np.ndarray]]:
    shot = scene("crossing", 2 * frames, (192, 108))
    return list(shot.frames[::2]), [alpha > 127 for alpha in shot.character[::2]]


@pytest.mark.parametrize("family", ["sam2", "edgetam"])
def test_transformers_follow_figures(family: str, tmp_path: Path) -> None:
    pytest.importorskip("transformers")
    tiny_sam2.folder(tmp_path, family)
    tracker = Transformers(str(tmp_path), family)
    pictures, figures = drawn(3)
    labels = tracker(pictures, figures)
    assert labels.shape == (3, 108, 192) and labels.dtype == np.uint8 and {1, 2} <= set(np.unique(labels))
    assert not any((plane[~mask] > 0).any() for plane, mask in zip(labels, figures, strict=True))
    # a segmenter says that all of them are one
    told = [np.where(mask, np.uint8(1), np.uint8(0)) for mask in figures]
    assert set(np.unique(tracker(pictures[:1], told[:1]))) == {0, 1}
    scores = tracker.propagate(pictures, 1, [figures[1], ~figures[1]])
    assert scores.shape == (3, 2, 108, 192) and np.isfinite(scores).all()
    assert np.array_equal(
        scores, Transformers(str(tmp_path), family).propagate(pictures, 1, [figures[1], ~figures[1]])
    )
    assert np.mean((scores[1, 0] > 0) == figures[1]) > 0.9  # the mask it was given stays in its drawing


def test_the_package_follows_a_figure_and_leaves_hydra_alone(tmp_path: Path) -> None:
    pytest.importorskip("sam2")
    from hydra.core.global_hydra import GlobalHydra

    before = GlobalHydra.instance().is_initialized()
    tiny_sam2.package(tmp_path / "tiny.pt")
    tracker = Sam2(tmp_path / "tiny.pt", changes=tiny_sam2.SMALL)
    assert GlobalHydra.instance().is_initialized() == before
    pictures, figures = drawn(1)
    scores = tracker.propagate(pictures, 0, [figures[0]])
    assert scores.shape == (1, 1, 108, 192) and np.mean((scores[0, 0] > 0) == figures[0]) > 0.9


def test_missing_and_wrong_weights_are_named(tmp_path: Path) -> None:
    pytest.importorskip("sam2")
    torch = pytest.importorskip("torch")
    with pytest.raises(WeightsError, match=r"no such file exists.*sam2\.1-base-plus"):
        Sam2(tmp_path / "none.pt", size="base-plus")
    torch.save({"model": {}}, tmp_path / "wrong.pt")
    (tmp_path / "empty.pt").touch()
    for name in ("wrong.pt", "empty.pt"):
        with pytest.raises(WeightsError, match=f"{name} is no checkpoint of SAM 2.1 tiny"):
            Sam2(tmp_path / name, changes=tiny_sam2.SMALL)
    with pytest.raises(ValueError, match="name a class"):
        Sam2(tmp_path / "wrong.pt", changes={"image_encoder._target_": "os.system"})
    with pytest.raises(ValueError, match="one of tiny"):
        Sam2(tmp_path / "wrong.pt", size="huge")
    with pytest.raises(WeightsError, match=r"no such file exists.*edgetam"):
        Transformers(str(tmp_path / "nowhere"))
    with pytest.raises(WeightsError, match="holds no weights of a edgetam tracker"):
        Transformers(str(tmp_path), "edgetam")
    with pytest.raises(ValueError, match="sam2, edgetam"):
        Transformers(str(tmp_path), "sam9")
