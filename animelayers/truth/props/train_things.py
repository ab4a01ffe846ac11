"""The other train props, each standing on y = 0 and 1 high."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from animelayers.samples.pen import Colour, mix
from animelayers.truth.props.easel import Easel

GREEN: tuple[Colour, ...] = ((44, 92, 72), (70, 132, 84), (118, 170, 86), (176, 206, 104))


def tree(e: Easel) -> None:
    """A trunk that forks under a round crown."""
    e.fill(
        [
            (-0.07, 0),
            (-0.03, 0.2),
            (-0.03, 0.45),
            (-0.12, 0.62),
            (0.0, 0.52),
            (0.1, 0.64),
            (0.03, 0.42),
            (0.035, 0.2),
            (0.08, 0),
        ],
        (128, 96, 78),
    )
    for x, y, r in ((-0.16, 0.6, 0.17), (0.16, 0.62, 0.17), (0.0, 0.74, 0.24)):
        e.crown(x, y, r, GREEN)


def signpost(e: Easel) -> None:
    """A post with two pointing boards."""
    wood = e.pick((190, 146, 96), (150, 120, 100), (220, 220, 224))
    e.box(-0.025, 0, 0.025, 1.0, mix(wood, (60, 40, 40), 0.3))
    for y, way in ((0.78, 1), (0.58, -1)):
        e.fill(
            [
                (-0.2 * way, y),
                (0.2 * way, y),
                (0.29 * way, y + 0.075),
                (0.2 * way, y + 0.15),
                (-0.2 * way, y + 0.15),
            ],
            wood,
        )
        for k in (0.05, 0.09):
            e.line([(-0.14, y + k), (0.12, y + k)], mix(wood, (40, 30, 30), 0.6), 0.01)


def barrel(e: Easel) -> None:
    """Staves and three hoops."""
    wood = e.pick((170, 120, 76), (140, 100, 80), (120, 130, 140))
    e.fill(
        [
            (-0.3, 0),
            (-0.38, 0.3),
            (-0.38, 0.7),
            (-0.3, 0.97),
            (0.3, 0.97),
            (0.38, 0.7),
            (0.38, 0.3),
            (0.3, 0),
        ],
        wood,
    )
    for x in (-0.2, -0.07, 0.07, 0.2):
        e.line([(x, 0.02), (x * 1.25, 0.5), (x, 0.95)], mix(wood, (40, 30, 30), 0.45), 0.01)
    for y, w in ((0.14, 0.345), (0.5, 0.385), (0.84, 0.345)):
        e.box(-w, y - 0.03, w, y + 0.03, (92, 92, 104))
    e.fill(
        [(0.3 * np.cos(a), 0.96 + 0.04 * np.sin(a)) for a in np.linspace(0, 2 * np.pi, 24)],
        mix(wood, (255, 240, 200), 0.2),
    )


def vase(e: Easel) -> None:
    """A jar with a band of pattern and flowers."""
    clay = e.pick((80, 120, 170), (200, 110, 80), (236, 232, 224), (70, 130, 110))
    for x, y in ((-0.14, 0.82), (0.02, 0.92), (0.15, 0.8)):
        e.line([(0, 0.55), (x, y)], (80, 130, 80), 0.014)
        for k in range(5):
            e.round(
                x + 0.05 * float(np.cos(k * 1.257)),
                y + 0.05 * float(np.sin(k * 1.257)),
                0.04,
                e.pick((240, 130, 150), (250, 220, 130), (240, 240, 250)),
            )
        e.round(x, y, 0.03, (250, 200, 80))
    e.fill(
        [
            (-0.1, 0),
            (-0.1, 0),
            (-0.2, 0.2),
            (-0.19, 0.38),
            (-0.08, 0.52),
            (-0.11, 0.62),
            (-0.11, 0.62),
            (0.11, 0.62),
            (0.11, 0.62),
            (0.08, 0.52),
            (0.19, 0.38),
            (0.2, 0.2),
            (0.1, 0),
            (0.1, 0),
        ],
        clay,
        smooth=True,
    )
    e.line(
        [(-0.19, 0.27), (-0.1, 0.32), (0, 0.26), (0.1, 0.32), (0.19, 0.27)],
        mix(clay, (255, 255, 255), 0.7),
        0.018,
    )


def lamp(e: Easel) -> None:
    """A street lamp with a lantern."""
    iron = e.pick((60, 66, 78), (50, 70, 64), (90, 80, 80))
    e.box(-0.06, 0, 0.06, 0.05, iron)
    e.box(-0.022, 0.05, 0.022, 0.78, iron)
    e.fill([(-0.05, 0.78), (-0.09, 0.92), (0.09, 0.92), (0.05, 0.78)], (255, 236, 170))
    e.fill([(-0.11, 0.92), (0.0, 1.0), (0.11, 0.92)], iron)
    e.box(-0.055, 0.76, 0.055, 0.785, iron)


def bush(e: Easel) -> None:
    """Three crowns on the ground."""
    for x, y, r in ((-0.5, 0.32, 0.34), (0.52, 0.34, 0.36), (0.0, 0.5, 0.48)):
        e.crown(x, y, r, GREEN)


def rock(e: Easel) -> None:
    """A boulder of flat faces."""
    stone = e.pick((150, 146, 152), (130, 120, 112), (110, 124, 130))
    e.fill(
        [(-0.7, 0), (-0.75, 0.4), (-0.4, 0.85), (0.1, 1.0), (0.55, 0.7), (0.78, 0.25), (0.7, 0)],
        mix(stone, (40, 40, 60), 0.25),
    )
    e.fill(
        [(-0.75, 0.4), (-0.4, 0.85), (0.1, 1.0), (0.0, 0.55), (-0.4, 0.4)], mix(stone, (255, 255, 255), 0.2)
    )
    e.fill([(0.1, 1.0), (0.55, 0.7), (0.3, 0.4), (0.0, 0.55)], stone)


def branch(e: Easel) -> None:
    """A bough from the left with sprays of leaves along it."""
    bark = (110, 84, 74)
    e.fill(
        [(-1.1, 0.7), (-1.1, 0.84), (-0.3, 0.72), (0.4, 0.8), (1.0, 0.72), (0.4, 0.73), (-0.3, 0.62)], bark
    )
    for x, y, r in (
        (-0.95, 0.5, 0.2),
        (-0.62, 0.86, 0.15),
        (-0.4, 0.44, 0.22),
        (0.0, 0.86, 0.14),
        (0.2, 0.52, 0.2),
        (0.6, 0.86, 0.13),
        (0.72, 0.5, 0.2),
        (1.0, 0.74, 0.14),
    ):
        e.line([(x - 0.08, 0.74), (x, y)], bark, 0.02)
        e.crown(x, y, r, GREEN)


def fence(e: Easel) -> None:
    """Pales with pointed tops on two rails."""
    wood = e.pick((236, 232, 224), (180, 140, 100), (130, 150, 160))
    for y in (0.3, 0.66):
        e.box(-1.0, y, 1.0, y + 0.09, mix(wood, (60, 50, 60), 0.2))
    for x in np.linspace(-0.92, 0.92, 8):
        e.fill([(x - 0.075, 0), (x - 0.075, 0.86), (x, 1.0), (x + 0.075, 0.86), (x + 0.075, 0)], wood)


def tuft(e: Easel) -> None:
    """Blades of grass from one root."""
    for i in range(15):
        x, lean, tall = (
            -0.4 + 0.8 * i / 14,
            float(e.rng.normal(0, 0.2)) + (i - 7) * 0.05,
            float(e.rng.uniform(0.6, 1.0)),
        )
        e.fill(
            [
                (x - 0.06, 0),
                (x + lean * 0.4 - 0.02, tall * 0.6),
                (x + lean, tall),
                (x + lean * 0.4 + 0.05, tall * 0.55),
                (x + 0.06, 0),
            ],
            GREEN[i % 3],
        )


def pillar(e: Easel) -> None:
    """A round column."""
    stone = e.pick((214, 210, 204), (176, 120, 100), (120, 120, 136))
    e.box(-0.12, 0, 0.12, 1.0, stone)
    e.box(0.03, 0, 0.12, 1.0, mix(stone, (50, 40, 70), 0.3))
    for y in (0.0, 0.93):
        e.box(-0.17, y, 0.17, y + 0.07, mix(stone, (255, 255, 255), 0.25))


def window(e: Easel) -> None:
    """A frame to look through: four bars and a cross."""
    wood = e.pick((150, 110, 84), (240, 238, 232), (80, 84, 96))
    for a, b, c, d in (
        (-0.75, 0, 0.75, 0.07),
        (-0.75, 0.93, 0.75, 1.0),
        (-0.75, 0, -0.68, 1.0),
        (0.68, 0, 0.75, 1.0),
        (-0.02, 0.05, 0.02, 0.95),
        (-0.7, 0.48, 0.7, 0.52),
    ):
        e.box(a, b, c, d, wood)


THINGS: Mapping[str, tuple[Callable[[Easel], None], str]] = {
    "tree": (tree, "prop"),
    "signpost": (signpost, "prop"),
    "barrel": (barrel, "prop"),
    "vase": (vase, "prop"),
    "lamp": (lamp, "prop"),
    "bush": (bush, "prop"),
    "rock": (rock, "prop"),
    "branch": (branch, "foreground"),
    "fence": (fence, "foreground"),
    "tuft": (tuft, "foreground"),
    "pillar": (pillar, "foreground"),
    "window": (window, "foreground"),
}
