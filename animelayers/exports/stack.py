"""A drawing as editors of pictures have it: named layers, one upon the other, the characters apart."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import cv2
import numpy as np

from animelayers.dataset.output import Output
from animelayers.imaging import codecs
from animelayers.imaging.instances import split
from animelayers.imaging.recompose import blend, recompose
from animelayers.imaging.warp import from_plate
from animelayers.imaging.window import window
from animelayers.record.layers import ORDER

PLATE, BACKGROUND, SHADOW, CHARACTER, REST, EFFECT, FRAME = (
    "clean plate", "background", "shadow", "character", "character rest", "effect", "frame",
)  # fmt: skip
"""Names of the layers, the lowest first; a character with an id is `character 3`, and so is its group."""


MOST_DEPTH, MOST_LAYERS, MOST_SIDE, MOST_PIXELS = 32, 512, 1 << 20, 1 << 29
"""What a layered file may ask for: nested groups, layers, pixels of a side, and pixels of all its layers on
their canvas (2 GB).
"""


def bounded(size: tuple[int, int], layers: int) -> None:
    """Refuse a canvas (height, width) of so many layers before memory is asked for it. Raises ValueError."""
    height, width = size
    if layers > MOST_LAYERS:
        raise ValueError(f"has {layers} layers, more than {MOST_LAYERS}")
    if (
        not (0 <= height < MOST_SIDE and 0 <= width < MOST_SIDE)
        or height * width * max(1, layers) > MOST_PIXELS
    ):
        raise ValueError(f"has {layers} layers of {width} x {height} pixels, which is more than is read")


class Layer(NamedTuple):
    """A layer of the drawing's size: RGBA uint8 (H, W, 4), straight alpha; its group ('' for none), blend
    mode (over, add, screen, multiply), whether shown."""

    name: str
    picture: np.ndarray
    group: str = ""
    mode: str = "over"
    shown: bool = True


def stack(
    pictures: Mapping[str, np.ndarray], row: Mapping[str, Any], plate: bool = True, frame: bool = True
) -> list[Layer]:
    """The layers of a drawing, the lowest first: clean plate (hidden), background, shadow, characters,
    effect, the whole frame (hidden).

    `pictures` are its layers by the names they are stored under, as `decoded` gives them, `row` its row of
    the frame table.
    """
    found = []
    if plate and "plate" in pictures:
        found.append(Layer(PLATE, opaque(pictures["plate"]), shown=False))
    if "background" in pictures:
        found.append(Layer(BACKGROUND, opaque(pictures["background"])))
    if "shadow" in pictures and pictures["shadow"][..., 3].any():
        found.append(Layer(SHADOW, pictures["shadow"], mode="multiply"))
    if "character" in pictures:
        found += characters(pictures["character"], pictures.get("instances"), row.get("instance_ids") or ())
    mode = row.get("effect_mode") or "none"
    if "effect" in pictures and mode != "none":
        found.append(Layer(EFFECT, pictures["effect"], mode=mode))
    if frame and found:
        found.append(Layer(FRAME, opaque(merged(found)), shown=False))
    return found


def decoded(output: Output, row: dict[str, Any]) -> dict[str, np.ndarray]:
    """The stored layers of a drawing that `stack` is made of, by name, uint8; of its shot's clean plate, what
    the drawing sees.
    """
    found = {
        name: codecs.decode(output.stored(row, name))
        for name in (*ORDER, "instances")
        if row.get(f"{name}_file")
    }
    if row.get("frame_file"):  # a picture of a training set
        found["character" if row.get("cutout") else "background"] = codecs.decode(output.stored(row, "frame"))
    if row.get("plate_file"):
        found["plate"] = from_plate(*output.plate(row["frame_id"]), (int(row["width"]), int(row["height"])))
    return found


def characters(rgba: np.ndarray, labels: np.ndarray | None, ids: Sequence[int]) -> list[Layer]:
    """The character layer RGBA uint8 (H, W, 4) as one layer per character in a group of its own, and what is
    nobody's.

    `labels` uint8 (H, W) or None, `ids` as in the frame table. One over the other they give the whole layer
    again: where two share a pixel softly the upper one keeps its share, and what is under it covers what is
    left.
    """
    if labels is None:
        name = f"{CHARACTER} {ids[0]}" if len(ids) == 1 else CHARACTER
        return [Layer(name, rgba, name)]
    alpha = rgba[..., 3]
    shares = split(alpha, labels)
    named = [(f"{CHARACTER} {k + 1}", share) for k, share in enumerate(shares) if share.any() or k + 1 in ids]
    rest = alpha - shares.sum(axis=0, dtype=np.uint8)
    parts = ([(REST, rest)] if rest.any() or not named else []) + named
    made, left = [], np.full(alpha.shape, 255, np.int32)
    for name, share in reversed(parts):
        own = np.minimum(255, (255 * share.astype(np.int32) + left // 2) // np.maximum(left, 1)).astype(
            np.uint8
        )
        left -= share
        made.append(Layer(name, np.dstack([rgba[..., :3], own]), name))
    return made[::-1]


def on_black(layer: Layer) -> Layer:
    """A layer that adds light as opaque light on black, as far as it reaches; other layers as they are.

    Editors mix B (1 - a) + a min(1, B + F) where a layer is transparent, which is darker than B + a F where
    that is beyond white.
    """
    where = window(np.ascontiguousarray(layer.picture[..., 3]), 0) if layer.mode == "add" else None
    if where is None:
        return layer
    made = np.zeros_like(layer.picture)
    colour, alpha = layer.picture[where][..., :3], layer.picture[where][..., 3:]
    made[where] = np.dstack([np.rint(colour * (alpha / 255.0)).astype(np.uint8), np.full_like(alpha, 255)])
    return layer._replace(picture=made)


def off_black(picture: np.ndarray) -> np.ndarray:
    """The inverse of `on_black` for a picture RGBA uint8 (H, W, 4): of all that give this light, the
    brightest colour.
    """
    light = picture[..., :3] * (picture[..., 3:] / 255.0)
    alpha = np.ceil(light.max(axis=2, keepdims=True))
    colour = np.rint(255 * light / np.maximum(alpha, 1))
    return np.dstack([colour, alpha]).astype(np.uint8)


def opaque(picture: np.ndarray) -> np.ndarray:
    """A picture uint8 (H, W, 3) as RGBA, nothing of it transparent."""
    made: np.ndarray = cv2.cvtColor(picture, cv2.COLOR_RGB2RGBA)
    return made


def merged(layers: Sequence[Layer]) -> np.ndarray:
    """What layers that are shown look like together, uint8 RGB (H, W, 3), over black."""
    picture = np.zeros_like(layers[0].picture[..., :3])
    for layer in layers:
        if layer.shown:
            picture = (
                recompose(layer.picture, picture)
                if layer.mode == "over"
                else blend(picture, layer.picture, layer.mode)
            )
    return picture


def digest(picture: np.ndarray) -> str:
    """32 hex digits of what a picture uint8 (H, W) or (H, W, 3 or 4) shows: colours under alpha 0, which
    editors do not keep, do not count.
    """
    if picture.ndim == 3 and picture.shape[2] == 4:
        picture = np.where(picture[..., 3:] > 0, picture, np.uint8(0))
    return hashlib.sha256(repr(picture.shape).encode() + np.ascontiguousarray(picture).tobytes()).hexdigest()[
        :32
    ]


def digests(layers: Sequence[Layer]) -> dict[str, str]:
    """The digest of each layer by name, but of those that are only there to be looked at."""
    return {layer.name: digest(layer.picture) for layer in layers if layer.name not in (PLATE, FRAME)}
