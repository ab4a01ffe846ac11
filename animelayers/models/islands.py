"""A matting model as a segmenter: each connected figure of its matte is a segment."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from animelayers.imaging.masks import islands
from animelayers.models.protocols import Matte, Segments
from animelayers.options import Share


class Islands:
    """The connected regions (8 neighbours) of a matte from one half on, for pictures of which no segmenter's
    weights are at hand.

    ``matte``: the model. ``min_area``: share of the frame below which a region is none, 0..1. A region's
    score is the mean alpha in it; figures that touch are one.
    """

    def __init__(self, matte: Matte, min_area: Share = 1 / 2000) -> None:
        """Raises ValueError for a share that is none."""
        if not 0 <= min_area < 1:
            raise ValueError(f"min_area must be 0..1, not {min_area}")
        self.matte, self.min_area = matte, min_area

    def __call__(self, pictures: Sequence[np.ndarray]) -> list[Segments]:
        """As `protocols.Segmenter`; nothing is labelled."""
        return [_apart(alpha, self.min_area) for alpha in self.matte(pictures).alpha]


def _apart(alpha: np.ndarray, min_area: float) -> Segments:
    found = islands(alpha > 0.5, min_area)
    scores = np.array([alpha[region].mean() for region in found], np.float32)
    order = np.argsort(-scores, kind="stable")
    masks = np.stack([found[k] for k in order]) if found else np.zeros((0, *alpha.shape), bool)
    return Segments(masks, np.clip(scores[order], 0, 1), [""] * len(found))
