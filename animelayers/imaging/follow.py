"""A figure found again in the next drawing, where no matte tells where it is."""

from __future__ import annotations

import cv2
import numpy as np

from animelayers.imaging.brush import disc
from animelayers.imaging.channels import apart
from animelayers.imaging.figures import Appearance, cells, densities
from animelayers.imaging.masks import RARE, TOLD, pieces

_UNEXPLAINED = 9  # grey levels from which the camera's motion does not explain a pixel
# part of the height that what is told of a pixel is spread over, and the sigma in pixels at least
_SOFT = (160, 0.8)
_DOUBT = 0.02  # probability that the flow is wrong, at least
_CAMERA = 3  # times more than unexplained from which motion says no more
# corners at most, their quality against the best one's at least, and pixels between them
_TRACKED = (400, 0.01, 7)
_PATCH, _LEVELS = (21, 21), 4  # pixels around a corner that are found again, and levels of the pyramid
_SMALLEST = 32  # pixels of a side in which corners tell of the camera
_CORNERS = 8  # points from which the camera's motion is told
_REACH = 6  # a figure grows by at most this part of the frame's height from one drawing to the next
_SPECK = 0.05  # parts smaller than this share of the largest are not its


def follow(
    pictures: tuple[np.ndarray, np.ndarray],
    was: np.ndarray,
    look: Appearance,
    warped: np.ndarray,
    known: np.ndarray,
) -> np.ndarray:
    """Where a figure is in the second of two drawings, bool (H, W).

    `pictures` uint8 sRGB (H, W, 3); `was` its bool mask in the first, `look` what it looks like, `warped`
    that mask as 0..255 brought along the flow into the second, `known` uint8 1 where the flow is consistent.
    Three witnesses are summed up as log odds: the flow, the colours of the figure against those around it,
    and motion that is not the camera's. What a figure uncovers keeps none of them.
    """
    share = warped.astype(np.float32) / 255
    flow = cv2.GaussianBlur(
        np.where(known > 0, share, np.minimum(share, np.float32(0.5))),
        (0, 0),
        max(_SOFT[1], len(was) / _SOFT[0]),
    )
    flow = np.clip(flow, _DOUBT, 1 - _DOUBT)
    around = densities(cells(pictures[0]), ~was).mean(axis=0)
    paint = np.clip(np.log((look.colours.mean(axis=0) + RARE) / (around + RARE)), -TOLD, TOLD).astype(
        np.float32
    )[cells(pictures[1])]
    before, stood = _by_camera(*pictures, was)
    rest = apart(pictures[1], before).astype(np.float32)
    rest = np.clip(
        cv2.GaussianBlur(rest, (0, 0), max(_SOFT[1], len(was) / _SOFT[0])) / _UNEXPLAINED - 1, -1, _CAMERA
    )
    # Ground that changed is covered; what changes where the figure stood says less, it may have moved or
    # gone.
    motion = np.where(stood, 0.5 * rest, 2 * rest)
    odds = np.log(flow / (1 - flow)) + cv2.GaussianBlur(paint, (0, 0), 1) + motion
    reach = max(1, len(was) // _REACH)
    found = ((odds > 0) & (cv2.dilate((warped > 127).view(np.uint8), disc(reach)) > 0)).view(np.uint8)
    labels, areas = pieces(found)
    big = areas >= _SPECK * areas[1:].max(initial=1)
    big[0] = False
    return np.asarray(big[labels])


def _by_camera(one: np.ndarray, other: np.ndarray, mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The first picture and its mask moved, turned and scaled as the camera did up to the second; as they are
    where nothing tells.
    """
    grey = [cv2.cvtColor(p, cv2.COLOR_RGB2GRAY) for p in (one, other)]
    corners = cv2.goodFeaturesToTrack(grey[0], *_TRACKED)
    if corners is None or len(corners) < _CORNERS or min(mask.shape) < _SMALLEST:
        return one, mask
    moved, status, _ = cv2.calcOpticalFlowPyrLK(
        grey[0], grey[1], corners, corners.copy(), winSize=_PATCH, maxLevel=_LEVELS
    )
    good = status[:, 0] > 0
    motion = (
        cv2.estimateAffinePartial2D(corners[good], moved[good], ransacReprojThreshold=2)[0]
        if good.sum() >= _CORNERS
        else None
    )
    if motion is None:
        return one, mask
    size = mask.shape[::-1]
    turned = cv2.warpAffine(one, motion, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return turned, cv2.warpAffine(mask.astype(np.uint8), motion, size, flags=cv2.INTER_NEAREST) > 0
