"""Homographies of single drawings made the cameras of a shot: one plate, its origin, and the name of the
move.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from animelayers.imaging.warp import HAIR, outline, placed

STILL = 0.3
"""Pixels of the frame that a still camera may seem to move."""
_LARGE = (4, 64 << 20)  # areas of the frame, and pixels, from which a plate is no plate
_COARSER = 0.02  # of the area of a pixel that the plate may lack beside the closest view
# times the way it gets that a shaking camera goes, and by which its frames differ in size at most
_SHAKEN, _AS_LARGE = 2.5, 1.05
_ALIKE = 3  # decimals to which plates are as large
_DEPTH = 0.1  # of the depth of the first pixel, below which a corner of a frame flies off the plate


class Camera(NamedTuple):
    """Where N frames lie on the plate of their shot.

    ``homographies``: float64 (N, 3, 3), frame to plate; all zero for a frame of the context that could not be
    registered, see `placed`. ``ok``: bool (N,), whether the frame itself told its place; a drawing that did
    not (a white flash) has the place of its neighbours. ``kind``: 'still', 'pan', 'tilt', 'zoom', 'rotate',
    'shake', or 'unknown': not registrable, all identity, and no frame says a thing about another.
    """

    homographies: np.ndarray
    ok: np.ndarray
    kind: str


def same_place(number: int, kind: str, told: Sequence[int] | None = None, first: int = 0) -> Camera:
    """All in one place, but for the context, from `first` on, that did not tell (if `told`): it may be of
    elsewhere.
    """
    cameras = np.tile(np.eye(3), (number, 1, 1))
    ok = np.full(number, kind != "unknown") if told is None else np.isin(np.arange(number), told)
    if told is not None:
        cameras[first:][~ok[first:]] = 0
    return Camera(cameras, ok, kind)


def enlarged(places: dict[int, np.ndarray], scale: np.ndarray) -> dict[int, np.ndarray]:
    """Homographies in pixels of the frames from those in pixels of planes that are `scale` (x, y) times
    smaller.
    """
    up = np.array([[scale[0], 0, (scale[0] - 1) / 2], [0, scale[1], (scale[1] - 1) / 2], [0, 0, 1]])
    return {number: up @ place @ np.linalg.inv(up) for number, place in places.items()}


def composed(
    places: dict[int, np.ndarray], number: int, first: int, size: tuple[int, int], bent: bool
) -> Camera:
    """The cameras of `number` frames of `size` (width, height), the context from `first` on, from the
    homographies (3, 3) of those with a place.

    ``bent``: whether they do more than shift. The rest of the drawings get places between their neighbours',
    the rest of the context none.
    """
    drawings = sorted(n for n in places if n < first)
    back = np.linalg.inv(places[_base(places, drawings, size)])
    cameras = np.zeros((number, 3, 3))
    for n, place in places.items():
        cameras[n] = back @ place
        cameras[n] /= cameras[n, 2, 2]
    for row, column in np.ndindex(*cameras.shape[1:]):
        cameras[:first, row, column] = np.interp(np.arange(first), drawings, cameras[drawings, row, column])
    if not bent:
        for axis in (0, 1):
            way = cameras[placed(cameras), axis, 2]
            if np.ptp(way) < 2 * STILL:
                cameras[placed(cameras), axis, 2] = 0
        if not np.abs(cameras[placed(cameras)][:, :2, 2]).max():
            return same_place(number, "still", list(places), first)
    for n in sorted(range(first, number), key=lambda n: np.abs(cameras[n, :2, 2]).max()):
        if placed(cameras)[n] and _too_large(cameras[[*range(first), n]], size):
            cameras[n] = 0
    if _too_large(cameras, size):
        return same_place(number, "unknown")
    known = placed(cameras)
    low = outline(cameras[known], size).min((0, 1))
    move = np.eye(3)
    move[:2, 2] = np.ceil(-low - HAIR)
    cameras[known] = move @ cameras[known]
    ok = np.isin(np.arange(number), list(places)) & known
    return Camera(cameras, ok, _kind(cameras[:first], size))


def _base(places: dict[int, np.ndarray], drawings: Sequence[int], size: tuple[int, int]) -> int:
    """The drawing whose pixels are the plate's: the closest view, so that no frame is made coarser, and of a
    camera that turns the middle one.
    """
    together = np.stack([places[n] for n in drawings])
    middle = np.array([(size[0] - 1) / 2, (size[1] - 1) / 2, 1])
    seen = [np.linalg.inv(places[n]) @ together for n in drawings]
    # area of the middle pixels of the frames
    coarsest = [float((np.linalg.det(each) / (each @ middle)[:, 2] ** 3).min()) for each in seen]
    fine = [k for k, area in enumerate(coarsest) if area >= max(coarsest) - _COARSER]
    return drawings[min(fine, key=lambda k: (round(_area(seen[k], size) / (size[0] * size[1]), _ALIKE), k))]


def _area(cameras: np.ndarray, size: tuple[int, int]) -> float:
    """Pixels of the box around all frames; endless where one lies partly behind the camera."""
    right, bottom = size[0] - 1, size[1] - 1
    depth = cameras[:, 2] @ np.array([[0, 0, 1], [right, 0, 1], [right, bottom, 1], [0, bottom, 1]]).T
    return float(np.ptp(outline(cameras, size), (0, 1)).prod()) if (depth > _DEPTH).all() else np.inf


def _too_large(cameras: np.ndarray, size: tuple[int, int]) -> bool:
    area = _area(cameras[placed(cameras)], size)
    return area > _LARGE[0] * size[0] * size[1] or area > _LARGE[1]


def _kind(cameras: np.ndarray, size: tuple[int, int]) -> str:
    """The name of the move of drawings in order: a camera that shakes goes a long way and gets nowhere, one
    that zooms or turns does so around a point within reach of the frame.
    """
    corners = outline(cameras, size)
    way = np.linalg.norm(np.diff(corners, axis=0), axis=2).sum()
    reach = np.linalg.norm(np.ptp(corners, 0), axis=1).sum()
    sizes = np.sqrt(np.abs(np.linalg.det(cameras[:, :2, :2])))
    if way > _SHAKEN * reach and sizes.max() / sizes.min() < _AS_LARGE:
        return "shake"
    across, down = corners[:, 2] - corners[:, 0], corners[:, 3] - corners[:, 1]
    areas = np.abs(across[:, 0] * down[:, 1] - across[:, 1] * down[:, 0])
    turned = np.ptp(np.unwrap(np.arctan2(*(across - down).T[::-1])))
    zoomed, shifted = np.log(areas.max() / areas.min()) / 2, np.ptp(corners.mean(axis=1), axis=0)
    if np.hypot(*shifted) > np.hypot(*size) * max(turned, zoomed):
        return "tilt" if shifted[1] > shifted[0] else "pan"
    return "rotate" if turned > zoomed else "zoom"
