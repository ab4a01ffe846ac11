"""Tracking from one mask: how much of a figure each tracker keeps when it is shown where the figure is in the
first drawing only.

The measure is J of DAVIS (Perazzi et al., "A benchmark dataset and evaluation methodology for video object
segmentation", 2016): the intersection over union of the mask found and the true one, its mean over the
drawings that the tracker was not given.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from animelayers.benchmark.figures import Figure
from animelayers.imaging.masks import overlap
from animelayers.models.protocols import Tracker
from animelayers.weights import WeightsError

log = logging.getLogger(__name__)

GOAL = 0.6
Shot = tuple[list[np.ndarray], list[np.ndarray]]
"""Pictures uint8 sRGB (H, W, 3), and where the figure is in each: bool (H, W)."""


def measure(shot: Shot, trackers: Mapping[str, Callable[[], Tracker]]) -> tuple[list[Figure], dict[str, Any]]:
    """J of each tracker and the seconds it takes for a drawing; those that cannot be built, for want of
    weights, are told with the reason.
    """
    pictures, truth = shot
    figures, everything = [], dict[str, Any]()
    for name, build in trackers.items():
        try:
            tracker = build()
        except (WeightsError, ValueError) as problem:
            log.info("%s is left out: %s", name, problem)
            everything[name] = {"left_out": str(problem)}
            continue
        start = time.perf_counter()
        labels = tracker(pictures, [truth[0], *[None] * (len(pictures) - 1)])
        spent = (time.perf_counter() - start) / len(pictures)
        each = [overlap(plane > 0, mask) for plane, mask in zip(labels[1:], truth[1:], strict=True)]
        figures.append(
            Figure(
                "track",
                f"{name}: J from the mask of the first of {len(pictures)} drawings",
                spent,
                "s/drawing",
                float(np.mean(each)),
                goal=GOAL,
            )
        )
        everything[name] = {"j": each, "seconds": spent}
    return figures, everything


def folder(path: Path) -> Shot:
    """The pictures under PATH/frames and the masks under PATH/masks (white is the figure), one for each, in
    the order of their names.

    Raises ValueError where they are missing, unreadable, or not as many masks as pictures.
    """
    pictures, masks = (
        _read(sorted((path / part).glob("*")), how)
        for part, how in (("frames", cv2.IMREAD_COLOR), ("masks", cv2.IMREAD_GRAYSCALE))
    )
    if len(pictures) < 2 or [p.shape[:2] for p in pictures] != [m.shape for m in masks]:
        raise ValueError(
            f"track.source={path}: wants two or more pictures in frames/ and as many masks of their size in masks/"
        )
    return [cv2.cvtColor(p, cv2.COLOR_BGR2RGB) for p in pictures], [m > 127 for m in masks]


def _read(files: Sequence[Path], how: int) -> list[np.ndarray]:
    found = [cv2.imread(str(file), how) for file in files]
    return [picture for picture in found if picture is not None]
