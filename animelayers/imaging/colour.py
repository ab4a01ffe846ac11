"""Whose colour is it: the straight colour of a soft edge, and the background that shows through it.

Both follow from the compositing equation I = a F + (1 - a) B, pixel by pixel, with what is known nearby as a
prior: for F the nearest colour inside the figure, which at an outline is the ink itself, for B an inpainted
background. Germer et al. (2020) and Forte (2021) solve the same equation with blurred priors; the nearest
colour keeps line art and costs less. All pictures are uint8 sRGB (H, W, 3), alphas uint8 (H, W), 0..255
linear coverage, mixed in sRGB as every editor does.
"""

from __future__ import annotations

import cv2
import numpy as np

from animelayers.imaging.brush import square
from animelayers.imaging.window import Window, window

SOLID = 243
"""Alpha from which a pixel's colour is taken for the figure's own."""
BLEED = 4
"""Pixels around the figure that get its edge colour under alpha 0: what resizing by half mixes in."""
BACK_SHARE = 0.3
"""How much of an unexplained difference the background takes where alpha is one half, against 1 for the
figure.
"""
TOLERANCE = 12.0
"""Grey levels of error left where the alpha is raised: more would show, less makes the outline fat; JPEG
noise stays below.
"""
LEAST_MIX = 0.25
"""Smallest share of the figure that counts as a mixture with it; less is taken for the background's own
texture.
"""
CLEAR = 8
"""Alpha up to which a pixel may be plain background beside the figure."""
BESIDE = 2
"""Pixels around one beside the figure within which the background tells what it looks like."""
CODING = 6.0
"""Grey levels by which such a pixel may leave the range of those colours: what coding a dark outline does to
the pixels beside it.
"""
_FADES = 8  # grey levels more, over which it stops being plain background
# trust below which nothing shows through, and how much more of it from which what shows through is believed
_DOUBTED, _BELIEVED = 0.3, 0.4
_INKED = 199  # alpha above which a pixel may be the figure's ink


def behind(frame: np.ndarray, alpha: np.ndarray, fill: np.ndarray, hole: np.ndarray) -> np.ndarray:
    """The background: `fill` in the depth of `hole` (bool (H, W)), what shows through on its soft edge, the
    frame outside.

    `fill` is the frame with the hole inpainted. On the edge a pixel that looks like the fill is believed to
    show the background. One that looks like the figure beside it or its ink, or a mixture with them, is a
    line the matte missed: left there it would draw a ghost; unless the alpha is next to nothing and the
    colour lies between those of the background within `BESIDE` pixels.
    """
    background = fill.copy()
    where = window(hole.view(np.uint8), BESIDE)
    if where is None or not alpha.any():
        return background
    edge = hole[where] & (alpha[where] < 255)
    at = flat(edge, where, alpha.shape[1])
    seen, prior, own, a = (
        pixels(frame, at),
        pixels(fill, at),
        nearest_solid(frame, alpha, at),
        pixels(alpha, at) / 255,
    )
    ink = pixels(_darkest(frame[where], alpha[where]), np.flatnonzero(edge))
    change = seen - a * own - (1 - a) * prior
    change *= BACK_SHARE * (1 - a) / (a * a + BACK_SHARE * (1 - a) ** 2)
    off_figure = np.minimum(_off_line(seen - prior, own - prior), _off_line(seen - prior, ink - prior)) ** 2
    trust = off_figure / (off_figure + _distance(seen - prior) ** 2 + 1)
    trust = (
        np.clip((trust - _DOUBTED) / _BELIEVED, 0, 1) * (1 - np.minimum(_distance(change) / 255, 1) ** 2) ** 2
    )
    plain = np.clip(1 - (_out_of_range(frame[where], hole[where], edge) - CODING) / _FADES, 0, 1)
    trust = np.maximum(trust, plain * (a <= CLEAR / 255))
    place(background, at, prior + trust * change)
    return background


