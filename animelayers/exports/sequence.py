"""Numbered pictures of every shot, and its exposure sheet beside them: what compositing programs load."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import PurePosixPath

import numpy as np

from animelayers.dataset import xsheet
from animelayers.dataset.output import Output
from animelayers.exports.base import Exporter, Piece
from animelayers.exports.shots import Shot, only, shots, untimed
from animelayers.imaging import codecs
from animelayers.record.layers import names

LAYERS = names("numbered")
NOTE = "layers.json"
_BLANK = {".png": codecs.encode_png, ".jpg": codecs.encode_jpeg, ".webp": codecs.encode_webp}


@dataclass(frozen=True, kw_only=True)
class Numbered(Exporter):
    """EPISODE_scene0003/character.0001.png … per shot and layer, from 1 without gaps, the files as they are
    stored.

    ``every_frame``: a file for each frame, held drawings as often as they show; otherwise one per drawing,
    numbered as in the exposure sheet beside them (sheet.csv, sheet.xdts). ``layers``: of character,
    background, effect and mask; one that a shot has not is left out, and what a frame has not is a
    transparent picture. layers.json tells of each file its frame, its layer and the digest of its bytes, and
    of each frame the caption that lay beside the input. Pictures without a timing have no sequence.
    """

    layers: Sequence[str] = LAYERS
    every_frame: bool = False

    def __post_init__(self) -> None:
        """Raises ValueError for a layer that there is not."""
        only(self.layers, LAYERS)

    def pieces(self, output: Output) -> Iterator[Piece]:
        """The layers of each picture of a shot, then what tells of them all."""
        for shot in shots(output, self.select):
            suffixes = _suffixes(output, shot, self.layers)
            shown = list(shot.shown if self.every_frame else shot.carriers)
            for number, frame_id in enumerate(shown, start=1):
                files = tuple(_file(shot, layer, number, suffix) for layer, suffix in suffixes.items())
                yield Piece(
                    files, partial(_numbered, output, shot, frame_id, number, suffixes), what=frame_id
                )
            told = tuple(f"{shot.name}/{name}" for name in ("sheet.csv", "sheet.xdts", NOTE))
            yield Piece(told, partial(_described, output, shot, shown, suffixes), 0, shot.name)

    def remarks(self, output: Output) -> Iterator[str]:
        """Frames that have no timing."""
        return untimed(output, self.select)


def _suffixes(output: Output, shot: Shot, layers: Sequence[str]) -> dict[str, str]:
    """The suffix of each layer's files, without layers that no drawing of the shot has."""
    found = {}
    for layer in layers:
        files = (output.row(carrier).get(f"{layer}_file") for carrier in shot.carriers)
        if file := next(filter(None, files), None):
            found[layer] = PurePosixPath(file).suffix
    return found


def _file(shot: Shot, layer: str, number: int, suffix: str) -> str:
    return f"{shot.name}/{layer}.{number:04d}{suffix}"


def _numbered(
    output: Output, shot: Shot, frame_id: str, number: int, suffixes: Mapping[str, str]
) -> dict[str, bytes]:
    """The files of one picture, byte for byte as stored; a blank one for a layer it has not."""
    row = output.row(frame_id) if frame_id else {}
    made = {}
    for layer, suffix in suffixes.items():
        if row.get(f"{layer}_file"):
            data = output.stored(row, layer)
        else:
            channels = () if layer == "mask" else (4,) if suffix == ".png" else (3,)
            data = _BLANK[suffix](np.zeros((*shot.size, *channels), np.uint8))
        made[_file(shot, layer, number, suffix)] = data
    return made


def _described(
    output: Output, shot: Shot, shown: Sequence[str], suffixes: Mapping[str, str]
) -> dict[str, bytes]:
    """The sheet twice, and of each file that shows a drawing which one, which layer, and the digest of its
    bytes.
    """
    known: dict[str, dict[str, str]] = {}
    before: dict[str, list[str]] = {}
    for number, frame_id in enumerate(shown, start=1):
        if frame_id not in before:
            before[frame_id] = [
                hashlib.sha256(data).hexdigest()[:32]
                for data in _numbered(output, shot, frame_id, number, suffixes).values()
            ]
        for (layer, suffix), digest in zip(suffixes.items(), before[frame_id], strict=True):
            name = _file(shot, layer, number, suffix).partition("/")[2]
            known[name] = {"frame_id": frame_id, "layer": layer, "digest": digest}
    modes = {carrier: mode for carrier, mode in shot.modes.items() if mode != "none"}
    note: dict[str, object] = {"export": "sequence", "rate": str(shot.rate), "blend": modes, "files": known}
    captions = {
        carrier: text for carrier in shot.carriers if (text := output.row(carrier).get("caption_given"))
    }
    note |= {"captions": captions} if captions else {}
    texts = {
        "sheet.csv": xsheet.as_csv(shot.sheet),
        "sheet.xdts": xsheet.as_xdts(shot.sheet),
        NOTE: json.dumps(note, indent=1, ensure_ascii=False, sort_keys=True) + "\n",
    }
    return {f"{shot.name}/{name}": text.encode() for name, text in texts.items()}
