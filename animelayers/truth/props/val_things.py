"""What the val props are, each standing on y = 0 and 1 high."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from animelayers.samples.pen import Colour, mix
from animelayers.truth.props.easel import Easel

LEAVES: tuple[Colour, ...] = ((60, 110, 70), (96, 150, 84), (160, 196, 100))


def statue(e: Easel) -> None:
    """A standing guard of stone with a shield and a spear, on a low base."""
    stone = e.pick((176, 176, 170), (140, 150, 150), (190, 170, 140))
    dark = mix(stone, (40, 40, 60), 0.3)
    e.box(-0.18, 0, 0.2, 0.06, dark)
    e.box(0.2, 0.06, 0.225, 0.98, dark)
    e.fill([(0.18, 0.9), (0.2125, 1.0), (0.245, 0.9)], stone)
    for x in (-0.08, 0.02):
        e.fill([(x, 0.06), (x + 0.01, 0.36), (x + 0.07, 0.36), (x + 0.07, 0.06)], stone)
    e.fill([(-0.12, 0.34), (-0.13, 0.72), (-0.05, 0.78), (0.06, 0.78), (0.14, 0.72), (0.12, 0.34)], mix(stone, (255, 255, 255), 0.12))
    e.fill([(0.12, 0.72), (0.2, 0.6), (0.23, 0.52), (0.19, 0.5), (0.1, 0.62)], stone)
    e.fill([(-0.24, 0.66), (-0.03, 0.66), (-0.03, 0.46), (-0.135, 0.32), (-0.24, 0.46)], dark)
    e.round(0.0, 0.85, 0.065, stone, 1.15)
    e.fill([(-0.075, 0.85), (-0.07, 0.94), (0.0, 0.97), (0.07, 0.94), (0.075, 0.85), (0.0, 0.9)], dark)


def scarecrow(e: Easel) -> None:
    """A broom with a shirt, a pumpkin for a head."""
    shirt = e.pick((220, 90, 80), (90, 140, 190), (236, 220, 190))
    e.line([(0.0, 0.0), (0.01, 0.7)], (120, 90, 60), 0.03)
    e.line([(-0.36, 0.54), (0.36, 0.66)], (130, 100, 70), 0.028)
    e.fill(
        [(-0.3, 0.5), (-0.28, 0.62), (-0.06, 0.7), (0.08, 0.72), (0.3, 0.7), (0.31, 0.58), (0.12, 0.56), (0.12, 0.26), (-0.12, 0.24), (-0.1, 0.5)],
        shirt,
    )
    for y in (0.34, 0.44):
        e.line([(-0.11, y), (0.12, y + 0.02)], mix(shirt, (255, 255, 255), 0.6), 0.02)
    for dx in (-0.07, 0.07, 0.0):
        e.round(dx, 0.84, 0.1, (236, 140, 50), 1.05)
    for x in (-0.05, 0.05):
        e.fill([(x - 0.025, 0.85), (x + 0.025, 0.85), (x, 0.895)], (90, 40, 20))
    e.fill([(-0.07, 0.8), (-0.02, 0.77), (0.02, 0.79), (0.07, 0.8), (0.0, 0.75)], (90, 40, 20))
    e.box(-0.012, 0.93, 0.016, 1.0, (90, 120, 60))


def mannequin(e: Easel) -> None:
    """An artist's jointed doll of wood."""
    wood = e.pick((226, 186, 136), (200, 160, 120), (180, 180, 190))
    e.box(-0.14, 0, 0.14, 0.03, mix(wood, (80, 50, 40), 0.5))
    for side in (-1, 1):
        for (x0, y0), (x1, y1), w in (
            ((0.05, 0.5), (0.07, 0.3), 0.04),
            ((0.07, 0.27), (0.07, 0.07), 0.033),
            ((0.12, 0.75), (0.19, 0.6), 0.03),
            ((0.2, 0.57), (0.17, 0.42), 0.025),
        ):
            e.fill([(side * (x0 - w), y0), (side * (x0 + w), y0), (side * (x1 + w * 0.7), y1), (side * (x1 - w * 0.7), y1)], wood)
        for x, y in ((0.07, 0.285), (0.195, 0.585), (0.12, 0.76)):
            e.round(side * x, y, 0.025, mix(wood, (90, 60, 40), 0.3))
        e.round(side * 0.09, 0.045, 0.05, wood, 0.5)
    e.fill([(-0.07, 0.48), (-0.05, 0.58), (0.05, 0.58), (0.07, 0.48)], wood)
    e.fill([(-0.06, 0.6), (-0.12, 0.76), (-0.05, 0.81), (0.05, 0.81), (0.12, 0.76), (0.06, 0.6)], wood)
    e.round(0, 0.59, 0.04, mix(wood, (90, 60, 40), 0.3), 0.6)
    e.round(0, 0.91, 0.065, wood, 1.35)


