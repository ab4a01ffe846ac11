"""How a figure gets about: where each of its drawings stands."""

from __future__ import annotations

import math

import numpy as np

from animelayers.truth.plan import Actor

_JUMP = 20  # frames of a jump
_CROUCH = 0.2  # share of it spent on the ground
_TURN = 30  # frames of a turn around
_NARROW = 0.12  # width that is left of a cut-out seen from the side


def drawing(actor: Actor, frame: int) -> int:
    """Which drawing of its own an actor shows in a frame: the same as in the frame before while it is held."""
    return frame // actor.exposure


def raised(actor: Actor, frame: int) -> float:
    """How far above the ground a jump has taken an actor, in pixels; 0 for one whose own drawings jump."""
    if actor.move != "jumping" or actor.action == "jump":
        return 0.0
    share = ((drawing(actor, frame) * actor.exposure + 3 * actor.phase) % _JUMP) / _JUMP
    return (
        0.38 * actor.height * max(0.0, math.sin(math.pi * (share - _CROUCH) / (1 - _CROUCH)))
        if share > _CROUCH
        else 0.0
    )


def placed(actor: Actor, frame: int, frames: int) -> np.ndarray:
    """Affine float64 (2, 3) from offsets around the pin of the upright figure to the picture, in a frame of a
    shot of `frames` frames.

    It changes only when the drawing does.
    """
    t = drawing(actor, frame) * actor.exposure
    x, y = actor.at
    dx, dy, scale, angle, across = 0.0, 0.0, 1.0, 0.0, 1.0
    middle = t - (frames - 1) / 2
    if actor.move in ("walking", "slide"):
        dx = actor.speed * middle
    elif actor.move == "jumping":
        dx, dy = actor.speed * middle, -raised(actor, frame)
        scale, across = (1.0, 1.0) if dy or actor.action == "jump" else (0.92, 1.05)
    elif actor.move == "flying":
        beat = 0.28 * t + actor.phase
        dx, dy, angle = actor.speed * middle, 0.12 * actor.height * math.sin(beat), 7 * math.sin(beat + 1)
    elif actor.move == "turning" and actor.action == "still":
        across = math.cos(2 * math.pi * (t + 3 * actor.phase) / _TURN)
        across = math.copysign(max(abs(across), _NARROW), across)
    elif actor.move == "scaling":
        scale = (1 + abs(actor.speed)) ** (middle / max(1, frames - 1) * math.copysign(1.0, actor.speed))
    if actor.flip:
        across = -across
    c, s = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    return np.array([[c * across * scale, -s * scale, x + dx], [s * across * scale, c * scale, y + dy]])
