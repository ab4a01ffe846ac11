"""Train places among houses and in rooms, seen from the front, and grounds of nothing. Planes back to front."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from animelayers.samples.pen import Colour, mix
from animelayers.truth.places.painter import New, Painter
from animelayers.truth.places.train_country import LEAVES, day


def _houses(p: Painter, foot: float, high: float, wall: Colour, lamp: Colour, lit: float) -> None:
    x = -0.05
    while x < p.wide:
        w, h = float(p.rng.uniform(0.16, 0.34)), high * float(p.rng.uniform(0.55, 1))
        tone = mix(wall, (60, 50, 90), float(p.rng.uniform(0, 0.25)))
        p.box(x, foot - h, x + w, foot + 0.1, tone)
        if p.rng.uniform() < 0.6:
            p.fill(
                [
                    (x - w * 0.07, foot - h),
                    (x + w * 0.3, foot - h * 1.3),
                    (x + w * 0.75, foot - h * 1.3),
                    (x + w * 1.07, foot - h),
                ],
                mix(tone, (90, 40, 80), 0.4),
            )
        pane = 0.036
        for r in range(int(h / (pane * 2.2))):
            for c in range(int(w / (pane * 2.1))):
                px, py = x + pane * (0.7 + 2.1 * c), foot - h + pane * (0.7 + 2.2 * r)
                p.box(
                    px,
                    py,
                    px + pane,
                    py + pane * 1.25,
                    lamp if p.rng.uniform() < lit else mix(tone, (70, 70, 130), 0.45),
                )
        x += w * float(p.rng.uniform(1.0, 1.12))


def street(new: New) -> list[Painter]:
    """A row of houses, a road, poles and wires."""
    p = new()
    day(p, 0.7, 3)
    _houses(p, 0.68, 0.3, (206, 190, 186), (250, 240, 214), 0.3)
    front = new()
    _houses(front, 0.76, 0.26, (190, 160, 150), (250, 236, 200), 0.3)
    front.land(np.array([(-0.1, 0.77), (front.wide + 0.1, 0.77)]), (176, 172, 176), (120, 118, 128))
    for i in range(-4, 14):
        x = front.wide * 0.5 + (i - 5) * 0.14
        front.stroke(
            [(x, 0.78), (front.wide * 0.5 + (x - front.wide * 0.5) * 2.4, 1.0)], (148, 144, 150), 0.003
        )
    for x in np.arange(0.2, front.wide, 0.8):
        front.box(float(x), 0.06, float(x) + 0.018, 0.8, (96, 88, 92))
        front.stroke([(x - 0.06, 0.11), (x + 0.08, 0.11)], (80, 72, 80), 0.008)
        front.stroke(
            np.stack([np.linspace(x, x + 0.8, 12), 0.11 + 0.06 * np.sin(np.linspace(0, np.pi, 12))], 1),
            (70, 62, 74),
            0.003,
        )
    return [p, front]


def room(new: New) -> list[Painter]:
    """A wall with a window, curtains, a bed and a table."""
    p = new()
    wall = p.pick(((232, 220, 198), (206, 220, 226), (236, 208, 206), (214, 226, 204)))
    p.sky([(0, mix(wall, (140, 120, 140), 0.2)), (0.76, wall), (1, wall)])
    for x in np.arange(0.25, p.wide, 1.1):
        p.box(x, 0.12, x + 0.5, 0.55, (120, 178, 228), (216, 236, 246))
        p.crown(x + 0.16, 0.52, 0.09, LEAVES[0])
        for a, b, c, d in (
            (x - 0.02, 0.1, x + 0.52, 0.13),
            (x - 0.02, 0.54, x + 0.52, 0.57),
            (x + 0.24, 0.12, x + 0.26, 0.55),
            (x - 0.02, 0.1, x, 0.57),
            (x + 0.5, 0.1, x + 0.52, 0.57),
        ):
            p.box(a, b, c, d, (178, 140, 110))
        for side in (x - 0.07, x + 0.45):
            p.fill(
                [(side, 0.08), (side + 0.12, 0.08), (side + 0.1, 0.62), (side + 0.01, 0.62)],
                (246, 238, 220),
                (210, 190, 190),
            )
        p.box(x + 0.62, 0.2, x + 0.84, 0.4, (150, 112, 84))
        p.box(x + 0.635, 0.215, x + 0.825, 0.385, mix(wall, (120, 150, 190), 0.6))
    p.box(-0.1, 0.78, p.wide + 0.1, 1.05, (190, 146, 106), (146, 104, 80))
    for y in (0.83, 0.9):
        p.stroke([(0, y), (p.wide, y)], (150, 110, 84), 0.003)
    for x in np.arange(0.1, p.wide, 1.1):
        p.box(x + 0.55, 0.66, x + 1.0, 0.69, (204, 160, 110))
        p.box(x + 0.58, 0.69, x + 0.61, 0.9, (160, 120, 90))
        p.box(x + 0.94, 0.69, x + 0.97, 0.9, (160, 120, 90))
        p.box(x - 0.08, 0.7, x + 0.4, 0.9, (110, 130, 170), (90, 100, 140))
    return [p]


def night_city(new: New) -> list[Painter]:
    """Towers with lit windows under the moon."""
    p = new()
    p.sky([(0, (10, 12, 38)), (0.6, (30, 34, 82)), (1, (70, 60, 110))])
    p.spots(
        np.stack([p.rng.uniform(0, p.wide, 90), p.rng.uniform(0, 0.5, 90)], 1),
        0.0022,
        ((240, 244, 255), (150, 160, 220)),
    )
    p.disc(p.wide * float(p.rng.uniform(0.2, 0.8)), 0.2, 0.07, (246, 242, 216))
    _houses(p, 0.95, 0.5, (40, 42, 86), (250, 216, 130), 0.15)
    front = new()
    _houses(front, 1.0, 0.32, (22, 22, 52), (255, 200, 110), 0.22)
    return [p, front]


def corridor(new: New) -> list[Painter]:
    """A corridor running away to a door, windows along one side."""
    p = new()
    cx, cy, wall = p.wide * 0.5, 0.46, p.pick(((226, 220, 206), (204, 214, 206), (210, 206, 220)))
    p.sky([(0, wall), (1, wall)])
    w, h = 0.16, 0.14
    p.fill(
        [(-0.01, -0.01), (p.wide + 0.01, -0.01), (cx + w, cy - h), (cx - w, cy - h)],
        (244, 242, 236),
        (214, 210, 204),
    )
    p.fill(
        [(cx - w, cy + h), (cx + w, cy + h), (p.wide + 0.01, 1.02), (-0.01, 1.02)],
        (186, 160, 130),
        (150, 122, 98),
    )
    p.box(cx - w, cy - h, cx + w, cy + h, mix(wall, (120, 120, 140), 0.3))
    p.box(cx - 0.05, cy - 0.06, cx + 0.05, cy + h, (150, 120, 96))
    for k in range(5):
        near, far = 0.92 * 0.62**k, 0.92 * 0.62 ** (k + 0.6)
        for side in (-1, 1):
            xs = [cx + side * (w + (p.wide / 2 - w) * s) for s in (near, far)]
            top, low = (
                [cy - h - (cy - h) * s for s in (near, far)],
                [cy + h + (1 - cy - h) * s for s in (near, far)],
            )
            a, b = (0.25, 0.62) if side < 0 else (0.2, 1.0)
            quad = [
                (xs[0], top[0] + (low[0] - top[0]) * a),
                (xs[1], top[1] + (low[1] - top[1]) * a),
                (xs[1], top[1] + (low[1] - top[1]) * b),
                (xs[0], top[0] + (low[0] - top[0]) * b),
            ]
            p.fill(
                quad,
                (180, 216, 240) if side < 0 else (176, 142, 110),
                (226, 240, 248) if side < 0 else (150, 116, 92),
            )
    return [p]


def studio(new: New) -> list[Painter]:
    """A plain run of colour with a light in the middle."""
    p = new()
    a = p.shade(90, 200)
    p.sky([(0, mix(a, (30, 30, 60), 0.25)), (0.7, a), (1, mix(a, (40, 30, 50), 0.15))])
    p.light(p.wide / 2, 0.45, 0.8, mix(a, (255, 255, 255), 0.6), 0.6)
    return [p]


def white(new: New) -> list[Painter]:
    """White, or nearly."""
    p = new()
    tone = int(p.rng.integers(240, 256))
    p.sky([(0, (tone, tone, min(255, tone + 2))), (1, (max(232, tone - 6), tone - 4, tone))])
    return [p]


def grey(new: New) -> list[Painter]:
    """Grey, lighter below."""
    p = new()
    tone = int(p.rng.integers(90, 170))
    p.sky([(0, (tone, tone, tone)), (1, (tone + 40, tone + 40, tone + 40))])
    return [p]


def dark(new: New) -> list[Painter]:
    """Nearly black, a light from above."""
    p = new()
    tone = p.shade(6, 34)
    p.sky([(0, mix(tone, (60, 60, 90), 0.3)), (1, tone)])
    p.light(p.wide * float(p.rng.uniform(0.3, 0.7)), 0.1, 0.9, mix(tone, (120, 120, 150), 0.5), 0.5)
    return [p]


def cave(new: New) -> list[Painter]:
    """Rock walls before a glow, stones hanging from above near."""
    p = new()
    glow = p.pick(((60, 90, 120), (120, 70, 50), (60, 100, 80)))
    p.sky([(0, mix(glow, (0, 0, 0), 0.6)), (0.6, glow), (1, mix(glow, (0, 0, 0), 0.5))])
    p.land(p.ridge(0.62, 0.08, 4, 0.6), mix(glow, (0, 0, 0), 0.45), mix(glow, (0, 0, 0), 0.7))
    for x in np.arange(-0.1, p.wide + 0.1, 0.24):
        w, deep = float(p.rng.uniform(0.05, 0.14)), float(p.rng.uniform(0.1, 0.5))
        p.fill(
            [(x - w, -0.02), (x - w * 0.3, deep * 0.6), (x, deep), (x + w * 0.4, deep * 0.5), (x + w, -0.02)],
            mix(glow, (0, 0, 0), 0.55),
        )
    near = new()
    for x in np.arange(-0.1, near.wide + 0.2, 0.4):
        w, tall = float(near.rng.uniform(0.1, 0.24)), float(near.rng.uniform(0.1, 0.3))
        near.fill(
            [
                (x - w, 1.03),
                (x - w * 0.5, 1 - tall * 0.6),
                (x, 1 - tall),
                (x + w * 0.6, 1 - tall * 0.4),
                (x + w, 1.03),
            ],
            mix(glow, (0, 0, 0), 0.82),
        )
    return [p, near]


def pattern(new: New) -> list[Painter]:
    """Checks, dots or stripes in two colours."""
    p = new()
    a, b = p.shade(120, 250), p.shade(120, 250)
    p.sky([(0, a), (1, a)])
    step, which = float(p.rng.uniform(0.09, 0.2)), int(p.rng.integers(3))
    for i in range(-12, int(p.wide / step) + 2):
        if which == 2:
            p.fill(
                [
                    (i * step, 1.01),
                    (i * step + step / 2, 1.01),
                    (i * step + step / 2 + 0.9, -0.01),
                    (i * step + 0.9, -0.01),
                ],
                b,
            )
            continue
        for j in range(int(1 / step) + 1):
            if (i + j) % 2 == 0 and i >= -1 and which == 0:
                p.box(i * step, j * step, (i + 1) * step, (j + 1) * step, b)
            elif (i + j) % 2 == 0 and i >= -1:
                p.disc((i + 0.5) * step, (j + 0.5) * step, step * 0.36, b)
    return [p]


SCENES: Mapping[str, tuple[Callable[[New], list[Painter]], tuple[str, ...]]] = {
    "street": (street, ("busy",)),
    "room": (room, ()),
    "night_city": (night_city, ("night", "dark", "busy")),
    "corridor": (corridor, ()),
    "studio": (studio, ("plain",)),
    "white": (white, ("light", "plain")),
    "grey": (grey, ("grey", "plain")),
    "dark": (dark, ("dark", "plain")),
    "cave": (cave, ("dark",)),
    "pattern": (pattern, ()),
}
