"""A folder of films and stills with their layers beside them, as `samples.write` and `samples.write_stills`
leave them.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Hashable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from animelayers.quality.truths import TrueLayers, TrueShot

_STILL = ".composite.png"
_MEDIA = (".mkv", ".mp4", ".mov", ".webm")


class TruthFolder:
    """Every FILM/truth.json with its film FILM.mkv or .mp4 beside the folder FILM, and every
    NAME.composite.png with its layers, at any depth.

    What a job may see, and nothing else, is copied to a folder within `films`. The traits of a shot are those
    that truth.json names for it, else the film's name; its source the folder it lies in. Raises
    FileNotFoundError for a folder without any, and for a layer that is missing.
    """

    def __init__(self, folder: Path, films: Path) -> None:
        self.folder = folder
        self.shots: Sequence[TrueShot] = sorted(
            [*self._of_films(), *self._of_stills()], key=lambda shot: (shot.film, shot.number)
        )
        if not self.shots:
            raise FileNotFoundError(
                f"{folder}: no FILM/truth.json with a film beside it and no NAME{_STILL} there"
            )
        names = sorted({shot.film for shot in self.shots})
        self.films = films / hashlib.sha256("\0".join(names).encode()).hexdigest()[:12]
        for film in names:
            there, source = self.films / film, folder / film
            if not there.exists() or there.stat().st_mtime < source.stat().st_mtime:
                there.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, there)

    def _of_films(self) -> Iterator[TrueShot]:
        for facts in sorted(self.folder.rglob("truth.json")):
            told, beside = json.loads(facts.read_text()), facts.parent.parent
            names = [told.get("name", ""), *(facts.parent.name + suffix for suffix in _MEDIA)]
            film = next((beside / name for name in names if name and (beside / name).is_file()), None)
            if film is not None:
                yield from self._of_film(facts.parent, film, told)

    def _of_film(self, truth: Path, film: Path, told: dict[str, Any]) -> Iterator[TrueShot]:
        for shot in told["shots"]:
            first, last, number = int(shot["first"]), int(shot["last"]), int(shot["shot"])
            part, cameras, drawings = slice(first, last + 1), None, None
            if "pan" in told or _plain(truth, number).exists():
                cameras = np.tile(np.eye(3), (last - first + 1, 1, 1))
                cameras[:, 0, 2] = told["pan"][part] if "pan" in told else 0
            if "drawing" in told and cameras is not None:
                # what is held while the camera moves is another picture all the same
                numbers: dict[Any, int] = {}
                seen = zip(told["drawing"][part], cameras[:, 0, 2].tolist(), strict=True)
                drawings = tuple(numbers.setdefault(pair, len(numbers)) for pair in seen)
            yield TrueShot(
                film=film.relative_to(self.folder).as_posix(),
                number=number,
                first=first,
                last=last,
                traits=tuple(shot.get("traits", [truth.name])),
                sources=tuple(shot.get("sources", [film.parent.resolve().name])),
                scored=(True,) * (last - first + 1),
                drawings=drawings,
                cameras=cameras,
                opens=(first - 1, first + 1) if first else None,
            )

    def _of_stills(self) -> Iterator[TrueShot]:
        for path in sorted(self.folder.rglob(f"*{_STILL}")):
            name = path.relative_to(self.folder).as_posix()
            yield TrueShot(
                name,
                0,
                0,
                0,
                ("still_picture",),
                (path.parent.resolve().name,),
                (True,),
                None,
                np.eye(3)[None],
            )

    def key(self, shot: TrueShot, t: int) -> Hashable:
        """As `truths.Truth`."""
        return t if shot.drawings is None else shot.drawings[t - shot.first]

    def layers(self, shot: TrueShot, t: int) -> TrueLayers:
        """As `truths.Truth`."""
        path = self.folder / shot.film
        if shot.film.endswith(_STILL):
            return _of_still(path.with_name(path.name.removesuffix(_STILL)))
        truth = path.with_suffix("")
        alpha, labels = _read(truth / f"alpha_character/{t:05d}.png"), truth / f"instances/{t:05d}.png"
        effect = np.zeros((*alpha.shape, 4), np.uint8)
        lit = truth / f"alpha_effect/{t:05d}.png"
        effect[..., 3] = _read(lit) if lit.exists() else 0
        plain = _plain(truth, shot.number)
        background = _colours(plain if plain.exists() else truth / f"background/{t:05d}.webp")
        return TrueLayers(
            alpha,
            _read(labels) if labels.exists() else None,
            effect,
            False,
            np.zeros(alpha.shape, bool),
            background,
        )


def _of_still(name: Path) -> TrueLayers:
    layers = {kind: Path(f"{name}.truth_{kind}.png") for kind in ("character", "effect")}
    alpha = _read(layers["character"])[..., 3]
    effect = (
        _colours(layers["effect"], cv2.COLOR_BGRA2RGBA)
        if layers["effect"].exists()
        else np.zeros((*alpha.shape, 4), np.uint8)
    )
    parts = sorted(name.parent.glob(f"{name.name}.truth_inst*_alpha.png"))
    labels = None
    if parts:
        labels = np.zeros(alpha.shape, np.uint8)
        for number, part in enumerate(parts, 1):
            labels[_read(part) > 127] = number
    return TrueLayers(
        alpha,
        labels,
        effect,
        True,
        np.zeros(alpha.shape, bool),
        _colours(Path(f"{name}.truth_background.webp")),
    )


def _plain(truth: Path, number: int) -> Path:
    return truth / f"truth_background_shot{number}.webp"


@lru_cache(maxsize=4)
def _colours(path: Path, order: int = cv2.COLOR_BGR2RGB) -> np.ndarray:
    return cv2.cvtColor(_read(path), order)


def _read(path: Path) -> np.ndarray:
    picture = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if picture is None:
        raise FileNotFoundError(f"the truth lacks {path}")
    return picture
