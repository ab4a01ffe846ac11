"""Shots as files and film show them: grain, soft lenses, small sizes, few bits. What is composed is sharp and
clean, and in a pack it is made smaller as well, which takes away most of what a film of the pack's size has.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

Wear = Callable[[np.ndarray], np.ndarray]


def worn(frames: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The drawings of a shot, uint8 sRGB (D, H, W, 3), after one or two of what a lens, a film and a file do to
    them, in the order in which they come.
    """
    ways = (_resized, _soft, _grained, _coded)
    chosen = sorted(
        rng.choice(len(ways), 1 + int(rng.random() < 0.3), replace=False, p=(0.25, 0.15, 0.3, 0.3))
    )
    for wear in [ways[n](rng) for n in chosen]:
        frames = np.stack([wear(frame) for frame in frames])
    return frames


def _resized(rng: np.random.Generator) -> Wear:
    """Stored smaller, and enlarged again."""
    share, how = float(rng.uniform(0.35, 0.85)), int(rng.choice([cv2.INTER_LINEAR, cv2.INTER_CUBIC]))

    def wear(frame: np.ndarray) -> np.ndarray:
        small = cv2.resize(frame, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
        return np.asarray(cv2.resize(small, frame.shape[1::-1], interpolation=how))

    return wear


def _soft(rng: np.random.Generator) -> Wear:
    """Out of focus, a little."""
    sigma = float(rng.uniform(0.5, 1.6))
    return lambda frame: np.asarray(cv2.GaussianBlur(frame, (0, 0), sigma))


def _grained(rng: np.random.Generator) -> Wear:
    """Grain of each drawing's own, grey or in colours, fine or coarse."""
    strength, coarse = float(rng.uniform(2, 11)), float(rng.choice([0, rng.uniform(0.4, 1.0)]))
    channels = 3 if rng.random() < 0.25 else 1

    def wear(frame: np.ndarray) -> np.ndarray:
        noise: np.ndarray = rng.standard_normal((*frame.shape[:2], channels), np.float32)
        if coarse:
            noise = cv2.GaussianBlur(noise, (0, 0), coarse).reshape(noise.shape)
        noise *= np.float32(strength / max(float(noise.std()), 1e-6))
        return np.asarray(np.clip(np.rint(frame + noise), 0, 255), np.uint8)

    return wear


def _coded(rng: np.random.Generator) -> Wear:
    """Of few bits, in blocks: as JPEG, or as WebP, whose blocks are told from their neighbours and smoothed as
    those of a film's key frames are.
    """
    jpeg = bool(rng.random() < 0.6)
    form, flag = (".jpg", cv2.IMWRITE_JPEG_QUALITY) if jpeg else (".webp", cv2.IMWRITE_WEBP_QUALITY)
    quality = int(rng.integers(12, 61) if jpeg else rng.integers(3, 51))

    def wear(frame: np.ndarray) -> np.ndarray:
        data = cv2.imencode(form, frame[..., ::-1], [flag, quality])[1]
        return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR))[..., ::-1]

    return wear
