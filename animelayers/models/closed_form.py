"""Closed-form matting (Levin, Lischinski, Weiss, PAMI 2008) by pymatting: colours of a small window lie on a
line. Needs no weights.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Sequence

import cv2
import numpy as np

from animelayers.imaging.trimap import OPEN, SURE
from animelayers.imaging.window import window
from animelayers.options import Count, Part

_AROUND = 8  # pixels of sure colour around the band that the solver sees


class ClosedForm:
    """Solves each picture for itself, on the crop that holds its unknown band.

    ``most``: unknown pixels above which a crop is solved at reduced size; time and memory grow with them.
    ``tolerance``: of the solver.
    """

    def __init__(self, most: Count = 300_000, tolerance: Part = 1e-4) -> None:
        """Raises ValueError for an option out of range."""
        if most < 1 or not 0 < tolerance < 1:
            raise ValueError(
                f"most must be at least 1 and tolerance between 0 and 1, not {most} and {tolerance}"
            )
        # compiles itself when it is first imported on a machine
        from pymatting.alpha.estimate_alpha_cf import estimate_alpha_cf

        self._solve, self._most, self._tolerance = estimate_alpha_cf, most, tolerance

    def __call__(self, pictures: Sequence[np.ndarray], trimaps: Sequence[np.ndarray]) -> list[np.ndarray]:
        """As `protocols.Refiner`. A trimap that is sure of one side only gives one half where it is unknown."""
        return [self._one(picture, trimap) for picture, trimap in zip(pictures, trimaps, strict=True)]

    def _one(self, picture: np.ndarray, trimap: np.ndarray) -> np.ndarray:
        alpha = np.where(trimap == OPEN, np.float32(0.5), (trimap == SURE).astype(np.float32))
        unknown = (trimap == OPEN).view(np.uint8)
        where = window(unknown, _AROUND)
        if where is None:
            return alpha
        solved = self._solved(picture[where], alpha[where], unknown[where])
        cv2.copyTo(solved, unknown[where], alpha[where])
        return alpha

    def _solved(self, picture: np.ndarray, known: np.ndarray, unknown: np.ndarray) -> np.ndarray:
        size = known.shape[::-1]
        shrink = min(1.0, float(np.sqrt(self._most / np.count_nonzero(unknown))))
        if shrink < 1:
            small = (max(1, round(size[0] * shrink)), max(1, round(size[1] * shrink)))
            picture = cv2.resize(picture, small, interpolation=cv2.INTER_AREA)
            known = cv2.resize(known, small, interpolation=cv2.INTER_NEAREST)
        if not (known == 1).any() or not (known == 0).any():
            return np.asarray(cv2.resize(known, size, interpolation=cv2.INTER_NEAREST))
        # where the preconditioner tells of each of its attempts
        with contextlib.redirect_stdout(io.StringIO()):
            found = self._solve(
                picture / 255.0, known.astype(np.float64), cg_kwargs={"rtol": self._tolerance}
            )
        alpha: np.ndarray = cv2.resize(found.astype(np.float32), size, interpolation=cv2.INTER_LINEAR)
        return alpha