def foreground(frame: np.ndarray, alpha: np.ndarray, background: np.ndarray | None) -> np.ndarray:
    """The figure as uint8 RGBA (H, W, 4) with straight alpha, so that over `background` it gives the frame
    back.

    Give the background as it is stored; without one the nearest colour outside the figure stands for it.
    Among the colours that recompose to within half a grey level the one nearest to the figure's own is taken.
    Where no colour can, because the background was painted over something the matte missed, the alpha is
    raised just enough. Under alpha 0 lies the edge colour for `BLEED` pixels, then black, which costs an
    encoder nothing.
    """
    rgba = np.zeros((*alpha.shape, 4), np.uint8)
    where = window(alpha, BLEED)
    if where is None:
        return rgba
    cut = cv2.cvtColor(frame[where], cv2.COLOR_RGB2RGBA)
    cv2.insertChannel(alpha[where], cut, 3)
    cv2.copyTo(cut, alpha[where], rgba[where])
    near = cv2.dilate(alpha[where], square(BLEED))
    at = flat((near > 0) & (alpha[where] < 255), where, alpha.shape[1])
    seen, own, a = pixels(frame, at), nearest_solid(frame, alpha, at), pixels(alpha, at)
    back = nearest_solid(frame, 255 - alpha, at) if background is None else pixels(background, at)
    change = seen - back
    if background is not None:
        error, room = np.abs(change), np.where(change > 0, 255 - back, back)
        beyond = (error - a / 255 * room).max(0) > TOLERANCE
        a = np.where(beyond, np.ceil(255 * ((error - TOLERANCE) / np.maximum(room, 1)).max(0)), a)
    share = np.maximum(a, 1) / 255
    doubt = 0.5 if background is not None else TOLERANCE
    exact, slack = back + change / share, np.where(a > 0, doubt / share, np.inf)
    place(rgba, at, np.vstack([np.minimum(np.maximum(own, exact - slack), exact + slack), a]))
    return rgba


def nearest_solid(frame: np.ndarray, alpha: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Colours float32 (3, N) of the solid pixels nearest to the ascending flat indices `at`, found at half
    size.

    Where nothing is solid the pixels of the highest alpha count as such.
    """
    if not at.size:
        return np.zeros((3, 0), np.float32)
    width = alpha.shape[1]
    row = at // width
    column = at - row * width
    top, left = int(row[0]) // 2 * 2, int(column.min()) // 2 * 2
    half = np.ascontiguousarray(alpha[top : int(row[-1]) + 1 : 2, left : int(column.max()) + 1 : 2])
    solid = half >= min(SOLID, int(half.max()))
    # the labels count the solid pixels in reading order, from 1
    _, label = cv2.distanceTransformWithLabels(
        (~solid).view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL
    )
    columns = half.shape[1]
    home = np.flatnonzero(solid).take(label.take((row - top) // 2 * columns + (column - left) // 2) - 1)
    row = home // columns
    return pixels(frame, (row * 2 + top) * width + (home - row * columns) * 2 + left)


def flat(mask: np.ndarray, where: Window, width: int) -> np.ndarray:
    """The ascending flat indices, in a plane of `width`, of what is set in `mask` (bool), which lies at the
    window `where` of it.
    """
    at = np.flatnonzero(mask)
    row = at // mask.shape[1]
    at += row * (width - mask.shape[1]) + (where[0].start * width + where[1].start)
    return at


def pixels(picture: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Pixels at flat indices, float32: (N,) of a plane (H, W), (channels, N) of a picture (H, W, channels)."""
    if picture.ndim == 2:
        return picture.take(at).astype(np.float32)
    return np.ascontiguousarray(np.take(picture.reshape(-1, picture.shape[2]), at, axis=0).T, np.float32)


def place(picture: np.ndarray, at: np.ndarray, values: np.ndarray) -> None:
    """Write (channels, N) values, rounded and clipped, to the flat indices of a contiguous picture of ours."""
    whole = picture.reshape(-1, picture.shape[2]).view(f"V{picture.shape[2]}")[:, 0]
    new = np.ascontiguousarray(np.clip(np.rint(values), 0, 255).T, np.uint8)
    whole[at] = new.view(whole.dtype)[:, 0]


def _darkest(frame: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """The darkest colour of the figure within `BLEED` pixels, per channel; white where there is none."""
    inside = cv2.threshold(alpha, _INKED, 255, cv2.THRESH_BINARY)[1]
    return cv2.erode(cv2.copyTo(frame, inside, np.full_like(frame, 255)), square(BLEED))


def _out_of_range(frame: np.ndarray, hole: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """Grey levels by which the `asked` pixels (bool (H, W)) leave the range, per channel, of those outside
    the hole within `BESIDE`: (N,).

    Where there are none nothing is in range.
    """
    unknown, brush = cv2.cvtColor(hole.view(np.uint8) * np.uint8(255), cv2.COLOR_GRAY2RGB), square(BESIDE)
    at = np.flatnonzero(asked)
    seen = pixels(frame, at)
    least = pixels(cv2.erode(cv2.max(frame, unknown), brush), at)
    most = pixels(cv2.dilate(cv2.min(frame, cv2.bitwise_not(unknown)), brush), at)
    beyond: np.ndarray = np.maximum(least - seen, seen - most).max(0)
    return beyond


def _off_line(point: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Distance of points (3, N) from the line from 0 to `end` (3, N), without its first `LEAST_MIX`."""
    along = (point * end).sum(0) / np.maximum((end * end).sum(0), 1)
    return _distance(point - np.clip(along, LEAST_MIX, 1) * end)


def _distance(difference: np.ndarray) -> np.ndarray:
    largest: np.ndarray = np.abs(difference).max(0)
    return largest
