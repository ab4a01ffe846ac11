"""Shots drawn by hands there are not: figures, effects and the painting of a packed shot in another style
each, so that no hand is learned by heart.

Domain randomisation (Tobin et al., IROS 2017) by what the layers tell: each is changed under its own
coverage, alike in all drawings of the shot.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

FIGURES, EFFECTS, GROUND = 0.5, 0.4, 0.25
"""Shares of shots whose figures, effects and painting are redrawn."""

Style = Callable[[np.ndarray], np.ndarray]


def restyled(frames: np.ndarray, layers: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The drawings of a shot, uint8 sRGB (D, H, W, 3), with some of its layers in another style.

    ``layers``: uint8 (D, H, W, 3), coverage by figures, effects and shadows. What covers nothing stays as it
    is.
    """
    figure, effect = layers[..., 0], layers[..., 1]
    if rng.random() < GROUND:
        frames = _under(frames, 255 - np.maximum(figure, effect), _coloured(rng))
    if rng.random() < FIGURES:
        for style in _drawn(rng):
            frames = _under(frames, figure, style)
        if rng.random() < 0.2:
            frames = _rimmed(frames, figure, rng)
    if rng.random() < EFFECTS:
        frames = _under(frames, effect, _coloured(rng))
    return frames


def _under(frames: np.ndarray, cover: np.ndarray, style: Style) -> np.ndarray:
    """Each drawing in a style where it is covered (uint8 (D, H, W)), as it was elsewhere."""
    x, y, w, h = cv2.boundingRect(cover.max(0))
    if not w:
        return frames
    made = frames.copy()
    for frame, share in zip(made[:, y : y + h, x : x + w], cover[:, y : y + h, x : x + w], strict=True):
        inside = np.ascontiguousarray(frame)
        frame[:] = _mixed(inside, style(inside), share)
    return made


def _mixed(one: np.ndarray, other: np.ndarray, cover: np.ndarray) -> np.ndarray:
    share = cover.astype(np.float32) / 255
    return np.asarray(cv2.blendLinear(other, one, share, 1 - share))


def _drawn(rng: np.random.Generator) -> list[Style]:
    """One to three ways to draw, in an order that makes sense: what is inside, its lines, its colours, its
    material.
    """
    steps: list[Style] = []
    inside = rng.random()
    if inside < 0.2:
        steps.append(_painted(rng))
    elif inside < 0.4:
        steps.append(_posterised(rng))
    elif inside < 0.5:
        steps.append(_lineless(rng))
    if rng.random() < 0.3:
        steps.append(_lined(rng))
    if rng.random() < 0.75:
        steps.append(_coloured(rng))
    material = rng.random()
    if material < 0.12:
        steps.append(_hatched(rng))
    elif material < 0.25:
        steps.append(_grained(rng))
    elif material < 0.4:
        steps.append(_lit(rng))
    return steps


def _coloured(rng: np.random.Generator) -> Style:
    """Another palette: hue turned, saturation and light changed, each channel by a curve of its own."""
    turn, full = (
        float(rng.uniform(-180, 180)) if rng.random() < 0.6 else 0.0,
        float(rng.choice([0.0, rng.uniform(0.2, 1.7)], p=[0.08, 0.92])),
    )
    ramp = np.arange(256) / 255
    gamma = np.exp(rng.normal(0, 0.3)) * np.exp(rng.normal(0, 0.1, 3))
    low, high = (rng.uniform(0, 0.45), rng.uniform(0.6, 1)) if rng.random() < 0.5 else (0.0, 1.0)
    table = np.clip(
        np.rint((low + (high - low) * np.stack([ramp**g for g in gamma], -1)) * 255), 0, 255
    ).astype(np.uint8)[None]
    matrix = _turning(turn, full)

    def style(frame: np.ndarray) -> np.ndarray:
        return np.asarray(cv2.LUT(cv2.transform(frame, matrix), table))

    return style


def _turning(degrees: float, saturation: float) -> np.ndarray:
    """The matrix that turns colours around the grey axis and brings them nearer to it, or farther away."""
    angle = np.deg2rad(degrees)
    axis = np.full((3, 3), 1 / 3)
    cross = np.array([[0, -1, 1], [1, 0, -1], [-1, 1, 0]]) / np.sqrt(3)
    turned = axis + np.cos(angle) * (np.eye(3) - axis) + np.sin(angle) * cross
    return np.asarray(axis + saturation * (turned - axis), np.float32)


