"""What the net is shown in training: drawings of a packed shot with the evidence a shot has in practice,
errors and all.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from animelayers.imaging import evidence
from animelayers.imaging.evidence import PlateEvidence
from animelayers.imaging.motion import canvas
from animelayers.imaging.plate import lifted, lights_of
from animelayers.shot.params import Params
from animelayers.training import worn as wear
from animelayers.training.pack import Shot
from animelayers.training.restyle import restyled

_LIT = {"fade", "flash", "old_film"}  # traits of shots whose drawings are not in one light
_AS_IT_IS = 0.2  # share of such shots that are shown in their own: nobody could follow the camera


class View(NamedTuple):
    """Drawings of one shot as the net is shown them, through one window.

    ``pictures``, ``plates``: uint8 (K, H, W, 3); ``known``, ``difference``, ``change``: uint8 (K, H, W);
    ``layers``: uint8 (K, H, W, 3), the truth. ``steady``: whether the camera stands, so that what is right in
    one drawing of a place is right in the next. ``slot``: where the training loop notes how hard the shot is,
    int64 (N,) of a batch of N shots.
    """

    pictures: np.ndarray
    plates: np.ndarray
    known: np.ndarray
    difference: np.ndarray
    change: np.ndarray
    layers: np.ndarray
    steady: bool
    slot: np.ndarray = np.zeros(0, np.int64)


class Doubts(NamedTuple):
    """How often what goes wrong with evidence: shares of shots, unless it says otherwise."""

    none: float = 0.2
    """No evidence at all: a still, or a camera nobody could follow."""
    unlooked: float = 0.4
    """The plate was made before anybody looked: figures that stay are in it."""
    exact: float = 0.2
    """What is no background was found as it is."""
    lost: float = 0.1
    """Of drawings: all of what stands before the plate was overlooked."""
    missed: float = 0.3
    """A figure was overlooked in every drawing."""
    holes: float = 0.35
    """Something of the painting was taken for a figure in every drawing."""
    shifted: float = 0.3
    """The places are off by up to half a pixel."""
    lit: float = 0.25
    """The light of each drawing is a little off."""


def views(
    shot: Shot,
    size: tuple[int, int],
    rng: np.random.Generator,
    most: int = 2,
    doubts: Doubts | None = None,
    restyle: bool = False,
    worn: bool = False,
) -> View:
    """`most` drawings of a shot, neighbours where there are, cut out and brought to `size` (width, height),
    in other colours now and then.

    ``restyle``: figures, effects and the painting in other styles as well, see
    `animelayers.training.restyle`. ``worn``: after what film and file do to them, see
    `animelayers.training.worn`.
    """
    doubts = doubts or Doubts()
    frames = in_one_light(shot) if rng.random() >= _AS_IT_IS else shot.frames
    frames = _coloured(restyled(frames, shot.layers, rng) if restyle else frames, rng)
    if worn:
        frames = wear.worn(frames, rng)
    first = int(rng.integers(len(frames)))
    chosen = [
        min(first + k, len(frames) - 1) if first + k < len(frames) else max(first - k, 0) for k in range(most)
    ]
    told = seen(frames, shot.layers, shot.places, chosen, rng, doubts)
    window, flip = _window(frames.shape[2], frames.shape[1], size, rng), bool(rng.random() < 0.5)

    def cut(picture: np.ndarray, how: int = cv2.INTER_AREA) -> np.ndarray:
        part = cv2.resize(picture[window], size, interpolation=how)
        return np.asarray(part[:, ::-1] if flip else part)

    steady = bool(np.allclose(shot.places[chosen], shot.places[chosen[0]], atol=1e-3)) and bool(
        shot.places.any()
    )
    return View(
        np.stack([cut(frames[i]) for i in chosen]),
        np.stack([cut(e.plate) for e in told]),
        np.stack([cut(e.known) for e in told]),
        np.stack([cut(e.difference) for e in told]),
        np.stack([cut(e.change) for e in told]),
        np.stack([cut(shot.layers[i]) for i in chosen]),
        steady,
    )


def seen(
    frames: np.ndarray,
    layers: np.ndarray,
    places: np.ndarray,
    chosen: list[int],
    rng: np.random.Generator,
    doubts: Doubts,
) -> list[PlateEvidence]:
    """The evidence of chosen drawings."""
    if len(frames) < 3 or rng.random() < doubts.none or not places.any():
        return [evidence.nothing(frames[i].shape) for i in chosen]
    kept = _looked(layers, rng, doubts)
    shifted, lit = rng.random() < doubts.shifted, rng.random() < doubts.lit
    pictures = [_lit(f, rng) if lit else f for f in frames]
    found, stacks = [], []
    for i in chosen:
        off = [rng if shifted and j != i else None for j in range(len(frames))]
        aligned, shown, reached = zip(
            *(_aligned(pictures[j], kept[j], places[i], places[j], off[j]) for j in range(len(frames))),
            strict=True,
        )
        stacks.append((np.stack(aligned), np.stack(reached)))
        found.append(evidence.median(stacks[-1][0], np.stack(shown)))
    clear = [(count > 0) & ~kept[i] for i, (_, count) in zip(chosen, found, strict=True)]
    noise = evidence.usual([frames[i] for i in chosen], [plate for plate, _ in found], clear)
    return [
        evidence.measured(frames[i], plate, count, noise, evidence.changed(*stack, noise))
        for i, (plate, count), stack in zip(chosen, found, stacks, strict=True)
    ]


def in_one_light(shot: Shot) -> np.ndarray:
    """The drawings of a shot, uint8 (D, H, W, 3), in the light of its brightest, as the estimator shows them."""
    if len(shot.frames) < 3 or not shot.places.any() or _LIT.isdisjoint(shot.traits.split(",")):
        return shot.frames
    cameras, size = shot.places.astype(np.float64), (shot.frames.shape[2], shot.frames.shape[1])
    frames = list(shot.frames)
    return np.stack(lifted(frames, lights_of(frames, list(cameras), canvas(cameras, size)), Params().dark))


def _looked(layers: np.ndarray, rng: np.random.Generator, doubts: Doubts) -> np.ndarray:
    """What was taken for no background when the plate was made: bool (D, H, W)."""
    true = layers[..., :2].max(-1) > 50
    chance = rng.random()
    if chance < doubts.unlooked:
        return np.zeros_like(true)
    grown = int(rng.integers(1, 6))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * grown + 1,) * 2)
    kept = np.stack([cv2.dilate(t.view(np.uint8), kernel) for t in true]).astype(bool)
    if chance < doubts.unlooked + doubts.exact:
        return kept
    if rng.random() < 0.3:  # effects are what is overlooked most
        kept = np.stack(
            [cv2.dilate((layer[..., 0] > 50).astype(np.uint8), kernel) for layer in layers]
        ).astype(bool)
    kept[rng.random(len(kept)) < doubts.lost] = False
    if rng.random() < doubts.missed:
        kept &= ~_blob(true.shape[1:], rng, true.any(0))[None]
    if rng.random() < doubts.holes:
        kept |= _blob(true.shape[1:], rng)[None]
    return kept


def _blob(shape: tuple[int, ...], rng: np.random.Generator, around: np.ndarray | None = None) -> np.ndarray:
    """A figure-like region: a few ellipses on each other, somewhere, or on some of what is `around`."""
    height, width = shape
    at = np.array([rng.uniform(0, width), rng.uniform(0.2, 1) * height])
    if around is not None and around.any():
        where = np.argwhere(around)
        at = where[int(rng.integers(len(where)))][::-1].astype(float)
    plane, tall = np.zeros((height, width), np.uint8), float(rng.uniform(0.1, 0.7)) * height
    for _ in range(int(rng.integers(1, 5))):
        middle = at + rng.normal(0, tall / 4, 2)
        axes = (max(2, round(tall * rng.uniform(0.1, 0.4))), max(2, round(tall * rng.uniform(0.15, 0.5))))
        cv2.ellipse(
            plane, (round(middle[0]), round(middle[1])), axes, float(rng.uniform(0, 180)), 0, 360, 255, -1
        )
    return plane > 0


def _aligned(
    picture: np.ndarray,
    kept: np.ndarray,
    seat: np.ndarray,
    other: np.ndarray,
    off: np.random.Generator | None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A drawing seen from another one's place, where it shows the plate there, and where it reaches."""
    move = np.linalg.inv(seat.astype(np.float64)) @ other
    if off is not None:
        move[:2, 2] += off.normal(0, 0.25, 2)
    if np.allclose(move, np.eye(3), atol=1e-3):
        return picture, ~kept, np.ones_like(kept)
    size = (picture.shape[1], picture.shape[0])
    warped = cv2.warpPerspective(picture, move, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    shows, reaches = (
        cv2.warpPerspective(mask, move, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
        for mask in ((~kept).astype(np.uint8) * np.uint8(255), np.full(kept.shape, 255, np.uint8))
    )
    return warped, shows > 250, reaches > 250


def _lit(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return cv2.convertScaleAbs(picture, alpha=float(1 + rng.normal(0, 0.01)), beta=float(rng.normal(0, 0.6)))


def _window(width: int, height: int, size: tuple[int, int], rng: np.random.Generator) -> tuple[slice, slice]:
    """Rows and columns of a part with the shape of `size`, from two thirds of what fits up to all of it."""
    scale = min(width / size[0], height / size[1]) * float(
        rng.uniform(0.66, 1.0) if rng.random() < 0.6 else 1.0
    )
    w, h = min(width, round(size[0] * scale)), min(height, round(size[1] * scale))
    x, y = int(rng.integers(width - w + 1)), int(rng.integers(height - h + 1))
    return slice(y, y + h), slice(x, x + w)


def _coloured(frames: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The drawings of a shot in other colours, all alike."""
    if rng.random() < 0.3:
        return frames
    ramp = np.arange(256) / 255
    table = np.stack(
        [
            ramp ** float(np.exp(rng.normal(0, 0.18))) * rng.uniform(0.85, 1.08) + rng.normal(0, 0.03)
            for _ in range(3)
        ],
        -1,
    )
    levels = np.clip(np.rint(table * 255), 0, 255).astype(np.uint8)[None]
    order = rng.permutation(3) if rng.random() < 0.12 else np.arange(3)
    made = np.stack([cv2.LUT(np.ascontiguousarray(f[..., order]), levels) for f in frames])
    if rng.random() < 0.06:
        made = np.repeat(np.stack([cv2.cvtColor(f, cv2.COLOR_RGB2GRAY) for f in made])[..., None], 3, -1)
    return made
