"""A composed film: its shots one after the other with what lies between them, and what film and file do to
its pictures.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import cv2
import numpy as np

from animelayers.truth.layer import Layer
from animelayers.truth.overlay import overlays
from animelayers.truth.plan import FilmLook, FilmPlan
from animelayers.truth.shot import Frame, Shot


class Composed(NamedTuple):
    """A frame of a film: its number in it, its shot, its layers, and what it is part of: none, cut (the first
    after one), fade, dissolve or wipe."""

    number: int
    shot: int
    frame: Frame
    transition: str


def frames(plan: FilmPlan) -> Iterator[tuple[Shot, Iterator[Composed]]]:
    """The shots of a film, each with its frames in order. One shot is in memory at a time, and in a dissolve
    the next.
    """
    index = 0
    for number, planned in enumerate(plan.shots):
        shot = Shot(planned, plan.size)
        yield shot, _of_shot(plan, number, shot, index)
        index += planned.frames - planned.start


def _of_shot(plan: FilmPlan, number: int, shot: Shot, index: int) -> Iterator[Composed]:
    over, own = overlays(plan, number), shot.plan
    coming = Shot(plan.shots[number + 1], plan.size) if own.dissolve else None
    for t in range(own.start, own.frames):
        frame, transition = shot.frame(t), "cut" if number and t == own.start and not own.start else "none"
        into = t - (own.frames - own.dissolve)
        if coming is not None and into >= 0:
            transition = "wipe" if own.wipe else "dissolve"
            picture = coming.frame(into).picture
            share = _share(picture.shape[:2], (into + 1) / (own.dissolve + 1), own.wipe)
            mixed = Layer("incoming", 1, (0, 0), np.dstack([picture, share]))
            frame = frame._replace(layers=(*frame.layers, mixed), shown=-1 - into)
        elif shot.light(t) < 1:
            transition = "fade"
        frame = _grey(frame) if plan.look.grey else frame
        yield Composed(
            index + t - own.start, number, frame._replace(layers=(*frame.layers, *over)), transition
        )


def _share(shape: tuple[int, ...], past: float, wipe: str) -> np.ndarray:
    """How much of the next shot shows, uint8 (H, W, 1), `past` 0..1 of the way."""
    if not wipe:
        return np.full((*shape, 1), round(255 * past), np.uint8)
    y, x = np.mgrid[: shape[0], : shape[1]]
    edge = {
        "left": x / shape[1],
        "down": y / shape[0],
        "iris": np.hypot(x / shape[1] - 0.5, y / shape[0] - 0.5) / 0.71,
    }[wipe]
    return np.where(edge < past, np.uint8(255), np.uint8(0))[..., None]


def _grey(frame: Frame) -> Frame:
    """A frame of a film without colours: its layers have none either."""
    layers = tuple(
        layer._replace(rgba=np.dstack([grey(layer.rgba[..., :3]), layer.rgba[..., 3]]))
        for layer in frame.layers
    )
    return frame._replace(base=grey(frame.base), layers=layers)


def grey(picture: np.ndarray) -> np.ndarray:
    """A picture uint8 (H, W, 3) without colours, of the same luma."""
    return np.asarray(cv2.cvtColor(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB))


def developed(look: FilmLook, seed: int) -> Callable[[np.ndarray, int], np.ndarray]:
    """What film and lens make of a picture, uint8 sRGB (H, W, 3): a function of it and its number; equal
    numbers, equal grain.
    """

    def develop(picture: np.ndarray, number: int) -> np.ndarray:
        rng = np.random.default_rng([seed, number])
        height, width = picture.shape[:2]
        if look.resize < 1:
            small = (max(2, round(width * look.resize)), max(2, round(height * look.resize)))
            picture = cv2.resize(
                cv2.resize(picture, small, interpolation=cv2.INTER_AREA),
                (width, height),
                interpolation=cv2.INTER_CUBIC,
            )
        if look.blur:
            picture = cv2.GaussianBlur(picture, (0, 0), look.blur)
        if not (look.grain or look.flicker or look.scratches):
            return np.asarray(picture)
        made = picture.astype(np.float32) * np.float32(1 + rng.normal(0, 1) * look.flicker)
        if look.grain:
            noise = rng.standard_normal((height, width), np.float32) * np.float32(look.grain)
            made += (cv2.GaussianBlur(noise, (0, 0), 0.6) * np.float32(1.6))[..., None]
        if look.scratches:
            _scratched(made, rng)
        return np.asarray(np.clip(np.rint(made), 0, 255), np.uint8)

    return develop


def _scratched(picture: np.ndarray, rng: np.random.Generator) -> None:
    """Dust and a scratch or two, in place."""
    height, width = picture.shape[:2]
    for _ in range(int(rng.poisson(3))):
        at, dark = (int(rng.integers(width)), int(rng.integers(height))), float(rng.choice([20, 235]))
        cv2.ellipse(
            picture,
            at,
            (int(rng.integers(1, 4)), 1),
            float(rng.uniform(0, 180)),
            0,
            360,
            (dark,) * 3,
            -1,
            cv2.LINE_AA,
        )
    for _ in range(int(rng.poisson(0.4))):
        x = int(rng.integers(width))
        cv2.line(picture, (x, 0), (x + int(rng.integers(-3, 4)), height), (225.0,) * 3, 1, cv2.LINE_AA)
