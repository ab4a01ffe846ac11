"""Un-mixing: what lies in front of a picture whose colours without it are known, in the blend mode that
explains it best.

Fire, beams and smoke lie over a painting that stays. So the colours under an effect are those of its clean
plate, and the effect is what has to be put in front of them to give the frame: the compositing equation of
Porter and Duff (1984) solved for the layer in front. All pictures are uint8 sRGB (H, W, 3), mixed in sRGB as
every editor does; masks are bool (H, W).
"""

from __future__ import annotations

import cv2
import numpy as np

from animelayers.imaging.brush import square
from animelayers.imaging.channels import apart, largest
from animelayers.imaging.constants import FEWEST, WHOLE

MODES = ("over", "add", "screen")
"""I = a F + (1 - a) B; I = B + a F; I = 1 - (1 - B)(1 - a F)."""
_SPREAD = 10  # grey levels within which two drawings show the same paint: twice what film codecs leave on it
# least alpha, solved without knowing the colour, from which a pixel shows the effect's own paint
_CORE = 0.85
_NOISE = 6  # grey levels of difference that mean nothing on flat paint
# grey levels of texture that halve the trust in a pixel; pixels its neighbours are asked over
_ROUGH, _REACH = 40, 3
_TEXTURED = 4  # part of the texture within a pixel that means nothing either
_DARKER = -0.06  # of the light, from which a pixel is darker
_CUT = 250  # grey level from which a sum was cut off at white and tells nothing
_BROAD = (15, 15)  # pixels over which a picture is blurred to tell its light from its texture
_DARK = 0.02  # of the light, below which what is under a layer is not looked at
_OVER = 1.05  # times better than light that over has to be: it has an alpha of its own on top of it
_THIN = 1e-3  # alpha, the least that light is divided by
_ROOM = 32  # grey levels that any colour is taken to be able to change by
_PAINT = 900  # squared grey levels between a paint and what is under it, at least: 30 of one channel
_LONELY = 1e-3  # weight of pixels around that are not sure
_DARKENED = 0.08  # share of pixels darker than what is under them that noise explains; light can only add


