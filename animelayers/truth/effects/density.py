"""Densities of what has no outline, mist and veils: noise that closes on itself, drifting at several speeds."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np


@lru_cache(maxsize=32)
def noise(width: int, height: int, cells: int, seed: int, octaves: int = 3) -> np.ndarray:
    """Smooth noise float32 (height, width) in 0..1 that meets itself at all edges: values on a wrapped grid,
    cubic between (value noise).
    """
    rng = np.random.default_rng([seed, cells])
    total = np.zeros((height, width), np.float32)
    for octave in range(octaves):
        rows = cells * 2**octave
        cols = max(2, round(rows * width / height))
        grid = np.pad(rng.uniform(0, 1, (rows, cols)).astype(np.float32), 2, mode="wrap")
        x = (np.arange(width, dtype=np.float32) + 0.5) * cols / width + 1.5
        y = (np.arange(height, dtype=np.float32) + 0.5) * rows / height + 1.5
        across, down = np.meshgrid(x, y)
        fine = cv2.remap(grid, across, down, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)
        total += fine * 0.5**octave
    low, high = np.percentile(total, (1, 99))
    result: np.ndarray = np.clip((total - low) / max(float(high - low), 1e-6), 0, 1)
    result.flags.writeable = False
    return result


def drift(field: np.ndarray, x: float, y: float) -> np.ndarray:
    """`field` (H, W) moved by shares x and y of its width and height, wrapping round: whole and part pixels
    alike.
    """
    height, width = field.shape
    shift = np.array([x * width, y * height])
    whole = np.floor(shift)
    rolled = np.roll(field, (int(whole[1]), int(whole[0])), (0, 1))
    fx, fy = (float(f) for f in shift - whole)
    rolled = rolled * (1 - fx) + np.roll(rolled, 1, 1) * fx
    moved: np.ndarray = rolled * (1 - fy) + np.roll(rolled, 1, 0) * fy
    return moved


def full(small: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """A density in 0..1 at low resolution as uint8 of `size` (width, height)."""
    large: np.ndarray = cv2.resize(
        (np.clip(small, 0, 1) * 255).astype(np.uint8), size, interpolation=cv2.INTER_CUBIC
    )
    return large
