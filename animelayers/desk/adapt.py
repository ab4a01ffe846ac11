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

import numpy as np

from animelayers.dataset.output import Output
from animelayers.desk import shots as shot_list
from animelayers.exports.shots import Shot
from animelayers.sinks import dataset
from animelayers.sinks.store import Store
from animelayers.training import pack
from animelayers.training.film import packed
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
