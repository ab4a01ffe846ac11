"""PSD: the layered pictures of Photoshop, Clip Studio Paint, Krita and most others."""

from __future__ import annotations

import io
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from PIL import Image

from animelayers.exports.documents import Documents
from animelayers.exports.stack import MOST_DEPTH, Layer, bounded, on_black
from animelayers.imaging.window import window

_MODES: Mapping[str, str] = {
    "over": "NORMAL",
    "add": "LINEAR_DODGE",
    "screen": "SCREEN",
    "multiply": "MULTIPLY",
}


@dataclass(frozen=True, kw_only=True)
class Psd(Documents):
    """A PSD file of every drawing, EPISODE/scene0003_frame000120.psd, and beside it a JSON with the digests
    of its layers.

    A group per character; the effect as screen, or as linear dodge of light on black. ``plate``: with the
    clean plate of the shot, hidden. ``frame``: with the whole frame, hidden, as a reference. Written by
    psd-tools.
    """

    suffix: ClassVar[str] = "psd"

    @classmethod
    def prepared(cls, layers: Sequence[Layer]) -> Sequence[Layer]:
        """The layers, those that add light as light on black."""
        return [on_black(layer) for layer in layers]

    def encode(self, layers: Sequence[Layer]) -> bytes:
        """See `to_psd`."""
        return to_psd(layers)


def to_psd(layers: Sequence[Layer]) -> bytes:
    """The bytes of a PSD of layers of one size, the lowest first, each cut to what shows of it; the same for
    the same layers.
    """
    from psd_tools import PSDImage
    from psd_tools.constants import BlendMode

    height, width = layers[0].picture.shape[:2]
    document = PSDImage.new("RGBA", (width, height))  # of an RGB one all layers are opaque
    groups: dict[str, Any] = {}
    for layer in layers:
        parent: Any = document
        if layer.group:
            if layer.group not in groups:
                groups[layer.group] = _named(document.create_group(), layer.group)
            parent = groups[layer.group]
        where = window(np.ascontiguousarray(layer.picture[..., 3]), 0) or (slice(0, 1), slice(0, 1))
        part = Image.fromarray(np.ascontiguousarray(layer.picture[where]))
        made = parent.create_pixel_layer(
            part, top=where[0].start, left=where[1].start, blend_mode=BlendMode[_MODES[layer.mode]]
        )
        _named(made, layer.name).visible = layer.shown
    data = io.BytesIO()
    document.save(data)
    return data.getvalue()


def read_psd(data: bytes) -> list[Layer]:
    """The layers of a PSD, the lowest first, each on the whole canvas; opacity and layer masks are multiplied
    into alpha; other blend modes have their own names.

    Raises ValueError for a file that is none.
    """
    from psd_tools import PSDImage

    try:
        _checked(data)
        document = PSDImage.open(io.BytesIO(data))
        found = []
        layer: Any
        nodes = _descendants(document)
        bounded(document.size[::-1], sum(not layer.is_group() for layer in nodes))
        for layer in nodes:
            if layer.is_group():
                continue
            bounded((layer.height, layer.width), 1)
            mode = next(
                (mode for mode, name in _MODES.items() if name == layer.blend_mode.name),
                layer.blend_mode.name.lower(),
            )
            group = layer.parent.name if layer.parent is not None and layer.parent is not document else ""
            found.append(Layer(layer.name, _on_canvas(layer, document.size), group, mode, layer.visible))
    except Exception as problem:  # a reader of a binary format raises what its bytes make it raise
        raise ValueError(f"no PSD file: {problem}") from problem
    return found


def _checked(data: bytes) -> None:
    """Refuse a PSD by its head, before anything is made of it."""
    if len(data) < 26 or data[:4] != b"8BPS":
        raise ValueError("another signature")
    _, channels, height, width, _, _ = struct.unpack(">H6xHIIHH", data[4:26])
    if channels > 56:
        raise ValueError(f"{channels} channels")
    bounded((height, width), 1)


def _descendants(document: Any) -> list[Any]:
    """All layers, the lowest first, down to a depth: not by recursion, which a hostile file would exhaust."""
    found: list[Any] = []
    pending = [(layer, 1) for layer in reversed(list(document))]
    while pending:
        layer, depth = pending.pop()
        if depth > MOST_DEPTH:
            raise ValueError(f"its groups are nested more than {MOST_DEPTH} deep")
        found.append(layer)
        if layer.is_group():
            pending += [(inner, depth + 1) for inner in reversed(list(layer))]
    return found


def _named(layer: Any, name: str) -> Any:
    layer.name = name  # only set afterwards may it hold more than ASCII
    return layer


def _on_canvas(layer: Any, size: tuple[int, int]) -> np.ndarray:
    picture = layer.topil()
    whole = Image.new("RGBA", size)
    if picture is not None:
        whole.paste(picture.convert("RGBA"), (layer.left, layer.top))
    pixels = np.array(whole)
    cover = np.full(pixels.shape[:2], float(layer.opacity) / 255)
    above = layer.parent
    while above is not None and above.kind == "group":
        cover, above = cover * (above.opacity / 255), above.parent
    if layer.has_mask() and not layer.mask.disabled:
        mask = Image.new("L", size, int(layer.mask.background_color))
        drawn = layer.mask.topil()
        if drawn is not None:
            mask.paste(drawn.convert("L"), (layer.mask.left, layer.mask.top))
        cover *= np.asarray(mask) / 255.0
    if (cover < 1).any():
        pixels[..., 3] = np.rint(pixels[..., 3] * cover)
    return pixels
