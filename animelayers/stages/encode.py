"""The last stage on pixels: layers become files, and the files are put together again to see what is left of
the frame.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

import cv2
import numpy as np

from animelayers.engine.step import ClipStep
from animelayers.imaging import blocks, codecs
from animelayers.imaging.brush import square
from animelayers.imaging.colour import BLEED, flat, foreground, pixels
from animelayers.imaging.constants import WHOLE
from animelayers.imaging.recompose import decibels, mixed, psnr, squares, together, uncovered
from animelayers.imaging.window import window
from animelayers.options import Quality
from animelayers.record.column import F32, I32, I64, U8
from animelayers.record.layers import names as names_of_layers

_LARGE = 500_000  # pixels of a frame whose JPEG is not decoded as a whole
_EVERY = 13  # one in so many blocks of the rest is decoded: their error is within 0.1 dB of that of all
# blocks that those of a row lie beside those of the row above: a lattice that follows neither rows nor
# columns of a picture
_ASKEW = 5
_LEAST = 1e-9  # share of the blocks that is decoded
LAYERS = names_of_layers()

Drawing = tuple[dict[str, bytes], tuple[int, ...], float, float]
"""Files by name, bounding box, coverage and recomposition in dB of a drawing."""


class Made(NamedTuple):
    """What `Encode` writes."""

    layers: bytes
    layer_names: list[str]
    layer_sizes: I64
    width: int
    height: int
    character_bbox: I32
    character_coverage: F32
    recompose_psnr: F32


class Encode(ClipStep):
    """Files of the layers some stage made: character.png and effect.png (RGBA, straight alpha), mask.png (L)
    and the background.

    ``layers``: which of character, mask, background, shadow, effect, plate, instances, provenance to store;
    one that no stage made is left out. So are effect.png and shadow.png (RGBA) of clips in which no drawing
    has one, and instances.png (L, the ids) of clips with one character at most. The plate is one file per
    clip. The frame is the effect, in its blend mode, in front of the character over the background, which is
    multiplied with the shadow. ``background``, and the plate: jpeg (with ``quality`` and ``subsampling``), or
    png or webp, both lossless. ``mask``: binary is 0 or 255 with 255 from alpha one half on, soft is the
    alpha itself. The character's colours are solved against the background as stored, and where that cannot
    give the frame back its alpha is raised a little: mask, bbox and coverage are of that final alpha.
    ``recompose_psnr`` is of what is stored, decoded: a layer left out counts as nothing, black behind. Of a
    large frame's 4:4:4 JPEG the blocks at the figure are decoded and one in thirteen of the others, whose
    error stands for all of them.
    """

    name = "encode"
    version = 5

    def __init__(
        self,
        layers: Sequence[str] = LAYERS,
        background: Literal["jpeg", "png", "webp"] = "jpeg",
        quality: Quality = 95,
        subsampling: Literal["444", "422", "420"] = "444",
        mask: Literal["binary", "soft"] = "binary",
    ) -> None:
        """Raises ValueError for a value that is not one of those named."""
        self.layers = tuple(_one_of("layers", layer, LAYERS) for layer in layers)
        self.format, self.quality = _one_of("background", background, codecs.SUFFIXES), quality
        self.subsampling = _one_of("subsampling", str(subsampling), ("444", "422", "420"))
        self.mask = _one_of("mask", mask, ("binary", "soft"))
        if not 1 <= quality <= 100:
            raise ValueError(f"quality must be 1..100, not {quality}")

    def clip(
        self,
        *,
        frames: U8,
        character: U8 | None = None,
        background: U8 | None = None,
        shadow: U8 | None = None,
        effect: U8 | None = None,
        effect_mode: list[str] | None = None,
        frame_without_effect: U8 | None = None,
        plate: U8 | None = None,
        instances: U8 | None = None,
        provenance: U8 | None = None,
    ) -> Made:
        """Files, their names and sizes, and the measures of every drawing of a clip."""
        count, (height, width) = len(frames), frames.shape[1:3]
        modes = (
            effect_mode
            if effect_mode and effect is not None and "effect" in self.layers
            else ["none"] * count
        )
        shadows = (
            None if shadow is None or "shadow" not in self.layers or not shadow[..., 3].any() else shadow
        )
        effects = None if all(mode == "none" for mode in modes) else effect
        made, without = [], iter([] if frame_without_effect is None else frame_without_effect)
        for i, frame in enumerate(frames):
            alpha, behind = (None if planes is None else planes[i] for planes in (character, background))
            dark = shadows[i] if shadows is not None and shadows[i, ..., 3].any() else None
            if effects is None or modes[i] == "none":
                drawing = self._drawing(frame, alpha, behind, dark)
            else:
                drawing = self._covered(frame, next(without, None), alpha, behind, dark, effects[i], modes[i])
            if shadows is not None:
                drawing[0]["shadow.png"] = codecs.encode_png(shadows[i])
            if effects is not None:
                drawing[0]["effect.png"] = codecs.encode_png(effects[i])
            drawing[0].update(self._others(i, plate, instances, provenance))
            made.append(drawing)
        names = list(made[0][0]) if made else []
        files = [data for drawing, *_ in made for data in drawing.values()]
        return Made(
            b"".join(files),
            names,
            np.array([len(data) for data in files], np.int64).reshape(count, len(names)),
            width,
            height,
            np.array([bbox for _, bbox, _, _ in made], np.int32).reshape(count, 4),
            np.array([coverage for _, _, coverage, _ in made], np.float32),
            np.array([quality for *_, quality in made], np.float32),
        )

    def _others(
        self, i: int, plate: np.ndarray | None, labels: np.ndarray | None, provenance: np.ndarray | None
    ) -> dict[str, bytes]:
        """The files of drawing `i` that are no part of its frame; what a clip has once is empty in all
        drawings but the first.
        """
        files = {}
        if "plate" in self.layers and plate is not None and plate.size:
            files[f"plate.{codecs.SUFFIXES[self.format]}"] = b"" if i else self._background(plate)
        if "instances" in self.layers and labels is not None and labels.max(initial=0) > 1:
            files["instances.png"] = codecs.encode_png(labels[i])
        if "provenance" in self.layers and provenance is not None and len(provenance):
            files["provenance.png"] = codecs.encode_png(provenance[i])
        return files

    def _covered(
        self, frame: np.ndarray, bare: np.ndarray | None, alpha: np.ndarray | None, background: np.ndarray | None,
        shadow: np.ndarray | None, effect: np.ndarray, mode: str,
    ) -> Drawing:  # fmt: skip
        """A drawing with an effect in front: the other layers are those of the frame without it, `bare`."""
        if bare is None:
            bare = uncovered(
                frame, effect, mode, np.zeros(frame.shape[:2], np.uint8) if alpha is None else alpha
            )
        files, bbox, coverage, _ = self._drawing(bare, alpha, background, shadow)
        stored = {name.split(".")[0]: codecs.decode(data) for name, data in files.items()}
        whole = together(
            stored.get("background", np.zeros_like(frame)), stored.get("character"), shadow, effect, mode
        )
        return files, bbox, coverage, psnr(whole, frame)

    def _drawing(
        self,
        frame: np.ndarray,
        alpha: np.ndarray | None,
        background: np.ndarray | None,
        shadow: np.ndarray | None,
    ) -> Drawing:
        files: dict[str, bytes] = {}
        behind, lost = np.zeros_like(frame), 0.0
        if background is not None and "background" in self.layers:
            file = self._background(background)
            behind, lost = (
                self._shown(background, file, alpha) if shadow is None else (codecs.decode(file), 0.0)
            )
            behind = together(behind, shadow=shadow)
            files[f"background.{codecs.SUFFIXES[self.format]}"] = file
        error = lost + squares(behind, frame)
        if alpha is None:
            return files, (0, 0, 0, 0), 0.0, decibels(error, frame.size)
        rgba = foreground(frame, alpha, behind if files else background)
        final = cv2.extractChannel(rgba, 3)
        half = cv2.threshold(final, 127, 255, cv2.THRESH_BINARY)[1]
        if "mask" in self.layers:
            files = {"mask.png": codecs.encode_png(half if self.mask == "binary" else final), **files}
        where = window(final, 0)
        if "character" in self.layers:
            files = {"character.png": codecs.encode_png(rgba), **files}
            if where is not None:
                # Where the alpha was full from the start the colour is the frame's own.
                at = flat(final[where] > (alpha[where] == 255) * np.uint8(255), where, alpha.shape[1])
                error -= float(cv2.norm(behind[where], frame[where], cv2.NORM_L2SQR, final[where]))
                error += float(np.square(np.rint(mixed(rgba, behind, at)) - pixels(frame, at)).sum())
        return files, tuple(cv2.boundingRect(half)), cv2.mean(final)[0] / 255, decibels(error, frame.size)

    def _shown(
        self, background: np.ndarray, file: bytes, alpha: np.ndarray | None
    ) -> tuple[np.ndarray, float]:
        """The background as its file shows it where the figure's edge is seen, and the squared error of the
        rest against `background`.
        """
        if self.format != "jpeg":
            return background, 0.0
        if (
            alpha is None
            or self.subsampling != "444"
            or alpha.size < _LARGE
            or "character" not in self.layers
        ):
            return codecs.decode(file), 0.0
        rows, columns = (-(-side // blocks.SIDE) for side in alpha.shape)
        figure, clear = np.zeros((rows, columns), bool), np.zeros((rows, columns), bool)
        where = window(alpha, BLEED, blocks.SIDE)
        if where is not None:
            part = alpha[where]
            cells = tuple(slice(side.start // blocks.SIDE, side.stop // blocks.SIDE) for side in where)
            near = cv2.dilate(cv2.threshold(part, 0, 255, cv2.THRESH_BINARY)[1], square(BLEED))
            figure[cells], clear[cells] = (
                blocks.grid(near),
                blocks.grid(cv2.threshold(part, WHOLE, 255, cv2.THRESH_BINARY_INV)[1]),
            )
        sample = ~figure & ((np.arange(columns) + _ASKEW * np.arange(rows)[:, None]) % _EVERY == 0)
        share = float(np.mean(~figure) / max(np.mean(sample), _LEAST))
        lost = share * blocks.loss(background, sample, self.quality)
        return blocks.stored(background, figure & clear, self.quality), lost

    def _background(self, picture: np.ndarray) -> bytes:
        if self.format == "jpeg":
            return codecs.encode_jpeg(picture, self.quality, self.subsampling)
        return codecs.encode_png(picture) if self.format == "png" else codecs.encode_webp(picture)


def _one_of(option: str, value: str, known: Sequence[str] | dict[str, str]) -> str:
    if value not in known:
        raise ValueError(f"{option}={value} is unknown: one of {', '.join(known)}")
    return value
