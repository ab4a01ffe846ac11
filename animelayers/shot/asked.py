"""A net asked again about drawings of a shot, told what a hand said of them."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import ClassVar

import cv2
import numpy as np

from animelayers.imaging.brush import disc
from animelayers.imaging.evidence import nothing
from animelayers.models.portrait import shrink
from animelayers.models.protocols import Layering

_FINGER = 2  # pixels around what a hand said that are meant as well: a net overlooks a point


class Asked:
    """What a net says of each of some pictures, uint8 sRGB (h, w, 3), taken for themselves, when it is told
    something. All methods may be called from several threads.
    """

    _one: ClassVar[threading.Lock] = threading.Lock()  # a compiled net answers one at a time

    def __init__(self, net: Layering, pictures: Sequence[np.ndarray]) -> None:
        self._net, self._pictures = net, pictures

    def __call__(self, number: int, said: np.ndarray) -> np.ndarray:
        """Coverage by figures, effects and shadows, float32 (3, h, w), 0..1, of the picture with that number;
        ``said``: float32 (2, h, w), of figures and of effects 1 for yes, -1 for no, 0 for nothing.
        """
        picture = self._pictures[number]
        size = self._net.size(picture.shape)
        small, told = shrink(picture, size), [_smaller(plane, size) for plane in said]
        with self._one:
            (label,) = self._net.labels([small], [nothing(small.shape)], [np.stack(told)])
        own: tuple[int, int] = picture.shape[1::-1]
        return np.stack([cv2.resize(plane, own, interpolation=cv2.INTER_LINEAR) for plane in label])


def _smaller(plane: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """What was said, for a picture of `size`: nothing small is lost, and no beats yes where both are near."""
    made = np.zeros(size[::-1], np.float32)
    for word in (1, -1):
        said = cv2.dilate((plane == word).astype(np.uint8), disc(_FINGER))
        made[cv2.resize(said, size, interpolation=cv2.INTER_NEAREST) > 0] = word
    return made
