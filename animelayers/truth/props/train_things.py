"""What the train props are, each standing on y = 0 and 1 high."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from animelayers.samples.pen import Colour, mix
from animelayers.truth.props.easel import Easel

GREEN: tuple[Colour, ...] = ((44, 92, 72), (70, 132, 84), (118, 170, 86), (176, 206, 104))


def statue(e: Easel) -> None:
    """A robed figure on a plinth, a hand raised."""
    stone = e.pick((196, 192, 186), (150, 156, 164), (206, 190, 160), (120, 140, 130))
    e.box(-0.2, 0, 0.2, 0.07, mix(stone, (60, 60, 80), 0.2))
    e.box(-0.16, 0.07, 0.16, 0.2, stone)
    robe = [(-0.13, 0.2), (-0.13, 0.2), (-0.1, 0.5), (-0.12, 0.72), (-0.05, 0.79), (0.05, 0.79), (0.12, 0.72), (0.1, 0.5), (0.14, 0.2), (0.14, 0.2)]
    e.fill([(0.08, 0.76), (0.16, 0.68), (0.24, 0.84), (0.27, 0.92), (0.23, 0.93), (0.18, 0.8)], mix(stone, (60, 60, 80), 0.12), smooth=True)
    e.fill(robe, stone, smooth=True)
    for x in (-0.06, 0.0, 0.06):
        e.line([(x, 0.22), (x * 0.7, 0.5), (x * 0.4, 0.66)], mix(stone, (50, 50, 70), 0.4), 0.008)
    e.fill([(-0.1, 0.7), (-0.14, 0.55), (0.0, 0.5), (0.03, 0.55), (-0.08, 0.6)], mix(stone, (255, 255, 255), 0.15), smooth=True)
    e.round(0, 0.86, 0.07, stone, 1.2)
    e.fill(
        [(-0.08, 0.84), (-0.09, 0.93), (0, 1.0), (0.09, 0.93), (0.08, 0.84), (0.05, 0.92), (-0.05, 0.92)], mix(stone, (60, 60, 80), 0.25), smooth=True
    )


def scarecrow(e: Easel) -> None:
    """A post with a cross bar, a coat, a sack for a head, a straw hat."""
    coat, straw = e.pick((90, 110, 150), (150, 80, 70), (96, 120, 84)), (226, 190, 110)
    e.box(-0.02, 0, 0.02, 0.6, (120, 90, 66))
    e.box(-0.38, 0.63, 0.38, 0.66, (130, 98, 70))
    e.fill(
        [
            (-0.3, 0.6),
            (-0.3, 0.71),
            (0.3, 0.71),
            (0.3, 0.6),
            (0.12, 0.58),
            (0.16, 0.3),
            (0.06, 0.34),
            (0.0, 0.28),
            (-0.07, 0.34),
            (-0.15, 0.29),
            (-0.12, 0.58),
        ],
        coat,
    )
    for side in (-1, 1):
        for d in (-0.03, 0.0, 0.03):
            e.line([(side * 0.3, 0.65), (side * 0.41, 0.64 + d)], straw, 0.012)
    e.box(-0.06, 0.4, 0.02, 0.48, e.pick((220, 180, 90), (200, 90, 90)))
    e.round(0, 0.79, 0.085, (232, 210, 166), 1.05)
    for x in (-0.03, 0.035):
        e.line([(x - 0.012, 0.79), (x + 0.012, 0.81)], (60, 46, 40), 0.01)
        e.line([(x - 0.012, 0.81), (x + 0.012, 0.79)], (60, 46, 40), 0.01)
    e.line([(-0.03, 0.75), (0.0, 0.74), (0.03, 0.75)], (60, 46, 40), 0.008)
    e.fill([(-0.2, 0.84), (0.2, 0.84), (0.1, 0.88), (0.06, 1.0), (-0.06, 0.99), (-0.1, 0.88)], straw)
    e.box(-0.092, 0.865, 0.092, 0.89, (150, 60, 60))


def mannequin(e: Easel) -> None:
    """A dress form on a stand with a head and no face."""
    skin, dress = e.pick((236, 220, 200), (240, 240, 240), (60, 60, 68)), e.pick((190, 70, 90), (70, 90, 160), (240, 200, 90), (40, 110, 100))
    e.box(-0.1, 0, 0.1, 0.02, (90, 90, 100))
    e.box(-0.01, 0, 0.01, 0.2, (120, 120, 130))
    for side in (-1, 1):
        e.fill(
            [(side * 0.09, 0.76), (side * 0.13, 0.74), (side * 0.15, 0.55), (side * 0.13, 0.42), (side * 0.1, 0.43), (side * 0.11, 0.56)],
            skin,
            smooth=True,
        )
    e.fill([(-0.09, 0.78), (0.09, 0.78), (0.07, 0.6), (0.17, 0.16), (0.0, 0.13), (-0.17, 0.16), (-0.07, 0.6)], dress)
    e.box(-0.075, 0.585, 0.075, 0.62, mix(dress, (30, 20, 30), 0.5))
    e.box(-0.025, 0.76, 0.025, 0.85, skin)
    e.round(0, 0.91, 0.065, skin, 1.35)


def poster(e: Easel) -> None:
    """A board on legs with a person painted on it."""
    ground, hair = e.pick((250, 220, 120), (120, 190, 220), (240, 150, 170)), e.pick((70, 50, 60), (200, 120, 60), (90, 90, 170))
    for x in (-0.2, 0.17):
        e.box(x, 0, x + 0.03, 0.3, (110, 90, 80))
    e.box(-0.27, 0.2, 0.27, 1.0, (240, 236, 226))
    e.box(-0.25, 0.22, 0.25, 0.98, ground)
    e.fill(
        [(-0.19, 0.22), (-0.15, 0.44), (-0.04, 0.52), (0.04, 0.52), (0.15, 0.44), (0.19, 0.22)],
        e.pick((90, 110, 180), (220, 90, 80), (240, 240, 240)),
    )
    e.fill([(-0.16, 0.5), (-0.16, 0.8), (0.0, 0.92), (0.16, 0.8), (0.16, 0.5)], hair, smooth=True)
    e.fill([(-0.1, 0.7), (-0.09, 0.58), (0.0, 0.5), (0.09, 0.58), (0.1, 0.7), (0.0, 0.8)], (250, 222, 200), smooth=True)
    for x in (-0.045, 0.045):
        e.round(x, 0.65, 0.02, (60, 50, 80), 1.4)
    e.line([(-0.02, 0.57), (0.02, 0.57)], (190, 90, 90), 0.008)


def plush(e: Easel) -> None:
    """A sitting bear of cloth."""
    fur = e.pick((190, 140, 90), (236, 214, 190), (150, 150, 170), (240, 170, 190))
    pale = mix(fur, (255, 250, 240), 0.55)
    for side in (-1, 1):
        e.round(side * 0.22, 0.92, 0.085, fur)
        e.round(side * 0.22, 0.92, 0.045, pale)
        e.round(side * 0.26, 0.14, 0.14, fur, 0.9)
        e.round(side * 0.27, 0.14, 0.07, pale)
        e.fill([(side * 0.16, 0.46), (side * 0.34, 0.32), (side * 0.36, 0.24), (side * 0.28, 0.22), (side * 0.16, 0.3)], fur, smooth=True)
    e.round(0, 0.27, 0.24, fur, 1.1)
    e.round(0, 0.26, 0.14, pale)
    e.round(0, 0.7, 0.27, fur, 0.9)
    e.round(0, 0.63, 0.11, pale, 0.75)
    e.round(0, 0.67, 0.035, (50, 40, 40), 0.8)
    for x in (-0.12, 0.12):
        e.round(x, 0.74, 0.03, (40, 34, 40))


def tree(e: Easel) -> None:
    """A trunk that forks under a round crown."""
    e.fill([(-0.07, 0), (-0.03, 0.2), (-0.03, 0.45), (-0.12, 0.62), (0.0, 0.52), (0.1, 0.64), (0.03, 0.42), (0.035, 0.2), (0.08, 0)], (128, 96, 78))
    for x, y, r in ((-0.16, 0.6, 0.17), (0.16, 0.62, 0.17), (0.0, 0.74, 0.24)):
        e.crown(x, y, r, GREEN)


def signpost(e: Easel) -> None:
    """A post with two pointing boards."""
    wood = e.pick((190, 146, 96), (150, 120, 100), (220, 220, 224))
    e.box(-0.025, 0, 0.025, 1.0, mix(wood, (60, 40, 40), 0.3))
    for y, way in ((0.78, 1), (0.58, -1)):
        e.fill([(-0.2 * way, y), (0.2 * way, y), (0.29 * way, y + 0.075), (0.2 * way, y + 0.15), (-0.2 * way, y + 0.15)], wood)
        for k in (0.05, 0.09):
            e.line([(-0.14, y + k), (0.12, y + k)], mix(wood, (40, 30, 30), 0.6), 0.01)


def barrel(e: Easel) -> None:
    """Staves and three hoops."""
    wood = e.pick((170, 120, 76), (140, 100, 80), (120, 130, 140))
    e.fill([(-0.3, 0), (-0.38, 0.3), (-0.38, 0.7), (-0.3, 0.97), (0.3, 0.97), (0.38, 0.7), (0.38, 0.3), (0.3, 0)], wood)
    for x in (-0.2, -0.07, 0.07, 0.2):
        e.line([(x, 0.02), (x * 1.25, 0.5), (x, 0.95)], mix(wood, (40, 30, 30), 0.45), 0.01)
    for y, w in ((0.14, 0.345), (0.5, 0.385), (0.84, 0.345)):
        e.box(-w, y - 0.03, w, y + 0.03, (92, 92, 104))
    e.fill([(0.3 * np.cos(a), 0.96 + 0.04 * np.sin(a)) for a in np.linspace(0, 2 * np.pi, 24)], mix(wood, (255, 240, 200), 0.2))


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
    e.line([(-0.19, 0.27), (-0.1, 0.32), (0, 0.26), (0.1, 0.32), (0.19, 0.27)], mix(clay, (255, 255, 255), 0.7), 0.018)


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
    e.fill([(-0.7, 0), (-0.75, 0.4), (-0.4, 0.85), (0.1, 1.0), (0.55, 0.7), (0.78, 0.25), (0.7, 0)], mix(stone, (40, 40, 60), 0.25))
    e.fill([(-0.75, 0.4), (-0.4, 0.85), (0.1, 1.0), (0.0, 0.55), (-0.4, 0.4)], mix(stone, (255, 255, 255), 0.2))
    e.fill([(0.1, 1.0), (0.55, 0.7), (0.3, 0.4), (0.0, 0.55)], stone)


def branch(e: Easel) -> None:
    """A bough from the left with leaves hanging off it."""
    e.fill([(-1.0, 0.62), (-1.0, 0.74), (-0.2, 0.64), (0.5, 0.72), (0.95, 0.66), (0.4, 0.66), (-0.2, 0.55)], (110, 84, 74))
    for x in np.linspace(-0.9, 0.9, 8):
        e.crown(float(x), 0.5 + 0.25 * float(e.rng.uniform()), 0.24, GREEN)


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
        x, lean, tall = -0.4 + 0.8 * i / 14, float(e.rng.normal(0, 0.2)) + (i - 7) * 0.05, float(e.rng.uniform(0.6, 1.0))
        e.fill(
            [(x - 0.06, 0), (x + lean * 0.4 - 0.02, tall * 0.6), (x + lean, tall), (x + lean * 0.4 + 0.05, tall * 0.55), (x + 0.06, 0)], GREEN[i % 3]
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
