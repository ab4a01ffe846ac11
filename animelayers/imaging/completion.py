"""Motion where something stands in front: the flow of a background completed behind what hides it.

One motion for the whole picture, robustly fitted, and on top of it what the flow around the hole says more,
spread smoothly into it: cameras that move in depth, water. (Xu et al., "Deep flow-guided video inpainting",
CVPR 2019, complete flow first, too; theirs is a net.)
"""

from __future__ import annotations

import cv2
import numpy as np

from animelayers.imaging.constants import QUARTERS, SOBEL, TINY

_FLAT = 3.0  # grey levels per pixel: where a picture changes less, its flow is half a guess
_SAYS = 0.01  # what the flow of a flat place counts for all the same
_APART = 64  # squared pixels off the one motion at which flow has half its say
_TELLING = 16  # flows from which the one motion is told
# pixels off it at which flow has lost most of its say, in the first round and in the last
_FIRST, _LAST = 4.0, 0.25
# share of what all flow says with which a motion keeps to what it was, and the least of it
_STIFF, _LEAST = 1e-6, 1e-12
_STEP = 4  # every so manyth pixel of a row and a column is asked for the one motion
_ONE = 0.35  # pixels that flow may be off and still be the motion
_SIMPLER = 0.02  # share of the flow that a richer motion has to explain beside a simpler one
_ROUNDS = 6
_HALF = 2  # times smaller: what is spread is smooth
_SLACK = 0.3  # pixels of the rest that are taken for noise of the flow


def texture(picture: np.ndarray) -> np.ndarray:
    """How much the flow of each pixel of a uint8 sRGB (H, W, 3) picture says, float32 (H, W), 0..1."""
    grey = cv2.GaussianBlur(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), (0, 0), 1.0)
    x, y = (cv2.Sobel(grey, cv2.CV_32F, dx, 1 - dx, scale=SOBEL) for dx in (1, 0))
    power = cv2.blur(x * x + y * y, (5, 5))
    result: np.ndarray = power / (power + np.float32(_FLAT**2)) + np.float32(_SAYS)
    return result


def completed(flow: np.ndarray, weight: np.ndarray, hole: np.ndarray) -> np.ndarray:
    """The flow, float32 (H, W, 2), with its `hole` (bool (H, W)) completed; outside it is as it was.

    ``weight``: float32 (H, W), 0 or more, how much the flow of each pixel says of the background; 0 in the
    hole.
    """
    model = _motion(flow, weight)
    small = (-(-weight.shape[1] // _HALF), -(-weight.shape[0] // _HALF))
    rest = flow - model
    away = _square(rest)
    # What goes its own way is a figure more often than the background: it has less to say.
    weight = weight / (1 + away / _APART)
    x, y = cv2.split(rest)
    spread = _spread(
        cv2.resize(cv2.merge([x * weight, y * weight, weight]), small, interpolation=cv2.INTER_AREA)
    )
    length = np.sqrt(_square(spread))
    spread *= (np.maximum(length - _SLACK, 0) / np.maximum(length, TINY))[..., None]
    result = flow.copy()
    whole = model + cv2.resize(spread, weight.shape[::-1], interpolation=cv2.INTER_LINEAR)
    result[hole] = whole[hole]
    return result


def _square(flow: np.ndarray) -> np.ndarray:
    x, y = cv2.split(flow)
    result: np.ndarray = x * x + y * y
    return result


def _motion(flow: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """The motion of the whole picture, of its size: none, a shift or an affine one, whichever is simplest and
    explains the flow.
    """
    height, width = weight.shape
    asked, says = (
        flow[::_STEP, ::_STEP].reshape(-1, 2).astype(np.float64),
        weight[::_STEP, ::_STEP].ravel().astype(np.float64),
    )
    own = np.stack(
        [np.ones(says.size), *(axis.ravel() / width for axis in np.mgrid[:height:_STEP, :width:_STEP])], 1
    )
    asked, own, says = asked[says > 0], own[says > 0], says[says > 0]
    if says.size < _TELLING:
        return np.zeros_like(flow)
    middle = np.median(asked[says >= np.median(says)], 0)
    models = [np.zeros((3, 2)), np.zeros((3, 2)), np.zeros((3, 2))]
    for number, model in ((1, models[1]), (3, models[2])):
        model[0] = middle
        for turn in range(_ROUNDS):
            off = _away(asked - own @ model)
            scale = max(_LAST, _FIRST * 0.5**turn)
            trust = says / np.square(1 + off / scale**2)
            square = own[:, :number].T @ (own[:, :number] * trust[:, None])
            square[np.diag_indices(number)] += _STIFF * trust.sum() + _LEAST
            model[:number] = np.linalg.solve(
                square, own[:, :number].T @ (asked * trust[:, None]) + _STIFF * trust.sum() * model[:number]
            )
    shares = [says[_away(asked - own @ m) < _ONE**2].sum() / says.sum() for m in models]
    best = next(m for m, share in zip(models, shares, strict=True) if share >= max(shares) - _SIMPLER)
    y, x = np.mgrid[:height, :width].astype(np.float32) / np.float32(width)
    parts = [np.float32(best[0, k]) + np.float32(best[1, k]) * y + np.float32(best[2, k]) * x for k in (0, 1)]
    result: np.ndarray = cv2.merge(parts)
    return result


def _away(off: np.ndarray) -> np.ndarray:
    result: np.ndarray = off[:, 0] ** 2 + off[:, 1] ** 2
    return result


def _spread(known: np.ndarray) -> np.ndarray:
    """float32 (H, W, 2) from (H, W, 3), two values times their weight and the weight, spread smoothly over
    all: push and pull over a pyramid.
    """
    levels = [known]
    while min(levels[-1].shape[:2]) > 2:
        height, width = levels[-1].shape[:2]
        levels.append(cv2.resize(levels[-1], (-(-width // 2), -(-height // 2)), interpolation=cv2.INTER_AREA))
    result: np.ndarray | None = None
    for level in reversed(levels):
        x, y, share = cv2.split(level)
        here = cv2.merge([x, y]) / np.maximum(share, TINY)[..., None]
        if result is None:
            result = here
            continue
        wide = cv2.resize(result, share.shape[::-1], interpolation=cv2.INTER_LINEAR)
        # as much say as a whole known cell of the level below would have
        result = wide + np.minimum(1, QUARTERS * share)[..., None] * (here - wide)
    return np.zeros((*known.shape[:2], 2), np.float32) if result is None else result
