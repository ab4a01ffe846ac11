"""Mattes of line art: the outline that is drawn around a figure belongs to it, all of it and nothing beyond."""

from __future__ import annotations

import cv2
import numpy as np

from animelayers.imaging.brush import square
from animelayers.imaging.colour import SOLID
from animelayers.imaging.constants import ROWS, TINY
from animelayers.imaging.window import window

# pixels outside and inside the matte's outline within which the middle of a line is looked for
_OUT, _IN = 2.5, 1.0
_SIDE = 3.5  # pixels on each side of its middle within which a profile is back at the paint's level
_REACH = 4.0  # pixels, the farthest an outline moves
_LOOKED_AT = 3  # times that reach around a figure
_AT_ONCE = 30000  # profiles: OpenCV's remap takes at most 32767 rows
_FLAT = 1e-3  # grey levels that a slope has at least from sample to sample
_DRAWN = 50  # pixels of lines inside the figure that tell how dark they are
_TORN = 1.5  # pixels that next neighbours may be apart from what they agree on
_STEP = 0.5  # pixels between the samples of a profile
_DARK = 20  # grey levels by which a line is darker than what lies on both sides of it
_INK = 40  # levels by which it may be lighter than the lines inside the figure
# levels by which a profile may brighten before the line: more is background in front of another line
_BUMP = 10
# share of the slope behind a line that is its own: the rest is the picture's blur, which the matte would show
# as a halo
_EDGE = 0.2
_RUN = 9  # points of the outline that have to agree about where the line is
_AGREE = 0.6  # share of them that see one
_MOVED = 0.75  # pixels below which the outline is left where it is


