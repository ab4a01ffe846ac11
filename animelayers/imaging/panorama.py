"""The plates of a shot that was made in pieces, laid on one canvas: where each lies, and what they show
together.

The convention of cameras is that of `animelayers.imaging.motion`. The pieces follow each other in time, so
the last frame of one shows nearly what the first of the next one does: registering what the two plates show
there tells how the plates lie to each other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from animelayers.imaging.constants import TINY
from animelayers.imaging.motion import canvas, from_plate, outline, register
from animelayers.imaging.photometric import EQUAL, match
from animelayers.imaging.views import view
from animelayers.imaging.warp import HAIR

Load = Callable[[int], np.ndarray]
"""The number of a piece to its plate, uint8 sRGB (P, Q, 3), or to a plane of it; asked again whenever it is
needed, so that few are in memory.
"""

_LARGEST = 64 << 20  # pixels of a canvas
_UNSEEN = 0.01  # weight of what no frame of a piece shows: it counts where no piece shows more
_STEP = 4  # of the pixels by which light is compared


class Canvas(NamedTuple):
    """``pieces``: their numbers, rising. ``places``: float64 (3, 3) of each, from its plate to the canvas.
    ``size``: width and height.
    """

    pieces: list[int]
    places: list[np.ndarray]
    size: tuple[int, int]


def lay(load: Load, cameras: Sequence[np.ndarray], size: tuple[int, int]) -> list[Canvas]:
    """The canvases of N pieces that follow each other; a piece that cannot be registered to the one before it
    begins a new one.

    ``cameras``: of each piece, float64 (T, 3, 3), its frames of `size` (width, height) to its plate. The
    resolution of a canvas is that of its finest plate.
    """
    groups: list[tuple[list[int], list[np.ndarray]]] = []
    for k in range(len(cameras)):
        step = _step(load, k, cameras, size) if k else None
        if step is not None:
            pieces, places = groups[-1]
            if (
                _laid_out([*places, places[-1] @ step], [*(cameras[n] for n in pieces), cameras[k]], size)
                is not None
            ):
                pieces.append(k)
                places.append(places[-1] @ step)
                continue
        groups.append(([k], [np.eye(3)]))
    made = []
    for pieces, places in groups:
        found = _laid_out(places, [cameras[k] for k in pieces], size) if len(pieces) > 1 else None
        made.append(Canvas(pieces, *found) if found else Canvas(pieces, places, load(pieces[0]).shape[1::-1]))
    return made


def paint(load: Load, shown: Load, laid: Canvas) -> np.ndarray:
    """What the plates on a canvas show together, uint8 sRGB (H, W, 3): the mean, by how often each shows a
    pixel, in the light of the first.

    ``shown``: of a piece, uint8 (P, Q), how many of its frames show each pixel of its plate. Where no plate
    reaches, it is black.
    """
    width, height = laid.size
    total, weight = np.zeros((height, width, 3), np.float32), np.zeros((height, width), np.float32)
    for k, place in zip(laid.pieces, laid.places, strict=True):
        plate = load(k)
        registration = view(place, plate.shape[1::-1], laid.size)
        picture, reach = registration.onto(plate), registration.reach()
        own = np.where(
            reach > 0,
            np.maximum(registration.onto(shown(k), smooth=False), np.float32(_UNSEEN)),
            np.float32(0),
        )
        few = (slice(None, None, _STEP),) * 2
        before = weight[registration.window]
        both = (before[few] > 0) & (reach[few] > 0)
        light = (
            match(picture[few], _shade(total[registration.window][few], before[few]), both)
            if both.any()
            else EQUAL
        )
        total[registration.window] += (light.lift(picture) if light.usable else picture) * own[..., None]
        weight[registration.window] += own
    return _shade(total, weight)


def _shade(total: np.ndarray, weight: np.ndarray) -> np.ndarray:
    mean: np.ndarray = np.rint(total / np.maximum(weight, TINY)[..., None]).astype(np.uint8)
    return mean


def _step(load: Load, k: int, cameras: Sequence[np.ndarray], size: tuple[int, int]) -> np.ndarray | None:
    """From the plate of piece `k` to that of the piece before it, float64 (3, 3); None where they do not show
    the same.
    """
    before, now = cameras[k - 1][-1], cameras[k][0]
    found = register([from_plate(load(k - 1), before, size), from_plate(load(k), now, size)])
    if found.kind == "unknown" or not found.ok.all():
        return None
    move: np.ndarray = (
        before @ np.linalg.inv(found.homographies[0]) @ found.homographies[1] @ np.linalg.inv(now)
    )
    return np.asarray(move / move[2, 2])


def _laid_out(
    places: Sequence[np.ndarray], cameras: Sequence[np.ndarray], size: tuple[int, int]
) -> tuple[list[np.ndarray], tuple[int, int]] | None:
    """The places moved so that every frame lies on the canvas, at the resolution of the finest plate, and its
    size; None if it is too large.
    """
    finest = min(range(len(places)), key=lambda n: (round(float(np.linalg.det(places[n][:2, :2])), 2), n))
    moved = [np.linalg.inv(places[finest]) @ place for place in places]
    frames = np.concatenate([each @ of for each, of in zip(moved, cameras, strict=True)])
    move = np.eye(3)
    move[:2, 2] = np.ceil(-outline(frames, size).min((0, 1)) - HAIR)
    wide = canvas(move @ frames, size)
    return (
        ([move @ each / (move @ each)[2, 2] for each in moved], wide)
        if wide[0] * wide[1] <= _LARGEST
        else None
    )
