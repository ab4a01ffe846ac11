"""Training packs: composed shots with their layers known, small, as files that need nothing but NumPy and
OpenCV to be read.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np

from animelayers.imaging.evenly import evenly

if TYPE_CHECKING:  # what composes needs much more than what trains: it is imported where a shot is composed
    from animelayers.truth.film import Composed
    from animelayers.truth.recipe import Recipe

SIZE = (320, 180)
"""Pixels a packed drawing has, width and height."""
DRAWINGS = 8
"""Drawings of a shot that are kept, spread over it."""
_QUALITY = 92  # of the JPEGs


class Shot(NamedTuple):
    """Drawings of a shot and what is what in them.

    ``frames``: uint8 sRGB (D, H, W, 3). ``layers``: uint8 (D, H, W, 3), coverage by figures, effects and
    shadows, 0..255. ``places``: float32 (D, 3, 3), homographies from each drawing's pixels to the plate's;
    all zero where planes pass each other, as no camera explains the shot. ``sources``: the hands its parts
    are from, as kind:source; ``traits``: what it shows, see docs/truth.md; each joined by commas.
    """

    frames: np.ndarray
    layers: np.ndarray
    places: np.ndarray
    sources: str
    traits: str


def shots(
    recipe: Recipe, seed: int, number: int, size: tuple[int, int] = SIZE, most: int = DRAWINGS
) -> Iterator[Shot]:
    """The shots of film `number` of a set, as film and lens leave them, with at most `most` drawings of each,
    brought to `size`.
    """
    from animelayers.truth.described import described
    from animelayers.truth.film import developed, frames

    plan = recipe.film(seed, number)
    develop = developed(plan.look, plan.seed)
    for index, (shot, composed) in enumerate(frames(plan)):
        distinct: dict[int, Composed] = {}
        for made in composed:
            distinct.setdefault(made.frame.shown, made)
        kept = list(distinct.values())
        kept = [kept[i] for i in evenly(len(kept), most)]
        flat = not any(layer.kind == "plane" for layer in kept[0].frame.layers)
        traits, sources = described(plan, index, shot)
        yield Shot(
            np.stack([_small(develop(made.frame.picture, made.number), size) for made in kept]),
            np.stack([_small(_layers(made), size) for made in kept]),
            np.stack(
                [
                    scaled(made.frame.seat, plan.size, size) if flat else np.zeros((3, 3), np.float32)
                    for made in kept
                ]
            ),
            ",".join(sources),
            ",".join(traits),
        )


def write(shot: Shot, path: Path) -> None:
    """Store a shot as one file: JPEG for the drawings, PNG for their layers."""
    pictures = [_encoded(".jpg", f, cv2.IMWRITE_JPEG_QUALITY, _QUALITY) for f in shot.frames]
    masks = [_encoded(".png", m, cv2.IMWRITE_PNG_COMPRESSION, 6) for m in shot.layers]
    sizes = np.array([len(data) for data in (*pictures, *masks)], np.int64)
    data = np.concatenate([*pictures, *masks])
    part = path.with_name(f".{path.name}.part")
    with part.open("wb") as file:
        np.savez(
            file,
            data=data,
            sizes=sizes,
            places=shot.places,
            sources=np.array(shot.sources),
            traits=np.array(shot.traits),
        )
    part.replace(path)


def read(path: Path) -> Shot:
    """A stored shot. Raises ValueError for a file that is none."""
    try:
        with np.load(path, allow_pickle=False) as stored:
            parts = np.split(stored["data"], np.cumsum(stored["sizes"])[:-1])
            half = len(parts) // 2
            return Shot(
                np.stack([_decoded(part) for part in parts[:half]]),
                np.stack([_decoded(part) for part in parts[half:]]),
                stored["places"],
                str(stored["sources"]),
                str(stored["traits"]),
            )
    except (
        OSError,
        EOFError,
        KeyError,
        IndexError,
        TypeError,
        ValueError,
        AttributeError,
        zipfile.BadZipFile,
        cv2.error,
    ) as problem:
        raise ValueError(
            f"{path} is no packed shot ({' '.join(str(problem).split())}): delete it and compose the pack again"
        ) from None


def listed(folder: str | Path) -> list[Path]:
    """The shots of a pack in order. Raises FileNotFoundError where there are none."""
    found = sorted(Path(folder).glob("*.shot"))
    if not found:
        raise FileNotFoundError(
            f"{folder} holds no packed shots (*.shot): compose some with compose_only=true pack={folder}"
        )
    return found


def _layers(made: Composed) -> np.ndarray:
    frame = made.frame
    return np.dstack([frame.seen(kind)[..., 3] for kind in ("figure", "effect", "shadow")])


def _small(picture: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA))


def scaled(seat: np.ndarray, full: tuple[int, int], small: tuple[int, int]) -> np.ndarray:
    """A homography (3, 3) between pixels of a drawing and its plate, for both made smaller as `full` (width,
    height) becomes `small`, float32.
    """
    x, y = small[0] / full[0], small[1] / full[1]
    scale = np.array([[x, 0, x / 2 - 0.5], [0, y, y / 2 - 0.5], [0, 0, 1]])
    return np.asarray(scale @ seat @ np.linalg.inv(scale), np.float32)


def _encoded(form: str, picture: np.ndarray, flag: int, value: int) -> np.ndarray:
    return np.asarray(cv2.imencode(form, picture[..., ::-1], [flag, value])[1]).ravel()


def _decoded(data: np.ndarray) -> np.ndarray:
    picture = cv2.imdecode(data, cv2.IMREAD_COLOR)
    if picture is None:
        raise ValueError("a picture is damaged")
    return np.asarray(picture[..., ::-1])
