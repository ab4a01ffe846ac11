"""Val places among houses and in rooms, and grounds of nothing. Planes back to front."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from animelayers.samples.pen import mix
from animelayers.truth.effects.mark import disc
from animelayers.truth.places.painter import New, Painter
from animelayers.truth.places.val_country import air


def street(new: New) -> list[Painter]:
    """A lane running away between walls of houses, awnings, a bright sky at its end."""
    p = new()
    top, low = air(p)
    cx, cy = p.wide * float(p.rng.uniform(0.42, 0.58)), 0.5
    p.sky([(0, top), (0.6, low), (1, low)])
    p.box(-0.1, cy, p.wide + 0.1, 1.05, (196, 190, 184), (150, 144, 146))
    p.fill(
        [(cx - 0.06, cy), (cx + 0.06, cy), (p.wide * 0.85, 1.02), (p.wide * 0.15, 1.02)],
        (214, 204, 190),
        (170, 160, 156),
    )
    for side in (-1, 1):
        edge = 0 if side < 0 else p.wide
        for k in range(5, -1, -1):
            near, far = 0.6**k, 0.6 ** (k + 1)
            x0, x1 = cx + (edge + side * 0.1 - cx) * near, cx + (edge + side * 0.1 - cx) * far
            h0 = float(p.rng.uniform(0.5, 0.9))
            wall = p.pick(
                ((226, 196, 160), (200, 170, 160), (180, 190, 200), (236, 220, 190), (190, 150, 130))
            )
            p.fill(
                [(x0, cy - h0 * near), (x1, cy - h0 * far), (x1, cy + 0.5 * far), (x0, cy + 0.52 * near)],
                wall,
                mix(wall, (70, 60, 80), 0.3),
            )
            for floor in (0.25, 0.55):
                for u in (0.25, 0.6):
                    s, e = near + (far - near) * u, near + (far - near) * (u + 0.2)
                    xs, xe = cx + (edge + side * 0.1 - cx) * s, cx + (edge + side * 0.1 - cx) * e
                    y = -h0 * (1 - floor) + 0.05
                    p.fill(
                        [
                            (xs, cy + y * s),
                            (xe, cy + y * e),
                            (xe, cy + (y + 0.14) * e),
                            (xs, cy + (y + 0.14) * s),
                        ],
                        (90, 100, 120),
                        (120, 140, 160),
                    )
            s, e = near * 0.95, far * 1.1
            xs, xe = cx + (edge + side * 0.1 - cx) * s, cx + (edge + side * 0.1 - cx) * e
            p.fill(
                [
                    (xs, cy + 0.12 * s),
                    (xe, cy + 0.12 * e),
                    (xe - side * 0.12 * e, cy + 0.22 * e),
                    (xs - side * 0.12 * s, cy + 0.22 * s),
                ],
                p.pick(((210, 80, 70), (80, 140, 120), (240, 200, 110))),
            )
    return [p]


def room(new: New) -> list[Painter]:
    """Shelves of books, a lamp, an armchair, a rug."""
    p = new()
    wall = p.pick(((176, 120, 100), (120, 140, 130), (216, 190, 150), (140, 130, 160)))
    p.sky([(0, wall), (1, mix(wall, (255, 240, 210), 0.2))])
    p.box(-0.1, 0.8, p.wide + 0.1, 1.05, (120, 84, 70), (96, 66, 60))
    x = float(p.rng.uniform(0.02, 0.2))
    while x < p.wide:
        p.box(x, 0.16, x + 0.5, 0.82, (110, 76, 58))
        for shelf in range(4):
            y, bx = 0.32 + 0.15 * shelf, x + 0.02
            p.box(x + 0.015, y - 0.13, x + 0.485, y, (70, 48, 44))
            while bx < x + 0.45:
                w, h = float(p.rng.uniform(0.015, 0.04)), float(p.rng.uniform(0.07, 0.115))
                p.box(
                    bx,
                    y - h,
                    bx + w,
                    y,
                    p.pick(((190, 80, 70), (80, 110, 140), (220, 190, 130), (100, 130, 90), (150, 110, 150))),
                )
                bx += w + 0.003
        lx = x + 0.66
        p.box(lx - 0.008, 0.36, lx + 0.008, 0.85, (60, 50, 50))
        p.fill(
            [(lx - 0.05, 0.24), (lx + 0.05, 0.24), (lx + 0.09, 0.38), (lx - 0.09, 0.38)],
            (250, 226, 160),
            (240, 196, 120),
        )
        p.box(lx + 0.14, 0.6, lx + 0.42, 0.86, (150, 70, 70), (120, 54, 60))
        p.box(lx + 0.12, 0.7, lx + 0.18, 0.9, (170, 84, 80))
        p.box(lx + 0.38, 0.7, lx + 0.44, 0.9, (170, 84, 80))
        p.light(lx, 0.36, 0.35, (255, 230, 170), 0.4)
        x += 1.2
    p.fill(disc(p.wide * 0.5, 0.93, 0.5, 40, 0.1), (190, 150, 110), (170, 120, 90))
    return [p]


def night_city(new: New) -> list[Painter]:
    """A skyline over water, its lights drawn out below it."""
    p = new()
    top = p.pick(((14, 20, 40), (26, 14, 44), (10, 28, 40)))
    p.sky(
        [
            (0, top),
            (0.62, mix(top, (110, 80, 130), 0.4)),
            (0.63, mix(top, (0, 0, 0), 0.2)),
            (1, mix(top, (0, 0, 0), 0.4)),
        ]
    )
    x = -0.05
    while x < p.wide:
        w, h = float(p.rng.uniform(0.05, 0.14)), float(p.rng.uniform(0.1, 0.42))
        p.box(x, 0.62 - h, x + w, 0.63, mix(top, (80, 84, 140), 0.45))
        if p.rng.uniform() < 0.3:
            p.stroke([(x + w / 2, 0.62 - h), (x + w / 2, 0.55 - h)], mix(top, (80, 84, 140), 0.5), 0.006)
        for _ in range(int(70 * w)):
            lx, ly = x + float(p.rng.uniform(0.1, 0.9)) * w, 0.62 - float(p.rng.uniform(0.06, 0.95)) * h
            lamp = p.pick(((255, 220, 140), (170, 220, 255), (255, 150, 150)))
            p.box(lx, ly, lx + 0.007, ly + 0.005, lamp)
            if p.rng.uniform() < 0.3:
                p.stroke(
                    [(lx, 0.64 + (0.62 - ly) * 0.3), (lx, 0.7 + (0.62 - ly) * 0.7)],
                    mix(lamp, top, 0.6),
                    0.004,
                )
        x += w * float(p.rng.uniform(0.9, 1.2))
    near = new()
    near.box(-0.1, 0.93, near.wide + 0.1, 0.95, mix(top, (0, 0, 0), 0.5))
    for rx in np.arange(0, near.wide, 0.08):
        near.box(float(rx), 0.93, float(rx) + 0.01, 1.02, mix(top, (0, 0, 0), 0.5))
    return [p, near]


def corridor(new: New) -> list[Painter]:
    """A passage seen from the side: doors, lamps, a dado."""
    p = new()
    wall = p.pick(((230, 222, 200), (190, 200, 216), (206, 186, 170)))
    p.sky([(0, wall), (1, mix(wall, (140, 120, 110), 0.2))])
    p.box(-0.1, 0.56, p.wide + 0.1, 0.82, mix(wall, (130, 90, 70), 0.5))
    p.box(-0.1, 0.55, p.wide + 0.1, 0.565, mix(wall, (90, 60, 50), 0.6))
    p.box(-0.1, 0.82, p.wide + 0.1, 1.05, (130, 110, 110), (100, 84, 88))
    for x in np.arange(float(p.rng.uniform(0.05, 0.3)), p.wide, 0.62):
        p.box(x, 0.24, x + 0.26, 0.83, (150, 112, 84), (124, 90, 70))
        p.box(x + 0.04, 0.3, x + 0.22, 0.48, (196, 214, 220))
        p.disc(x + 0.225, 0.57, 0.012, (230, 200, 120))
        p.box(x + 0.4, 0.18, x + 0.46, 0.27, (255, 240, 190))
    for x in np.arange(0, p.wide, 0.24):
        p.stroke([(x, 0.82), (x - 0.12, 1.02)], (110, 92, 94), 0.003)
    return [p]


def studio(new: New) -> list[Painter]:
    """Two runs of colour meeting at a slant."""
    p = new()
    a, b = p.shade(90, 220), p.shade(90, 220)
    b = mix(a, b, 0.35)
    p.sky([(0, a), (1, mix(a, b, 0.4))])
    at = p.wide * float(p.rng.uniform(0.3, 0.7))
    p.fill([(at, -0.05), (p.wide + 0.1, -0.05), (p.wide + 0.1, 1.05), (at - 0.4, 1.05)], b, mix(b, a, 0.3))
    return [p]


def white(new: New) -> list[Painter]:
    """Off-white, a shade of warmth or cold towards one corner."""
    p = new()
    tint = p.pick(((255, 250, 242), (246, 250, 255), (250, 250, 250)))
    p.sky([(0, tint), (1, mix(tint, (236, 236, 240), 0.5))])
    return [p]


def grey(new: New) -> list[Painter]:
    """A grey wall and a grey floor."""
    p = new()
    tone = int(p.rng.integers(110, 190))
    p.sky([(0, (tone, tone, tone)), (1, (tone - 14, tone - 14, tone - 14))])
    p.land(
        np.array([(-0.1, 0.78), (p.wide + 0.1, 0.78)]),
        (tone - 34, tone - 34, tone - 34),
        (tone - 14, tone - 14, tone - 14),
    )
    return [p]


def dark(new: New) -> list[Painter]:
    """A dark wall, a slanted patch of light from a window on it."""
    p = new()
    tone = p.shade(10, 40)
    p.sky([(0, tone), (1, mix(tone, (0, 0, 0), 0.4))])
    at, lit = p.wide * float(p.rng.uniform(0.2, 0.7)), mix(tone, (90, 90, 110), 0.45)
    for i in range(2):
        for j in range(2):
            x, y = at + 0.13 * i - 0.05 * j, 0.3 + 0.17 * j
            p.fill(
                [(x, y), (x + 0.11, y + 0.02), (x + 0.065, y + 0.17), (x - 0.045, y + 0.15)],
                lit,
                mix(lit, tone, 0.3),
            )
    return [p]


def cave(new: New) -> list[Painter]:
    """A vault of steps and arches by the light of torches."""
    p = new()
    stone = p.pick(((58, 52, 62), (44, 56, 64), (66, 52, 46)))
    p.sky([(0, mix(stone, (0, 0, 0), 0.5)), (1, stone)])
    for row in range(9):
        for x in np.arange(-0.1 * (row % 2), p.wide, 0.2):
            p.box(
                float(x) + 0.004,
                row * 0.09 + 0.004,
                float(x) + 0.196,
                row * 0.09 + 0.086,
                mix(stone, (0, 0, 0), float(p.rng.uniform(0.1, 0.5))),
            )
    for x in np.arange(0.2, p.wide, 0.7):
        a = np.linspace(np.pi, 2 * np.pi, 20)
        p.fill(
            [
                (x, 0.82),
                *((x + 0.13 + 0.13 * np.cos(t), 0.4 + 0.16 * np.sin(t)) for t in a),
                (x + 0.26, 0.82),
            ],
            (10, 8, 14),
        )
        p.box(x + 0.42, 0.44, x + 0.44, 0.56, (90, 64, 50))
        p.fill(
            [(x + 0.4, 0.44), (x + 0.41, 0.39), (x + 0.43, 0.34), (x + 0.455, 0.39), (x + 0.46, 0.44)],
            (255, 190, 90),
        )
        p.light(x + 0.43, 0.4, 0.2, (255, 170, 80), 0.4)
    p.box(-0.1, 0.82, p.wide + 0.1, 1.05, mix(stone, (0, 0, 0), 0.3), mix(stone, (0, 0, 0), 0.6))
    return [p]


def pattern(new: New) -> list[Painter]:
    """Scales, diamonds or rays in three colours."""
    p = new()
    a, b, c = p.shade(110, 250), p.shade(110, 250), p.shade(110, 250)
    p.sky([(0, a), (1, a)])
    which, step = int(p.rng.integers(3)), float(p.rng.uniform(0.2, 0.32))
    if which == 2:
        for i in range(0, 28, 2):
            a0, a1 = i * np.pi / 14, (i + 1) * np.pi / 14
            p.fill(
                [
                    (p.wide / 2, 0.5),
                    (p.wide / 2 + 3 * np.cos(a0), 0.5 + 3 * np.sin(a0)),
                    (p.wide / 2 + 3 * np.cos(a1), 0.5 + 3 * np.sin(a1)),
                ],
                b,
            )
        return [p]
    for j in range(int(1 / step * 2) + 3):
        for i in range(int(p.wide / step) + 2):
            x, y = (i + 0.5 * (j % 2)) * step, j * step * 0.5
            if which == 0:
                for r, tone in ((0.56, c), (0.5, b), (0.3, a)):
                    p.fill(disc(x, y, r * step, 18), tone)
            elif (i + j) % 3:
                p.fill(
                    [(x, y - step * 0.46), (x + step * 0.3, y), (x, y + step * 0.46), (x - step * 0.3, y)],
                    b if (i + j) % 3 == 1 else c,
                )
    return [p]


SCENES: Mapping[str, tuple[Callable[[New], list[Painter]], tuple[str, ...]]] = {
    "street": (street, ("busy",)),
    "room": (room, ("busy",)),
    "night_city": (night_city, ("night", "dark")),
    "corridor": (corridor, ()),
    "studio": (studio, ("plain",)),
    "white": (white, ("light", "plain")),
    "grey": (grey, ("grey", "plain")),
    "dark": (dark, ("dark", "plain")),
    "cave": (cave, ("dark",)),
    "pattern": (pattern, ()),
}