def near(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """uint8 (H, W), 1 where two drawings show the same paint."""
    return cv2.threshold(apart(one, other), _SPREAD, 1, cv2.THRESH_BINARY_INV)[1]


def texture(picture: np.ndarray) -> np.ndarray:
    """How far a picture changes within a pixel, uint8 (H, W): what a codec or half a pixel of camera motion
    may make of an edge.
    """
    return largest(cv2.morphologyEx(picture, cv2.MORPH_GRADIENT, square(1)))


def mode(frame: np.ndarray, under: np.ndarray, where: np.ndarray) -> str:
    """The blend mode, one of `MODES`, of what is seen in `where` in front of `under`.

    All three give any brighter pixel back with some colour; they differ in how much of the texture of `under`
    is left in the frame: all of it (add), less the brighter the light is (screen), less the more opaque the
    layer is (over). Light that darkens is over.
    """
    if not where.any():
        return "over"
    seen, base = frame.astype(np.float32) / 255, under.astype(np.float32) / 255
    change = (seen - base)[where]
    if np.mean(change.min(1) < _DARKER) > _DARKENED:
        return "over"
    usable = where & (largest(frame) < _CUT)
    if np.count_nonzero(usable) < FEWEST:
        return "over"
    low, low_base = (cv2.blur(x, _BROAD) for x in (seen, base))
    light = np.clip(1 - (1 - low) / np.maximum(1 - low_base, _DARK), 0, 1)
    left = {
        "add": np.ones_like(light),
        "screen": 1 - light,
        "over": 1 - cv2.merge([largest(light)] * 3),
    }
    fine, fine_base = (seen - low)[usable], (base - low_base)[usable]
    cost = {name: float(np.abs(fine - gain[usable] * fine_base).mean()) for name, gain in left.items()}
    return min(cost, key=lambda name: cost[name] * (_OVER if name == "over" else 1))


def layer(
    frame: np.ndarray,
    under: np.ndarray,
    known: np.ndarray,
    inside: np.ndarray,
    around: np.ndarray,
    blend: str,
    coverage: np.ndarray | None = None,
) -> np.ndarray:
    """The effect as straight RGBA uint8 (H, W, 4), so that in the mode `blend` over `under` it gives the
    frame.

    It lies `inside` and has soft edges as far as `around`. Where `under` is not `known` it is opaque inside.
    The alpha is the least that any colour needs (of light: its brightest channel), and for over at least what
    the paint of the effect's nearest opaque part needs, because smoke and flames are seldom as dark or bright
    as can be. Of over it is, where something changed, no less than the ``coverage`` float32 (H, W), 0..1, if that is told: any
    alpha above the least has a colour that gives the frame. At line art and texture, which never lie quite where
    they should, the alpha of the pixels around counts.
    """
    seen, base, rough = frame.astype(np.float32), under.astype(np.float32), texture(under).astype(np.float32)
    change, noise = seen - base, _NOISE + rough / _TEXTURED
    sure = np.where(known, 1 / (1 + (rough / _ROUGH) ** 2), inside.astype(np.float32))
    if blend == "over":
        changed = _changed(change, noise)
        least = np.where(known, _least(change, base) * changed, np.float32(1))
        alpha = _smooth(_raised(seen, base, np.where(around, least, np.float32(0)), sure), sure)
        if coverage is not None:
            alpha = np.maximum(alpha, coverage * changed)
    else:
        light = change if blend == "add" else 255 * (1 - (255 - seen) / np.maximum(255 - base, 1))
        light = np.where(known[..., None], np.maximum(light, 0), seen)
        peak = largest(light)
        alpha = _smooth(np.minimum(peak / 255, 1) * np.clip((peak - noise) / noise, 0, 1), sure)
        change = np.minimum(light, 255 * alpha[..., None])
        base = np.zeros_like(base)
    quantised = np.where(around, np.rint(255 * alpha), 0)
    colour = np.where(
        (quantised > WHOLE)[..., None] & (blend == "over"),
        seen,
        base + change / np.maximum(quantised / 255, _THIN)[..., None],
    )
    return np.dstack(
        [np.where((quantised > 0)[..., None], np.clip(np.rint(colour), 0, 255), 0), quantised]
    ).astype(np.uint8)


def _changed(change: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """How surely something changed that is no noise, 0..1."""
    sure: np.ndarray = np.clip((largest(np.abs(change)) - noise) / noise, 0, 1)
    return sure


def _least(change: np.ndarray, base: np.ndarray) -> np.ndarray:
    """The least alpha with which any colour between black and white makes `base` what is seen."""
    room = np.where(change > 0, 255 - base, base)
    least: np.ndarray = np.clip(largest(np.abs(change) / np.maximum(room, _ROOM)), 0, 1)
    return least


def _raised(seen: np.ndarray, base: np.ndarray, alpha: np.ndarray, sure: np.ndarray) -> np.ndarray:
    """At least the alpha that the paint of the nearest opaque part needs."""
    core = (alpha > _CORE) & (sure > 0.5)
    if not core.any():
        return alpha
    _, label = cv2.distanceTransformWithLabels(
        (~core).view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL
    )
    paint = seen.reshape(-1, 3)[np.flatnonzero(core)][label - 1]
    way = paint - base
    share = np.clip(((seen - base) * way).sum(2) / np.maximum((way * way).sum(2), _PAINT), 0, 1)
    return np.where(alpha > 0, np.maximum(alpha, share), np.float32(0))


def _smooth(alpha: np.ndarray, sure: np.ndarray) -> np.ndarray:
    """Where it is not `sure` (0..1) the alpha of the pixels around, each counted as far as it is sure."""
    sure = sure.astype(np.float32)
    weight = cv2.GaussianBlur(sure, (0, 0), _REACH) + _LONELY
    around = cv2.GaussianBlur(alpha.astype(np.float32) * sure, (0, 0), _REACH) / weight
    smoothed: np.ndarray = sure * alpha + (1 - sure) * around
    return smoothed
