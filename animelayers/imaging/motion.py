"""Camera motion: all frames of a shot in one plate coordinate system, found from the background alone.

A homography H maps a pixel (x, y, 1) of a frame, pixel centres at integers, to its place (u, v) on the plate. The plate is the bounding
box of all frames on it, so every place is 0 or more, and one frame lies on whole pixels of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np

from animelayers.imaging.align import Plane, align, key, plane
from animelayers.imaging.chain import FOUND, Chain
from animelayers.imaging.warp import canvas, from_plate, outline, placed, to_plate

__all__ = ["Camera", "canvas", "from_plate", "outline", "placed", "register", "to_plate"]

_TEXTURE = 60  # pixels of the coarse plane, 160 wide, that have to show an edge
_EDGE = 2.0  # grey levels per coarse pixel
_STILL = 0.3  # pixels of the frame that a still camera may seem to move
_WEAVE = 0.6  # pixels of the plane that worn film may seem to move, one frame in ten aside, while a shift explains hardly more than none
_SIMPLE = 0.6  # pixels of the frame that corners may be off before a shift is not explanation enough
_FLAT = 0.5  # share of the frame that has to move as one where the camera moves
_BETTER = 0.01  # share of the frame that a shift has to bring into place beside what stands
_ENDS = 0.1  # share of the drawings at the ends of a shot that a dissolve may hide
_DARK = 24  # grey levels of what surrounds the picture
_LARGE = (4, 64 << 20)  # areas of the frame, and pixels, from which a plate is no plate


class Camera(NamedTuple):
    """Where N frames lie on the plate of their shot.

    ``homographies``: float64 (N, 3, 3), frame to plate; all zero for a frame of the context that could not be registered, see `placed`.
    ``ok``: bool (N,), whether the frame itself told its place; a drawing that did not (a white flash) has the place of its neighbours.
    ``kind``: 'still', 'pan', 'zoom', 'shake', or 'unknown': not registrable, all identity, and no frame says a thing about another.
    """

    homographies: np.ndarray
    ok: np.ndarray
    kind: str


def register(frames: Sequence[np.ndarray], masks: Sequence[np.ndarray] | None = None, successive: int | None = None) -> Camera:
    """Register the N frames, uint8 sRGB (H, W, 3) of one size, of one shot, by the simplest of: still, shifted, scaled and turned.

    ``masks``: uint8 (H, W) alpha of what is no background, or None where nobody knows. ``successive``: how many of the first frames follow
    each other in time (all of them); the rest is context, frames from anywhere in the shot.
    """
    number = len(frames)
    first = number if successive is None else successive
    if number < 2 or not first:
        return _same_place(number, "still")
    planes = _without_borders([plane(f, None if masks is None else masks[n]) for n, f in enumerate(frames)])
    size = frames[0].shape[1::-1]
    scale = np.array(size) / planes[0].grey[0].shape[::-1]
    texture = [_texture(p) for p in planes]
    start = int(np.argmax(texture[:first]))
    if texture[start] < _TEXTURE:
        return _same_place(number, "still" if _alike(planes) else "unknown")
    speaking = [n for n in range(number) if texture[n] >= _TEXTURE]
    stood = _unmoved(planes, start, speaking, 1 / scale.max())
    if stood is not None:
        return _same_place(number, "still", stood, first)
    chain = Chain(planes, start)
    chain.follow([n for n in speaking if start < n < first], "similarity")
    chain.follow([n for n in reversed(speaking) if n < start], "similarity")
    chain.search([n for n in speaking if n >= first], "similarity")
    simple = chain.settle("shift")
    bent = set(simple.places) < set(chain.places) or _bent(chain, simple) * scale.max() > _SIMPLE
    chain = chain if bent else simple
    places, shares = chain.places, [s for n, s in chain.shares.items() if n < first]
    # A camera that moves in depth shifts near and far differently, and the more so the farther it goes.
    if not _enough(places, speaking, first) or np.quantile(shares, 0.1) < _FLAT:
        return _same_place(number, "unknown")
    return _composed(_enlarged(places, scale), number, first, size, bent)


def _same_place(number: int, kind: str, told: Sequence[int] | None = None, first: int = 0) -> Camera:
    """All in one place, but for the context, from `first` on, that did not tell (if `told`): it may be of elsewhere."""
    cameras = np.tile(np.eye(3), (number, 1, 1))
    ok = np.full(number, kind != "unknown") if told is None else np.isin(np.arange(number), told)
    if told is not None:
        cameras[first:][~ok[first:]] = 0
    return Camera(cameras, ok, kind)


def _without_borders(planes: Sequence[Plane]) -> list[Plane]:
    """The planes without the dark surroundings that all of them share: bars and rounded corners stand still whatever the camera does."""
    lightest = np.max([p.grey[0] for p in planes], 0)
    around = cv2.copyMakeBorder((lightest < _DARK).astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=1)
    cv2.floodFill(around, None, (0, 0), 2)
    outside = cv2.dilate((around[1:-1, 1:-1] == 2).astype(np.uint8), np.ones((13, 13), np.uint8))
    if outside.mean() > 0.5 or not outside.any():
        return list(planes)
    inside = 1 - outside.astype(np.float32)
    small = cv2.resize(inside, planes[0].free[1].shape[::-1], interpolation=cv2.INTER_AREA)
    return [Plane(p.grey, (p.free[0] * inside, p.free[1] * small)) for p in planes]


def _texture(of: Plane) -> int:
    """Pixels of the coarse plane that show an edge of the background."""
    across, down = cv2.spatialGradient(np.clip(of.grey[1], 0, 255).astype(np.uint8))
    return int(((cv2.magnitude(across.astype(np.float32), down.astype(np.float32)) > 8 * _EDGE) & (of.free[1] > 0.98)).sum())


def _alike(planes: Sequence[Plane]) -> bool:
    """Whether all planes show the same background, without which no word about the camera is possible where nothing has an edge."""
    free = np.min([p.free[1] for p in planes], 0) > 0.98
    if free.mean() < 0.02:
        return False
    greys = np.array([p.grey[1][free] for p in planes])
    return float(np.abs(greys - greys[0]).mean(1).max()) < 2


def _unmoved(planes: Sequence[Plane], start: int, speaking: Sequence[int], pixel: float) -> list[int] | None:
    """The planes that show that the camera stands, where three in four do and none shows that it moves; else None. A `pixel` of the frame on them."""
    to, stood, away, gain = key(planes[start]), list[int](), list[float](), list[float]()
    for number in speaking:
        stands, moves = (align(to, planes[number], model=model, coarse=False) for model in ("none", "shift"))
        if max(stands.share, moves.share) >= FOUND:
            stood.append(number)
            away.append(float(np.abs(moves.homography[:2, 2]).max()))
            gain.append(moves.share - stands.share)
    if len(stood) < 0.75 * len(speaking):
        return None
    # What pulls a shift away is more often a figure that nobody masked than a camera that hardly moves.
    moved = any(far >= _STILL * pixel and more > _BETTER for far, more in zip(away, gain, strict=True))
    worn = np.quantile(away, 0.9) < _WEAVE and np.median(gain) < 2 * _BETTER
    return stood if worn or not moved else None


def _bent(chain: Chain, simple: Chain) -> float:
    """How far, in pixels of the planes, the better model puts a corner of a frame from where the simple one does, against the same key."""
    height, width = chain.planes[0].grey[0].shape
    off = []
    for number, via in chain.via.items():
        both = [np.linalg.inv(c.places[via]) @ c.places[number] for c in (chain, simple)]
        one, other = (outline(h[None], (width, height)) for h in both)
        off.append(float(np.linalg.norm(one - other, axis=2).max()))
    return float(np.quantile(off, 0.9))  # a tenth of the frames may lie


def _enough(places: dict[int, np.ndarray], speaking: Sequence[int], first: int) -> bool:
    """Whether the shot is registered: the few drawings that found no place lie between others that did, so no cut is inside, or in a dissolve."""
    drawings = [n for n in speaking if n < first]
    lost = [n for n in drawings if n not in places]
    found = [n for n in drawings if n in places]
    outside = [n for n in lost if not found[0] < n < found[-1]]
    return len(lost) <= len(drawings) / 4 and len(outside) <= max(1, _ENDS * len(drawings))


def _enlarged(places: dict[int, np.ndarray], scale: np.ndarray) -> dict[int, np.ndarray]:
    """Homographies in pixels of the frames from those in pixels of planes that are `scale` (x, y) times smaller."""
    up = np.array([[scale[0], 0, (scale[0] - 1) / 2], [0, scale[1], (scale[1] - 1) / 2], [0, 0, 1]])
    return {number: up @ place @ np.linalg.inv(up) for number, place in places.items()}


def _composed(places: dict[int, np.ndarray], number: int, first: int, size: tuple[int, int], bent: bool) -> Camera:
    drawings = sorted(n for n in places if n < first)
    # The plate has the resolution of the closest view, so that no frame is made coarser.
    base = min(drawings, key=lambda n: (round(float(np.linalg.det(places[n])), 3), n))
    back = np.linalg.inv(places[base])
    cameras = np.zeros((number, 3, 3))
    for n, place in places.items():
        cameras[n] = back @ place
        cameras[n] /= cameras[n, 2, 2]
    for row, column in np.ndindex(3, 3):
        cameras[:first, row, column] = np.interp(np.arange(first), drawings, cameras[drawings, row, column])
    if not bent:
        for axis in (0, 1):
            way = cameras[placed(cameras), axis, 2]
            if np.ptp(way) < 2 * _STILL:
                cameras[placed(cameras), axis, 2] = 0
        if not np.abs(cameras[placed(cameras)][:, :2, 2]).max():
            return _same_place(number, "still", list(places), first)
    for n in sorted(range(first, number), key=lambda n: np.abs(cameras[n, :2, 2]).max()):
        if placed(cameras)[n] and _too_large(cameras[[*range(first), n]], size):
            cameras[n] = 0
    if _too_large(cameras, size):
        return _same_place(number, "unknown")
    known = placed(cameras)
    low = outline(cameras[known], size).min((0, 1))
    move = np.eye(3)
    move[:2, 2] = np.ceil(-low - 0.01)
    cameras[known] = move @ cameras[known]
    ok = np.isin(np.arange(number), list(places)) & known
    return Camera(cameras, ok, _kind(cameras[:first], size, bent))


def _too_large(cameras: np.ndarray, size: tuple[int, int]) -> bool:
    corners = outline(cameras[placed(cameras)], size)
    area = float(np.ptp(corners, (0, 1)).prod())
    return area > _LARGE[0] * size[0] * size[1] or area > _LARGE[1]


def _kind(cameras: np.ndarray, size: tuple[int, int], bent: bool) -> str:
    """The name of the move of drawings in order: a camera that shakes goes a long way and gets nowhere."""
    corners = outline(cameras, size)
    way = np.linalg.norm(np.diff(corners, axis=0), axis=2).sum()
    reach = np.linalg.norm(np.ptp(corners, 0), axis=1).sum()
    sizes = np.sqrt(np.abs(np.linalg.det(cameras[:, :2, :2])))
    if way > 2.5 * reach and sizes.max() / sizes.min() < 1.05:
        return "shake"
    return "zoom" if bent else "pan"
