"""Filling holes of a picture without a network, by OpenCV's Telea and Navier-Stokes methods; and what is done
where a network fails.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Annotated, Any, Literal

import cv2
import numpy as np

from animelayers.imaging.brush import square
from animelayers.imaging.window import window
from animelayers.models.protocols import Inpainter
from animelayers.options import Count, Within
from animelayers.weights import WeightsError

log = logging.getLogger(__name__)

MARGIN = 32
"""Pixels of known picture kept around a hole: more than both methods look at, at full and at reduced size."""
HALF = 128
"""Share of known pixels, of 255, from which a cell reduced for the depth counts as known."""
ANY = 60
"""The same along the rim: one pixel of the four."""


class OpenCV:
    """Telea (2004) or Navier-Stokes (Bertalmio 2001) inpainting by OpenCV, at half size along the rim and
    reduced in the depth.

    Far from its rim a hole holds nothing but smooth colour whatever the method, and there a reduced picture
    gives less streaky colour at a fraction of the time; half size along the rim is as near to the true
    background as full size, at half the time. `radius` is the neighbourhood in pixels of the reduced picture,
    `scale` the reduction in the depth, an even number (1: all is done at full size), `rim` the width of what
    is filled at half size, in its pixels.
    """

    def __init__(
        self,
        method: Literal["telea", "ns"] = "telea",
        radius: Annotated[float, Within(1)] = 2,
        scale: Count = 8,
        rim: Count = 2,
    ) -> None:
        """Raises ValueError for an unknown method, a size below 1 or an odd scale above 1."""
        flags = {"telea": cv2.INPAINT_TELEA, "ns": cv2.INPAINT_NS}
        if method not in flags:
            raise ValueError(f"inpainting method {method!r} is unknown: one of {', '.join(flags)}")
        if min(radius, scale, rim) < 1:
            raise ValueError(f"radius, scale and rim must be at least 1, not {radius}, {scale} and {rim}")
        if scale > 1 and scale % 2:
            raise ValueError(f"scale must be 1 or even, not {scale}")
        self.name = method
        self._flag, self._radius, self._scale, self._rim = flags[method], radius, scale, rim

    def __call__(self, pictures: Sequence[np.ndarray], holes: Sequence[np.ndarray]) -> list[np.ndarray]:
        """As `protocols.Inpainter`. A picture that is all hole becomes its own mean colour."""
        return [self._one(picture, hole) for picture, hole in zip(pictures, holes, strict=True)]

    def _one(self, picture: np.ndarray, hole: np.ndarray) -> np.ndarray:
        filled = picture.copy()
        mask = hole.view(np.uint8)
        where = window(mask, MARGIN, self._scale)
        if where is None:
            return filled
        mask = np.ascontiguousarray(mask[where])
        if mask.all():
            filled[...] = np.rint(picture.mean(axis=(0, 1)))
            return filled
        crop = picture[where]
        patch = self._filled(crop, mask, self._radius) if self._scale == 1 else self._layered(crop, mask)
        cv2.copyTo(patch, mask, filled[where])
        return filled

    def _layered(self, crop: np.ndarray, mask: np.ndarray) -> np.ndarray:
        """The crop filled at half size, from what is filled at `scale` in the depth of the hole."""
        half, hole = _reduced(crop, mask, 2, ANY)
        coarse, unknown = _reduced(half, hole, self._scale // 2, HALF)
        if not unknown.all():
            # the blur takes away the stairs an enlarged edge would show
            smooth = cv2.GaussianBlur(self._filled(coarse, unknown, self._radius), (3, 3), 0)
            deep = cv2.erode(hole, square(self._rim), borderType=cv2.BORDER_CONSTANT, borderValue=1)
            half = cv2.copyTo(
                cv2.resize(smooth, hole.shape[::-1], interpolation=cv2.INTER_LINEAR), deep, half
            )
            hole = cv2.subtract(hole, deep)
        return cv2.resize(self._filled(half, hole, 1), mask.shape[::-1], interpolation=cv2.INTER_LINEAR)

    def _filled(self, picture: np.ndarray, mask: np.ndarray, radius: float) -> np.ndarray:
        return cv2.inpaint(picture, mask, radius, self._flag)


class Fallback:
    """Another inpainter where one fails: for each picture on which ``first`` raises an error, ``then`` is
    used.

    A picture fails alone, and that is told once in the log. Where the weights of ``first`` are missing and it
    was built all the same (``required: false``), all are filled by ``then``. ``why``: of each picture of the
    last call, why ``then`` was used; '' where it was not.
    """

    def __init__(self, first: Inpainter, then: Inpainter) -> None:
        self.first, self.then = first, then
        self.why: list[str] = []
        self._told = False
        self._missing: WeightsError | None = None

    def __call__(self, pictures: Sequence[np.ndarray], holes: Sequence[np.ndarray]) -> list[np.ndarray]:
        """As `protocols.Inpainter`."""
        if self._missing:
            return self._second(pictures, holes, self._missing)
        try:
            filled = self.first(pictures, holes)
            self.why = [""] * len(filled)
            return filled
        except WeightsError as problem:
            self._missing = problem
            return self._second(pictures, holes, problem)
        except Exception as problem:
            if len(pictures) == 1:
                return self._second(pictures, holes, problem)
        alone = [
            (self([picture], [hole])[0], self.why[0]) for picture, hole in zip(pictures, holes, strict=True)
        ]
        self.why = [why for _, why in alone]
        return [filled for filled, _ in alone]

    def _second(
        self, pictures: Sequence[np.ndarray], holes: Sequence[np.ndarray], problem: Exception
    ) -> list[np.ndarray]:
        self.why = [f"{named(self.first)} failed: {type(problem).__name__}: {problem}"] * len(pictures)
        if not self._told:
            first, then = type(self.first).__name__, type(self.then).__name__
            log.warning(
                "%s failed, %s fills the hole instead (told once): %s: %s",
                first,
                then,
                type(problem).__name__,
                problem,
            )
        self._told = True
        return self.then(pictures, holes)


class Noted:
    """An inpainter that notes of each picture it was given ``by`` whom it was filled, and ``why`` not by the
    one asked for ('' if it was).
    """

    def __init__(self, inpaint: Inpainter) -> None:
        self._inpaint = inpaint
        self.by: list[str] = []
        self.why: list[str] = []

    def __call__(self, pictures: Sequence[np.ndarray], holes: Sequence[np.ndarray]) -> list[np.ndarray]:
        """As `protocols.Inpainter`."""
        filled = self._inpaint(pictures, holes)
        why = self._inpaint.why if isinstance(self._inpaint, Fallback) else [""] * len(filled)
        self.by += [named(self._inpaint, fallen=bool(reason)) for reason in why]
        self.why += why
        return filled


def named(model: Any, fallen: bool = False) -> str:
    """The name of an inpainter, without blanks; of a `Fallback` that of its first choice, or with ``fallen``
    of the other one.
    """
    if isinstance(model, Fallback):
        return named(model.then if fallen else model.first)
    return str(getattr(model, "name", type(model).__name__.lower()))


def _reduced(picture: np.ndarray, mask: np.ndarray, scale: int, least: int) -> tuple[np.ndarray, np.ndarray]:
    """The mean of the known pixels of each cell of `scale` x `scale`, and the mask of the cells of which less
    than `least` is known.
    """
    h, w = mask.shape
    size = (-(-w // scale), -(-h // scale))
    known = 255 * (1 - mask)
    share = cv2.resize(known, size, interpolation=cv2.INTER_AREA)
    summed = cv2.resize(cv2.bitwise_and(picture, picture, mask=known), size, interpolation=cv2.INTER_AREA)
    return cv2.divide(summed, cv2.cvtColor(share, cv2.COLOR_GRAY2RGB), scale=255), cv2.threshold(
        share, least - 1, 1, cv2.THRESH_BINARY_INV
    )[1]
