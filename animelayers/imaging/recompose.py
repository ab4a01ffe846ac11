"""Putting layers together again, and how far that is from the frame."""

from __future__ import annotations

import math

import cv2
import numpy as np

from animelayers.imaging.colour import flat, nearest_solid, pixels, place
from animelayers.imaging.constants import WHOLE
from animelayers.imaging.window import window

BEST = 100.0
"""dB given to equal pictures."""
_OPAQUE = 224  # alpha of an effect from which rounding leaves too little of what is under it
_REST = 1 / 255  # share of what is under an effect that lets nothing through
_BESIDE = 32  # pixels around in which its colour is looked for


def recompose(character: np.ndarray, background: np.ndarray) -> np.ndarray:
    """The uint8 sRGB (H, W, 3) picture of a straight-alpha RGBA (H, W, 4) character over a background."""
    picture = background.copy()
    alpha = cv2.extractChannel(character, 3)
    where = window(alpha, 0)
    if where is not None:
        solid = cv2.threshold(alpha[where], WHOLE, 255, cv2.THRESH_BINARY)[1]
        picture[where] = cv2.copyTo(
            cv2.cvtColor(character[where], cv2.COLOR_RGBA2RGB), solid, picture[where].copy()
        )
        at = flat((alpha[where] > 0) & (solid == 0), where, alpha.shape[1])
        place(picture, at, mixed(character, background, at))
    return picture


def together(
    background: np.ndarray,
    character: np.ndarray | None = None,
    shadow: np.ndarray | None = None,
    effect: np.ndarray | None = None,
    mode: str = "none",
) -> np.ndarray:
    """The picture uint8 sRGB (H, W, 3) of all layers: the effect in its blend `mode` in front of the
    character over the background in its shadow.

    Layers are straight RGBA uint8 (H, W, 4), or None where there is none; with the mode 'none' there is no
    effect.
    """
    picture = background if shadow is None else blend(background, shadow, "multiply")
    picture = picture if character is None else recompose(character, picture)
    return picture if effect is None or mode == "none" else blend(picture, effect, mode)


def mixed(character: np.ndarray, background: np.ndarray, at: np.ndarray) -> np.ndarray:
    """What `recompose` gives at the flat indices `at`, float32 (3, N), not yet rounded."""
    layer, under = pixels(character, at), pixels(background, at)
    colour: np.ndarray = under + (layer[:3] - under) * (layer[3] / 255)
    return colour


def blend(under: np.ndarray, effect: np.ndarray, mode: str) -> np.ndarray:
    """An effect or a shadow, straight RGBA uint8 (H, W, 4), on a picture uint8 (H, W, 3), in the blend
    `mode`.

    ``over``: I = B (1 - a) + F a; ``add``: I = B + F a; ``screen``: I = 1 - (1 - B) (1 - F a); ``multiply``:
    I = B (1 - a) + B F a. Raises ValueError for another mode.
    """
    picture, at = under.copy(), np.flatnonzero(cv2.extractChannel(effect, 3))
    *colour, a = pixels(effect, at)
    base, share = pixels(under, at), a / 255
    light = np.stack(colour) * share
    if mode == "over":
        light -= base * share
    elif mode == "screen":
        light *= 1 - base / 255
    elif mode == "multiply":
        light = base * (light / 255 - share)
    elif mode != "add":
        raise ValueError(f"blend mode {mode!r}: one of over, add, screen, multiply")
    place(picture, at, base + light)
    return picture


def uncovered(frame: np.ndarray, effect: np.ndarray, mode: str, character: np.ndarray) -> np.ndarray:
    """The inverse of `blend`: the picture that gives `frame` with the effect in front.

    Where the effect lets too little through to tell, the nearest colour of the character (alpha uint8 (H, W))
    beside it stands for it.
    """
    picture, alpha = frame.copy(), cv2.extractChannel(effect, 3)
    at = np.flatnonzero(alpha)
    *colour, a = pixels(effect, at)
    seen, share = pixels(frame, at), a / 255
    light = np.stack(colour) * share
    rest = {"over": 1 - share, "add": np.ones_like(share), "screen": 1 - light / 255}[mode]
    place(picture, at, (seen - light) / np.maximum(rest, _REST))
    opaque = cv2.threshold(
        cv2.copyTo(alpha, cv2.threshold(character, 0, 255, cv2.THRESH_BINARY)[1]),
        _OPAQUE - 1,
        255,
        cv2.THRESH_BINARY,
    )[1]
    where = window(opaque, _BESIDE) if mode != "add" else None
    if where is not None:
        beside = cv2.copyTo(character, cv2.threshold(alpha, _OPAQUE - 1, 255, cv2.THRESH_BINARY_INV)[1])[
            where
        ]
        if beside.any():
            part = np.ascontiguousarray(picture[where])
            # the corners too: only colours between the first and the last pixel asked for are looked at
            at = np.unique([0, *np.flatnonzero(opaque[where]), beside.size - 1])
            place(part, at[1:-1], nearest_solid(part, np.ascontiguousarray(beside), at)[:, 1:-1])
            picture[where] = part
    return picture


def psnr(a: np.ndarray, b: np.ndarray) -> float:
    """Peak signal-to-noise ratio in dB of two uint8 pictures of one shape, at most 100."""
    return decibels(squares(a, b), a.size)


def squares(a: np.ndarray, b: np.ndarray) -> float:
    """The sum of the squared differences of two uint8 pictures of one shape."""
    return float(cv2.norm(a, b, cv2.NORM_L2SQR))


def decibels(squares: float, size: int) -> float:
    """The peak signal-to-noise ratio that a sum of squared differences over `size` uint8 values means, at
    most 100 dB.
    """
    return BEST if squares <= 0 else min(BEST, 10 * math.log10(255 * 255 * size / squares))
