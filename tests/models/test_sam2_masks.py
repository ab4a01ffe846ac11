"""Automatic masks: the real loading code on tiny checkpoints with random weights, against the libraries' own
calls. No word on quality.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from animelayers.imaging.proposals import Crop
from animelayers.models.sam2_masks import Sam2Masks, TransformersMasks
from animelayers.models.sam2_masks_scores import enlarge
from animelayers.models.sam2_masks_settle import Candidates
from animelayers.models.sam2_track import build
from animelayers.samples import scene
from animelayers.weights import WeightsError
from tests.models import tiny_masks, tiny_sam2

ALL: dict[str, Any] = {
    "pred_iou_thresh": 0,
    "stability_score_thresh": 0,
    "min_instance_size": 0,
    "device": "cpu",
}
SAME = 0.98
"""IoU that every mask has with one of the reference."""


@pytest.fixture(scope="session")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("sam2")
    path = tmp_path_factory.mktemp("sam2") / "tiny.pt"
    tiny_masks.package(path)
    return path


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("transformers")
    path = tmp_path_factory.mktemp("sam2_hf")
    tiny_masks.folder(path)
    return path


def drawn(width: int = 192, height: int = 108) -> np.ndarray:
    return scene("crossing", 1, (width, height)).frames[0]


def overlaps(ours: np.ndarray, theirs: np.ndarray) -> np.ndarray:
    """IoU (A, B) of bool masks (A, H, W) and (B, H, W)."""
    a, b = (masks.reshape(len(masks), -1).astype(np.float32) for masks in (ours, theirs))
    both = a @ b.T
    return both / np.maximum(a.sum(axis=1)[:, None] + b.sum(axis=1) - both, 1)


def test_the_masks_are_those_of_the_package(package: Path) -> None:
    import torch
    from sam2.automatic_mask_generator import SAM2AutomaticMaskGenerator

    model = build("tiny", tiny_sam2.SMALL).eval()
    model.load_state_dict(torch.load(package, weights_only=True)["model"])
    asked = {
        "points_per_side": 2,
        "points_per_batch": 3,
        "pred_iou_thresh": 0.5,
        "stability_score_thresh": 0.3,
        "box_nms_thresh": 1,
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = SAM2AutomaticMaskGenerator(model, **asked).generate(drawn())
    (ours,) = Sam2Masks(str(package), tiny_sam2.SMALL, min_instance_size=0, device="cpu", **asked)([drawn()])
    assert len(theirs) >= 4 and abs(len(ours.masks) - len(theirs)) <= 1
    same = overlaps(ours.masks, np.stack([mask["segmentation"] for mask in theirs]))
    assert same.max(axis=0).min() > SAME and same.max(axis=1).min() > SAME
    at = same.argmax(axis=1)
    assert np.allclose(ours.scores, [theirs[k]["predicted_iou"] for k in at], atol=1e-4)
    assert ours.labels == [""] * len(at) and ours.masks.dtype == bool and ours.scores.dtype == np.float32


def test_the_masks_are_those_of_transformers(folder: Path) -> None:
    import torch
    import transformers as hf

    picture = drawn()
    (ours,) = TransformersMasks(folder, points_per_side=3, box_nms_thresh=1, **ALL)([picture])
    model, processor = hf.Sam2Model.from_pretrained(folder), hf.Sam2ImageProcessor.from_pretrained(folder)
    points = [[[[x * 192, y * 108]] for y in (1 / 6, 1 / 2, 5 / 6) for x in (1 / 6, 1 / 2, 5 / 6)]]
    inputs = hf.Sam2Processor(processor, target_size=128)(
        images=picture, input_points=points, return_tensors="pt"
    )
    with torch.inference_mode():
        seen = model(
            **{name: inputs[name] for name in ("pixel_values", "input_points")}, multimask_output=True
        )
    full = (
        torch.nn.functional.interpolate(seen.pred_masks[0].flatten(0, 1)[None], (108, 192), mode="bilinear")[
            0
        ]
        > 0
    )
    theirs = full.numpy()[full.flatten(1).any(dim=1).numpy()]
    assert len(ours.masks) == len(theirs) >= 9
    same = overlaps(ours.masks, theirs)
    assert same.max(axis=0).min() > SAME and same.max(axis=1).min() > SAME
    assert np.allclose(
        ours.scores,
        np.sort(seen.iou_scores.flatten().numpy()[full.flatten(1).any(dim=1).numpy()])[::-1],
        atol=1e-4,
    )
    assert np.ptp(overlaps(theirs, theirs)) > 0.2, "masks that differ"


def test_many_are_as_one_by_one_and_in_any_size(folder: Path) -> None:
    pictures = [drawn(), drawn(160, 90)[::-1], drawn()[:, ::-1], drawn(90, 160)]
    segmenter = TransformersMasks(folder, points_per_side=4, points_per_batch=5, batch=3, **ALL)
    together = segmenter(pictures)
    for picture, found in zip(pictures, together, strict=True):
        (alone,) = segmenter([picture])
        assert (
            found.masks.shape == alone.masks.shape
            and found.masks.shape[1:] == picture.shape[:2]
            and len(found.masks)
        )
        assert overlaps(found.masks, alone.masks).max(axis=1).min() > SAME
        assert np.allclose(found.scores, alone.scores, atol=1e-5) and (np.diff(found.scores) <= 0).all()
    assert segmenter([]) == []


def test_nothing_passes_and_small_things_go(folder: Path) -> None:
    (none,) = TransformersMasks(folder, points_per_side=2, **{**ALL, "pred_iou_thresh": 1})([drawn()])
    assert (
        none.masks.shape == (0, 108, 192)
        and none.masks.dtype == bool
        and none.scores.shape == (0,)
        and none.labels == []
    )
    asked = {**ALL, "points_per_side": 4, "box_nms_thresh": 1}
    (all_,) = TransformersMasks(folder, **asked)([drawn()])
    sizes = np.sort(np.count_nonzero(all_.masks, axis=(1, 2)))
    least = int(sizes[len(sizes) // 2])
    (big,) = TransformersMasks(folder, **{**asked, "min_instance_size": least})([drawn()])
    assert len(big.masks) == np.count_nonzero(sizes >= least) < len(sizes)


def test_masks_lie_where_their_crop_was_and_those_it_cut_are_dropped(folder: Path) -> None:
    import torch

    asked = {**ALL, "points_per_side": 4}
    segmenter = TransformersMasks(folder, **asked, crop_n_layers=1)
    (cropped,), (whole,) = segmenter([drawn()]), TransformersMasks(folder, **asked)([drawn()])
    assert overlaps(cropped.masks, whole.masks).max(axis=1).min() > SAME, "random masks fill their crop"
    logits = torch.full((1, 8, 8), -1.0)
    logits[:, 2:6, 2:6] = 1
    around, score = torch.tensor([[90.0, 50, 110, 70]]), torch.tensor([0.5])
    parts = [
        Candidates(logits, score, around, Crop(1, (80, 40, 120, 80))),
        Candidates(logits, score, around, Crop(0, (0, 0, 192, 108))),
    ]
    (mask,) = segmenter._settle(parts, 108, 192).masks
    assert (
        np.array_equal(mask[40:80, 80:120], enlarge(logits, 40, 40)[0])
        and mask.sum() == mask[40:80, 80:120].sum()
    ), "the smaller crop's"


def test_holes_and_islands_go(folder: Path) -> None:
    import cv2

    (tidied,) = TransformersMasks(
        folder, **ALL, points_per_side=4, box_nms_thresh=1, min_mask_region_area=200
    )([drawn(320, 180)])
    assert len(tidied.masks) > 9
    for mask in tidied.masks:
        sizes = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)[2][
            1:, cv2.CC_STAT_AREA
        ]
        assert len(sizes) == 1 or sizes.min() >= 200


def test_missing_and_wrong_weights_are_named(package: Path, folder: Path, tmp_path: Path) -> None:
    import torch
    import transformers as hf

    with pytest.raises(WeightsError, match="no weights are called"):
        Sam2Masks(str(tmp_path / "none.pt"))
    torch.save({"model": {}}, tmp_path / "wrong.pt")
    with pytest.raises(WeightsError, match="image encoder has 0 blocks"):
        Sam2Masks(str(tmp_path / "wrong.pt"))
    (tmp_path / "text.pt").write_text("no weights")
    with pytest.raises(WeightsError, match="is no checkpoint of SAM 2"):
        Sam2Masks(str(tmp_path / "text.pt"))
    with pytest.raises(WeightsError, match="is no checkpoint of SAM 2"):
        Sam2Masks(str(package), {**tiny_sam2.SMALL, "memory_attention.num_layers": 2})
    with pytest.raises(WeightsError, match="is no folder of a transformers model"):
        TransformersMasks(tmp_path)
    model = hf.Sam2VideoModel.from_pretrained(folder)
    state = {name: value for name, value in model.state_dict().items() if "iou_prediction_head" not in name}
    model.save_pretrained(tmp_path / "half", state_dict=state)
    hf.Sam2ImageProcessor.from_pretrained(folder).save_pretrained(tmp_path / "half")
    with pytest.raises(WeightsError, match="weights are missing"):
        TransformersMasks(tmp_path / "half")


@pytest.mark.parametrize(
    "wrong",
    [{"points_per_side": 0}, {"pred_iou_thresh": 1.5}, {"crop_n_layers": -1}, {"min_instance_size": -1}],
)
def test_bad_options_are_named(folder: Path, wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=f"{next(iter(wrong))}=.* is out of range"):
        TransformersMasks(folder, **wrong)
