"""Light: how much brighter or darker a frame is than another picture of the same place."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from animelayers.imaging.constants import FEWEST, LEVELS

_CLOSE = 5.0  # grey levels within which a fit explains a pixel
_BOUNDS = (0.0, 4.0)  # of the gain; a frame of a fade's black end has gain 0
_VEIL = (-96.0, 255.0)  # grey levels that light may take away or add: a white flash is an offset alone
_LEAST = 0.45  # share of the pixels a fit has to explain
_GAIN = 0.02  # share by which a fit has to explain more than equal light
_READABLE = (0.4, 2.5)  # gains between which a pixel can be read without blowing up its noise
_SLIGHT = 0.01  # of the gain, within which light is equal if its offset is less than a level, too
_RIDGE = 4.0  # squared grey levels of variance with which the slope of a flat picture stays where it was
_LEAST_WEIGHT = 1e-9  # of all pixels together
_ANNEAL = (48.0, 24.0, 12.0, 6.0, 6.0)  # grey levels, from what a fade changes to what coding noise does


class Light(NamedTuple):
    """frame = gain * plate + offset, per channel: two float64 arrays (3,), in grey levels."""

    gain: np.ndarray
    offset: np.ndarray

    @property
    def same(self) -> bool:
        """Whether it changes nothing."""
        return bool((self.gain == 1).all() and (self.offset == 0).all())

    @property
    def usable(self) -> bool:
        """Whether a plate's pixel can be read from a frame in this light without blowing up its noise."""
        return bool((self.gain > _READABLE[0]).all() and (self.gain < _READABLE[1]).all())

    def cast(self, picture: np.ndarray) -> np.ndarray:
        """The plate's colours uint8 (..., 3) as they look in the frame."""
        return picture if self.same else self._map(picture, self.gain, self.offset)

    def lift(self, picture: np.ndarray) -> np.ndarray:
        """The frame's colours uint8 (H, W, 3) as they would look on the plate."""
        return picture if self.same else self._map(picture, 1 / self.gain, -self.offset / self.gain)

    @staticmethod
    def _map(picture: np.ndarray, gain: np.ndarray, offset: np.ndarray) -> np.ndarray:
        table = np.arange(LEVELS)[:, None] * gain + offset
        return cv2.LUT(np.ascontiguousarray(picture), np.clip(np.rint(table), 0, 255).astype(np.uint8)[None])


EQUAL = Light(np.ones(3), np.zeros(3))


def match(frame: np.ndarray, plate: np.ndarray, where: np.ndarray) -> Light:
    """The light of a frame against a plate, both uint8 (H, W, 3), from the pixels of the mask `where` (bool
    (H, W)).

    A robust line per channel (iteratively reweighted least squares, Geman and McClure's weights, annealed),
    begun from equal light and from the ratio of the means; equal light where neither explains clearly more of
    the picture.
    """
    # Channels first: numpy is slow at sums over three.
    x, y = (np.ascontiguousarray(picture[where].T, np.float64) for picture in (plate, frame))
    if x.shape[1] < FEWEST:
        return EQUAL
    best, share = EQUAL, _explained(EQUAL, x, y)
    floor = share + _GAIN
    if floor >= 1:
        return EQUAL
    for start in (1.0, float(np.clip(y.mean() / max(x.mean(), 1.0), *_BOUNDS))):
        fit = _fit(x, y, start)
        explained = _explained(fit, x, y)
        if explained > max(share, floor, _LEAST):
            best, share = fit, explained
    slight = np.abs(best.gain - 1).max() < _SLIGHT and np.abs(best.offset).max() < 1
    return EQUAL if slight else best


def _fit(x: np.ndarray, y: np.ndarray, start: float) -> Light:
    gain, offset = np.full(3, start), np.zeros(3)
    for scale in _ANNEAL:
        away = np.abs(y - gain[:, None] * x - offset[:, None]).max(0)
        weight = 1 / np.square(1 + np.square(away / scale))
        total = weight.sum() + _LEAST_WEIGHT
        middle, level = x @ weight / total, y @ weight / total
        from_middle = x - middle[:, None]
        variance = np.square(from_middle) @ weight / total + _RIDGE
        slope = ((from_middle * (y - level[:, None])) @ weight / total + _RIDGE * gain) / variance
        gain = np.clip(slope, *_BOUNDS)
        offset = np.clip(level - gain * middle, *_VEIL)
    return Light(gain, offset)


def _explained(light: Light, x: np.ndarray, y: np.ndarray) -> float:
    expected = x if light.same else np.clip(light.gain[:, None] * x + light.offset[:, None], 0, 255)
    return float(np.mean(np.abs(y - expected).max(0) <= _CLOSE))
