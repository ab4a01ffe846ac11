"""Masks of everything in a picture, asked for point by point on a grid: the automatic masks of SAM (Kirillov
et al., 2023) for SAM 2.

As SAM2AutomaticMaskGenerator of the package `sam2`, but masks are judged at the decoder's own size, a quarter
of the model's input: predicted IoU, stability and boxes come from there, and only what is left after
suppression is scaled up.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import groupby
from typing import Any, NamedTuple, TypedDict

import numpy as np

from animelayers.imaging.proposals import Crop, crops, grid
from animelayers.models import sam2_masks_scores as scores
from animelayers.models.net import Net, Placed
from animelayers.models.protocols import Segments
from animelayers.models.sam2_masks_decoder import Decoder, Embedded
from animelayers.models.sam2_masks_parts import Parts
from animelayers.models.sam2_masks_settle import Candidates, settle
from animelayers.options import Count, Share

_CACHED = 16  # points at once on a CPU: more of them only leave its caches
Tensor = Any


class Asking(TypedDict, total=False):
    """How a picture is asked for masks; see `GridMasks`."""

    points_per_side: Count
    points_per_batch: Count
    pred_iou_thresh: Share
    stability_score_thresh: Share
    box_nms_thresh: Share
    crop_n_layers: int
    crop_n_points_downscale_factor: Count
    min_mask_region_area: int
    min_instance_size: int


class Sizes(NamedTuple):
    """What a model's input is: pixels of its square side, and mean and deviation of sRGB (0..1)."""

    side: int
    mean: Sequence[float]
    deviation: Sequence[float]


