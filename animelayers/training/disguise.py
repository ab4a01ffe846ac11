"""One drawing of a person as films show it: near and far, in another light, half hidden, under an effect, cut
out badly.

What CastNet has to see through. Chances are those of composed shots (conf/recipe/animation.yaml), the hard
ones more often, and the mistakes those of layers that were found.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np

from animelayers.models.castnet import ready
from animelayers.truth.paint import painted
from animelayers.truth.plan import Paint

_CLOSE = 0.42  # share of views that end above the feet


class Scenery(NamedTuple):
    """``grounds``: paintings uint8 (H, W, 3) that figures stand before; ``effects``: straight RGBA uint8 (h,
    w, 4) that lie over them."""

    grounds: Sequence[np.ndarray]
    effects: Sequence[np.ndarray]


def disguised(cel: np.ndarray, scenery: Scenery, rng: np.random.Generator) -> np.ndarray:
    """A cut-out as `castnet.ready` gives it, of a cel: straight RGBA uint8 (H, W, 4), cropped to its figure."""
    chance = float(rng.random())
    figure = _framed(_posed(cel, 56 if chance < _CLOSE else 28, rng), chance, rng)
    pad = 2 + round(0.08 * max(figure.shape[:2]))
    figure = np.pad(figure, ((pad, pad), (pad, pad), (0, 0)))
    ground = _ground(scenery, figure.shape, rng)
    figure = painted(figure, _paint(rng), ground.reshape(-1, 3).mean(0), float(rng.uniform(0, 0.4)))
    cover = figure[..., 3]
    picture = _over(ground, figure[..., :3], cover / np.float32(255))
    mask = _cut(cover > 127, rng)
    if rng.random() < 0.4:
        picture, hidden = _lit(picture, scenery, rng)
        mask &= ~(hidden if rng.random() < 0.4 else np.zeros_like(mask))
    if rng.random() < 0.12:
        mask &= ~_front(mask.shape, rng)
    if np.count_nonzero(mask) < 24:
        mask = cover > 127
    made = np.dstack([_filmed(picture, rng), _soft(mask, rng)])
    return ready(made)


def _posed(cel: np.ndarray, least: int, rng: np.random.Generator) -> np.ndarray:
    """Smaller, `least` pixels high, squashed, turned a little, mirrored."""
    tall = float(np.exp(rng.uniform(np.log(least), np.log(96))))
    scale = tall / max(cel.shape[0], 0.8 * cel.shape[1])
    size = (
        max(8, round(cel.shape[1] * scale * float(rng.uniform(0.86, 1.16)))),
        max(8, round(cel.shape[0] * scale)),
    )
    small = cv2.resize(cel, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    if rng.random() < 0.5:
        small = small[:, ::-1]
    if rng.random() < 0.5:
        reach = max(2, round(0.12 * max(size)))
        wide = np.pad(small, ((reach, reach), (reach, reach), (0, 0)))
        middle = (wide.shape[1] / 2, wide.shape[0] / 2)
        turn = cv2.getRotationMatrix2D(middle, float(rng.normal(0, 6)), 1)
        turn[0, 1] += float(rng.normal(0, 0.06))
        small = cv2.warpAffine(np.ascontiguousarray(wide), turn, wide.shape[1::-1], flags=cv2.INTER_LINEAR)
    return np.ascontiguousarray(small)


def _framed(figure: np.ndarray, chance: float, rng: np.random.Generator) -> np.ndarray:
    """All of it, or what a close-up or a border of the frame leaves, by a `chance` 0..1."""
    height, width = figure.shape[:2]
    if chance < _CLOSE:
        figure = figure[: max(8, round(height * float(rng.uniform(0.24, 0.8))))]
    if 0.34 < chance < 0.52:
        kept = max(6, round(width * float(rng.uniform(0.45, 0.9))))
        figure = figure[:, :kept] if rng.random() < 0.5 else figure[:, width - kept :]
    return figure


def _ground(scenery: Scenery, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    whole = scenery.grounds[int(rng.integers(len(scenery.grounds)))]
    height, width = shape[:2]
    scale = max(1.0, height / whole.shape[0], width / whole.shape[1])
    if scale > 1:
        whole = cv2.resize(whole, None, fx=scale * 1.01, fy=scale * 1.01, interpolation=cv2.INTER_LINEAR)
    y, x = (int(rng.integers(whole.shape[k] - shape[k] + 1)) for k in (0, 1))
    return whole[y : y + height, x : x + width]


def _paint(rng: np.random.Generator) -> Paint:
    gain = tuple(float(g) for g in rng.uniform(0.9, 1.04, 3))
    chance = rng.random()
    close = float(rng.uniform(0.3, 0.62)) if chance < 0.12 else 0.0
    lift = -float(rng.uniform(0.15, 0.55)) if 0.12 < chance < 0.24 else 0.0
    lift = float(rng.uniform(0.1, 0.35)) if 0.24 < chance < 0.28 else lift
    return Paint((gain[0], gain[1], gain[2]), lift, close, 0.28 < chance < 0.36, 0.36 < chance < 0.39)


def _over(ground: np.ndarray, colour: np.ndarray, share: np.ndarray) -> np.ndarray:
    return np.asarray(
        cv2.blendLinear(
            np.ascontiguousarray(colour), np.ascontiguousarray(ground), share, np.float32(1) - share
        )
    )


def _lit(picture: np.ndarray, scenery: Scenery, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """With an effect over it, and where that hides what is behind."""
    height, width = picture.shape[:2]
    effect = scenery.effects[int(rng.integers(len(scenery.effects)))]
    side = max(12, round(max(height, width) * float(rng.uniform(0.4, 1.8))))
    effect = cv2.resize(effect, (side, side), interpolation=cv2.INTER_AREA)
    tile = np.zeros((height, width, 4), np.uint8)
    x, y = int(rng.integers(-side // 2, width - side // 2)), int(rng.integers(-side // 2, height - side // 2))
    left, top, right, low = max(0, x), max(0, y), min(width, x + side), min(height, y + side)
    tile[top:low, left:right] = effect[top - y : low - y, left - x : right - x]
    share = tile[..., 3:].astype(np.float32) * np.float32(rng.uniform(0.5, 1) / 255)
    colour, under = tile[..., :3].astype(np.float32), picture.astype(np.float32)
    if rng.random() < 0.3:
        colour *= rng.uniform(0.4, 1, 3).astype(np.float32)
    way = rng.random()
    if way < 0.5:
        under += (colour - under) * share
    elif way < 0.8:
        under += colour * share
    else:
        under += colour * share * (1 - under / 255)
    return np.clip(under, 0, 255).astype(np.uint8), share[..., 0] > 0.5


def _front(shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Where something stands in front: a strip below or at a side, or a round thing."""
    height, width = shape
    made = np.zeros((height, width), np.uint8)
    at = (int(rng.integers(width)), int(height * rng.uniform(0.5, 1.1)))
    axes = (int(width * rng.uniform(0.15, 0.6)) + 1, int(height * rng.uniform(0.1, 0.4)) + 1)
    cv2.ellipse(made, at, axes, 0, 0, 360, 1, -1)
    return made > 0


