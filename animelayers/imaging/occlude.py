"""Something in front of a figure: an edge out of focus, a veil, or a cut-out; each tells how much of the
figure is still seen.

Pictures are uint8 sRGB (H, W, 3), alphas uint8 (H, W); nothing is written to its input.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

SIDES = ("left", "right", "bottom")
_REACH = (0.15, 0.4)  # share of the figure that lies in an edge out of focus
_HIDDEN = (0.15, 0.6)  # share of the figure that a cut-out shall hide
_CRUMBS = 0.02  # share of the figure that its box leaves out on each side
_TRIES = 12
_TALL = (0.6, 1.2)  # height of a cut-out against that of the frame
_BLOBS = 5
_LOW = (0.3, 1)  # where the middle of a soft shape is, of the figure's height from its top
_BROAD, _LONG = (0.15, 0.35), (0.15, 0.4)  # half axes of a soft shape, of the figure's width and height
_TURN, _ROUND = 180, 360  # degrees that an ellipse may be turned by, and of all of it
_DIM = (0.2, 0.7)  # of the light that a colour has: what stands before the light is dark
_RISEN = (0.55, 1)  # share of a cut-out that is in the frame


class Occluded(NamedTuple):
    """The ``picture``, and ``cover``: uint8 (H, W), how much of what was there is hidden or out of focus,
    0..255.
    """

    picture: np.ndarray
    cover: np.ndarray


def visible(alpha: np.ndarray, cover: np.ndarray) -> np.ndarray:
    """The alpha of a figure that stands behind something of alpha `cover`: the share of each pixel in which
    it is still seen.
    """
    return np.asarray(cv2.multiply(alpha, cv2.bitwise_not(cover), scale=1 / 255))


def hidden(alpha: np.ndarray, cover: np.ndarray) -> float:
    """The share of a figure that is covered, 0..1; 0 where there is none."""
    whole = float(alpha.sum(dtype=np.int64))
    return 1 - float(visible(alpha, cover).sum(dtype=np.int64)) / whole if whole else 0.0


def edge_blur(
    picture: np.ndarray, alpha: np.ndarray, side: str, radius: float, dice: np.random.Generator
) -> Occluded:
    """One side of the picture out of focus, into the figure: what something close to the lens does.

    ``side``: left, right or bottom. ``radius``: pixels of the blur, and of the zone in which it fades. Where
    there is no figure it reaches into the picture. Raises ValueError for another side.
    """
    if side not in SIDES:
        raise ValueError(f"a picture is blurred from {', '.join(SIDES)}, not from {side!r}")
    height, width = alpha.shape
    reach = float(dice.uniform(*_REACH))
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    if side == "bottom":
        inside = rows - _within(alpha, 0, 1 - reach)
    else:
        inside = (
            _within(alpha, 1, reach) - columns if side == "left" else columns - _within(alpha, 1, 1 - reach)
        )
    cover = np.rint(np.clip(inside / max(radius, 1) + 0.5, 0, 1) * 255).astype(np.uint8)
    return Occluded(_mix(picture, cv2.GaussianBlur(picture, (0, 0), max(radius, 0.5)), cover), cover)


def veil(
    picture: np.ndarray, alpha: np.ndarray, opacity: float, radius: float, dice: np.random.Generator
) -> Occluded:
    """Soft shapes out of focus, of colours of the picture, half transparent in front of the figure (of the
    picture where there is none).

    ``opacity``: 0..1 of the shapes. ``radius``: pixels over which their edges fade.
    """
    height, width = alpha.shape
    (x, right), (y, bottom) = (
        [_within(alpha, axis, share) for share in (_CRUMBS, 1 - _CRUMBS)] for axis in (1, 0)
    )
    w, h = right - x, bottom - y
    shape, from_left = np.zeros((height, width), np.uint8), bool(dice.integers(2))
    for _ in range(_BLOBS):
        across = dice.uniform(0, 0.5) if from_left else dice.uniform(0.5, 1)
        centre = round(x + across * w), round(y + dice.uniform(*_LOW) * h)
        axes = max(2, round(dice.uniform(*_BROAD) * w)), max(2, round(dice.uniform(*_LONG) * h))
        cv2.ellipse(shape, centre, axes, float(dice.uniform(0, _TURN)), 0, _ROUND, 255, -1, cv2.LINE_AA)
    cover = np.rint(cv2.GaussianBlur(shape, (0, 0), max(radius, 0.5)) * np.float32(opacity)).astype(np.uint8)
    spot = picture[int(dice.integers(height)), int(dice.integers(width))].astype(np.float32)
    colour = np.rint(spot * dice.uniform(*_DIM)).astype(np.uint8)
    return Occluded(_mix(picture, np.broadcast_to(colour, picture.shape), cover), cover)


def in_front(
    picture: np.ndarray, alpha: np.ndarray, cutout: np.ndarray, dice: np.random.Generator
) -> Occluded:
    """A cut-out in front of the figure, rising from the lower border as one who stands closer to the camera.

    ``cutout``: RGBA uint8 (h, w, 4) with straight alpha. Of some sizes and places it takes the first that
    hides a good part of the figure and leaves a good part, or the one that comes nearest to that. ``cover``
    is the cut-out's own alpha where it came to lie.
    """
    height, width = alpha.shape
    left, right = (_within(alpha, 1, share) for share in (_CRUMBS, 1 - _CRUMBS))
    best, nearest = None, np.inf
    for _ in range(_TRIES):
        tall = max(2, round(height * dice.uniform(*_TALL)))
        size = max(2, round(cutout.shape[1] * tall / cutout.shape[0])), tall
        centre = dice.uniform(left, right)
        placed = _placed(
            cutout,
            size,
            round(centre - size[0] / 2),
            height - round(tall * dice.uniform(*_RISEN)),
            (height, width),
        )
        share = hidden(alpha, placed[..., 3])
        away = max(_HIDDEN[0] - share, share - _HIDDEN[1], 0)
        if away < nearest:
            best, nearest = placed, away
        if not away:
            break
    assert best is not None
    return Occluded(_mix(picture, best[..., :3], best[..., 3]), np.ascontiguousarray(best[..., 3]))


def _within(alpha: np.ndarray, axis: int, share: float) -> float:
    """The row (axis 0) or column (axis 1) up to which `share` of the figure lies; of the picture where there
    is no figure.
    """
    mass = np.cumsum(alpha.sum(axis=1 - axis, dtype=np.float64))
    if not mass[-1]:
        return share * float(alpha.shape[axis])
    place = int(np.searchsorted(mass, share * mass[-1]))
    return float(place)


def _placed(
    cutout: np.ndarray, size: tuple[int, int], left: int, top: int, shape: tuple[int, int]
) -> np.ndarray:
    """The cut-out at `size` (width, height) on an empty RGBA picture of `shape`, its upper left corner at
    (left, top).
    """
    shrinks = size[1] < cutout.shape[0]
    premultiplied: np.ndarray = cutout.astype(np.float32)
    # colours under alpha 0 mean nothing and must not bleed in
    premultiplied[..., :3] = premultiplied[..., :3] * premultiplied[..., 3:] / 255
    scaled = cv2.resize(premultiplied, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
    scaled[..., :3] = scaled[..., :3] * 255 / np.maximum(scaled[..., 3:], 1)
    made = np.zeros((*shape, 4), np.uint8)
    a, b = max(0, top), min(shape[0], top + size[1])
    c, d = max(0, left), min(shape[1], left + size[0])
    if a < b and c < d:
        made[a:b, c:d] = np.rint(np.clip(scaled[a - top : b - top, c - left : d - left], 0, 255))
    return made


def _mix(under: np.ndarray, over: np.ndarray, share: np.ndarray) -> np.ndarray:
    """`over` in front of `under` with alpha `share`; `under` bit for bit where that is 0."""
    weight = cv2.cvtColor(share, cv2.COLOR_GRAY2RGB).astype(np.float32) / 255
    mixed: np.ndarray = np.rint(under * (1 - weight) + over * weight).astype(np.uint8)
    return mixed
