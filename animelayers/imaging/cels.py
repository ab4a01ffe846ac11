"""What is drawn on cels: what differs from the clean plate of its shot, and what that says about the mattes of nets.

A net sees one picture; the plate knows what is behind. What differs from it is in front, and how much it differs at an outline is
the outline's alpha (difference matting: Qian and Sezan 1992). What does not differ is the background, or a character that never moves:
the shot cannot tell, and the mattes of all frames that show the same there are averaged, so that they do not flicker.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np

from animelayers.imaging.colour import flat, nearest_solid, pixels
from animelayers.imaging.looks import largest, slack
from animelayers.imaging.plate import Plate
from animelayers.imaging.views import View
from animelayers.imaging.window import window

CEL, PAINTED, UNKNOWN = 255, 0, 128
"""The values of a motion matte."""
_SPECK = 16 / 921600  # share of the frame below which a difference is noise
_FINE = 1.5
_RIM = 2  # pixels inside a figure's outline whose alpha is solved, and one more outside


class Evidence(NamedTuple):
    """What the plate says of one frame; all of its size.

    ``moving``: uint8, 255 in front of the plate, 0 the plate itself where another frame shows something else, 128 unknown.
    ``same``: bool, the frame shows what the plate's picture shows. ``behind``: uint8 (H, W, 3), the picture in the frame's light.
    ``seen``: bool, where the picture is background. ``claim``: uint8, the character's alpha in the picture.
    """

    moving: np.ndarray
    same: np.ndarray
    behind: np.ndarray
    seen: np.ndarray
    claim: np.ndarray


def evidence(frame: np.ndarray, plate: Plate, seat: View, number: int) -> Evidence:
    """The evidence for frame `number` of those the plate was made of, uint8 sRGB (H, W, 3), lying at `seat` of the plate."""
    light = plate.lights[number]
    behind = light.cast(seat.back(plate.picture))
    seen, passed = (seat.back(p, smooth=False) > 0 for p in (plate.seen, plate.passed))
    tolerance = slack(behind, _FINE * plate.noise, 0.15 if seat.matrix is None else 0.35)
    away = largest(cv2.absdiff(frame, behind))
    moving = np.full(away.shape, UNKNOWN, np.uint8)
    different = _lasting(away, tolerance)
    same = (away <= tolerance) & ~different
    if light.usable:
        beside = cv2.dilate(different.view(np.uint8), np.ones((3, 3), np.uint8)) > 0
        moving[same & seen & passed & ~beside] = PAINTED
        moving[different] = CEL
    return Evidence(moving, same, behind, seen, seat.back(plate.claim))


def _lasting(away: np.ndarray, tolerance: np.ndarray) -> np.ndarray:
    """bool: differences above the tolerance that hold together and somewhere exceed twice of it (hysteresis, as Canny's edges)."""
    weak = cv2.medianBlur(cv2.compare(away, tolerance, cv2.CMP_GT), 3)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(weak, connectivity=8)
    kept = np.zeros(len(stats), bool)
    kept[labels[away > cv2.add(tolerance, tolerance)]] = True
    kept &= stats[:, cv2.CC_STAT_AREA] >= max(2.0, _SPECK * away.size)
    kept[0] = False
    lasting: np.ndarray = kept[labels]
    return lasting


def rim(frame: np.ndarray, alpha: np.ndarray, figure: np.ndarray, behind: np.ndarray, known: np.ndarray) -> np.ndarray:
    """`alpha` (uint8 (H, W)) with the outline of `figure` (bool) solved against the background `behind`, where that is `known` (bool).

    In the compositing equation I = a F + (1 - a) B the frame I and B are known, and F is the nearest colour two pixels inside, at an
    outline the ink itself. Where F and B are alike the given alpha stays.
    """
    solved = alpha.copy()
    plane = figure.view(np.uint8)
    where = window(plane, 2 * _RIM)
    if where is None:
        return solved
    core = cv2.erode(plane, np.ones((2 * _RIM + 1,) * 2, np.uint8), borderType=cv2.BORDER_REPLICATE)
    hull = cv2.dilate(plane, np.ones((3, 3), np.uint8))
    band = (hull[where] > core[where]) & known[where]
    at = flat(band, where, alpha.shape[1])
    if not at.size or not core.any():
        return solved
    own, back, given = nearest_solid(frame, core * np.uint8(255), at), pixels(behind, at), pixels(alpha, at)
    span = own - back
    length = np.sqrt(np.square(span).sum(0))
    share = ((pixels(frame, at) - back) * span).sum(0) / np.maximum(length, 1) ** 2
    off = np.abs(pixels(frame, at) - back - share * span).max(0)
    # What lies off the line from background to figure is a third colour: ink or light of the figure's own.
    share = np.maximum(share, np.clip(off / 48 - 0.25, 0, 1))
    sure = np.clip((length - 24) / 36, 0, 1)
    value = np.clip((share - 0.06) / 0.88, 0, 1) * 255 * sure + given * (1 - sure)
    solved.reshape(-1)[at] = np.rint(value)
    return solved


class Palette:
    """How much a colour speaks for the figures of a shot, from what its frames are sure of: log of the ratio of two histograms."""

    _SHIFT = 4

    def __init__(self, frames: Sequence[np.ndarray], figures: Sequence[np.ndarray], others: Sequence[np.ndarray]) -> None:
        """From N frames uint8 (H, W, 3) and N bool masks each of what is figure and what is not."""
        inside, outside = np.zeros(4096), np.zeros(4096)
        for frame, figure, other in zip(frames, figures, others, strict=True):
            cells = self._cells(frame)
            inside += np.bincount(cells[figure[::2, ::2]], minlength=4096)
            outside += np.bincount(cells[other[::2, ::2]], minlength=4096)
        self.known = bool(inside.sum() > 256 and outside.sum() > 256)
        share = [h / max(h.sum(), 1) + 1e-4 for h in (inside, outside)]
        self._evidence = np.clip(np.log(share[0] / share[1]), -3, 3).astype(np.float32)

    def __call__(self, frame: np.ndarray) -> np.ndarray:
        """Evidence -3..3 at every second pixel of every second row of a frame, float32; above 0 for the figures."""
        evidence: np.ndarray = self._evidence[self._cells(frame)]
        return evidence

    def _cells(self, frame: np.ndarray) -> np.ndarray:
        r, g, b = (c.astype(np.int32) for c in cv2.split(np.ascontiguousarray(frame[::2, ::2]) >> self._SHIFT))
        cells: np.ndarray = (r << 8) | (g << 4) | b
        return cells
