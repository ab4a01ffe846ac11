"""Light and fire in front of everything: soft layers of alpha and colour, and the three ways to combine them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import cv2
import numpy as np

from animelayers.samples.pen import spline

Layer = tuple[np.ndarray, np.ndarray]
"""alpha uint8 (H, W) and straight colour uint8 sRGB (H, W, 3)."""


def combine(under: np.ndarray, alpha: np.ndarray, colour: np.ndarray, mode: str = "over") -> np.ndarray:
    """A layer of straight `colour` (…, 3) and `alpha` (…) on `under` (…, 3), all uint8 sRGB, rounded to
    uint8.

    ``over``: under (1 - a) + c a; ``add``: under + c a; ``screen``: 1 - (1 - under) (1 - c a); the sum is cut
    off at white.
    """
    share = alpha[..., None].astype(np.float32) / 255
    light = colour * share
    if mode == "over":
        result = under * (1 - share) + light
    elif mode == "add":
        result = under + light
    elif mode == "screen":
        result = 255 - (255 - under) * (1 - light / 255)
    else:
        raise ValueError(f"blend mode {mode!r}: one of over, add, screen")
    return np.clip(np.round(result), 0, 255).astype(np.uint8)


def _ramp(level: np.ndarray, colours: np.ndarray) -> np.ndarray:
    """Colour (H, W, 3) for a level 0..1 (H, W) along evenly spaced `colours` (N, 3)."""
    table = np.stack(
        [np.interp(np.linspace(0, 1, 256), np.linspace(0, 1, len(colours)), colours[:, i]) for i in range(3)],
        1,
    )
    return table.astype(np.uint8)[(level * 255).astype(np.uint8)]


def aura(size: tuple[int, int], phase: int, rng: np.random.Generator, x: float, y: float) -> Layer:
    """A pillar of energy around (x, y) in shares of width and height: flickering tongues, a ring, sparks. For
    ``add``.
    """
    width, height = size
    glow = np.zeros((height, width), np.float32)
    foot = np.array([x * width, height * 0.99])
    for i in range(18):
        side = -1 + 2 * i / 17
        tall = height * (0.72 * (1 - 0.55 * abs(side)) + 0.14 * rng.uniform(-1, 1)) + height * 0.1
        bend = height * 0.05 * np.sin(phase * 0.9 + 2 * i)
        x0, base = foot[0] + side * height * 0.27, foot[1]
        tip = (foot[0] + side * height * 0.36 + bend, base - tall)
        waist = base - tall * 0.5
        half = height * 0.032
        flame = spline(
            [
                (x0 - half, base),
                (x0 - half * 1.1 + bend * 0.4, waist),
                tip,
                tip,
                (x0 + half + bend * 0.4, waist),
                (x0 + half, base),
            ]
        )
        one = np.zeros((height, width), np.uint8)
        cv2.fillPoly(one, [flame.round().astype(np.int32)], 255, cv2.LINE_AA)
        glow += one.astype(np.float32) * (0.06 + 0.24 * abs(side))
    body = cv2.GaussianBlur(glow, (0, 0), height / 90) + 0.6 * cv2.GaussianBlur(glow, (0, 0), height / 22)
    spark = np.zeros((height, width), np.uint8)
    for _ in range(42):
        a, away, r = rng.uniform(0, 2 * np.pi), rng.uniform(0.15, 0.55), rng.uniform(0.002, 0.008)
        centre = (
            round(foot[0] + away * height * np.cos(a) * 0.9),
            round(y * height + away * height * np.sin(a)),
        )
        cv2.circle(spark, centre, max(1, round(r * height)), 255, -1, cv2.LINE_AA)
    ring, axes = (round(foot[0]), round(height * 0.95)), (round(height * 0.42), round(height * 0.05))
    cv2.ellipse(spark, ring, axes, 0, 0, 360, 255, max(1, height // 110), cv2.LINE_AA)
    sharp = spark.astype(np.float32)
    level = (
        np.clip(body * 1.15 + sharp * 0.9 + 1.6 * cv2.GaussianBlur(sharp, (0, 0), height / 60), 0, 255) / 255
    )
    colours = np.array([(40, 90, 255), (70, 160, 255), (120, 220, 255), (235, 255, 255)], np.float32)
    return (level * 235).astype(np.uint8), _ramp(level, colours)


def fire(size: tuple[int, int], phase: int, rng: np.random.Generator, x: float, y: float) -> Layer:
    """Flames rising from the lower edge around `x`, up to the share `y` of the height. For ``screen``."""
    width, height = size
    heat = np.zeros((height, width), np.float32)
    for share, value in ((1.0, 0.3), (0.76, 0.52), (0.52, 0.72), (0.3, 0.9)):
        mask = np.zeros((height, width), np.uint8)
        for i in range(11):
            at = x * width + (i - 5) * height * 0.1
            reach = 1 - 0.55 * abs(i - 5) / 5
            tall = height * (1 - y) * reach * (0.8 + 0.2 * np.sin(phase * 1.3 + 2.4 * i)) * share
            half, lean = height * 0.085 * (0.5 + 0.5 * share), height * 0.05 * np.sin(phase * 0.8 + 1.7 * i)
            base = height * 1.06
            tip = (at + lean, base - tall)
            flame = [
                (at - half, base),
                (at - half * 1.15, base - tall * 0.3),
                (at - half * 0.2 + lean * 0.2, base - tall * 0.62),
                tip,
                tip,
            ]
            flame += [
                (at + half * 0.55 + lean * 0.4, base - tall * 0.55),
                (at + half * 1.1, base - tall * 0.25),
                (at + half, base),
            ]
            cv2.fillPoly(mask, [spline(flame).round().astype(np.int32)], 255, cv2.LINE_AA)
        if share == 1.0:
            for _ in range(26):
                ember = (
                    round(x * width + rng.normal(0, 0.3) * height),
                    round(height * rng.uniform(y * 0.5, 0.95)),
                )
                cv2.circle(
                    mask, ember, max(1, round(height * rng.uniform(0.003, 0.009))), 255, -1, cv2.LINE_AA
                )
        heat = np.maximum(heat, mask.astype(np.float32) / 255 * value)
    heat = np.clip(
        cv2.GaussianBlur(heat, (0, 0), height / 260) + 0.15 * cv2.GaussianBlur(heat, (0, 0), height / 18),
        0,
        1,
    )
    colours = np.array(
        [(120, 20, 10), (214, 48, 18), (250, 110, 24), (255, 176, 48), (255, 226, 120), (255, 246, 200)],
        np.float32,
    )
    return (np.clip(heat * 1.4, 0, 1) * 245).astype(np.uint8), _ramp(heat, colours)


def impact(size: tuple[int, int], phase: int, rng: np.random.Generator, x: float, y: float) -> Layer:
    """A blow at (x, y): speed lines closing in on it, then (`phase` 1) a white frame, then a fading one. For
    ``over``.
    """
    width, height = size
    white = np.full((height, width, 3), 255, np.uint8)
    if phase:
        return np.full((height, width), 255 if phase == 1 else 110, np.uint8), white
    alpha, far = np.zeros((height, width), np.uint8), float(width + height)
    centre = np.array([x * width, y * height])
    for angle in np.sort(rng.uniform(0, 2 * np.pi, 70)):
        ray, side = np.array([np.cos(angle), np.sin(angle)]), np.array([-np.sin(angle), np.cos(angle)])
        tip, edge = centre + ray * height * rng.uniform(0.34, 0.6), centre + ray * far
        wedge = np.stack([tip, edge + side * far * 0.012, edge - side * far * 0.012])
        cv2.fillPoly(alpha, [wedge.round().astype(np.int32)], 235, cv2.LINE_AA)
    return alpha, white


EFFECTS: Mapping[str, Callable[[tuple[int, int], int, np.random.Generator, float, float], Layer]] = {
    "aura": aura,
    "fire": fire,
    "impact": impact,
}
MODES: Mapping[str, str] = {"aura": "add", "fire": "screen", "impact": "over"}
