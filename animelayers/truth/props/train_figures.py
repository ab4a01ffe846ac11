"""The train props that look like figures, each standing on y = 0 and 1 high."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from animelayers.samples.pen import mix
from animelayers.truth.props.easel import Easel


def statue(e: Easel) -> None:
    """A robed figure on a plinth, a hand raised."""
    stone = e.pick((196, 192, 186), (150, 156, 164), (206, 190, 160), (120, 140, 130))
    e.box(-0.2, 0, 0.2, 0.07, mix(stone, (60, 60, 80), 0.2))
    e.box(-0.16, 0.07, 0.16, 0.2, stone)
    robe = [
        (-0.13, 0.2),
        (-0.13, 0.2),
        (-0.1, 0.5),
        (-0.12, 0.72),
        (-0.05, 0.79),
        (0.05, 0.79),
        (0.12, 0.72),
        (0.1, 0.5),
        (0.14, 0.2),
        (0.14, 0.2),
    ]
    e.fill(
        [(0.08, 0.76), (0.16, 0.68), (0.24, 0.84), (0.27, 0.92), (0.23, 0.93), (0.18, 0.8)],
        mix(stone, (60, 60, 80), 0.12),
        smooth=True,
    )
    e.fill(robe, stone, smooth=True)
    for x in (-0.06, 0.0, 0.06):
        e.line([(x, 0.22), (x * 0.7, 0.5), (x * 0.4, 0.66)], mix(stone, (50, 50, 70), 0.4), 0.008)
    e.fill(
        [(-0.1, 0.7), (-0.14, 0.55), (0.0, 0.5), (0.03, 0.55), (-0.08, 0.6)],
        mix(stone, (255, 255, 255), 0.15),
        smooth=True,
    )
    e.round(0, 0.86, 0.07, stone, 1.2)
    e.fill(
        [(-0.08, 0.84), (-0.09, 0.93), (0, 1.0), (0.09, 0.93), (0.08, 0.84), (0.05, 0.92), (-0.05, 0.92)],
        mix(stone, (60, 60, 80), 0.25),
        smooth=True,
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
    skin, dress = (
        e.pick((236, 220, 200), (240, 240, 240), (60, 60, 68)),
        e.pick((190, 70, 90), (70, 90, 160), (240, 200, 90), (40, 110, 100)),
    )
    e.box(-0.1, 0, 0.1, 0.02, (90, 90, 100))
    e.box(-0.01, 0, 0.01, 0.2, (120, 120, 130))
    for side in (-1, 1):
        e.fill(
            [
                (side * 0.09, 0.76),
                (side * 0.13, 0.74),
                (side * 0.15, 0.55),
                (side * 0.13, 0.42),
                (side * 0.1, 0.43),
                (side * 0.11, 0.56),
            ],
            skin,
            smooth=True,
        )
    e.fill(
        [(-0.09, 0.78), (0.09, 0.78), (0.07, 0.6), (0.17, 0.16), (0.0, 0.13), (-0.17, 0.16), (-0.07, 0.6)],
        dress,
    )
    e.box(-0.075, 0.585, 0.075, 0.62, mix(dress, (30, 20, 30), 0.5))
    e.box(-0.025, 0.76, 0.025, 0.85, skin)
    e.round(0, 0.91, 0.065, skin, 1.35)


def poster(e: Easel) -> None:
    """A board on legs with a person painted on it."""
    ground, hair = (
        e.pick((250, 220, 120), (120, 190, 220), (240, 150, 170)),
        e.pick((70, 50, 60), (200, 120, 60), (90, 90, 170)),
    )
    for x in (-0.2, 0.17):
        e.box(x, 0, x + 0.03, 0.3, (110, 90, 80))
    e.box(-0.27, 0.2, 0.27, 1.0, (240, 236, 226))
    e.box(-0.25, 0.22, 0.25, 0.98, ground)
    e.fill(
        [(-0.19, 0.22), (-0.15, 0.44), (-0.04, 0.52), (0.04, 0.52), (0.15, 0.44), (0.19, 0.22)],
        e.pick((90, 110, 180), (220, 90, 80), (240, 240, 240)),
    )
    e.fill([(-0.16, 0.5), (-0.16, 0.8), (0.0, 0.92), (0.16, 0.8), (0.16, 0.5)], hair, smooth=True)
    e.fill(
        [(-0.1, 0.7), (-0.09, 0.58), (0.0, 0.5), (0.09, 0.58), (0.1, 0.7), (0.0, 0.8)],
        (250, 222, 200),
        smooth=True,
    )
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
        e.fill(
            [
                (side * 0.16, 0.46),
                (side * 0.34, 0.32),
                (side * 0.36, 0.24),
                (side * 0.28, 0.22),
                (side * 0.16, 0.3),
            ],
            fur,
            smooth=True,
        )
    e.round(0, 0.27, 0.24, fur, 1.1)
    e.round(0, 0.26, 0.14, pale)
    e.round(0, 0.7, 0.27, fur, 0.9)
    e.round(0, 0.63, 0.11, pale, 0.75)
    e.round(0, 0.67, 0.035, (50, 40, 40), 0.8)
    for x in (-0.12, 0.12):
        e.round(x, 0.74, 0.03, (40, 34, 40))


FIGURES: Mapping[str, tuple[Callable[[Easel], None], str]] = {
    "statue": (statue, "prop_like_figure"),
    "scarecrow": (scarecrow, "prop_like_figure"),
    "mannequin": (mannequin, "prop_like_figure"),
    "poster": (poster, "prop_like_figure"),
    "plush": (plush, "prop_like_figure"),
}