def _cut(mask: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A mask bool (H, W) as one that was found: too narrow or too wide, with bites and lumps."""
    made = mask.astype(np.uint8)
    chance, reach = rng.random(), int(rng.integers(1, 4))
    square = np.ones((2 * reach - 1 + 2,) * 2, np.uint8)
    if chance < 0.3:
        made = np.asarray(cv2.dilate(made, square), np.uint8)
    elif chance < 0.5:
        made = np.asarray(cv2.erode(made, square[:-2, :-2] if reach > 1 else square), np.uint8)
    for likely, value in ((0.3, 0), (0.2, 1)):
        if rng.random() < likely:
            height, width = made.shape
            at = (int(rng.integers(width)), int(rng.integers(height)))
            axes = (1 + int(width * rng.uniform(0.05, 0.3)), 1 + int(height * rng.uniform(0.05, 0.25)))
            cv2.ellipse(made, at, axes, float(rng.uniform(0, 180)), 0, 360, value, -1)
    return made > 0


def _soft(mask: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    alpha = mask.astype(np.uint8) * np.uint8(255)
    return np.asarray(cv2.GaussianBlur(alpha, (0, 0), float(rng.uniform(0.4, 1.2))))


def _filmed(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """As film and file leave it."""
    height, width = picture.shape[:2]
    if rng.random() < 0.15:
        small = (max(4, int(width * rng.uniform(0.45, 0.75))), max(4, int(height * rng.uniform(0.45, 0.75))))
        picture = cv2.resize(cv2.resize(picture, small, interpolation=cv2.INTER_AREA), (width, height))
    if rng.random() < 0.15:
        picture = cv2.GaussianBlur(picture, (0, 0), float(rng.uniform(0.5, 1.4)))
    if rng.random() < 0.2:
        noise = rng.standard_normal((height, width, 1), np.float32) * np.float32(rng.uniform(2, 9))
        picture = np.clip(picture + noise, 0, 255).astype(np.uint8)
    if rng.random() < 0.1:
        picture = (picture * np.float32(rng.uniform(0.45, 1))).astype(np.uint8)
    if rng.random() < 0.05:
        picture = cv2.cvtColor(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    if rng.random() < 0.6:
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(25, 90))]
        picture = np.asarray(cv2.imdecode(cv2.imencode(".jpg", picture, quality)[1], cv2.IMREAD_COLOR))
    return np.asarray(picture)
