"""A drawn shot with all its layers known exactly."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cache
from typing import Any

import cv2
import numpy as np

from animelayers.samples.effects import EFFECTS, MODES, combine
from animelayers.samples.figure import Figure
from animelayers.samples.pen import Cel
from animelayers.samples.plans import PLANS, Actor

FPS = 24


@dataclass(frozen=True)
class Scene:
    """T frames of drawn animation and their layers; colours are straight sRGB, alphas linear coverage 0..255.

    ``frames``, ``background``, ``character_colour``, ``effect_colour``: uint8 (T, H, W, 3); ``character``,
    ``effect``: alpha uint8 (T, H, W); ``instances``: uint8 (T, H, W), 0 nobody, k the k-th character where it
    covers more than half a pixel and is in front; ``drawing``: int32 (T,), equal where frames show the same
    drawing; ``pan``: int32 (T,), pixels the camera has moved to the right. The frame is background, then
    character over it, then the effect by ``effect_mode``: see `combine`. ``cuts``: first frames of the second
    and later shots.
    """

    name: str
    frames: np.ndarray
    background: np.ndarray
    character: np.ndarray
    character_colour: np.ndarray
    effect: np.ndarray
    effect_colour: np.ndarray
    instances: np.ndarray
    drawing: np.ndarray
    pan: np.ndarray
    effect_mode: tuple[str, ...]
    cuts: tuple[int, ...] = ()
    fps: int = FPS

    def __len__(self) -> int:
        return len(self.frames)


def scene(name: str, frames: int = 24, size: tuple[int, int] = (960, 540), seed: int = 0) -> Scene:
    """Draw the shot `name` (one of `SCENES`) with `frames` frames of `size` (width, height) pixels; equal
    arguments, equal pixels.

    Raises KeyError for an unknown name.
    """
    if name not in PLANS:
        raise KeyError(f"no scene {name!r}: one of {', '.join(PLANS)}")
    plan, (width, height) = PLANS[name], size
    rng = np.random.default_rng([seed, zlib.crc32(name.encode())])
    moments = [plan.moment(t) for t in range(frames)]
    pan = np.array([round(m.pan * height) for m in moments], np.int32)
    painted = max(round(plan.wide * width), width + int(pan.max(initial=0)))
    sheet = plan.place((painted, height), rng)
    if plan.blur:
        sheet = cv2.GaussianBlur(sheet, (0, 0), plan.blur * height)

    @cache
    def cels(actors: tuple[Actor, ...]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        return _cels(actors, size, plan.tint, seed)

    @cache
    def effect(kind: str, phase: int, x: float, y: float) -> tuple[np.ndarray, np.ndarray]:
        return EFFECTS[kind](size, phase, np.random.default_rng([seed, phase]), x, y)

    shape = (frames, height, width)
    pictures: dict[str, Any] = {
        k: np.zeros((*shape, 3), np.uint8)
        for k in ("frames", "background", "character_colour", "effect_colour")
    }
    planes: dict[str, Any] = {k: np.zeros(shape, np.uint8) for k in ("character", "effect", "instances")}
    mode = MODES.get(plan.effect or "", "over")
    made = Scene(
        name=name,
        **pictures,
        **planes,
        drawing=np.zeros(frames, np.int32),
        pan=pan,
        effect_mode=(mode,) * frames,
    )
    seen: dict[tuple[object, ...], int] = {}
    for t, moment in enumerate(moments):
        shown = (moment.actors, moment.effect, moment.light)
        made.drawing[t] = seen.setdefault(shown, len(seen))
        if t and moment == moments[t - 1] and pan[t] == pan[t - 1]:
            for field in (*pictures.values(), *planes.values()):
                field[t] = field[t - 1]
            continue
        alpha, colour, labels = cels(moment.actors)
        under = sheet[:, pan[t] : pan[t] + width]
        if moment.light < 1:
            under, colour = (np.round(x * np.float32(moment.light)).astype(np.uint8) for x in (under, colour))
        made.background[t], made.character[t], made.character_colour[t], made.instances[t] = (
            under,
            alpha,
            colour,
            labels,
        )
        made.frames[t] = under
        rows, columns = _box(alpha)
        made.frames[t][rows, columns] = combine(
            under[rows, columns], alpha[rows, columns], colour[rows, columns]
        )
        if moment.effect is not None:
            made.effect[t], made.effect_colour[t] = effect(*moment.effect)
            made.frames[t] = combine(
                made.frames[t], made.effect[t], made.effect_colour[t], made.effect_mode[t]
            )
    return made


def join(scenes: Sequence[Scene], name: str) -> Scene:
    """The shots one after the other as one film, its cuts and drawings counted on. Sizes have to agree."""
    lengths = [len(s) for s in scenes]
    starts = np.cumsum([0, *lengths])[:-1]
    values: dict[str, Any] = {}
    for field in fields(Scene):
        parts = [getattr(s, field.name) for s in scenes]
        if isinstance(parts[0], np.ndarray):
            values[field.name] = np.concatenate(parts)
    before = np.cumsum([0, *(int(s.drawing.max()) + 1 for s in scenes)])[:-1]
    values["drawing"] = np.concatenate([s.drawing + n for s, n in zip(scenes, before, strict=True)]).astype(
        np.int32
    )
    modes = tuple(m for s in scenes for m in s.effect_mode)
    cuts = tuple(
        sorted(
            {int(a + c) for s, a in zip(scenes, starts, strict=True) for c in s.cuts}
            | {int(a) for a in starts[1:]}
        )
    )
    return Scene(**{**values, "name": name, "effect_mode": modes, "cuts": cuts, "fps": scenes[0].fps})


def _cels(
    actors: tuple[Actor, ...], size: tuple[int, int], tint: tuple[float, float, float], seed: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Alpha (H, W), straight colour (H, W, 3) and labels (H, W) of figures in front of each other, the last
    in front.
    """
    width, height = size
    ink, labels, front = (
        np.zeros((height, width, 4), np.float32),
        np.zeros((height, width), np.uint8),
        np.zeros((height, width), np.float32),
    )
    for number, actor in enumerate(actors, 1):
        unit = actor.head * height
        x, y = width / 2 + actor.x * height, actor.y * height
        x0, x1 = int(np.clip(x - 2.3 * unit, 0, width)), int(np.clip(x + 2.3 * unit, 0, width))
        y0, y1 = int(np.clip(y - 1.1 * unit, 0, height)), int(np.clip(y + 6.9 * unit, 0, height))
        if x0 >= x1 or y0 >= y1:
            continue
        cel = Cel((x1 - x0, y1 - y0), unit, (x - x0, y - y0))
        Figure(cel, actor.look, actor.pose, seed + number).draw()
        drawn = cel.develop() * np.array([*tint, 1.0], np.float32)
        window = (slice(y0, y1), slice(x0, x1))
        own = drawn[..., 3:] / 255
        ink[window] = ink[window] * (1 - own) + drawn
        front[window] *= 1 - own[..., 0]
        nearest = own[..., 0] >= np.maximum(front[window], 1 / 255)
        labels[window][nearest] = number
        front[window] = np.where(nearest, own[..., 0], front[window])
    alpha = np.round(ink[..., 3]).astype(np.uint8)
    labels[alpha <= 127] = 0
    colour = np.zeros((height, width, 3), np.uint8)
    inked = alpha > 0
    colour[inked] = np.clip(np.round(ink[inked, :3] / ink[inked, 3:] * 255), 0, 255).astype(np.uint8)
    return alpha, colour, labels


def _box(alpha: np.ndarray) -> tuple[slice, slice]:
    """The rows and columns of an (H, W) alpha that hold anything."""
    rows, columns = np.flatnonzero(alpha.any(1)), np.flatnonzero(alpha.any(0))
    return (
        (slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1))
        if len(rows)
        else (slice(0), slice(0))
    )
