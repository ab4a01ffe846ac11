"""Automatic masks of SAM 2.1 tiny: our generator against SAM2AutomaticMaskGenerator of the package `sam2`,
the same weights and frames.

The architecture is the real one, the weights are random: nothing is said of quality. Random masks are too
faint to pass any threshold, so the last layers that make them are scaled up, and the threshold of the
predicted IoU is its median: half of the masks pass. CPU seconds of one process with one thread.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np

from animelayers.benchmark.figures import Figure, interleave, middle
from animelayers.engine.worker import keep_memory
from animelayers.models.sam2_masks import Sam2Masks
from animelayers.models.sam2_masks_grid import Asking
from animelayers.models.sam2_track import build

GOAL, AGREE = 1.5, 0.95
LOUDER = {"output_hypernetworks_mlps": 40.0, "iou_prediction_head": 12.0}
Masks = list[np.ndarray]
"""The masks of each picture, bool (K, H, W)."""


def measure(
    pictures: Sequence[np.ndarray], folder: Path, points_per_side: int, rounds: int
) -> tuple[list[Figure], dict[str, Any]]:
    """Seconds a frame over `pictures`, uint8 sRGB (H, W, 3), and whether the masks are the same; `folder` is
    for scratch.
    """
    import torch

    torch.set_num_threads(1)
    keep_memory()  # as our workers do; the peer gains by it too
    weights = _weights(folder / "tiny.pt")
    # Few points are enough to know how the predicted IoU lies.
    (some,) = Sam2Masks(str(weights), device="cpu", **_asking(4, 0.0, 0.0, 1.0))(pictures[:1])
    asking = _asking(points_per_side, float(np.median(some.scores)), 0.5, 0.7)
    last: dict[str, Masks] = {}
    made = interleave(
        {
            name: _timed(side, pictures, name, last)
            for name, side in (("peer", _peer(weights, asking)), ("ours", _ours(weights, asking)))
        },
        rounds,
    )
    theirs, ours = (middle(made[name])["cpu"] for name in ("peer", "ours"))
    best = [
        float(_overlaps(a, b).max(axis=1).mean())
        for a, b in zip(last["peer"], last["ours"], strict=True)
        if len(a) and len(b)
    ]
    what = f"SAM 2.1 tiny, {points_per_side} x {points_per_side} points, {pictures[0].shape[1]} x {pictures[0].shape[0]}"
    figures = [
        Figure("masks", f"{what}: CPU per frame", ours, "s", theirs / ours, theirs, GOAL),
        Figure(
            "masks", f"{what}: IoU of the peer's masks with ours", None, "", float(np.mean(best)), goal=AGREE
        ),
    ]
    return figures, {
        "rounds": made,
        "asking": asking,
        "masks": {name: [len(masks) for masks in found] for name, found in last.items()},
    }


def _weights(path: Path) -> Path:
    import torch

    torch.manual_seed(0)
    state = build("tiny", {}).state_dict()
    for name in state:
        state[name] *= next(
            (times for part, times in LOUDER.items() if part in name and "layers.2.weight" in name), 1.0
        )
    torch.save({"model": state}, path)
    return path


def _asking(side: int, iou: float, stable: float, same: float) -> Asking:
    return {
        "points_per_side": side,
        "pred_iou_thresh": iou,
        "stability_score_thresh": stable,
        "box_nms_thresh": same,
        "min_instance_size": 0,
    }


def _ours(weights: Path, asking: Asking) -> Callable[[Sequence[np.ndarray]], Masks]:
    segmenter = Sam2Masks(str(weights), device="cpu", **asking)
    return lambda pictures: [found.masks for found in segmenter(pictures)]


def _peer(weights: Path, asking: Asking) -> Callable[[Sequence[np.ndarray]], Masks]:
    import torch

    model = build("tiny", {}).eval()
    model.load_state_dict(torch.load(weights, weights_only=True)["model"])
    from sam2.automatic_mask_generator import SAM2AutomaticMaskGenerator

    generator = SAM2AutomaticMaskGenerator(
        model, **{name: value for name, value in asking.items() if name != "min_instance_size"}
    )

    def masks(picture: np.ndarray) -> np.ndarray:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return np.array([found["segmentation"] for found in generator.generate(picture)], bool).reshape(
                -1, *picture.shape[:2]
            )

    return lambda pictures: [masks(picture) for picture in pictures]


def _timed(
    side: Callable[[Sequence[np.ndarray]], Masks],
    pictures: Sequence[np.ndarray],
    name: str,
    last: dict[str, Masks],
) -> Callable[[], dict[str, float]]:
    def once() -> dict[str, float]:
        start = process_time()
        last[name] = side(pictures)
        return {"cpu": (process_time() - start) / len(pictures)}

    return once


def _overlaps(ours: np.ndarray, theirs: np.ndarray) -> np.ndarray:
    a, b = (masks.reshape(len(masks), -1).astype(np.float32) for masks in (ours, theirs))
    both = a @ b.T
    result: np.ndarray = both / np.maximum(a.sum(axis=1)[:, None] + b.sum(axis=1) - both, 1)
    return result
