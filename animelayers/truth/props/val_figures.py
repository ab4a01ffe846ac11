"""The val props that look like figures, each standing on y = 0 and 1 high."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from animelayers.samples.pen import mix
from animelayers.truth.props.easel import Easel


def statue(e: Easel) -> None:
    """A standing guard of stone with a shield and a spear, on a low base."""
    stone = e.pick((176, 176, 170), (140, 150, 150), (190, 170, 140))
    dark = mix(stone, (40, 40, 60), 0.3)
    e.box(-0.18, 0, 0.2, 0.06, dark)
    e.box(0.2, 0.06, 0.225, 0.98, dark)
    e.fill([(0.18, 0.9), (0.2125, 1.0), (0.245, 0.9)], stone)
    for x in (-0.08, 0.02):
        e.fill([(x, 0.06), (x + 0.01, 0.36), (x + 0.07, 0.36), (x + 0.07, 0.06)], stone)
    e.fill(
        [(-0.12, 0.34), (-0.13, 0.72), (-0.05, 0.78), (0.06, 0.78), (0.14, 0.72), (0.12, 0.34)],
        mix(stone, (255, 255, 255), 0.12),
    )
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
        [
            (-0.3, 0.5),
            (-0.28, 0.62),
            (-0.06, 0.7),
            (0.08, 0.72),
            (0.3, 0.7),
            (0.31, 0.58),
            (0.12, 0.56),
            (0.12, 0.26),
            (-0.12, 0.24),
            (-0.1, 0.5),
        ],
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
            e.fill(
                [
                    (side * (x0 - w), y0),
                    (side * (x0 + w), y0),
                    (side * (x1 + w * 0.7), y1),
                    (side * (x1 - w * 0.7), y1),
                ],
                wood,
            )
        for x, y in ((0.07, 0.285), (0.195, 0.585), (0.12, 0.76)):
            e.round(side * x, y, 0.025, mix(wood, (90, 60, 40), 0.3))
        e.round(side * 0.09, 0.045, 0.05, wood, 0.5)
    e.fill([(-0.07, 0.48), (-0.05, 0.58), (0.05, 0.58), (0.07, 0.48)], wood)
    e.fill([(-0.06, 0.6), (-0.12, 0.76), (-0.05, 0.81), (0.05, 0.81), (0.12, 0.76), (0.06, 0.6)], wood)
    e.round(0, 0.59, 0.04, mix(wood, (90, 60, 40), 0.3), 0.6)
    e.round(0, 0.91, 0.065, wood, 1.35)


def poster(e: Easel) -> None:
    """A cardboard figure cut out, on a prop at its back."""
    coat, hair = (
        e.pick((90, 160, 200), (230, 120, 140), (120, 170, 110)),
        e.pick((250, 220, 120), (90, 70, 90), (230, 140, 90)),
    )
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
    e.fill(
        [
            (-0.1, 0.38),
            (-0.13, 0.45),
            (-0.24, 0.69),
            (-0.2, 0.72),
            (-0.09, 0.62),
            (0.1, 0.64),
            (0.2, 0.5),
            (0.13, 0.42),
        ],
        coat,
    )
    e.round(0.0, 0.82, 0.16, hair, 0.95)
    e.fill(
        [(-0.1, 0.82), (-0.08, 0.72), (0.0, 0.67), (0.08, 0.72), (0.1, 0.82), (0.0, 0.86)],
        (252, 228, 206),
        smooth=True,
    )
    for x in (-0.045, 0.045):
        e.line([(x, 0.76), (x, 0.795)], (60, 50, 70), 0.016)


def plush(e: Easel) -> None:
    """A rabbit of cloth with long ears."""
    fur = e.pick((246, 236, 226), (210, 190, 220), (190, 210, 200), (240, 190, 180))
    inner = mix(fur, (240, 140, 150), 0.45)
    for side in (-1, 1):
        e.fill(
            [
                (side * 0.05, 0.66),
                (side * 0.16, 0.98),
                (side * 0.2, 0.98),
                (side * 0.22, 0.9),
                (side * 0.15, 0.64),
            ],
            fur,
            smooth=True,
        )
        e.fill(
            [(side * 0.1, 0.72), (side * 0.16, 0.92), (side * 0.19, 0.9), (side * 0.14, 0.7)],
            inner,
            smooth=True,
        )
        e.fill(
            [(side * 0.06, 0.1), (side * 0.06, 0.0), (side * 0.26, 0.0), (side * 0.26, 0.1)], fur, smooth=True
        )
        e.fill(
            [(side * 0.12, 0.36), (side * 0.26, 0.26), (side * 0.25, 0.2), (side * 0.13, 0.24)],
            fur,
            smooth=True,
        )
    e.fill([(-0.16, 0.04), (-0.13, 0.4), (0.13, 0.4), (0.16, 0.04)], fur, smooth=True)
    e.round(0, 0.54, 0.2, fur, 0.85)
    for x in (-0.08, 0.08):
        e.round(x, 0.56, 0.022, (50, 40, 60))
        e.round(x * 1.6, 0.5, 0.03, inner, 0.7)
    e.fill([(-0.02, 0.515), (0.02, 0.515), (0.0, 0.49)], (200, 110, 120))
    e.fill(
        [(-0.1, 0.37), (0.1, 0.41), (0.1, 0.35), (-0.1, 0.41)],
        e.pick((210, 80, 90), (80, 120, 190), (250, 210, 100)),
    )


FIGURES: Mapping[str, tuple[Callable[[Easel], None], str]] = {
    "statue": (statue, "prop_like_figure"),
    "scarecrow": (scarecrow, "prop_like_figure"),
    "mannequin": (mannequin, "prop_like_figure"),
    "poster": (poster, "prop_like_figure"),
    "plush": (plush, "prop_like_figure"),
}
