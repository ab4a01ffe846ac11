"""Where the effects of a shot are, when, and how they lie on the picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from animelayers.truth.odds import draw
from animelayers.truth.part import Effect
from animelayers.truth.parts import Parts
from animelayers.truth.plan import Actor, Colour, Light

_COLOURS: tuple[Colour, ...] = (
    (255, 140, 60),
    (255, 220, 110),
    (120, 200, 255),
    (150, 255, 160),
    (255, 120, 200),
    (190, 140, 255),
)
_FOOT = 0.8  # how low in its tile an effect comes from that stands on the ground
_WHOLE = ("aura", "smoke", "rain", "snow", "petals", "fire", "sparkle", "fog", "dust", "magic_circle")
"""Kinds that may go on through a whole shot."""


def lit(
    rng: np.random.Generator,
    parts: Parts,
    odds: Mapping[str, Any],
    size: tuple[int, int],
    frames: int,
    actors: Sequence[Actor],
) -> Light:
    """An effect of a shot of `frames` frames with these `actors`."""
    kind, mode = draw(rng, odds["effect"]), draw(rng, odds["mode"])
    wishes = [lambda part: part.kind == kind] if kind != "any" else []
    wishes += [lambda part: mode in part.modes] if mode != "best" else []
    part = parts.choose(rng, parts.effects, wishes)
    mode = mode if mode in part.modes else part.modes[0]
    # weather and flashes are rather in front, unless a shot is made for what lies elsewhere
    where = (
        "front" if part.field and len(odds["where"]) > 1 and rng.random() < 0.75 else draw(rng, odds["where"])
    )
    exposure = int(rng.choice([1, 2, 2, 3]))
    first, last = _time(rng, part, frames, exposure)
    white = "white" in part.tags and mode in ("add", "screen") and rng.random() < 0.8
    common: dict[str, Any] = {
        "exposure": exposure,
        "strength": float(rng.uniform(0.75, 1.0)),
        "colour": _COLOURS[int(rng.integers(len(_COLOURS)))] if white else None,
        "seed": int(rng.integers(2**31)),
    }
    if part.field:
        return Light(part, mode, where, first, last, (size[0] / 2, size[1] / 2), size, **common)
    if any("particle" in tag for tag in part.tags) and part.count == 1:
        side = round(float(rng.uniform(0.06, 0.2)) * size[1])
        at = (float(rng.uniform(0.1, 0.9)) * size[0], float(rng.uniform(0.2, 0.9)) * size[1])
        return Light(
            part,
            mode,
            where,
            first,
            last,
            at,
            (side, side),
            drift=(float(rng.normal(0, 2)), float(rng.normal(1, 2))),
            **common,
        )
    near = int(rng.integers(len(actors))) if actors else -1
    at, side = _spot(rng, part, where, size, actors[near] if near >= 0 else None)
    drift = (
        float(rng.normal(0, 0.004)) * size[1],
        -abs(float(rng.normal(0, 0.004))) * size[1] if part.kind == "smoke" else 0.0,
    )
    goes = part.kind == "aura" or rng.random() < 0.4
    middle = (at[0] + (0.5 - part.anchor[0]) * side, at[1] + (0.5 - part.anchor[1]) * side)
    return Light(
        part,
        mode,
        where,
        first,
        last,
        middle,
        (side, side),
        drift=drift,
        with_actor=near if goes else -1,
        **common,
    )


def _time(rng: np.random.Generator, part: Effect, frames: int, exposure: int) -> tuple[int, int]:
    """The frames it is seen in: a flash for a few, a burst once, what loops for a part of the shot or all of
    it.
    """
    if part.kind == "flash":
        length = min(frames, part.count * exposure)
        first = int(rng.integers(max(1, frames - length + 1)))
        return first, first + length - 1
    if part.loops and (part.kind in _WHOLE or rng.random() < 0.5) and rng.random() < 0.7:
        return 0, frames - 1
    length = part.count * exposure if not part.loops else round(frames * float(rng.uniform(0.3, 0.8)))
    first = int(rng.integers(max(1, frames - min(length, frames) // 2)))
    return first, min(frames, first + max(1, length)) - 1


def _spot(
    rng: np.random.Generator, part: Effect, where: str, size: tuple[int, int], actor: Actor | None
) -> tuple[tuple[float, float], int]:
    """Where an effect comes from, and the side of its tile: what stands on the ground stands where the figure
    does.
    """
    width, height = size
    stands = part.anchor[1] > _FOOT
    if actor is None:
        side = round(float(rng.uniform(0.3, 0.9)) * height)
        low = float(rng.uniform(0.75, 0.98)) if stands else float(rng.uniform(0.35, 0.75))
        return (float(rng.uniform(0.2, 0.8)) * width, low * height), side
    tall = min(actor.height, round(1.3 * height))
    x, foot = actor.at[0], min(actor.at[1], height)
    y = foot if stands else foot - tall * 0.5
    if part.kind == "aura":
        return (x, y), round(tall * float(rng.uniform(1.15, 1.5)))
    side = max(24, round(tall * float(rng.uniform(0.5, 1.2))))
    if where == "beside":
        away = float(rng.choice([-1, 1])) * (0.45 * tall + 0.3 * side)
        return (
            float(np.clip(x + away, 0.1 * width, 0.9 * width)),
            y + (0 if stands else float(rng.uniform(-0.1, 0.25)) * tall),
        ), side
    return (
        x + float(rng.uniform(-0.25, 0.25)) * tall,
        y + (0 if stands else float(rng.uniform(-0.2, 0.3)) * tall),
    ), side