def to_lines(picture: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """The alpha with its outline moved out to the outer edge of the drawn line: uint8 (H, W), nowhere lower
    than before.

    `picture` uint8 sRGB (H, W, 3), `alpha` uint8 (H, W), 0..255 coverage. Across each point of the outline
    the picture's grey values are read along the normal, as active shape models do (Cootes et al., 1995); a
    line is the first valley on the way out, its outer edge the foot of the slope behind it. It has to be
    about as dark as the lines inside the figure, and neighbouring points have to agree: lines of the
    background that end at the figure pull nothing. Where no line is within reach the outline stays.
    """
    scale = max(1.0, min(alpha.shape) / ROWS)
    where = window(alpha, round(_LOOKED_AT * _REACH * scale) + 2)
    if where is None:
        return alpha
    near, grey = alpha[where], cv2.cvtColor(picture[where], cv2.COLOR_RGB2GRAY)
    contours, _ = cv2.findContours((near > 127).astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    runs = [points[:, 0] for points in contours if len(points) >= 2 * _RUN]
    if not runs:
        return alpha
    normals = _normals(near)
    ink = _ink(grey, near, scale)
    moves = [_agreed(_offsets(grey, points, normals, scale, ink), scale) for points in runs]
    made = alpha.copy()
    made[where] = _moved(near, np.concatenate(runs), np.concatenate(moves), normals, scale)
    return made


def _normals(alpha: np.ndarray) -> np.ndarray:
    """float32 (H, W, 2), unit vectors x and y that point out of the figure."""
    smooth = cv2.GaussianBlur(alpha.astype(np.float32), (0, 0), 2.0)
    slope = -np.stack([cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0, 1)], axis=2)
    unit: np.ndarray = slope / np.maximum(np.linalg.norm(slope, axis=2, keepdims=True), TINY)
    return unit


def _offsets(
    grey: np.ndarray, points: np.ndarray, normals: np.ndarray, scale: float, ink: float
) -> np.ndarray:
    """How far along its normal each of N points (x, y) has to go to the outer edge of the line, pixels; NaN
    where there is none.
    """
    height, width = grey.shape
    zero = round((_REACH + _SIDE) * scale / _STEP)
    along = np.arange(-zero, zero + 1, dtype=np.float32) * _STEP
    way = normals[points[:, 1], points[:, 0]]
    at = points[:, None].astype(np.float32) + along[None, :, None] * way[:, None]
    x, y = at[..., 0].copy(), at[..., 1].copy()
    parts = [slice(i, i + _AT_ONCE) for i in range(0, len(at), _AT_ONCE)]
    seen = np.concatenate(
        [cv2.remap(grey, x[p], y[p], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE) for p in parts]
    ).astype(np.float32)
    span = round(_SIDE * scale / _STEP)
    offset = np.full(len(points), np.nan, np.float32)
    # how far it has brightened on the way out
    level = np.maximum.accumulate(seen[:, zero:], axis=1) - seen[:, zero, None]
    # so that the innermost line stays
    for k in range(zero + round(_OUT * scale / _STEP), zero - round(_IN * scale / _STEP) - 1, -1):
        here = seen[:, k]
        before, after = seen[:, k - span : k].max(axis=1), seen[:, k + 1 : k + span + 1].max(axis=1)
        valley = (
            (here < seen[:, k - 1]) & (here <= seen[:, k + 1]) & (np.minimum(before, after) - here > _DARK)
        )
        valley &= level[:, max(0, k - zero)] < _BUMP
        valley &= here < ink + _INK
        rows = np.flatnonzero(valley)
        if not rows.size:
            continue
        behind = seen[rows, k : k + span + 1]
        middle = here[rows] + _EDGE * (after[rows] - here[rows])
        beyond = (behind > middle[:, None]).argmax(axis=1)  # the first sample past the middle of the slope
        low, high = behind[np.arange(len(rows)), beyond - 1], behind[np.arange(len(rows)), beyond]
        offset[rows] = along[k] + _STEP * (beyond - 1 + (middle - low) / np.maximum(high - low, _FLAT))
    offset[offset > _REACH * scale] = np.nan
    edge = ((points <= 0) | (points >= (width - 1, height - 1))).any(axis=1)
    offset[edge] = np.nan
    return offset


def _ink(grey: np.ndarray, alpha: np.ndarray, scale: float) -> float:
    """Grey level of the lines that are drawn inside the figure."""
    hat = cv2.morphologyEx(grey, cv2.MORPH_BLACKHAT, square(round(_SIDE * scale)))
    drawn = grey[(hat > 2 * _DARK) & (cv2.erode(alpha, square(1)) >= SOLID)]
    return float(np.median(drawn)) if drawn.size > _DRAWN else 255.0


def _agreed(offsets: np.ndarray, scale: float) -> np.ndarray:
    """The median over each point's neighbours on the closed outline; NaN where too few of them see a line."""
    run = round(_RUN * scale) // 2 * 2 + 1
    around = np.lib.stride_tricks.sliding_window_view(np.pad(offsets, run // 2, mode="wrap"), run)
    seen = ~np.isnan(around)
    agreed: np.ndarray = np.full(len(offsets), np.nan, np.float32)
    enough = seen.mean(axis=1) >= _AGREE
    if enough.any():
        agreed[enough] = np.nanmedian(around[enough], axis=1)
        spread = np.nanmax(
            np.abs(around[enough] - agreed[enough, None]) * (np.abs(np.arange(run) - run // 2) <= 1), axis=1
        )
        agreed[np.flatnonzero(enough)[spread > _TORN * scale]] = np.nan
    return agreed


def _moved(
    alpha: np.ndarray, points: np.ndarray, moves: np.ndarray, normals: np.ndarray, scale: float
) -> np.ndarray:
    """The alpha whose outline at `points` (N, 2) has gone `moves` pixels (N,), NaN for none, along its
    normals.
    """
    outline = np.ones(alpha.shape, np.uint8)
    outline[points[:, 1], points[:, 0]] = 0
    distance, label = cv2.distanceTransformWithLabels(
        outline, cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL
    )
    index = label[points[:, 1], points[:, 0]]
    goal, home = np.zeros(int(label.max()) + 1, np.float32), np.zeros((int(label.max()) + 1, 2), np.int32)
    goal[index], home[index] = np.where(moves >= _MOVED, moves, 0), points
    y, x = np.nonzero((distance <= 2 * _REACH * scale) & (goal[label] > 0))
    nearest = label[y, x]
    start = home[nearest]
    outward = ((np.stack([x, y], axis=1) - start) * normals[start[:, 1], start[:, 0]]).sum(axis=1)
    value = np.clip(0.5 + goal[nearest] - outward, 0, 1) * 255
    made = alpha.copy()
    made[y, x] = np.where(outward >= -1, np.maximum(alpha[y, x], np.rint(value)), alpha[y, x])
    return made
