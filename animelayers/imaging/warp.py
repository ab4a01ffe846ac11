"""Frames and the plate of their shot: where they lie on it, how large it is, and the way there and back.

The convention is that of `animelayers.imaging.motion`, which is where to import these from.
"""

from __future__ import annotations

import cv2
import numpy as np

HAIR = 0.01
"""Pixels that a place may be off a whole one: no reason for another row or column."""
_WHOLE = 1e-6  # pixels, and parts of one over the frame, that a shift by whole pixels may be off


def placed(cameras: np.ndarray) -> np.ndarray:
    """bool (N,): which of the (N, 3, 3) cameras have a place on the plate; the others are all zero."""
    found: np.ndarray = cameras[:, 2, 2] != 0
    return found


def canvas(cameras: np.ndarray, size: tuple[int, int]) -> tuple[int, int]:
    """Width and height of the plate: the far end of the bounding box of frames of `size` (width, height)
    warped by (N, 3, 3) cameras.

    Frames without a place do not count; without any the plate has the frame's size.
    """
    known = cameras[placed(cameras)] if len(cameras) else cameras
    if not len(known):
        return size
    far = np.ceil(outline(known, size).max(axis=(0, 1)) - HAIR) + 1
    return int(far[0]), int(far[1])


def outline(cameras: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """float64 (N, 4, 2): where the middles of the four corner pixels of frames of `size` (width, height) lie
    on the plate.
    """
    right, bottom = size[0] - 1.0, size[1] - 1.0
    corners = np.array([[0, 0, 1], [right, 0, 1], [right, bottom, 1], [0, bottom, 1]])
    warped = corners @ cameras.transpose(0, 2, 1)
    result: np.ndarray = warped[..., :2] / warped[..., 2:]
    return result


def to_plate(picture: np.ndarray, camera: np.ndarray, size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """A frame laid on a plate of `size` (width, height): the warped picture, of its own dtype and 0 outside,
    and bool where it lies.

    Lanczos-free (bicubic), so that drawn lines get no second line beside them. On whole pixels it is a copy,
    bit for bit.
    """
    height, width = picture.shape[:2]
    covered = np.zeros(size[::-1], bool)
    whole = _whole(camera)
    if whole is not None:
        left, top = whole
        result = np.zeros((*size[::-1], *picture.shape[2:]), picture.dtype)
        to, of = _common((left, top), (width, height), size)
        result[to], covered[to] = picture[of], True
        return result, covered
    result = cv2.warpPerspective(
        picture, camera, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    covered = (
        cv2.warpPerspective(np.full((height, width), 255, np.uint8), camera, size, flags=cv2.INTER_LINEAR)
        == 255
    )
    result[~covered] = 0
    return result, covered


def from_plate(plate: np.ndarray, camera: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """What a frame of `size` (width, height) sees of a plate: the plate's dtype, its edge repeated outside.
    Inverse of `to_plate`.
    """
    whole = _whole(camera)
    if whole is not None:
        to, of = _common((-whole[0], -whole[1]), plate.shape[1::-1], size)
        if to == (slice(0, size[1]), slice(0, size[0])):
            return plate[of].copy()
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    result: np.ndarray = cv2.warpPerspective(
        plate, camera, size, flags=flags, borderMode=cv2.BORDER_REPLICATE
    )
    return result


def _whole(camera: np.ndarray) -> tuple[int, int] | None:
    """Left and top, where the camera is a shift by whole pixels."""
    shift = np.rint(camera[:2, 2])
    rest = camera - np.array([[1, 0, shift[0]], [0, 1, shift[1]], [0, 0, 1]])
    return (int(shift[0]), int(shift[1])) if np.abs(rest).max() < _WHOLE else None


def _common(
    place: tuple[int, int], part: tuple[int, int], size: tuple[int, int]
) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """Rows and columns of a whole of `size` that a part at `place` covers, and of the part that lie in the
    whole.
    """
    spans = [(max(0, p), min(p + n, whole)) for p, n, whole in zip(place, part, size, strict=True)]
    (x0, x1), (y0, y1) = [(a, max(a, b)) for a, b in spans]
    left, top = place
    return (slice(y0, y1), slice(x0, x1)), (slice(y0 - top, y1 - top), slice(x0 - left, x1 - left))
