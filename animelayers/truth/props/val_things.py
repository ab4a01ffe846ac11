"""The other val props, each standing on y = 0 and 1 high."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from animelayers.samples.pen import Colour, mix
from animelayers.truth.props.easel import Easel

LEAVES: tuple[Colour, ...] = ((60, 110, 70), (96, 150, 84), (160, 196, 100))


def tree(e: Easel) -> None:
    """A fir in tiers on a short trunk."""
    e.box(-0.035, 0, 0.035, 0.16, (120, 90, 76))
    for i in range(5):
        y, half = 0.1 + 0.15 * i, 0.27 - 0.045 * i
        points = [
            (-half, y),
            (-half * 0.55, y + 0.045),
            (-half * 0.3, y + 0.01),
            (0, y + 0.04),
            (half * 0.35, y + 0.005),
            (half * 0.6, y + 0.04),
            (half, y),
            (0.0, y + 0.3),
        ]
        e.fill(points, LEAVES[i % 2], LEAVES[0])


def signpost(e: Easel) -> None:
    """A round sign on a pole with a plate below."""
    edge = e.pick((210, 60, 60), (60, 100, 190), (60, 130, 90))
    e.box(-0.018, 0, 0.018, 0.7, (150, 154, 160))
    e.round(0, 0.84, 0.16, edge)
    e.round(0, 0.84, 0.12, (248, 248, 244))
    e.box(-0.09, 0.825, 0.09, 0.855, edge)
    e.box(-0.13, 0.54, 0.13, 0.64, (248, 248, 244))
    e.line([(-0.09, 0.59), (0.09, 0.59)], (70, 70, 80), 0.016)


def barrel(e: Easel) -> None:
    """A crate with a brace, another on top."""
    wood = e.pick((206, 166, 110), (170, 130, 100), (150, 156, 140))
    for x, y, s in ((-0.05, 0.0, 0.58), (0.06, 0.58, 0.42)):
        e.box(x - s / 2, y, x + s / 2, y + s, wood)
        rail = mix(wood, (60, 40, 40), 0.35)
        e.fill(
            [(x - s / 2, y), (x - s / 2 + 0.1 * s, y), (x + s / 2, y + s), (x + s / 2 - 0.1 * s, y + s)], rail
        )
        for a, b, c, d in (
            (-0.5, 0, 0.5, 0.12),
            (-0.5, 0.88, 0.5, 1.0),
            (-0.5, 0, -0.38, 1),
            (0.38, 0, 0.5, 1),
        ):
            e.box(x + a * s, y + b * s, x + c * s, y + d * s, mix(wood, (255, 240, 200), 0.2))


def vase(e: Easel) -> None:
    """A pot with a big-leaved plant."""
    pot = e.pick((196, 106, 80), (230, 226, 216), (90, 110, 130))
    for i, (x, y) in enumerate(
        ((-0.3, 0.7), (0.3, 0.74), (-0.16, 0.92), (0.14, 0.98), (-0.34, 0.48), (0.35, 0.5))
    ):
        e.fill(
            [
                (0, 0.3),
                (x * 0.4 - 0.07, 0.3 + (y - 0.3) * 0.6),
                (x, y),
                (x, y),
                (x * 0.6 + 0.08, 0.3 + (y - 0.3) * 0.5),
            ],
            LEAVES[i % 3],
            smooth=True,
        )
    e.fill([(-0.13, 0), (-0.19, 0.3), (0.19, 0.3), (0.13, 0)], pot)
    e.box(-0.21, 0.27, 0.21, 0.34, mix(pot, (255, 255, 255), 0.2))


def lamp(e: Easel) -> None:
    """A pole that bows over, a bell for a shade."""
    iron = e.pick((96, 104, 116), (70, 90, 100), (120, 90, 80))
    e.line([(0, 0), (0, 0.8), (0.03, 0.92), (0.1, 0.97), (0.18, 0.95), (0.2, 0.9)], iron, 0.03)
    e.fill([(0.12, 0.8), (0.16, 0.9), (0.24, 0.9), (0.28, 0.8)], iron)
    e.round(0.2, 0.79, 0.05, (255, 246, 206), 0.8)
    e.box(-0.05, 0, 0.05, 0.12, iron)


def bush(e: Easel) -> None:
    """A clipped hedge with blossoms."""
    e.fill(
        [(-0.9, 0), (-0.95, 0.6), (-0.8, 0.9), (0.0, 1.0), (0.8, 0.92), (0.95, 0.6), (0.9, 0)],
        LEAVES[1],
        LEAVES[0],
        smooth=True,
    )
    for x, y in zip(e.rng.uniform(-0.75, 0.75, 22), e.rng.uniform(0.1, 0.85, 22), strict=True):
        e.round(float(x), float(y), 0.05, e.pick((250, 200, 210), (250, 250, 240), (240, 140, 150)))


def rock(e: Easel) -> None:
    """Rounded stones piled up, moss on top."""
    stone = e.pick((170, 164, 156), (140, 150, 160), (150, 130, 130))
    for x, y, r in ((-0.42, 0.3, 0.36), (0.44, 0.28, 0.34), (0.0, 0.6, 0.4)):
        e.round(x, y, r, stone, 0.82)
    e.fill(
        [
            (-0.3, 0.82),
            (-0.2, 0.92),
            (0.0, 0.96),
            (0.22, 0.91),
            (0.3, 0.8),
            (0.12, 0.84),
            (-0.04, 0.78),
            (-0.14, 0.86),
        ],
        LEAVES[1],
    )


def branch(e: Easel) -> None:
    """Willow shoots hanging down."""
    for x in np.linspace(-0.9, 0.9, 9):
        top, sway, end = float(x), float(e.rng.uniform(-0.15, 0.15)), float(e.rng.uniform(0.0, 0.4))
        path = [(top, 1.0), (top + sway * 0.4, 0.7), (top + sway, end)]
        e.line(path, (110, 120, 80), 0.012)
        for s in np.linspace(0.1, 1, 9):
            px, py = top + sway * s**1.4, 1.0 - (1 - end) * float(s)
            for way in (-1, 1):
                e.fill(
                    [
                        (px, py),
                        (px + way * 0.08, py - 0.03),
                        (px + way * 0.13, py - 0.11),
                        (px + way * 0.03, py - 0.06),
                    ],
                    LEAVES[int(e.rng.integers(3))],
                )


def fence(e: Easel) -> None:
    """Iron bars with tips, two rails."""
    iron = e.pick((60, 64, 76), (90, 70, 66), (70, 100, 96))
    for y in (0.12, 0.72):
        e.box(-1.0, y, 1.0, y + 0.05, iron)
    for x in np.linspace(-0.95, 0.95, 11):
        e.box(float(x) - 0.018, 0, float(x) + 0.018, 0.88, iron)
        e.fill([(x - 0.05, 0.86), (x, 1.0), (x + 0.05, 0.86), (x, 0.82)], iron)


def tuft(e: Easel) -> None:
    """Reeds with brown heads."""
    for i in range(9):
        x, lean, tall = (
            -0.35 + 0.7 * i / 8,
            float(e.rng.uniform(-0.15, 0.15)),
            float(e.rng.uniform(0.6, 0.95)),
        )
        e.line([(x, 0), (x + lean * 0.4, tall * 0.6), (x + lean, tall)], LEAVES[i % 2], 0.03)
        if i % 2:
            e.fill(
                [
                    (x + lean - 0.03, tall - 0.02),
                    (x + lean - 0.03, tall + 0.05),
                    (x + lean + 0.03, tall + 0.05),
                    (x + lean + 0.03, tall - 0.16),
                    (x + lean - 0.03, tall - 0.16),
                ],
                (130, 90, 66),
            )


def pillar(e: Easel) -> None:
    """A square post with a red band and a cap."""
    wood = e.pick((190, 70, 60), (150, 120, 96), (220, 214, 200))
    e.box(-0.1, 0, 0.1, 0.96, wood)
    e.box(-0.14, 0.94, 0.14, 1.0, mix(wood, (40, 30, 40), 0.5))
    e.box(-0.13, 0, 0.13, 0.1, (110, 106, 110))
    for y in (0.3, 0.62):
        e.box(-0.105, y, 0.105, y + 0.03, mix(wood, (255, 230, 160), 0.5))


def window(e: Easel) -> None:
    """An arch with a sill."""
    stone = e.pick((200, 190, 176), (120, 100, 96), (230, 230, 226))
    a = np.linspace(0, np.pi, 20)
    outer = [(0.62 * float(np.cos(t)), 0.5 + 0.5 * float(np.sin(t))) for t in a]
    inner = [(0.5 * float(np.cos(t)), 0.5 + 0.39 * float(np.sin(t))) for t in a]
    e.fill([(0.62, 0.05), *outer, (-0.62, 0.05), (-0.5, 0.05), *inner[::-1], (0.5, 0.05)], stone)
    e.box(-0.7, 0, 0.7, 0.08, mix(stone, (255, 255, 255), 0.3))


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
