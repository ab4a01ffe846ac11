"""Colours of parts changed as a shot needs them."""

from __future__ import annotations

import cv2
import numpy as np

from animelayers.truth.plan import Paint

_PLAIN = Paint()


def painted(
    rgba: np.ndarray, paint: Paint, behind: np.ndarray | None = None, tint: float = 0.0
) -> np.ndarray:
    """A straight RGBA uint8 picture in other colours, its alpha as it was.

    ``behind``: the mean sRGB colour (3,) of what it stands before, which the share `tint` of its light and
    the share `paint.close` of its colours come from.
    """
    if paint == _PLAIN and not tint:
        return rgba
    colour = rgba[..., :3].astype(np.float32)
    if paint.carved is not None:
        colour = _carved(colour, rgba[..., 3], np.array(paint.carved, np.float32))
    if paint.grey:
        colour = np.repeat(colour @ np.array([[0.299], [0.587], [0.114]], np.float32), 3, 2)
    gain: np.ndarray = np.array(paint.gain, np.float32)
    if behind is not None and tint:
        tone = behind / max(float(behind.max()), 1.0)
        gain = gain * (1 - tint + tint * tone)
    colour *= gain.astype(np.float32)
    if paint.lift:
        colour += (255 - colour) * paint.lift if paint.lift > 0 else colour * paint.lift
    if behind is not None and paint.close:
        colour += ((behind - colour) * paint.close).astype(np.float32)
    if paint.lines:
        colour = np.repeat(lines(np.clip(colour, 0, 255).astype(np.uint8))[..., None], 3, 2)
    return np.dstack([np.clip(np.rint(colour), 0, 255).astype(np.uint8), rgba[..., 3]])


def _carved(colour: np.ndarray, alpha: np.ndarray, material: np.ndarray) -> np.ndarray:
    """A part as a statue of it: its tones are a relief in one material, lit from the upper left."""
    tone = cv2.GaussianBlur(colour @ np.array([0.299, 0.587, 0.114], np.float32), (0, 0), 1.0)
    round_off = cv2.GaussianBlur(alpha, (0, 0), max(1.0, alpha.shape[0] / 40)).astype(np.float32)
    slope = cv2.Sobel(tone + round_off, cv2.CV_32F, 1, 0) + cv2.Sobel(tone + round_off, cv2.CV_32F, 0, 1)
    light = 0.55 + 0.3 * tone / 255 + np.clip(slope / 255, -0.25, 0.25)
    return np.asarray(light[..., None] * material, np.float32)


def lines(picture: np.ndarray) -> np.ndarray:
    """A picture uint8 (H, W, 3) as a drawing in ink: uint8 (H, W), dark where it is darker than around."""
    grey = cv2.bilateralFilter(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), 7, 40, 5)
    fine, around = (cv2.GaussianBlur(grey, (0, 0), sigma).astype(np.float32) for sigma in (0.8, 1.8))
    ink = np.clip((around - fine - 3) * 32, 0, 225)
    return np.asarray(252 - ink, np.uint8)
