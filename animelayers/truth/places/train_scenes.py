"""What is in the train places: open country under heaped clouds, a row of houses, rooms seen from the front. Planes back to front."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from animelayers.samples.pen import Colour, mix
from animelayers.truth.places.painter import Painter

New = Callable[[], Painter]
LEAVES: tuple[tuple[Colour, ...], ...] = (
    ((44, 92, 82), (70, 132, 84), (118, 170, 86), (176, 206, 104)),
    ((150, 88, 118), (206, 132, 158), (238, 176, 192), (252, 214, 220)),
    ((130, 70, 40), (190, 110, 50), (226, 160, 70), (246, 206, 110)),
)
DAY: tuple[Colour, Colour, Colour] = ((58, 136, 214), (132, 196, 238), (206, 234, 242))


def _pick(p: Painter, choices: tuple) -> tuple:
    chosen: tuple = choices[int(p.rng.integers(len(choices)))]
    return chosen


def _day(p: Painter, horizon: float, clouds: int = 4) -> None:
    p.sky([(0, DAY[0]), (0.7 * horizon, DAY[1]), (horizon, DAY[2]), (1, DAY[2])])
    for i in range(clouds):
        x = p.wide * (i + p.rng.uniform(0.1, 0.9)) / clouds
        p.cloud(float(x), float(p.rng.uniform(0.45, 0.95)) * horizon, float(p.rng.uniform(0.3, 0.6)), (255, 254, 250), (170, 200, 228))


def _fringe(p: Painter, leaves: tuple[Colour, ...]) -> Painter:
    """A near plane: grass along the lower edge."""
    line = np.array([(-0.1, 0.94), (p.wide + 0.1, 0.95)])
    p.land(p.ridge(0.97, 0.02, 6), leaves[1], leaves[0])
    p.blades(line, leaves[:3], round(170 * p.wide), 0.12)
    return p


def sky(new: New) -> list[Painter]:
    """Heaped clouds on blue."""
    p = new()
    _day(p, 1.0, 5)
    for i in range(4):
        p.cloud(p.wide * (i + 0.4) / 4, float(p.rng.uniform(0.8, 1.05)), float(p.rng.uniform(0.6, 0.9)), (255, 255, 255), (186, 210, 234))
    return [p]


def meadow(new: New) -> list[Painter]:
    """Hills, a hedge, grass; a fringe of it near."""
    p, leaves = new(), LEAVES[0]
    _day(p, 0.55)
    p.land(p.ridge(0.55, 0.07, 3), (124, 168, 160), (120, 176, 140))
    for x in np.arange(0.02, p.wide, 0.13):
        if p.rng.uniform() < 0.7:
            p.crown(float(x), 0.62 + float(p.rng.uniform(-0.02, 0.02)), float(p.rng.uniform(0.05, 0.09)), leaves)
    line = p.ridge(0.66, 0.03, 2)
    p.land(line, (150, 196, 96), (88, 146, 78))
    p.blades(line, ((96, 156, 74), (134, 184, 84), (176, 210, 108)), round(450 * p.wide))
    p.spots(np.stack([p.rng.uniform(0, p.wide, 60), p.rng.uniform(0.75, 1, 60)], 1), 0.006, ((255, 250, 240), (250, 214, 110), (240, 150, 170)))
    return [p, _fringe(new(), leaves)]


def forest(new: New) -> list[Painter]:
    """Trunks in the haze, trees, a branch overhead near."""
    far, leaves = new(), _pick(new(), LEAVES)
    far.sky([(0, mix(leaves[2], (220, 240, 220), 0.5)), (0.6, (224, 238, 214)), (1, leaves[1])])
    for x in np.arange(0.05, far.wide, 0.16):
        far.trunk(float(x + far.rng.uniform(-0.04, 0.04)), 0.74, 0.8, 0.03, mix(leaves[0], (220, 236, 214), 0.55))
    far.land(far.ridge(0.72, 0.02, 4), mix(leaves[2], (230, 240, 210), 0.3), leaves[0])
    middle = new()
    for i in range(round(2.2 * far.wide)):
        x = (i + float(middle.rng.uniform(0.2, 0.8))) / 2.2
        middle.trunk(x, 0.86 + float(middle.rng.uniform(-0.05, 0.05)), 0.9, 0.075, (104, 84, 84))
        middle.crown(x, 0.04, 0.26, leaves)
    near = new()
    for x in np.arange(0.0, near.wide, 0.3):
        near.crown(float(x), -0.06 + float(near.rng.uniform(-0.05, 0.05)), 0.14, tuple(mix(c, (20, 30, 40), 0.4) for c in leaves))
    return [far, middle, near]


def _houses(p: Painter, foot: float, high: float, wall: Colour, lamp: Colour, lit: float) -> None:
    x = -0.05
    while x < p.wide:
        w, h = float(p.rng.uniform(0.16, 0.34)), high * float(p.rng.uniform(0.55, 1))
        tone = mix(wall, (60, 50, 90), float(p.rng.uniform(0, 0.25)))
        p.box(x, foot - h, x + w, foot + 0.1, tone)
        if p.rng.uniform() < 0.6:
            p.fill(
                [(x - w * 0.07, foot - h), (x + w * 0.3, foot - h * 1.3), (x + w * 0.75, foot - h * 1.3), (x + w * 1.07, foot - h)],
                mix(tone, (90, 40, 80), 0.4),
            )
        pane = 0.036
        for r in range(int(h / (pane * 2.2))):
            for c in range(int(w / (pane * 2.1))):
                px, py = x + pane * (0.7 + 2.1 * c), foot - h + pane * (0.7 + 2.2 * r)
                p.box(px, py, px + pane, py + pane * 1.25, lamp if p.rng.uniform() < lit else mix(tone, (70, 70, 130), 0.45))
        x += w * float(p.rng.uniform(1.0, 1.12))


def street(new: New) -> list[Painter]:
    """A row of houses, a road, poles and wires."""
    p = new()
    _day(p, 0.7, 3)
    _houses(p, 0.68, 0.3, (206, 190, 186), (250, 240, 214), 0.3)
    front = new()
    _houses(front, 0.76, 0.26, (190, 160, 150), (250, 236, 200), 0.3)
    front.land(np.array([(-0.1, 0.77), (front.wide + 0.1, 0.77)]), (176, 172, 176), (120, 118, 128))
    for i in range(-4, 14):
        x = front.wide * 0.5 + (i - 5) * 0.14
        front.stroke([(x, 0.78), (front.wide * 0.5 + (x - front.wide * 0.5) * 2.4, 1.0)], (148, 144, 150), 0.003)
    for x in np.arange(0.2, front.wide, 0.8):
        front.box(float(x), 0.06, float(x) + 0.018, 0.8, (96, 88, 92))
        front.stroke([(x - 0.06, 0.11), (x + 0.08, 0.11)], (80, 72, 80), 0.008)
        front.stroke(np.stack([np.linspace(x, x + 0.8, 12), 0.11 + 0.06 * np.sin(np.linspace(0, np.pi, 12))], 1), (70, 62, 74), 0.003)
    return [p, front]


def room(new: New) -> list[Painter]:
    """A wall with a window, curtains, a bed and a table."""
    p = new()
    wall = _pick(p, ((232, 220, 198), (206, 220, 226), (236, 208, 206), (214, 226, 204)))
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
            p.fill([(side, 0.08), (side + 0.12, 0.08), (side + 0.1, 0.62), (side + 0.01, 0.62)], (246, 238, 220), (210, 190, 190))
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
    p.spots(np.stack([p.rng.uniform(0, p.wide, 90), p.rng.uniform(0, 0.5, 90)], 1), 0.0022, ((240, 244, 255), (150, 160, 220)))
    p.disc(p.wide * float(p.rng.uniform(0.2, 0.8)), 0.2, 0.07, (246, 242, 216))
    _houses(p, 0.95, 0.5, (40, 42, 86), (250, 216, 130), 0.15)
    front = new()
    _houses(front, 1.0, 0.32, (22, 22, 52), (255, 200, 110), 0.22)
    return [p, front]


def seaside(new: New) -> list[Painter]:
    """Sea, a beach, rocks near."""
    p = new()
    _day(p, 0.48)
    p.box(-0.1, 0.47, p.wide + 0.1, 0.75, (56, 132, 190), (120, 200, 214))
    for _ in range(round(26 * p.wide)):
        x, y = float(p.rng.uniform(0, p.wide)), float(p.rng.uniform(0.48, 0.7))
        p.stroke([(x, y), (x + (y - 0.45) * 0.4, y)], (206, 236, 240), 0.003)
    shore = p.ridge(0.74, 0.025, 2)
    p.land(shore - (0, 0.02), (240, 250, 250), (220, 240, 240))
    p.land(shore, (246, 226, 184), (224, 194, 146))
    near = new()
    for x in np.arange(-0.1, near.wide + 0.1, 0.7):
        s = float(near.rng.uniform(0.1, 0.2))
        near.fill(
            [(x - s, 1.05), (x - s * 0.8, 1 - s * 0.5), (x - s * 0.2, 1 - s), (x + s * 0.5, 1 - s * 0.8), (x + s * 1.1, 1.05)],
            (120, 112, 122),
            (80, 74, 90),
        )
    return [p, near]


def mountains(new: New) -> list[Painter]:
    """Three ranges with snow, a lake, firs near."""
    p = new()
    _day(p, 0.6, 3)
    line = p.ridge(0.42, 0.22, 2.2, 1.0)
    p.land(line, (150, 168, 204), (176, 194, 214))
    for i in range(2, len(line) - 2):
        if line[i, 1] < line[i - 1, 1] and line[i, 1] <= line[i + 1, 1] and line[i, 1] < 0.42:
            x, y = line[i]
            p.fill([(x, y), (x + 0.05, y + 0.07), (x + 0.02, y + 0.05), (x, y + 0.08), (x - 0.02, y + 0.05), (x - 0.05, y + 0.07)], (246, 250, 255))
    p.land(p.ridge(0.58, 0.1, 3, 0.7), (98, 130, 150), (110, 150, 140))
    p.box(-0.1, 0.72, p.wide + 0.1, 1.05, (110, 166, 196), (70, 120, 160))
    near = new()
    for x in np.arange(0, near.wide, 0.17):
        near.pine(float(x + near.rng.uniform(-0.05, 0.05)), 1.04, float(near.rng.uniform(0.16, 0.3)), ((30, 66, 60), (44, 92, 76)))
    return [p, near]


def desert(new: New) -> list[Painter]:
    """Dunes one behind the other, a low sun."""
    p = new()
    p.sky([(0, (120, 180, 220)), (0.5, (250, 226, 180)), (1, (250, 226, 180))])
    p.disc(p.wide * float(p.rng.uniform(0.2, 0.8)), 0.25, 0.06, (255, 250, 226))
    for y, tone in ((0.55, (232, 190, 140)), (0.68, (222, 168, 112)), (0.83, (206, 146, 92))):
        line = p.ridge(y, 0.09, 1.6)
        p.land(line, tone, mix(tone, (150, 90, 70), 0.25))
        p.land(
            np.stack([line[:, 0], line[:, 1] + 0.03 + 0.05 * np.clip(np.sin(line[:, 0] * 4 + y * 9), 0, 1)], 1),
            mix(tone, (150, 90, 80), 0.28),
            mix(tone, (140, 80, 70), 0.4),
        )
    return [p]


def snow_field(new: New) -> list[Painter]:
    """White slopes, bare trees far away."""
    p = new()
    p.sky([(0, (206, 220, 236)), (0.55, (240, 242, 246)), (1, (240, 242, 246))])
    p.land(p.ridge(0.56, 0.05, 3), (224, 232, 242), (236, 242, 248))
    for x in np.arange(0.05, p.wide, 0.09):
        if p.rng.uniform() < 0.5:
            p.trunk(float(x), 0.62, float(p.rng.uniform(0.08, 0.16)), 0.012, (170, 176, 190))
    p.land(p.ridge(0.66, 0.03, 2), (246, 248, 252), (252, 253, 255))
    p.land(p.ridge(0.86, 0.03, 2), (236, 240, 248), (250, 252, 255))
    return [p]


def corridor(new: New) -> list[Painter]:
    """A corridor running away to a door, windows along one side."""
    p = new()
    cx, cy, wall = p.wide * 0.5, 0.46, _pick(p, ((226, 220, 206), (204, 214, 206), (210, 206, 220)))
    p.sky([(0, wall), (1, wall)])
    w, h = 0.16, 0.14
    p.fill([(-0.01, -0.01), (p.wide + 0.01, -0.01), (cx + w, cy - h), (cx - w, cy - h)], (244, 242, 236), (214, 210, 204))
    p.fill([(cx - w, cy + h), (cx + w, cy + h), (p.wide + 0.01, 1.02), (-0.01, 1.02)], (186, 160, 130), (150, 122, 98))
    p.box(cx - w, cy - h, cx + w, cy + h, mix(wall, (120, 120, 140), 0.3))
    p.box(cx - 0.05, cy - 0.06, cx + 0.05, cy + h, (150, 120, 96))
    for k in range(5):
        near, far = 0.92 * 0.62**k, 0.92 * 0.62 ** (k + 0.6)
        for side in (-1, 1):
            xs = [cx + side * (w + (p.wide / 2 - w) * s) for s in (near, far)]
            top, low = [cy - h - (cy - h) * s for s in (near, far)], [cy + h + (1 - cy - h) * s for s in (near, far)]
            a, b = (0.25, 0.62) if side < 0 else (0.2, 1.0)
            quad = [
                (xs[0], top[0] + (low[0] - top[0]) * a),
                (xs[1], top[1] + (low[1] - top[1]) * a),
                (xs[1], top[1] + (low[1] - top[1]) * b),
                (xs[0], top[0] + (low[0] - top[0]) * b),
            ]
            p.fill(quad, (180, 216, 240) if side < 0 else (176, 142, 110), (226, 240, 248) if side < 0 else (150, 116, 92))
    return [p]


def studio(new: New) -> list[Painter]:
    """A plain run of colour with a light in the middle."""
    p = new()
    a = tuple(int(v) for v in p.rng.integers(90, 200, 3))
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


def sunset(new: New) -> list[Painter]:
    """A red sky, hills and a town as silhouettes."""
    p = new()
    p.sky([(0, (84, 60, 130)), (0.35, (214, 100, 110)), (0.62, (255, 180, 90)), (1, (255, 214, 140))])
    p.disc(p.wide * float(p.rng.uniform(0.25, 0.75)), 0.56, 0.09, (255, 244, 200))
    for i in range(4):
        p.cloud(p.wide * (i + 0.5) / 4, float(p.rng.uniform(0.18, 0.46)), float(p.rng.uniform(0.3, 0.6)), (255, 190, 150), (170, 90, 130))
    p.land(p.ridge(0.66, 0.06, 3), (130, 64, 96), (110, 50, 84))
    near = new()
    near.land(near.ridge(0.84, 0.04, 2), (52, 28, 58), (36, 20, 44))
    for x in np.arange(0.1, near.wide, 0.5):
        near.tree(
            float(x + near.rng.uniform(-0.1, 0.1)), 0.88, float(near.rng.uniform(0.2, 0.34)), (46, 24, 50), ((40, 22, 48), (52, 28, 54), (66, 34, 60))
        )
    return [p, near]


def pattern(new: New) -> list[Painter]:
    """Checks, dots or stripes in two colours."""
    p = new()
    a, b = (tuple(int(v) for v in p.rng.integers(120, 250, 3)) for _ in range(2))
    p.sky([(0, a), (1, a)])
    step, which = float(p.rng.uniform(0.09, 0.2)), int(p.rng.integers(3))
    for i in range(-12, int(p.wide / step) + 2):
        if which == 2:
            p.fill([(i * step, 1.01), (i * step + step / 2, 1.01), (i * step + step / 2 + 0.9, -0.01), (i * step + 0.9, -0.01)], b)
            continue
        for j in range(int(1 / step) + 1):
            if (i + j) % 2 == 0 and i >= -1 and which == 0:
                p.box(i * step, j * step, (i + 1) * step, (j + 1) * step, b)
            elif (i + j) % 2 == 0 and i >= -1:
                p.disc((i + 0.5) * step, (j + 0.5) * step, step * 0.36, b)
    return [p]


SCENES: Mapping[str, tuple[Callable[[New], list[Painter]], tuple[str, ...]]] = {
    "sky": (sky, ("light",)),
    "meadow": (meadow, ()),
    "forest": (forest, ("busy",)),
    "street": (street, ("busy",)),
    "room": (room, ()),
    "night_city": (night_city, ("night", "dark", "busy")),
    "seaside": (seaside, ()),
    "mountains": (mountains, ()),
    "desert": (desert, ()),
    "snow_field": (snow_field, ("light",)),
    "corridor": (corridor, ()),
    "studio": (studio, ("plain",)),
    "white": (white, ("light", "plain")),
    "grey": (grey, ("grey", "plain")),
    "sunset": (sunset, ()),
    "pattern": (pattern, ()),
}