class GridMasks(ABC):
    """Asks a model of the SAM 2 family for masks at every point of a grid.

    ``points_per_side``: of the grid; ``points_per_batch``: how many are decoded at once, halved when memory
    does not suffice (on a CPU never more than 16, which is as fast); ``pred_iou_thresh`` and
    ``stability_score_thresh``: what masks must pass, 0..1; ``box_nms_thresh``: IoU of boxes above which the
    mask with the lower score is a repetition; ``crop_n_layers``: layer i adds (2 ** i) ** 2 crops of the
    picture, asked at points_per_side / ``crop_n_points_downscale_factor`` ** i points;
    ``min_mask_region_area``: pixels below which holes and islands of a mask are removed;
    ``min_instance_size``: pixels below which a mask is dropped. ``placed``: as `Net`, ``batch`` being how
    many pictures of one size are embedded at once. Raises ValueError for an option out of range.
    """

    def __init__(
        self,
        module: Any,
        sizes: Sizes,
        placed: Placed,
        *,
        points_per_side: int = 32,
        points_per_batch: int = 192,
        pred_iou_thresh: float = 0.70,
        stability_score_thresh: float = 0.80,
        box_nms_thresh: float = 0.7,
        crop_n_layers: int = 0,
        crop_n_points_downscale_factor: int = 2,
        min_mask_region_area: int = 0,
        min_instance_size: int = 4096,
    ) -> None:
        import torch

        whole = {
            "points_per_side": points_per_side,
            "points_per_batch": points_per_batch,
            "crop_n_points_downscale_factor": crop_n_points_downscale_factor,
        }
        shares = {
            "pred_iou_thresh": pred_iou_thresh,
            "stability_score_thresh": stability_score_thresh,
            "box_nms_thresh": box_nms_thresh,
        }
        rest = {
            "crop_n_layers": crop_n_layers,
            "min_mask_region_area": min_mask_region_area,
            "min_instance_size": min_instance_size,
        }
        for options, least, most in ((whole, 1, np.inf), (shares, 0, 1), (rest, 0, np.inf)):
            for name, value in options.items():
                if not least <= value <= most:
                    raise ValueError(
                        f"{name}={value} is out of range: {least} to {'as many as you like' if most > 1 else most}"
                    )
        self._iou, self._stable, self._same = pred_iou_thresh, stability_score_thresh, box_nms_thresh
        self._settle = partial(
            settle, same=box_nms_thresh, region=min_mask_region_area, min_area=min_instance_size
        )
        self._layers, self._sizes = crop_n_layers, sizes
        self._grids = [
            grid(max(1, points_per_side // crop_n_points_downscale_factor**layer))
            for layer in range(crop_n_layers + 1)
        ]
        self._torch = torch
        self._held: dict[int, tuple[Tensor, ...]] = {}
        self._embedder = Net(module, self._embed, **placed)
        at_once = min(points_per_batch, _CACHED) if self._embedder.device == "cpu" else points_per_batch
        placed["batch"] = at_once
        self._asker = Net(module, self._ask, **placed)
        with torch.inference_mode():
            self._decoder = Decoder(*self.parts(self._embedder.module))
        self._picture: Embedded

    @abstractmethod
    def parts(self, module: Any) -> tuple[Parts, Tensor, Tensor]:
        """What `Decoder` is built of."""

    @abstractmethod
    def features(self, module: Any, pixels: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """What `Decoder.picture` needs, each (N, …), of normalised float32 (N, 3, side, side)."""

    @abstractmethod
    def prompts(self, module: Any, points: Tensor) -> Tensor:
        """The tokens (N, T, C) of N points float32 (N, 2), x and y in pixels of the model's input."""

    def __call__(self, pictures: Sequence[np.ndarray]) -> list[Segments]:
        """As `protocols.Segmenter`; the score is the predicted IoU, the label ''."""
        found: list[list[Candidates]] = [[] for _ in pictures]
        for group in self._groups(pictures):
            stack = np.stack([pictures[k][y0:y1, x0:x1] for k, (_, (x0, y0, x1, y1)) in group])
            self._held = {}
            self._embedder(np.arange(len(stack)), stack)
            every = [
                self._torch.cat(levels)
                for levels in zip(*(self._held[at] for at in sorted(self._held)), strict=True)
            ]
            for (k, crop), *levels in zip(group, *every, strict=True):
                found[k].append(self._masks(crop, levels, pictures[k].shape[:2]))
        return [
            self._settle(parts, *picture.shape[:2]) for picture, parts in zip(pictures, found, strict=True)
        ]

    def _groups(self, pictures: Sequence[np.ndarray]) -> Iterator[list[tuple[int, Crop]]]:
        """All crops of all pictures, those of one size that follow each other together."""

        def size(job: tuple[int, Crop]) -> tuple[int, int]:
            x0, y0, x1, y1 = job[1].box
            return x1 - x0, y1 - y0

        jobs = [
            (k, crop)
            for k, picture in enumerate(pictures)
            for crop in crops(picture.shape[0], picture.shape[1], self._layers)
        ]
        for _, same in groupby(jobs, size):
            together = list(same)
            for start in range(0, len(together), self._embedder.batch):
                yield together[start : start + self._embedder.batch]

    def _embed(self, module: Any, at: Tensor, pictures: Tensor) -> Tensor:
        """Keep the features of pictures uint8 (N, H, W, 3) on the device, where memory is; their means tell
        `Net` of NaN.
        """
        functional, (side, *norm) = self._torch.nn.functional, self._sizes
        mean, deviation = (
            self._torch.tensor(values, device=self._embedder.device)[:, None, None] for values in norm
        )
        pixels = functional.interpolate(
            pictures.permute(0, 3, 1, 2).float() / 255, (side, side), mode="bilinear", antialias=True
        )
        levels = self.features(module, (pixels - mean) / deviation)
        self._held[int(at[0])] = tuple(level.float() for level in levels)
        return sum(level.float().mean(dim=(1, 2, 3)) for level in levels)

    def _ask(self, module: Any, at: Tensor, points: Tensor) -> tuple[Tensor, Tensor]:
        """Keep the masks of points (N, 2) that pass; predicted IoU and highest logit (N, 3) of all tell `Net`
        of NaN.
        """
        ious, rows, logits = self._decoder(
            self._picture, self.prompts(module, points * self._sizes.side), self._iou
        )
        peaks = ious.new_zeros(ious.shape)
        peaks[rows] = logits.amax(dim=(2, 3)).float()
        keep = (ious[rows] > self._iou) & (peaks[rows] > 0) & (scores.stability(logits) >= self._stable)
        self._held[int(at[0])] = logits[keep], ious[rows][keep]
        return ious, peaks

    def _masks(self, crop: Crop, levels: Sequence[Tensor], size: tuple[int, int]) -> Candidates:
        """The masks of one crop, repetitions gone, best first."""
        points, (x0, y0, x1, y1) = self._grids[crop.layer], crop.box
        with self._torch.inference_mode():
            self._picture = self._decoder.picture(*levels)
            self._held = {}
            self._asker(np.arange(len(points)), points)
            logits, ious = (
                self._torch.cat(kept)
                for kept in zip(*(self._held[at] for at in sorted(self._held)), strict=True)
            )
            self._held = {}
            around = scores.boxes(logits, y1 - y0, x1 - x0) + self._torch.tensor(
                [x0, y0, x0, y0], device=logits.device
            )
            inside = ~scores.cut(around, crop.box, size)
            logits, ious, around = logits[inside], ious[inside], around[inside]
            kept = scores.suppress(around, ious, self._same)
        return Candidates(logits[kept], ious[kept], around[kept], crop)
