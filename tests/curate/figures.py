"""Figures of known identity: drawn scenes, and sprites of real artists where they are."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from animelayers.samples import scene

CAST = {
    "portrait": ["akari"],
    "standing": ["sora"],
    "walk": ["yuki"],
    "crossing": ["ren", "akari"],
    "pan": ["akari"],
    "glow": ["yuki"],
    "fire": ["ren"],
    "impact": ["ren"],
    "fade": ["akari"],
}
_LEAST = 0.2  # of its box that a figure has to fill: what is left behind another one shows nobody


class Figure(NamedTuple):
    name: str
    who: str
    cutout: np.ndarray


def drawn(
    frames: tuple[int, ...] = (6, 12, 18), size: tuple[int, int] = (640, 360), seed: int = 0
) -> list[Figure]:
    found = []
    for name, people in CAST.items():
        shot = scene(name, max(frames) + 1, size, seed)
        for t in frames:
            for k, who in enumerate(people, 1):
                alpha = np.where(shot.instances[t] == k, shot.character[t], 0).astype(np.uint8)
                if alpha.any():
                    found.append(Figure(f"{name}{t}", who, cropped(np.dstack([shot.frames[t], alpha]))))
    return [figure for figure in found if (figure.cutout[..., 3] > 127).mean() >= _LEAST]


def sprites(data: Path) -> list[Figure]:
    found = [
        Figure(path.stem, "adventurer", cropped(_read(path)))
        for path in sorted((data / "pypi_arcade_kit").glob("femaleAdventurer_*.png"))
    ]
    who = {
        "vn04_two_sylvie_saha_uni": ["saha", "sylvie"],
        "vn05_sylvie_sita_explosion_uni": ["sylvie", "sita"],
    }
    for path in sorted((data / "layered_stills").glob("*.truth_character.png")):
        stem, picture = path.name.split(".")[0], _read(path)
        for k, name in enumerate(who.get(stem, ["sylvie"])):
            alpha = path.with_name(f"{stem}.truth_inst{k}_alpha.png")
            own = (
                np.minimum(picture[..., 3], cv2.imread(str(alpha), cv2.IMREAD_GRAYSCALE))
                if alpha.is_file()
                else picture[..., 3]
            )
            found.append(Figure(f"{stem}{k}", name, cropped(np.dstack([picture[..., :3], own]))))
    film = cv2.VideoCapture(str(data / "layered_clips" / "vn_open.mp4"))
    for t in range(131):
        there, frame = film.read()
        if there and t in (20, 30, 45, 58, 70, 80, 90, 100, 130):
            alpha = cv2.imread(
                str(sorted((data / "layered_clips/vn_open/alpha_character").glob("*"))[t]),
                cv2.IMREAD_GRAYSCALE,
            )
            found.append(
                Figure(
                    f"open{t}",
                    "saha" if 48 <= t < 88 else "sylvie",
                    cropped(np.dstack([frame[..., ::-1], alpha])),
                )
            )
    return found


def shrunk(figure: Figure, scale: float) -> Figure:
    cutout = cv2.resize(figure.cutout, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return figure._replace(cutout=np.ascontiguousarray(cutout[:, ::-1]))


def pairwise_f1(group: np.ndarray, who: list[str]) -> float:
    """F1 over all pairs of figures: put together against being the same person. A figure of no group is
    alone.
    """
    same = (group[:, None] == group) & (group[:, None] >= 0)
    truth = np.array(who)[:, None] == np.array(who)
    upper = np.triu_indices(len(group), 1)
    return float(2 * (same & truth)[upper].sum() / max(1, same[upper].sum() + truth[upper].sum()))


def cropped(picture: np.ndarray) -> np.ndarray:
    x, y, w, h = cv2.boundingRect((picture[..., 3] > 127).astype(np.uint8))
    return np.ascontiguousarray(picture[y : y + h, x : x + w])


def _read(path: Path) -> np.ndarray:
    return cv2.cvtColor(cv2.imread(str(path), cv2.IMREAD_UNCHANGED), cv2.COLOR_BGRA2RGBA)
