"""The brush: painted skies, clouds, leaves and grass on an opaque uint8 RGB picture; nothing here is line
art.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from animelayers.samples.pen import Colour, mix

Rng = np.random.Generator


def wash(size: tuple[int, int], stops: Sequence[tuple[float, Colour]]) -> np.ndarray:
    """A vertical gradient (H, W, 3) of `size` (width, height) through (share of the height, colour) stops."""
    y = np.linspace(0, 1, size[1])
    rows = np.stack([np.interp(y, [s for s, _ in stops], [c[i] for _, c in stops]) for i in range(3)], 1)
    return np.repeat(rows[:, None], size[0], 1).astype(np.uint8)


def clouds(shape: tuple[int, int], rng: Rng, cells: float, stretch: float = 1.0) -> np.ndarray:
    """Smooth noise (H, W) float32 around 0 in -1..1, `cells` bumps across the height, `stretch` times wider
    than high.
    """
    total = np.zeros(shape, np.float32)
    for octave in range(3):
        rows = max(2, round(cells * 2**octave))
        cols = max(2, round(cells * 2**octave * shape[1] / shape[0] / stretch))
        small = rng.uniform(-1, 1, (rows, cols)).astype(np.float32)
        total += cv2.resize(small, shape[::-1], interpolation=cv2.INTER_CUBIC) * 0.5**octave
    return total / 1.75


def texture(picture: np.ndarray, rng: Rng, strength: float = 7.0) -> np.ndarray:
    """The tooth of the paper and the drag of the brush: low and middle frequency variation of a few grey
    levels.
    """
    shape = picture.shape[:2]
    light = clouds(shape, rng, 5) * strength + clouds(shape, rng, 45, 4.0) * strength * 0.6
    grain = cv2.GaussianBlur(rng.normal(0, 1, shape).astype(np.float32), (0, 0), 0.8) * 1.6
    warm = clouds(shape, rng, 3) * strength * 0.5
    shift = cv2.merge([light + grain + warm, light + grain, light + grain - warm])
    return np.clip(picture + shift, 0, 255).astype(np.uint8)


def dabs(
    picture: np.ndarray,
    xy: np.ndarray,
    radius: float,
    colours: Sequence[Colour],
    rng: Rng,
    flat: float = 0.55,
) -> None:
    """Paint one elliptic dab at each of `xy` (N, 2) pixels, sizes around `radius`, colours drawn from
    `colours`. Changes `picture`.
    """
    sizes = np.maximum(radius * rng.uniform(0.55, 1.3, len(xy)), 1)
    turns, which = rng.uniform(-40, 40, len(xy)), rng.integers(0, len(colours), len(xy))
    for (x, y), r, turn, k in zip(xy, sizes, turns, which, strict=True):
        box = ((float(x), float(y)), (2 * float(r), 2 * float(r) * flat), float(turn))
        cv2.ellipse(picture, box, colours[k], -1, cv2.LINE_AA)


def cumulus(
    picture: np.ndarray, x: float, y: float, width: float, rng: Rng, lit: Colour, dark: Colour
) -> None:
    """A heap of cloud with a flat base at `y`, lit from the upper left. Changes `picture`."""
    height = picture.shape[0]
    steps = ((dark, 0.0, 0.0, 1.0), (mix(dark, lit, 0.55), -0.012, -0.022, 0.9), (lit, -0.026, -0.046, 0.74))
    n = 26
    along = rng.uniform(-1, 1, n)
    heap = (1 - along**2) * rng.uniform(0.25, 1.0, n)
    size = width * (0.05 + 0.11 * rng.uniform(0.3, 1, n) * (1 - 0.6 * np.abs(along)))
    for colour, dx, dy, share in steps:
        soft = np.zeros(picture.shape[:2], np.uint8)
        for a, h, s in zip(along, heap, size, strict=True):
            centre = (round(x + a * width / 2 + dx * width * 2), round(y - h * width * 0.2 + dy * width * 2))
            cv2.circle(soft, centre, max(1, round(s * share)), 255, -1, cv2.LINE_AA)
        base = max(0, round(y + width * 0.03))
        soft[base:] = 0
        soft[:] = cv2.GaussianBlur(soft, (0, 0), max(0.6, height / 420))
        picture[:] = blend(picture, np.full_like(picture, colour), soft)


def blend(under: np.ndarray, over: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """`over` on `under` (uint8 (H, W, 3)) by the uint8 (H, W) alpha."""
    share = alpha.astype(np.float32)[..., None] / 255
    return np.round(under * (1 - share) + over * share).astype(np.uint8)


def ridge(width: int, y: float, swing: float, rng: Rng, bumps: float = 4) -> np.ndarray:
    """A hill line of `width` points around height `y`, swinging by `swing` pixels: (width, 2)."""
    x = np.arange(width)
    waves = [np.sin(x / width * bumps * 2**k * np.pi + rng.uniform(0, 6)) / 2**k for k in range(4)]
    return np.stack([x, y - swing * np.sum(waves, 0) / 2], 1)


def hill(picture: np.ndarray, line: np.ndarray, top: Colour, bottom: Colour) -> None:
    """Fill below `line` (N, 2) with a gradient to the lower edge of the picture. Changes `picture`."""
    height, width = picture.shape[:2]
    mask = np.zeros((height, width), np.uint8)
    cv2.fillPoly(
        mask,
        [np.concatenate([line, [(width, height), (0, height)]]).round().astype(np.int32)],
        255,
        cv2.LINE_AA,
    )
    start = float(np.clip(line[:, 1].min() / height, 0, 0.99))
    picture[:] = blend(picture, wash((width, height), [(start, top), (1, bottom)]), mask)


def foliage(picture: np.ndarray, xy: np.ndarray, size: float, rng: Rng, leaves: Sequence[Colour]) -> None:
    """Crowns of leaves `size` pixels wide around each of `xy` (N, 2), merging into one mass, `leaves` from
    dark to lit. Changes `picture`.
    """
    for i, colour in enumerate(leaves):
        n = len(xy) * (90 - 18 * i)
        angle, away = rng.uniform(0, 2 * np.pi, n), np.sqrt(rng.uniform(0, 1, n)) * size * (0.5 - 0.07 * i)
        at = xy[rng.integers(0, len(xy), n)] + np.stack(
            [away * np.cos(angle) - 0.04 * size * i, away * np.sin(angle) * 0.8 - 0.06 * size * i], 1
        )
        near = [mix(colour, (255, 255, 230), 0.06), colour, mix(colour, (30, 50, 70), 0.08)]
        dabs(picture, at, size * 0.055, near, rng, 0.7)


def trunk(picture: np.ndarray, x: float, y: float, tall: float, bark: Colour) -> None:
    """A trunk from its foot at (x, y), `tall` pixels high. Changes `picture`."""
    outline = np.array(
        [
            (x - tall * 0.075, y),
            (x - tall * 0.035, y - tall),
            (x + tall * 0.035, y - tall),
            (x + tall * 0.085, y),
        ]
    )
    cv2.fillPoly(picture, [outline.round().astype(np.int32)], bark, cv2.LINE_AA)


def haze(colours: Sequence[Colour], air: Colour, share: float) -> list[Colour]:
    """`colours` seen through `share` (0..1) of `air`."""
    return [mix(c, air, share) for c in colours]


def grass(picture: np.ndarray, line: np.ndarray, rng: Rng, colours: Sequence[Colour], count: int) -> None:
    """Blades and dabs below `line` (N, 2), longer towards the viewer. Changes `picture`."""
    height, width = picture.shape[:2]
    x = rng.uniform(0, width, count)
    top = np.interp(x, line[:, 0], line[:, 1])
    depth = np.sort(rng.uniform(0.02, 1, count) ** 1.5)
    y = top + depth * (height * 1.03 - top)
    size = height * (0.004 + 0.03 * depth)
    lean, which = rng.normal(0, 0.35, count), rng.integers(0, len(colours), count)
    for i in range(count):
        foot, tip = (round(x[i]), round(y[i])), (round(x[i] + lean[i] * size[i]), round(y[i] - size[i]))
        cv2.line(picture, foot, tip, colours[which[i]], max(1, round(size[i] / 9)), cv2.LINE_AA)
