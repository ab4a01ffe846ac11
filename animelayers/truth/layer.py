"""Layers of a composed frame, and putting them together.

A frame is a stack of layers, the farthest first. Each is a tile: straight RGBA uint8 at a place of the frame,
that lies over, adds to, screens or multiplies what is under it. The stack is summed in float and rounded
once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np

GROUND = ("plane", "prop", "front")
"""Kinds of layers that are background."""
HIDING = ("front", "overlay", "incoming")
"""Kinds of layers that hide figures and effects behind them."""
MODES = ("over", "add", "screen", "multiply")


class Layer(NamedTuple):
    """A tile of a frame.

    ``kind``: plane and prop (background), shadow, effect, figure, front (background in front of figures),
    overlay (letterbox, subtitle, logo), incoming (the next shot, in a dissolve). ``number``: which figure,
    effect … of the shot, from 1. ``at``: x, y of the tile's first pixel, the tile lies within the frame.
    ``rgba``: straight uint8 (h, w, 4). ``mode``: one of `MODES`.
    """

    kind: str
    number: int
    at: tuple[int, int]
    rgba: np.ndarray
    mode: str = "over"

    @property
    def window(self) -> tuple[slice, slice]:
        """Rows and columns of the frame that the tile covers."""
        x, y = self.at
        return slice(y, y + self.rgba.shape[0]), slice(x, x + self.rgba.shape[1])


def compose(base: np.ndarray, layers: Sequence[Layer]) -> np.ndarray:
    """The picture uint8 (H, W, 3) of a stack on an opaque one, both sRGB.

    With base B, colour C and coverage a: ``over`` B (1 - a) + C a, ``add`` B + C a, ``screen`` 1 - (1 - B) (1
    - C a), ``multiply`` B (1 - a + C a), each cut off at black and white.
    """
    if not layers:
        return base
    picture = base.astype(np.float32)
    for layer in layers:
        part = picture[layer.window]
        share = np.repeat(layer.rgba[..., 3:], 3, 2).astype(np.float32) * np.float32(1 / 255)
        colour = layer.rgba[..., :3].astype(np.float32)
        if layer.mode == "over":
            colour -= part
            colour *= share
            part += colour
        elif layer.mode == "multiply":
            colour -= 255
            colour *= share
            part *= 1 + colour / 255
        else:
            colour *= share
            if layer.mode == "screen":
                colour *= 1 - part / 255
            part += colour
            np.minimum(part, 255, out=part)
    return np.clip(np.rint(picture), 0, 255).astype(np.uint8)


def seen(layers: Sequence[Layer], kind: str, shape: tuple[int, int]) -> np.ndarray:
    """All layers of a kind as one straight RGBA uint8 (H, W, 4): figures as they are seen past what hides
    them, effects past figures, too.

    One layer that nothing hides comes back as it is. Of several their coverages are joined, and colours
    weighed by what is seen of each.
    """
    hides = (*HIDING, "figure") if kind == "effect" else HIDING
    mine = [number for number, layer in enumerate(layers) if layer.kind == kind]
    whole = np.zeros((*shape, 4), np.uint8)
    if not mine:
        return whole
    over = [layer for layer in layers[mine[0] :] if layer.kind in hides and layer.kind != kind]
    if len(mine) == 1 and not over:
        whole[layers[mine[0]].window] = layers[mine[0]].rgba
        return whole
    light, cover = np.zeros((*shape, 3), np.float32), np.zeros((*shape, 1), np.float32)
    for layer in layers[mine[0] :]:
        share = layer.rgba[..., 3:].astype(np.float32) / 255
        if layer.kind == kind:
            light[layer.window] = light[layer.window] * (1 - share) + layer.rgba[..., :3] * share
            cover[layer.window] = cover[layer.window] * (1 - share) + share
        elif layer.kind in hides:
            light[layer.window] *= 1 - share
            cover[layer.window] *= 1 - share
    whole[..., :3] = np.clip(np.rint(light / np.maximum(cover, 1 / 510)), 0, 255)
    whole[..., 3] = np.rint(cover[..., 0] * 255)
    return whole


def labels(layers: Sequence[Layer], shape: tuple[int, int]) -> np.ndarray:
    """Which figure each pixel shows, uint8 (H, W): the number of the foremost that covers more than half of
    it, 0 for none.
    """
    plane = np.zeros(shape, np.uint8)
    for layer in layers:
        if layer.kind == "figure" or layer.kind in HIDING:
            part = plane[layer.window]
            part[layer.rgba[..., 3] > 127] = layer.number if layer.kind == "figure" else 0
    return plane


def tile(
    rgba: np.ndarray, move: np.ndarray, size: tuple[int, int]
) -> tuple[tuple[int, int], np.ndarray] | None:
    """A straight RGBA picture as an affine `move` (float64 (2, 3), from its pixels to the frame's) puts it
    into a frame of `size`.

    Returns x, y and the tile, cut at the frame's borders; None where nothing of it is in the frame. A move by
    whole pixels copies. Colours have to be carried on under what is transparent.
    """
    h, w = rgba.shape[:2]
    corners = (
        np.array([[-0.5, -0.5, 1], [w - 0.5, -0.5, 1], [-0.5, h - 0.5, 1], [w - 0.5, h - 0.5, 1]]) @ move.T
    )
    x0, y0 = np.maximum(np.floor(corners.min(0)).astype(int), 0)
    x1, y1 = np.minimum(np.ceil(corners.max(0)).astype(int) + 1, size)
    if x0 >= x1 or y0 >= y1:
        return None
    shift = move[:, 2]
    if np.allclose(move[:, :2], np.eye(2), atol=1e-6) and np.allclose(shift, np.rint(shift), atol=1e-3):
        dx, dy = np.rint(shift).astype(int)
        part = rgba[max(0, y0 - dy) : y1 - dy, max(0, x0 - dx) : x1 - dx]
        return ((max(x0, dx), max(y0, dy)), part) if part.size else None
    inside = move.copy()
    inside[:, 2] -= (x0, y0)
    made = cv2.warpAffine(
        rgba, inside, (int(x1 - x0), int(y1 - y0)), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT
    )
    return (int(x0), int(y0)), _bordered(made, rgba, inside)


def _bordered(made: np.ndarray, rgba: np.ndarray, move: np.ndarray) -> np.ndarray:
    """Along a border at which the picture is opaque the warp has mixed its colours with black: there they
    come from the nearest pixel.
    """
    if not any(side.any() for side in (rgba[0, :, 3], rgba[-1, :, 3], rgba[:, 0, 3], rgba[:, -1, 3])):
        return made
    colours = cv2.warpAffine(
        np.ascontiguousarray(rgba[..., :3]),
        move,
        made.shape[1::-1],
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.dstack([colours, made[..., 3]])
