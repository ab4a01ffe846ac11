"""Camera motion: all frames of a shot in one plate coordinate system, found from the background alone.

A homography H maps a pixel (x, y, 1) of a frame, pixel centres at integers, to its place (u, v) on the plate.
The plate is the bounding box of all frames on it, so every place is 0 or more, and one frame lies on whole
pixels of it.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from animelayers.imaging.align import FREE, Plane, align, key, plane
from animelayers.imaging.brush import square
from animelayers.imaging.chain import FOUND, GOOD, Chain, Strip
from animelayers.imaging.constants import BLACK, SOBEL
from animelayers.imaging.places import STILL, Camera, composed, enlarged, same_place
from animelayers.imaging.views import rescaled
from animelayers.imaging.warp import canvas, from_plate, outline, placed, to_plate

__all__ = ["Camera", "canvas", "from_plate", "outline", "placed", "register", "to_plate"]

_TEXTURE = 60  # pixels of the coarse plane, 160 wide, that have to show an edge
_EDGE = 2.0  # grey levels per coarse pixel
# pixels of the plane that worn film may seem to move, one frame in ten aside, while a shift explains hardly
# more than none
_WEAVE = 0.6
_SIMPLE = 0.6  # pixels of the frame that corners may be off before a shift is not explanation enough
_TENTH, _MOST = 0.1, 0.9  # of the drawings: a tenth may lie
_SHOWN = 0.02  # share of the coarse plane that has to show background
_STANDING = 0.75  # share of the drawings that have to show that the camera stands
_LOST = 4  # part of the drawings that may have no place
_FLAT = 0.5  # share of the frame that has to move as one where the camera moves
_PROVEN = 0.7  # the same where eight parameters explain it, which may bend near and far into one
_MORE = 0.1  # share of the frame that those have to bring into place beside what four do
_BETTER = 0.01  # share of the frame that a shift has to bring into place beside what stands
_ENDS = 0.25  # share of the drawings at the ends of a shot that a dissolve may hide
_STARTS = 8  # drawings that are asked for the place of a camera that may stand
_PLAIN = 2.0  # grey levels of deviation up to which a picture says nothing
_BORNE = 0.2  # share of the tiles that have to lie where the unmasked camera says
_ALIKE = 0.85  # the correlation from which on two pictures show one place
_ROUNDED = 6  # pixels beside what surrounds a picture that are its, too


def register(
    frames: Sequence[np.ndarray], masks: Sequence[np.ndarray] | None = None, successive: int | None = None
) -> Camera:
    """Register the N frames, uint8 sRGB (H, W, 3) of one size, of one shot, by the simplest of: still,
    shifted, scaled and turned, seen by a wide lens that turns (a homography).

    ``masks``: uint8 (H, W) alpha of what is no background, or None where nobody knows. ``successive``: how
    many of the first frames follow each other in time (all of them); the rest is context, frames from
    anywhere in the shot.
    """
    number = len(frames)
    first = number if successive is None else successive
    if number < 2 or not first:
        return same_place(number, "still")
    size = frames[0].shape[1::-1]
    planes = Strip(
        _without_borders([plane(f, None if masks is None else masks[n]) for n, f in enumerate(frames)])
    )
    found = _camera(planes, first, size)
    if found.kind == "unknown" and masks is not None:
        # Masks are found, too: what they took for figures may be what tells the camera.
        other = _camera(Strip(_without_borders([plane(f, None) for f in frames])), first, size)
        if other.kind != "unknown" and _borne_out(other, planes[:first], size):
            return other
    return found


def _camera(planes: Strip, first: int, size: tuple[int, int]) -> Camera:
    """The cameras of frames of `size` (width, height), 'unknown' where they do not register."""
    number = len(planes)
    texture = [_texture(p) for p in planes]
    start = int(np.argmax(texture[:first]))
    if texture[start] < _TEXTURE:
        return same_place(number, "still" if _alike(planes) else "unknown")
    speaking = [n for n in range(number) if texture[n] >= _TEXTURE]
    found = _registered(planes, start, speaking, first, size)
    if found is None:
        # A figure that fills the frame it is sharpest in says nothing of the place behind it.
        typical = _typical(planes, speaking, first)
        found = None if typical in (None, start) else _registered(planes, typical, speaking, first, size)
    return same_place(number, "unknown") if found is None else found


def _borne_out(camera: Camera, planes: Sequence[Plane], size: tuple[int, int]) -> bool:
    """Whether what the masks leave of the planes lies where the camera says; where that is little, whether it looks
    alike, in whatever light, from each to the next.
    """
    share = _in_place(camera, planes, size)
    if share is not None and share < _BORNE:
        return False
    alike, left = list[float](), list[float]()
    for n in range(len(planes) - 1):
        (one, other), free = (p.grey[1] for p in planes[n : n + 2]), planes[n].free[1] > FREE
        move = np.linalg.inv(camera.homographies[n]) @ camera.homographies[n + 1]
        move = rescaled(move, size, one.shape[::-1])
        there, shown = (
            cv2.warpPerspective(p, move, one.shape[::-1])
            for p in (other, (planes[n + 1].free[1] > FREE).astype(np.float32))
        )
        told = free & (shown > 0.5)
        left.append(float(told.mean()))
        greys = [grey[told].astype(float) for grey in (one, there)]
        if left[-1] > _SHOWN and min(grey.std() for grey in greys) > _PLAIN:
            alike.append(float(np.corrcoef(greys)[0, 1]))
    if not left or max(left) < _SHOWN:
        return False  # nothing is left to bear it out
    return not alike or float(np.median(alike)) >= _ALIKE


def _in_place(camera: Camera, planes: Sequence[Plane], size: tuple[int, int]) -> float | None:
    """The share of the tiles of the middle plane that lie in the others where the camera says, in the median of these;
    None where it has too little to say.
    """
    middle, shape = len(planes) // 2, planes[0].grey[0].shape[::-1]
    to = key(planes[middle])
    if align(to, planes[middle], model="none", coarse=False).share < 1:
        return None
    shares = [
        align(
            to,
            other,
            rescaled(np.linalg.inv(h) @ camera.homographies[middle], size, shape),
            "none",
            coarse=False,
        ).share
        for n, (other, h) in enumerate(zip(planes, camera.homographies, strict=False))
        if n != middle
    ]
    return float(np.median(shares))


def _registered(
    planes: Strip, start: int, speaking: Sequence[int], first: int, size: tuple[int, int]
) -> Camera | None:
    """The cameras of frames of `size` (width, height) as they look from the frame `start`; None where they do
    not register.
    """
    number, scale = len(planes), np.array(size) / planes[0].grey[0].shape[::-1]
    stood = _unmoved(planes, start, speaking, 1 / scale.max())
    if stood is not None:
        return same_place(number, "still", stood, first)
    chain = _chained(planes, start, speaking, first, "similarity", _FLAT)
    if not _enough(chain.places, speaking, first) or _usual(chain, first) < GOOD:
        other = _chained(planes, start, speaking, first, "homography", _PROVEN)
        least = _usual(chain, first) + _MORE if _enough(chain.places, speaking, first) else 0.0
        if _enough(other.places, speaking, first) and _usual(other, first) >= max(_PROVEN, least):
            chain = other
    simple = chain.settle("shift")
    bent = set(simple.places) < set(chain.places) or _bent(chain, simple) * scale.max() > _SIMPLE
    # A camera that moves in depth shifts near and far differently, and the more so the farther it goes.
    if _usual(chain, first) < _FLAT:
        return None
    chain = chain if bent else simple
    if not _enough(chain.places, speaking, first):
        return None
    return composed(enlarged(chain.places, scale), number, first, size, bent)


def _chained(
    planes: Strip, start: int, speaking: Sequence[int], first: int, model: str, least: float
) -> Chain:
    """The drawings before `first` one after the other, outwards from `start`, then the context; given up as soon as
    too many are without a place, or `_usual` cannot be `least` any more.
    """
    chain = Chain(planes, start)
    outwards = [n for n in speaking if start < n < first] + [n for n in reversed(speaking) if n < start]
    drawings = 1 + len(outwards)
    for asked, n in enumerate(outwards, 2):
        chain.follow(n, model)
        poor = sum(share < least for share in chain.shares.values())
        if asked - len(chain.places) > drawings / _LOST or poor > _TENTH * drawings + 1:
            return chain
    chain.search([n for n in speaking if n >= first], model)
    return chain


def _usual(chain: Chain, first: int) -> float:
    """The share of tiles in place that nine of ten of the drawings with a place reach."""
    return float(np.quantile([s for n, s in chain.shares.items() if n < first], _TENTH))


def _without_borders(planes: Sequence[Plane]) -> list[Plane]:
    """The planes without the dark surroundings that all of them share: bars and rounded corners stand still
    whatever the camera does.
    """
    lightest = np.max([p.grey[0] for p in planes], 0)
    around = cv2.copyMakeBorder((lightest < BLACK).astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=1)
    cv2.floodFill(around, None, (0, 0), 2)
    outside = cv2.dilate((around[1:-1, 1:-1] == 2).astype(np.uint8), square(_ROUNDED))
    if outside.mean() > 0.5 or not outside.any():
        return list(planes)
    inside = 1 - outside.astype(np.float32)
    small = cv2.resize(inside, planes[0].free[1].shape[::-1], interpolation=cv2.INTER_AREA)
    return [Plane(p.grey, (p.free[0] * inside, p.free[1] * small)) for p in planes]


def _texture(of: Plane) -> int:
    """Pixels of the coarse plane that show an edge of the background."""
    across, down = cv2.spatialGradient(np.clip(of.grey[1], 0, 255).astype(np.uint8))
    return int(
        (
            (cv2.magnitude(across.astype(np.float32), down.astype(np.float32)) > _EDGE / SOBEL)
            & (of.free[1] > FREE)
        ).sum()
    )


def _alike(planes: Sequence[Plane]) -> bool:
    """Whether all planes show the same background, without which no word about the camera is possible where
    nothing has an edge.
    """
    free = np.min([p.free[1] for p in planes], 0) > FREE
    if free.mean() < _SHOWN:
        return False
    greys = np.array([p.grey[1][free] for p in planes])
    return float(np.abs(greys - greys[0]).mean(1).max()) < 2


def _unmoved(planes: Strip, start: int, speaking: Sequence[int], pixel: float) -> list[int] | None:
    """The planes that show that the camera stands, where three in four do and none shows that it moves; else
    None. A `pixel` of the frame on them.
    """
    to, stood, away, gain = planes.key(start), list[int](), list[float](), list[float]()
    for number in speaking:
        stands, moves = (align(to, planes[number], model=model, coarse=False) for model in ("none", "shift"))
        if max(stands.share, moves.share) >= FOUND:
            stood.append(number)
            away.append(float(np.abs(moves.homography[:2, 2]).max()))
            gain.append(moves.share - stands.share)
    if len(stood) < _STANDING * len(speaking):
        return None
    # What pulls a shift away is more often a figure that nobody masked than a camera that hardly moves.
    moved = any(far >= STILL * pixel and more > _BETTER for far, more in zip(away, gain, strict=True))
    worn = np.quantile(away, _MOST) < _WEAVE and np.median(gain) < 2 * _BETTER
    return stood if worn or not moved else None


def _typical(planes: Strip, speaking: Sequence[int], first: int) -> int | None:
    """Of a few drawings spread over those before `first`, the one that agrees with most where it is; None
    where none does with half of them.
    """

    def spread(numbers: Sequence[int], count: int) -> list[int]:
        return [numbers[i] for i in np.linspace(0, len(numbers) - 1, min(count, len(numbers))).astype(int)]

    asked, agreed = spread(speaking, 2 * _STARTS), dict[int, float]()
    for number in spread([n for n in speaking if n < first], _STARTS):
        to = planes.key(number)
        shares = [align(to, planes[n], model="none", coarse=False).share for n in asked]
        if np.mean(np.array(shares) >= FOUND) >= 0.5:
            agreed[number] = float(np.mean(shares))
    return max(agreed, key=lambda n: agreed[n]) if agreed else None


def _bent(chain: Chain, simple: Chain) -> float:
    """How far, in pixels of the planes, the better model puts a corner of a frame from where the simple one
    does, against the same key.
    """
    height, width = chain.planes[0].grey[0].shape
    off = []
    for number, via in chain.via.items():
        both = [np.linalg.inv(c.places[via]) @ c.places[number] for c in (chain, simple)]
        one, other = (outline(h[None], (width, height)) for h in both)
        off.append(float(np.linalg.norm(one - other, axis=2).max()))
    return float(np.quantile(off, _MOST))


def _enough(places: dict[int, np.ndarray], speaking: Sequence[int], first: int) -> bool:
    """Whether the shot is registered: the few drawings that found no place lie between others that did, so no
    cut is inside, or in a dissolve.
    """
    drawings = [n for n in speaking if n < first]
    lost = [n for n in drawings if n not in places]
    found = [n for n in drawings if n in places]
    outside = [n for n in lost if not found[0] < n < found[-1]]
    return len(lost) <= len(drawings) / _LOST and len(outside) <= max(1, _ENDS * len(drawings))
