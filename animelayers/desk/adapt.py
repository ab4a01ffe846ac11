"""A show teaches LayerNet: corrected and trusted shots become a pack that a training goes on with, and
corrected shots held back judge it.
"""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from animelayers.desk import shots as shot_list
from animelayers.desk.pictures import whole
from animelayers.exports.shots import Shot
from animelayers.imaging import codecs
from animelayers.output import Output
from animelayers.schema import Row
from animelayers.sinks import dataset
from animelayers.sinks.store import Store
from animelayers.training import pack
from animelayers.training.judge import Judged

WEIGHTS, CARD = "layernet.safetensors", "README.md"
_HELD = 4  # one of so many corrected shots is held back, one at least
_LOOKS = 4  # views of each held-back shot
_GAIN = 0.002  # IoU below which nothing was gained
_LOSS = 0.02  # IoU that no layer may lose
_JUDGED = ("character", "effect", "character_still")


@dataclass(frozen=True)
class Show:
    """What a show teaches: its ``corrected`` shots, those ``held`` back of them to judge by, and the
    ``trusted`` ones that nobody had to correct.
    """

    corrected: list[Shot]
    held: list[Shot]
    trusted: list[Shot]


class Judgement(NamedTuple):
    """How good weights are on the shots held back, ``before`` and ``after``."""

    before: Judged
    after: Judged

    @property
    def better(self) -> bool:
        """Whether figures and effects gained, and none of them lost much."""
        pairs = [(getattr(self.before, name), getattr(self.after, name)) for name in _JUDGED]
        gains = [new - old for old, new in pairs if old == old and new == new]
        return bool(gains) and float(np.mean(gains)) >= _GAIN and min(gains) > -_LOSS

    def lines(self) -> list[str]:
        """What is told of it: each layer before and after."""
        words = {"character": "figures", "effect": "effects", "character_still": "figures of a still"}
        pairs = [(words[name], getattr(self.before, name), getattr(self.after, name)) for name in _JUDGED]
        return [
            f"{word}: IoU {old:.3f} before, {new:.3f} after"
            for word, old, new in pairs
            if old == old and new == new
        ]


def taught(output: Output, most: int) -> Show:
    """What an output teaches: at most `most` shots that nobody corrected, the surest first. Which are held
    back follows from their names.
    """
    corrected, trusted = list[Shot](), list[tuple[float, Shot]]()
    for shot in shot_list.listed(output):
        rows = [output.row(carrier) for carrier in shot.carriers]
        if any((row.get("corrected") or "none") != "none" for row in rows):
            corrected.append(shot)
        elif rows and all((row.get("flags") or "ok") == "ok" and row.get("character_file") for row in rows):
            trusted.append((float(np.mean([row.get("character_confidence") or 0 for row in rows])), shot))
    corrected.sort(key=lambda shot: hashlib.sha256(shot.name.encode()).hexdigest())
    count = max(1, len(corrected) // _HELD) if len(corrected) > 1 else 0
    trusted.sort(key=lambda each: (-each[0], each[1].name))
    return Show(corrected[count:], corrected[:count], [shot for _, shot in trusted[:most]])


def packed(output: Output, shot: Shot, most: int = pack.DRAWINGS) -> pack.Shot:
    """A shot as training reads it, its layers as they stand with all corrections. Raises what reading them
    raises.
    """
    rows = [output.row(carrier) for carrier in shot.carriers]
    rows = [rows[k] for k in np.unique(np.linspace(0, len(rows) - 1, most).round().astype(int))]
    full = (int(rows[0]["width"]), int(rows[0]["height"]))
    scale = min(1.0, pack.SIZE[0] / full[0], pack.SIZE[1] / full[1])
    size = (max(32, round(full[0] * scale)), max(32, round(full[1] * scale)))
    pictures = [cv2.resize(whole(output, row), size, interpolation=cv2.INTER_AREA) for row in rows]
    layers = [
        np.dstack([_alpha(output, row, name, size) for name in ("character", "effect", "shadow")])
        for row in rows
    ]
    places = [_place(output, row, full, size) for row in rows]
    return pack.Shot(
        np.stack(pictures), np.stack(layers), np.stack(places), f"figure:{shot.sheet.episode}", ""
    )


def write(output: Output, found: Sequence[Shot], folder: Path) -> str:
    """Write shots as a pack, in place of what lay there; returns a digest of what they hold."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.shot"):
        old.unlink()
    told = hashlib.sha256()
    for number, shot in enumerate(found):
        made = packed(output, shot)
        told.update(made.frames.tobytes() + made.layers.tobytes())
        pack.write(made, folder / f"{number:04d}.shot")
    return told.hexdigest()[:32]


def looks(output: Output, held: Sequence[Shot]) -> list[pack.Shot]:
    """Held-back shots to judge by, each as often as it is looked at."""
    return [shot for shot in (packed(output, each) for each in held) for _ in range(_LOOKS)]


def command(path: str, weights: Path, made: str) -> str:
    """The command that decomposes the show's films again with weights of its own."""
    films = dataset.description(Store(path)).get("config", {}).get("source", {}).get("path") or "FILM"
    stages = (
        f"stages.{place}={weights}" for place in ("character.step.matte.weights", "layers.step.net.weights")
    )
    return shlex.join(["animelayers", "decompose", str(films), made, *stages])


def card(show: Show, judged: Judgement, digest: str, begun: str, how: str) -> str:
    """What lies beside the weights, for people."""
    rows = "".join(f"- {line}\n" for line in judged.lines())
    names = ", ".join(shot.name for shot in show.held)
    learned = f"It learned from {len(show.corrected)} corrected shots and {len(show.trusted)} that nobody had to correct."
    return (
        f"# LayerNet, taught by one show\n\nsha256 of {WEIGHTS}: `{digest}`\n\nBegun from {begun}. {learned}\n"
        f"Judged by {len(show.held)} corrected shots that it did not learn from ({names}):\n\n"
        f"{rows}\nThese weights know this show. Use them for its other episodes:\n\n    {how}\n"
    )


def digest(path: Path) -> str:
    """The sha256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


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
    x, y = size[0] / full[0], size[1] / full[1]
    scale = np.array([[x, 0, x / 2 - 0.5], [0, y, y / 2 - 0.5], [0, 0, 1]])
    return np.asarray(scale @ camera @ np.linalg.inv(scale), np.float32)