def _painted(rng: np.random.Generator) -> Style:
    """Brushed: small things smoothed away between edges."""
    reach, tone = int(rng.integers(5, 10)), float(rng.uniform(30, 90))
    return lambda frame: np.asarray(cv2.bilateralFilter(frame, reach, tone, reach))


def _posterised(rng: np.random.Generator) -> Style:
    """A few flat tones."""
    count, phase = int(rng.integers(3, 8)), float(rng.random())
    steps = np.floor(np.arange(256) / 255 * count + phase)
    table = np.clip((steps - phase + 0.5) / count * 255, 0, 255).astype(np.uint8)
    return lambda frame: np.asarray(cv2.LUT(frame, table))


def _lineless(rng: np.random.Generator) -> Style:
    """Without thin dark lines, or thin bright ones."""
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (3, 3))
    how = cv2.MORPH_CLOSE if rng.random() < 0.8 else cv2.MORPH_OPEN
    return lambda frame: np.asarray(cv2.morphologyEx(frame, how, kernel))


def _lined(rng: np.random.Generator) -> Style:
    """With lines where its colours change, in one colour, over what is inside or over paper."""
    wide = int(rng.choice([2, 3]))
    kernel = np.ones((wide, wide), np.uint8)
    ink = rng.uniform(0, 90, 3) if rng.random() < 0.85 else rng.uniform(160, 255, 3)
    paper = rng.uniform(190, 255, 3) if rng.random() < 0.3 else None
    edge = float(rng.uniform(15, 50))

    def style(frame: np.ndarray) -> np.ndarray:
        change = cv2.morphologyEx(frame, cv2.MORPH_GRADIENT, kernel).max(-1).astype(np.float32)
        share = np.clip(change / edge - 0.5, 0, 1)[..., None]
        inside = frame.astype(np.float32) if paper is None else np.broadcast_to(paper, frame.shape)
        return np.asarray(np.clip(inside + (ink - inside) * share, 0, 255), np.uint8)

    return style


def _hatched(rng: np.random.Generator) -> Style:
    """Strokes across what is dark."""
    angle, period = float(rng.uniform(0, np.pi)), float(rng.uniform(3, 8))
    limit, depth = float(rng.uniform(90, 190)), float(rng.uniform(0.3, 0.8))

    def style(frame: np.ndarray) -> np.ndarray:
        y, x = np.mgrid[: frame.shape[0], : frame.shape[1]].astype(np.float32)
        strokes = np.sin((x * np.cos(angle) + y * np.sin(angle)) * 2 * np.pi / period) > 0
        dark = frame.mean(-1) < limit
        return np.asarray(frame * np.where(strokes & dark, 1 - depth, 1.0)[..., None], np.uint8)

    return style


def _grained(rng: np.random.Generator) -> Style:
    """On rough paper, which stays, or which each drawing has of its own."""
    seed = int(rng.integers(1 << 31))
    strength, coarse, boils = (
        float(rng.uniform(8, 40)),
        float(rng.uniform(0.3, 2.5)),
        bool(rng.random() < 0.5),
    )
    own = np.random.default_rng(seed)

    def style(frame: np.ndarray) -> np.ndarray:
        chances = own if boils else np.random.default_rng(seed)
        noise = cv2.GaussianBlur(chances.standard_normal(frame.shape[:2]).astype(np.float32), (0, 0), coarse)
        scale = np.float32(strength / max(float(noise.std()), 1e-6))
        return np.asarray(np.clip(frame + scale * noise[..., None], 0, 255), np.uint8)

    return style


def _lit(rng: np.random.Generator) -> Style:
    """Light from one side in a colour, shade on the other."""
    angle, colour = float(rng.uniform(0, 2 * np.pi)), rng.uniform(-80, 80, 3)

    def style(frame: np.ndarray) -> np.ndarray:
        y, x = np.mgrid[-1 : 1 : frame.shape[0] * 1j, -1 : 1 : frame.shape[1] * 1j].astype(np.float32)
        side = (x * np.cos(angle) + y * np.sin(angle))[..., None]
        return np.asarray(np.clip(frame + side * colour, 0, 255), np.uint8)

    return style


def _rimmed(frames: np.ndarray, cover: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """With an outline of one colour inside the edge of each figure."""
    wide = int(rng.integers(2, 4))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * wide - 1,) * 2)
    colour = rng.uniform(0, 60, 3) if rng.random() < 0.5 else rng.uniform(180, 255, 3)
    rims = np.stack([cv2.subtract(c, cv2.erode(c, kernel)) for c in cover])
    return _under(frames, rims, lambda frame: np.full(frame.shape, colour, np.uint8))
