"""Val places out of doors: other views, other layouts. Planes back to front."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from animelayers.samples.pen import Colour, mix
from animelayers.truth.places.painter import New, Painter

GREENS: tuple[tuple[Colour, ...], ...] = (
    ((60, 110, 70), (96, 150, 84), (150, 190, 100)),
    ((54, 96, 110), (84, 140, 140), (140, 190, 170)),
    ((160, 90, 60), (210, 140, 70), (240, 190, 100)),
)


def air(p: Painter) -> tuple[Colour, Colour]:
    """The upper and lower colour of a sky."""
    top, low = p.pick(
        (
            ((110, 170, 214), (220, 236, 240)),
            ((130, 190, 200), (240, 240, 220)),
            ((150, 160, 210), (246, 222, 222)),
        )
    )
    return top, low


def sky(new: New) -> list[Painter]:
    """Long banks in rows, smaller towards the horizon, a sun with its light."""
    p = new()
    top, low = air(p)
    p.sky([(0, top), (1, low)])
    p.light(p.wide * float(p.rng.uniform(0.2, 0.8)), 0.3, 0.5, (255, 250, 226), 0.7)
    for row in range(5):
        y, size = 0.98 - 0.2 * row, 0.22 + 0.13 * row
        for x in np.arange(float(p.rng.uniform(-0.3, 0.2)), p.wide + 0.2, size * 1.6):
            if p.rng.uniform() < 0.7:
                p.cloud(
                    float(x + p.rng.uniform(-0.4, 0.4) * size),
                    y + float(p.rng.uniform(-0.05, 0.05)),
                    size * float(p.rng.uniform(0.7, 1.2)),
                    (255, 253, 248),
                    mix(top, (230, 230, 240), 0.5),
                )
    return [p]


def meadow(new: New) -> list[Painter]:
    """A round hill with one tree and a fence; a bed of flowers near."""
    p = new()
    green = p.pick(GREENS)
    top, low = air(p)
    p.sky([(0, top), (0.8, low), (1, low)])
    p.cloud(p.wide * 0.25, 0.3, 0.5, (255, 255, 255), (210, 222, 234))
    p.land(p.ridge(0.66, 0.03, 2), mix(green[1], low, 0.5), green[1])
    x = np.linspace(-0.1, p.wide + 0.1, 80)
    at = p.wide * float(p.rng.uniform(0.3, 0.7))
    hill = np.stack([x, 0.86 - 0.34 * np.exp(-(((x - at) / (0.36 * p.wide)) ** 2))], 1)
    p.land(hill, green[2], green[0])
    p.blades(hill, green, round(400 * p.wide))
    p.tree(at, 0.53, 0.42, (120, 90, 70), green)
    fence = hill + np.array([0, 0.14])
    p.stroke(fence - (0, 0.05), (236, 228, 210), 0.008)
    p.stroke(fence - (0, 0.025), (236, 228, 210), 0.008)
    for i in range(2, 80, 4):
        p.box(
            float(fence[i, 0]),
            float(fence[i, 1]) - 0.07,
            float(fence[i, 0]) + 0.012,
            float(fence[i, 1]) + 0.01,
            (236, 228, 210),
        )
    near = new()
    for fx in near.rng.uniform(0, near.wide, round(26 * near.wide)):
        y = float(near.rng.uniform(0.88, 0.99))
        near.stroke([(fx, 1.02), (fx + 0.01, y)], green[0], 0.006)
        tone = near.pick(((250, 120, 110), (250, 220, 120), (250, 246, 240), (170, 130, 210)))
        for k in range(5):
            near.disc(
                float(fx + 0.01 + 0.014 * np.cos(k * 1.257)), y + 0.014 * float(np.sin(k * 1.257)), 0.01, tone
            )
        near.disc(float(fx + 0.01), y, 0.007, (250, 200, 80))
    return [p, near]


def forest(new: New) -> list[Painter]:
    """Rows of firs in mist, one behind the other."""
    p = new()
    green = p.pick(GREENS)
    mist = mix(green[2], (240, 244, 240), 0.7)
    p.sky([(0, mist), (1, mix(mist, green[1], 0.3))])
    for row in range(3):
        share = 0.75 - 0.28 * row
        tone = (mix(green[0], mist, share), mix(green[1], mist, share))
        y = 0.58 + 0.15 * row
        p.land(p.ridge(y, 0.03, 3), tone[1], mix(tone[0], mist, 0.4))
        for x in np.arange(float(p.rng.uniform(-0.1, 0)), p.wide + 0.1, 0.15 + 0.09 * row):
            p.pine(
                float(x + p.rng.uniform(-0.03, 0.03)),
                y + 0.03,
                (0.27 + 0.18 * row) * float(p.rng.uniform(0.8, 1.15)),
                tone,
            )
    near = new()
    for side in (float(near.rng.uniform(0, 0.1)), near.wide - float(near.rng.uniform(0, 0.1))):
        near.trunk(side, 1.05, 1.2, 0.16, mix(green[0], (40, 30, 40), 0.6))
    return [p, near]


def seaside(new: New) -> list[Painter]:
    """A cliff with a lighthouse, waves in rows."""
    p = new()
    top, low = air(p)
    p.sky([(0, top), (0.6, low), (1, low)])
    for i in range(3):
        p.cloud(p.wide * (0.2 + 0.3 * i), 0.2 + 0.08 * i, 0.5, (255, 255, 255), (206, 216, 228))
    at = p.wide * (0.78 if p.rng.uniform() < 0.5 else 0.22)
    way = 1 if at > p.wide / 2 else -1
    edge = p.wide + 0.1 if way > 0 else -0.1
    cliff = [
        (edge, 0.46),
        (at, 0.47),
        (at - way * 0.12, 0.52),
        (at - way * 0.1, 0.62),
        (at - way * 0.2, 0.66),
        (at - way * 0.18, 0.8),
        (edge, 0.8),
    ]
    p.fill(cliff, (150, 160, 110), (130, 106, 100))
    p.fill(
        [
            (at + way * 0.06 - 0.035, 0.48),
            (at + way * 0.06 + 0.035, 0.48),
            (at + way * 0.06 + 0.024, 0.2),
            (at + way * 0.06 - 0.024, 0.2),
        ],
        (250, 246, 240),
        (220, 214, 216),
    )
    for y in (0.24, 0.34, 0.44):
        p.box(at + way * 0.06 - 0.028, y - 0.02, at + way * 0.06 + 0.028, y + 0.015, (206, 70, 66))
    p.fill(
        [(at + way * 0.06 - 0.03, 0.2), (at + way * 0.06 + 0.03, 0.2), (at + way * 0.06, 0.14)], (120, 60, 66)
    )
    for row in range(6):
        y = 0.68 + 0.06 * row
        x = np.linspace(-0.1, p.wide + 0.1, 120)
        crest = np.stack([x, y - 0.018 * np.abs(np.sin(x * (9 - row) + row * 1.7))], 1)
        p.land(
            crest, mix((170, 220, 220), (60, 120, 170), row / 6), mix((120, 190, 200), (40, 90, 150), row / 6)
        )
        p.stroke(crest, (240, 250, 250), 0.004)
    return [p]


def mountains(new: New) -> list[Painter]:
    """Ridge behind ridge in mist, each darker, a sun between."""
    p = new()
    tone = p.pick(((90, 110, 150), (110, 90, 130), (80, 120, 120)))
    mist = mix(tone, (250, 246, 240), 0.82)
    p.sky([(0, mix(mist, tone, 0.2)), (1, mist)])
    p.disc(p.wide * float(p.rng.uniform(0.2, 0.8)), 0.26, 0.07, (255, 244, 226))
    for i in range(6):
        line = p.ridge(0.4 + 0.1 * i, 0.1, 2.5 + 0.4 * i, 0.35)
        p.land(line, mix(tone, mist, 0.75 - 0.13 * i), mix(tone, mist, 0.95 - 0.13 * i))
    return [p]


def desert(new: New) -> list[Painter]:
    """Table rocks in layers, cactuses near."""
    p = new()
    top, low = p.pick((((90, 160, 200), (250, 220, 180)), ((200, 120, 110), (255, 210, 150))))
    p.sky([(0, top), (0.65, low), (1, low)])
    x = float(p.rng.uniform(-0.1, 0.2))
    while x < p.wide:
        w, h = float(p.rng.uniform(0.2, 0.5)), float(p.rng.uniform(0.15, 0.38))
        for k in range(4):
            y0, y1 = 0.7 - h * (1 - k / 4), 0.7 - h * (1 - (k + 1) / 4)
            a, b = 0.08 * (3 - k) * 0.3, 0.08 * (2 - k) * 0.3
            p.fill(
                [(x + a, y0), (x + w - a, y0), (x + w - b, y1 + 0.01), (x + b, y1 + 0.01)],
                mix((206, 110, 80), (240, 180, 130), (k % 2) * 0.6),
                (176, 96, 80),
            )
        x += w + float(p.rng.uniform(0.1, 0.5))
    p.land(p.ridge(0.7, 0.01, 3), (236, 196, 146), (206, 150, 106))
    near = new()
    for cx in np.arange(0.15, near.wide, 0.7):
        c, s, green = (
            float(cx + near.rng.uniform(-0.2, 0.2)),
            float(near.rng.uniform(0.2, 0.34)),
            (84, 126, 84),
        )
        for foot, tip, thick in (
            ((c, 1.03), (c, 1.03 - s), 0.16),
            ((c, 1 - s * 0.4), (c + s * 0.25, 1 - s * 0.42), 0.1),
            ((c + s * 0.25, 1 - s * 0.4), (c + s * 0.25, 1 - s * 0.7), 0.1),
        ):
            near.stroke([foot, tip], green, thick * s)
    return [p, near]


def snow_field(new: New) -> list[Painter]:
    """A snowy hollow with firs under snow and a hut."""
    p = new()
    p.sky([(0, (190, 206, 226)), (1, (244, 240, 240))])
    p.land(p.ridge(0.5, 0.08, 2, 0.5), (220, 226, 238), (240, 242, 248))
    line = p.ridge(0.62, 0.04, 2)
    p.land(line, (240, 244, 250), (250, 251, 254))
    for x in np.arange(0.1, p.wide, 0.3):
        px, tall = float(x + p.rng.uniform(-0.1, 0.1)), float(p.rng.uniform(0.14, 0.24))
        p.pine(px, 0.68, tall, ((150, 176, 186), (226, 234, 240)))
    hx = p.wide * float(p.rng.uniform(0.3, 0.7))
    p.box(hx, 0.6, hx + 0.16, 0.7, (170, 130, 110))
    p.fill([(hx - 0.03, 0.61), (hx + 0.08, 0.52), (hx + 0.19, 0.61)], (252, 252, 255))
    p.box(hx + 0.06, 0.63, hx + 0.1, 0.67, (255, 226, 150))
    p.land(p.ridge(0.78, 0.03, 1.5), (246, 248, 252), (254, 254, 255))
    return [p]


def sunset(new: New) -> list[Painter]:
    """The sun on the sea, its path in strokes, a headland."""
    p = new()
    top, low = p.pick(
        (((120, 80, 140), (255, 170, 120)), ((70, 90, 150), (250, 200, 140)), ((150, 60, 80), (255, 150, 90)))
    )
    p.sky([(0, top), (0.58, low), (0.59, mix(low, top, 0.5)), (1, mix(top, (40, 30, 70), 0.4))])
    at = p.wide * float(p.rng.uniform(0.25, 0.75))
    p.light(at, 0.55, 0.5, (255, 230, 170), 0.6)
    p.disc(at, 0.5, 0.1, (255, 240, 200))
    p.box(-0.1, 0.59, p.wide + 0.1, 1.05, mix(low, top, 0.6), mix(top, (40, 30, 70), 0.5))
    for _ in range(60):
        y = float(p.rng.uniform(0.61, 1))
        x, long = at + float(p.rng.normal(0, 0.06 + 0.2 * (y - 0.6))), 0.03 + 0.12 * (y - 0.6)
        p.stroke([(x - long, y), (x + long, y)], mix(low, (255, 244, 210), 0.5), 0.005)
    for i in range(5):
        p.cloud(
            p.wide * (i + 0.3) / 5,
            0.12 + 0.07 * (i % 3),
            0.6,
            mix(low, (255, 230, 210), 0.3),
            mix(top, low, 0.4),
        )
    side = p.wide if p.rng.uniform() < 0.5 else 0.0
    out = np.linspace(0, 1, 30)
    head = np.stack(
        [
            side + (1 if side == 0 else -1) * out * 0.6,
            0.6 - 0.18 * (1 - out) ** 0.5 + 0.01 * np.sin(out * 40),
        ],
        1,
    )
    p.fill(np.concatenate([head, [(side, 0.62)]]), mix(top, (20, 10, 30), 0.7))
    return [p]


SCENES: Mapping[str, tuple[Callable[[New], list[Painter]], tuple[str, ...]]] = {
    "sky": (sky, ("light",)),
    "meadow": (meadow, ()),
    "forest": (forest, ("busy",)),
    "seaside": (seaside, ()),
    "mountains": (mountains, ()),
    "desert": (desert, ()),
    "snow_field": (snow_field, ("light",)),
    "sunset": (sunset, ()),
}
