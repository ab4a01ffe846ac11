"""Mask transformers, Mask2Former (Cheng et al., CVPR 2022) and EoMT (Kerssies et al., CVPR 2025): one net for
every kind of segmentation.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Any, Literal, Unpack

import cv2
import numpy as np

from animelayers.models.constants import SMALLEST
from animelayers.models.net import Net, Placed
from animelayers.models.protocols import Segments
from animelayers.models.queries import TASKS, Claim
from animelayers.models.universal_weights import load
from animelayers.options import Share, Side, Weighted

Task = Literal["instance", "panoptic", "semantic"]
FIGURES = (
    "person", "bird", "cat", "dog", "horse", "sheep", "cow", "elephant", "bear", "zebra", "giraffe", "teddy bear", "animal", "character",
)  # fmt: skip
"""The classes that are characters, where nothing else is said: people, the animals of COCO and its one toy
with a face, and ADE20K's.
"""


class Universal:
    """A segmenter whose queries each claim a class and a mask.

    ``weights``: a registered name or a folder in the model hub's format. ``task``: instance (each query for
    itself), panoptic (each pixel is the best query's, so that what lies in front cuts what is behind) or
    semantic (regions of the classes, the parts of a figure as one). ``confidence_threshold``: score below
    which a segment is none, 0..1. ``labels``: the classes that are characters; without them those of
    `FIGURES` the checkpoint knows, or all but the background where it knows none, as nets of body parts do.
    ``short``: pixels of the short side that the net sees; without it what the checkpoint was made for. Other
    options are those of `Net`.
    """

    def __init__(
        self,
        weights: Weighted,
        task: Task = "instance",
        confidence_threshold: Share = 0.5,
        labels: Sequence[str] | None = None,
        short: Side | None = None,
        **placed: Unpack[Placed],
    ) -> None:
        """Raises ValueError for a bad option, WeightsError where the weights cannot be had or are of another
        kind.
        """
        if task not in TASKS:
            raise ValueError(f"task {task!r} is unknown: one of {', '.join(TASKS)}")
        if not 0 < confidence_threshold < 1:
            raise ValueError(f"confidence_threshold must be between 0 and 1, not {confidence_threshold}")
        if short is not None and short < SMALLEST:
            raise ValueError(f"short must be at least {SMALLEST} pixels, not {short}")
        self._claims, self._threshold = TASKS[task], confidence_threshold
        model, self.names, self._canvas = load(weights, short)
        self._wanted = chosen(self.names, labels)
        self._net = Net(model, _logits, **placed)

    def __call__(self, pictures: Sequence[np.ndarray]) -> list[Segments]:
        """As `protocols.Segmenter`."""
        made: list[Segments] = [
            Segments(np.zeros((0, *p.shape[:2]), bool), np.zeros(0, np.float32), []) for p in pictures
        ]
        groups: dict[tuple[int, int], list[int]] = {}
        for i, picture in enumerate(pictures):
            groups.setdefault(
                (0, 0) if self._canvas.square else self._canvas.used(*picture.shape[:2]), []
            ).append(i)
        for members in groups.values():
            # Group by batch, for the masks of all queries are large.
            for start in range(0, len(members), self._net.batch):
                part = members[start : start + self._net.batch]
                classes, masks = self._net(self._canvas.planes([pictures[i] for i in part]))
                for i, of_class, mask in zip(part, classes, masks, strict=True):
                    made[i] = self._segments(
                        self._claims(self._columns(of_class), mask, self._wanted, self._threshold),
                        pictures[i].shape[:2],
                    )
        return made

    def _columns(self, classes: np.ndarray) -> np.ndarray:
        """The classes with a last column 'nothing', which a head without one does not have."""
        return classes if classes.shape[1] > len(self.names) else np.pad(classes, ((0, 0), (0, 1)))

    def _segments(self, claims: Sequence[Claim], size: tuple[int, int]) -> Segments:
        height, width = size
        masks = np.zeros((len(claims), height, width), bool)
        used = self._canvas.used(height, width)
        for mask, claim in zip(masks, claims, strict=True):
            margin = claim.margin
            if side := self._canvas.square:
                margin = cv2.resize(margin, (side, side), interpolation=cv2.INTER_LINEAR)[
                    : used[1], : used[0]
                ]
            np.greater(cv2.resize(margin, (width, height), interpolation=cv2.INTER_LINEAR), 0, out=mask)
        there = [k for k, mask in enumerate(masks) if mask.any()]
        return Segments(
            masks[there],
            np.array([claims[k].score for k in there], np.float32),
            [self.names[claims[k].label] for k in there],
        )


def chosen(names: Sequence[str], labels: Sequence[str] | None) -> list[int]:
    """The numbers of the classes that are characters. Raises ValueError for a label the net does not know,
    naming the nearest.
    """
    if labels is None:
        known = [k for k, name in enumerate(names) if name.split(",")[0].lower() in FIGURES]
        return known or [k for k, name in enumerate(names) if name.lower() != "background"]
    lower = [name.lower() for name in names]
    for label in labels:
        if label.lower() not in lower:
            near = difflib.get_close_matches(label.lower(), lower, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"it knows {', '.join(names)}"
            raise ValueError(f"labels: the segmenter knows no {label!r}; {hint}")
    if not labels:
        raise ValueError("labels must name one class at least: leave it out (null) for people and animals")
    return [lower.index(label.lower()) for label in labels]


def _logits(model: Any, pixels: Any) -> tuple[Any, Any]:
    """Classes 0..1 and masks as logits."""
    made = model(pixel_values=pixels)
    return made.class_queries_logits.float().softmax(dim=-1), made.masks_queries_logits
