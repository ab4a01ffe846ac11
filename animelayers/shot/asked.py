"""A net asked about single drawings of a shot."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import ClassVar

import cv2
import numpy as np

from animelayers.imaging.evidence import nothing
from animelayers.models.portrait import shrink
from animelayers.models.protocols import Layering


class Asked:
    """What a net says of each of some pictures, uint8 sRGB (h, w, 3), taken for itself. May be called from
    several threads.
    """

    _one: ClassVar[threading.Lock] = threading.Lock()  # a compiled net answers one at a time

    def __init__(self, net: Layering, pictures: Sequence[np.ndarray]) -> None:
        self._net, self._pictures = net, pictures

    def __call__(self, number: int) -> np.ndarray:
        """Coverage by figures, effects and shadows, float32 (3, h, w), 0..1, of the picture with that number."""
        picture = self._pictures[number]
        small = shrink(picture, self._net.size(picture.shape))
        with self._one:
            (label,) = self._net.labels([small], [nothing(small.shape)])
        own: tuple[int, int] = picture.shape[1::-1]
        return np.stack([cv2.resize(plane, own, interpolation=cv2.INTER_LINEAR) for plane in label])