def poster(e: Easel) -> None:
    """A cardboard figure cut out, on a prop at its back."""
    coat, hair = e.pick((90, 160, 200), (230, 120, 140), (120, 170, 110)), e.pick((250, 220, 120), (90, 70, 90), (230, 140, 90))
    card = [
        (-0.2, 0.0),
        (-0.17, 0.45),
        (-0.28, 0.7),
        (-0.18, 0.78),
        (-0.2, 0.92),
        (0.0, 1.0),
        (0.2, 0.92),
        (0.16, 0.76),
        (0.24, 0.5),
        (0.17, 0.4),
        (0.2, 0.0),
    ]
    e.fill(card, (250, 250, 246))
    e.fill([(-0.15, 0.02), (-0.1, 0.4), (0.1, 0.4), (0.15, 0.02)], mix(coat, (40, 40, 90), 0.4))
    e.fill([(-0.1, 0.38), (-0.13, 0.45), (-0.24, 0.69), (-0.2, 0.72), (-0.09, 0.62), (0.1, 0.64), (0.2, 0.5), (0.13, 0.42)], coat)
    e.round(0.0, 0.82, 0.16, hair, 0.95)
    e.fill([(-0.1, 0.82), (-0.08, 0.72), (0.0, 0.67), (0.08, 0.72), (0.1, 0.82), (0.0, 0.86)], (252, 228, 206), smooth=True)
    for x in (-0.045, 0.045):
        e.line([(x, 0.76), (x, 0.795)], (60, 50, 70), 0.016)


def plush(e: Easel) -> None:
    """A rabbit of cloth with long ears."""
    fur = e.pick((246, 236, 226), (210, 190, 220), (190, 210, 200), (240, 190, 180))
    inner = mix(fur, (240, 140, 150), 0.45)
    for side in (-1, 1):
        e.fill([(side * 0.05, 0.66), (side * 0.16, 0.98), (side * 0.2, 0.98), (side * 0.22, 0.9), (side * 0.15, 0.64)], fur, smooth=True)
        e.fill([(side * 0.1, 0.72), (side * 0.16, 0.92), (side * 0.19, 0.9), (side * 0.14, 0.7)], inner, smooth=True)
        e.fill([(side * 0.06, 0.1), (side * 0.06, 0.0), (side * 0.26, 0.0), (side * 0.26, 0.1)], fur, smooth=True)
        e.fill([(side * 0.12, 0.36), (side * 0.26, 0.26), (side * 0.25, 0.2), (side * 0.13, 0.24)], fur, smooth=True)
    e.fill([(-0.16, 0.04), (-0.13, 0.4), (0.13, 0.4), (0.16, 0.04)], fur, smooth=True)
    e.round(0, 0.54, 0.2, fur, 0.85)
    for x in (-0.08, 0.08):
        e.round(x, 0.56, 0.022, (50, 40, 60))
        e.round(x * 1.6, 0.5, 0.03, inner, 0.7)
    e.fill([(-0.02, 0.515), (0.02, 0.515), (0.0, 0.49)], (200, 110, 120))
    e.fill([(-0.1, 0.37), (0.1, 0.41), (0.1, 0.35), (-0.1, 0.41)], e.pick((210, 80, 90), (80, 120, 190), (250, 210, 100)))


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
        e.fill([(x - s / 2, y), (x - s / 2 + 0.1 * s, y), (x + s / 2, y + s), (x + s / 2 - 0.1 * s, y + s)], rail)
        for a, b, c, d in ((-0.5, 0, 0.5, 0.12), (-0.5, 0.88, 0.5, 1.0), (-0.5, 0, -0.38, 1), (0.38, 0, 0.5, 1)):
            e.box(x + a * s, y + b * s, x + c * s, y + d * s, mix(wood, (255, 240, 200), 0.2))


def vase(e: Easel) -> None:
    """A pot with a big-leaved plant."""
    pot = e.pick((196, 106, 80), (230, 226, 216), (90, 110, 130))
    for i, (x, y) in enumerate(((-0.3, 0.7), (0.3, 0.74), (-0.16, 0.92), (0.14, 0.98), (-0.34, 0.48), (0.35, 0.5))):
        e.fill(
            [(0, 0.3), (x * 0.4 - 0.07, 0.3 + (y - 0.3) * 0.6), (x, y), (x, y), (x * 0.6 + 0.08, 0.3 + (y - 0.3) * 0.5)], LEAVES[i % 3], smooth=True
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
    e.fill([(-0.9, 0), (-0.95, 0.6), (-0.8, 0.9), (0.0, 1.0), (0.8, 0.92), (0.95, 0.6), (0.9, 0)], LEAVES[1], LEAVES[0], smooth=True)
    for x, y in zip(e.rng.uniform(-0.75, 0.75, 22), e.rng.uniform(0.1, 0.85, 22), strict=True):
        e.round(float(x), float(y), 0.05, e.pick((250, 200, 210), (250, 250, 240), (240, 140, 150)))


def rock(e: Easel) -> None:
    """Rounded stones piled up, moss on top."""
    stone = e.pick((170, 164, 156), (140, 150, 160), (150, 130, 130))
    for x, y, r in ((-0.42, 0.3, 0.36), (0.44, 0.28, 0.34), (0.0, 0.6, 0.4)):
        e.round(x, y, r, stone, 0.82)
    e.fill([(-0.3, 0.82), (-0.2, 0.92), (0.0, 0.96), (0.22, 0.91), (0.3, 0.8), (0.12, 0.84), (-0.04, 0.78), (-0.14, 0.86)], LEAVES[1])


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
                    [(px, py), (px + way * 0.08, py - 0.03), (px + way * 0.13, py - 0.11), (px + way * 0.03, py - 0.06)],
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
        x, lean, tall = -0.35 + 0.7 * i / 8, float(e.rng.uniform(-0.15, 0.15)), float(e.rng.uniform(0.6, 0.95))
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
    "statue": (statue, "prop_like_figure"),
    "scarecrow": (scarecrow, "prop_like_figure"),
    "mannequin": (mannequin, "prop_like_figure"),
    "poster": (poster, "prop_like_figure"),
    "plush": (plush, "prop_like_figure"),
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
