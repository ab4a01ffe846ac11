"""What film teaches: shots of outputs as training reads them, and those in which all that moves before the
plate is explained.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from animelayers.dataset.output import Output
from animelayers.exports.select import Select
from animelayers.exports.shots import Shot, shots
from animelayers.imaging import codecs
from animelayers.imaging.brush import disc
from animelayers.imaging.evenly import evenly
from animelayers.record.schema import Row
from animelayers.training import pack
from animelayers.training.views import Doubts, seen

_AS_FOUND = Doubts(
    none=0, unlooked=0, exact=1, lost=0, missed=0, holes=0, shifted=0, lit=0
)  # the layers as they stand, and nothing made up
_FEWEST = 4  # drawings of a shot
_THERE = 25  # coverage, of 255, from which a layer explains what differs
_FAR = 255  # difference that is no noise
_UNEXPLAINED = 0.001  # share of the frame that may move and be nothing
_MOVED = 0.15  # share of a shot's figures that has to differ from the plate behind them
_SEEN = 0.5  # share of the frame whose plate has to be known
_DONE = "film.json"


def packed(output: Output, shot: Shot, most: int = pack.DRAWINGS) -> pack.Shot:
    """A shot of an output as training reads it, its layers as they stand with all corrections. Raises what
    reading them raises.
    """
    rows = [output.row(carrier) for carrier in shot.carriers]
    rows = [rows[k] for k in evenly(len(rows), most)]
    full = (int(rows[0]["width"]), int(rows[0]["height"]))
    scale = min(1.0, pack.SIZE[0] / full[0], pack.SIZE[1] / full[1])
    size = (max(32, round(full[0] * scale)), max(32, round(full[1] * scale)))
    pictures = [cv2.resize(output.composed(row), size, interpolation=cv2.INTER_AREA) for row in rows]
    layers = [
        np.dstack([_alpha(output, row, name, size) for name in ("character", "effect", "shadow")])
        for row in rows
    ]
    places = [_place(output, row, full, size) for row in rows]
    return pack.Shot(
        np.stack(pictures), np.stack(layers), np.stack(places), f"figure:{shot.sheet.episode}", ""
    )


def teaches(made: pack.Shot) -> bool:
    """Whether the layers of a shot can be believed without anybody having looked.

    The plate is known, whatever differs from it is a figure, an effect or a shadow, and figures differ from
    what is behind them: they move. A shot in which nothing moves and nobody is teaches what is nobody.
    """
    if len(made.frames) < _FEWEST or not made.places.any():
        return False
    every = list(range(len(made.frames)))
    told = seen(made.frames, made.layers, made.places, every, np.random.default_rng(0), _AS_FOUND)
    known = np.stack([each.known for each in told]) == 255
    far = known & (np.stack([each.difference for each in told]) >= _FAR)
    brush = disc(2)
    near = np.stack(
        [cv2.dilate((layer.max(-1) > _THERE).astype(np.uint8), brush) > 0 for layer in made.layers]
    )
    figure = made.layers[..., 0] > 127
    moved = float(far[figure].mean()) if figure.any() else 1.0
    return bool(known.mean() > _SEEN and (far & ~near).mean() < _UNEXPLAINED and moved > _MOVED)


def taught(path: str, folder: Path) -> tuple[int, int]:
    """Write the shots of an output that can be believed as a pack below `folder`, once; how many they are,
    and of how many. Raises `SinkError` for a folder that is no output.
    """
    output = Output(path)
    said = json.dumps([path, hashlib.sha256(repr(sorted(output)).encode()).hexdigest()])
    done = folder / _DONE
    if done.exists() and (found := json.loads(done.read_text()))["of"] == said:
        return int(found["taught"]), int(found["shots"])
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.shot"):
        old.unlink()
    count = kept = 0
    for count, made in enumerate(_shots(output), 1):
        if teaches(made):
            pack.write(made, folder / f"{count:05d}.shot")
            kept += 1
    done.write_text(json.dumps({"of": said, "taught": kept, "shots": count}))
    return kept, count


def _shots(output: Output) -> Iterator[pack.Shot]:
    for shot in shots(output, Select()):
        if shot.carriers:
            yield packed(output, shot)


def _alpha(output: Output, row: Row, name: str, size: tuple[int, int]) -> np.ndarray:
    if not row.get(f"{name}_file") or (name == "effect" and (row.get("effect_mode") or "none") == "none"):
        return np.zeros(size[::-1], np.uint8)
    return np.asarray(
        cv2.resize(codecs.decode(output.stored(row, name))[..., 3], size, interpolation=cv2.INTER_AREA)
    )


def _place(output: Output, row: Row, full: tuple[int, int], size: tuple[int, int]) -> np.ndarray:
    """From a small drawing's pixels to the plate's at the same scale; zeros where there is no plate."""
    try:
        _, camera = output.plate(row["frame_id"])
    except (KeyError, TypeError, ValueError):
        return np.zeros((3, 3), np.float32)
    return pack.scaled(camera, full, size)
