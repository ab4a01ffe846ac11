"""Numbered OpenEXR of every shot, for compositing programs: half float, linear light, colours multiplied by
alpha.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from animelayers.dataset import xsheet
from animelayers.dataset.output import Output
from animelayers.exports.base import Exporter, Piece
from animelayers.exports.shots import Shot, only, picture, shots, untimed
from animelayers.record.layers import names

LAYERS = names("film")
_REC709 = (0.64, 0.33, 0.30, 0.60, 0.15, 0.06, 0.3127, 0.3290)  # primaries and white of sRGB, x and y


@dataclass(frozen=True, kw_only=True)
class Exr(Exporter):
    """EPISODE_scene0003/character.0001.exr … per shot and layer, from 1 without gaps, channels R, G, B, A as
    half floats.

    Light is linear and premultiplied by alpha, as the format has it and compositors expect. ``layers``: of
    character, background, effect and mask; one that a shot has not is left out, and what a frame has not is a
    transparent picture. ``every_frame``: a file for each frame; otherwise one per drawing, numbered as in the
    exposure sheet beside them (sheet.csv, sheet.xdts). The header tells the frame rate, of an effect how it
    is laid over the rest, and the caption that lay beside the input. Layers are taken apart in display
    values: "over" of soft edges in linear light comes out a little lighter than the frame.
    """

    layers: Sequence[str] = ("character", "background", "effect")
    every_frame: bool = False

    def __post_init__(self) -> None:
        """Raises ValueError for a layer that there is not."""
        only(self.layers, LAYERS)

    def pieces(self, output: Output) -> Iterator[Piece]:
        """A file per layer and picture of a shot, then its sheets."""
        for shot in shots(output, self.select):
            there = [
                layer
                for layer in self.layers
                if any(output.row(carrier).get(f"{layer}_file") for carrier in shot.carriers)
            ]
            for number, frame_id in enumerate(shot.shown if self.every_frame else shot.carriers, start=1):
                for layer in there:
                    name = f"{shot.name}/{layer}.{number:04d}.exr"
                    yield Piece(
                        (name,),
                        partial(_file, output, shot, frame_id, layer, name),
                        int(layer == there[0]),
                        frame_id,
                    )
            sheets = {
                f"{shot.name}/sheet.csv": xsheet.as_csv(shot.sheet),
                f"{shot.name}/sheet.xdts": xsheet.as_xdts(shot.sheet),
            }
            yield Piece(
                tuple(sheets),
                partial(dict, {name: text.encode() for name, text in sheets.items()}),
                0,
                shot.name,
            )

    def remarks(self, output: Output) -> Iterator[str]:
        """Frames that have no timing."""
        return untimed(output, self.select)


def linear(rgba: np.ndarray) -> np.ndarray:
    """Straight sRGB uint8 (H, W, 4) as linear light premultiplied by alpha, float16 (H, W, 4)."""
    code = np.arange(256) / 255
    light = np.where(code <= 0.04045, code / 12.92, ((code + 0.055) / 1.055) ** 2.4).astype(np.float32)
    alpha = rgba[..., 3:].astype(np.float32) / 255
    return np.asarray(np.concatenate([light[rgba[..., :3]] * alpha, alpha], axis=2), np.float16)


def _file(output: Output, shot: Shot, frame_id: str, layer: str, name: str) -> Mapping[str, bytes]:
    mode = shot.modes.get(frame_id, "none")
    blank = layer == "effect" and mode == "none"
    pixels = linear(picture(output, "" if blank else frame_id, layer, shot.size))
    told = [f"blend mode: {mode}"] if layer == "effect" and not blank else []
    told += [text] if frame_id and (text := output.row(frame_id).get("caption_given")) else []
    header = {"framesPerSecond": shot.rate, "chromaticities": _REC709}
    return {name: _encoded(pixels, header | ({"comments": "\n".join(told)} if told else {}))}


def _encoded(pixels: np.ndarray, header: Mapping[str, object]) -> bytes:
    """The bytes of an OpenEXR. Raises ValueError where its library is not there."""
    try:
        import OpenEXR
    except ImportError:
        raise ValueError("OpenEXR is not installed: pip install 'animelayers[export]'") from None
    with tempfile.TemporaryDirectory(prefix="exr-") as folder:
        path = Path(folder) / "a.exr"
        whole = {**header, "compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage}
        OpenEXR.File(whole, {"RGBA": np.ascontiguousarray(pixels)}).write(str(path))
        return path.read_bytes()
