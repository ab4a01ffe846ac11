"""Train places out of doors: open country under heaped clouds. Planes back to front."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from animelayers.samples.pen import Colour, mix
from animelayers.truth.places.painter import New, Painter

LEAVES: tuple[tuple[Colour, ...], ...] = (
    ((44, 92, 82), (70, 132, 84), (118, 170, 86), (176, 206, 104)),
    ((150, 88, 118), (206, 132, 158), (238, 176, 192), (252, 214, 220)),
    ((130, 70, 40), (190, 110, 50), (226, 160, 70), (246, 206, 110)),
)
DAY: tuple[Colour, Colour, Colour] = ((58, 136, 214), (132, 196, 238), (206, 234, 242))


def day(p: Painter, horizon: float, clouds: int = 4) -> None:
    """A blue sky down to `horizon` with heaped clouds."""
    p.sky([(0, DAY[0]), (0.7 * horizon, DAY[1]), (horizon, DAY[2]), (1, DAY[2])])
    for i in range(clouds):
        x = p.wide * (i + p.rng.uniform(0.1, 0.9)) / clouds
        p.cloud(
            float(x),
            float(p.rng.uniform(0.45, 0.95)) * horizon,
            float(p.rng.uniform(0.3, 0.6)),
            (255, 254, 250),
            (170, 200, 228),
        )


def _fringe(p: Painter, leaves: tuple[Colour, ...]) -> Painter:
    """A near plane: grass along the lower edge."""
    line = np.array([(-0.1, 0.94), (p.wide + 0.1, 0.95)])
    p.land(p.ridge(0.97, 0.02, 6), leaves[1], leaves[0])
    p.blades(line, leaves[:3], round(170 * p.wide), 0.12)
    return p


def sky(new: New) -> list[Painter]:
    """Heaped clouds on blue."""
    p = new()
    day(p, 1.0, 5)
    for i in range(4):
        p.cloud(
            p.wide * (i + 0.4) / 4,
            float(p.rng.uniform(0.8, 1.05)),
            float(p.rng.uniform(0.6, 0.9)),
            (255, 255, 255),
            (186, 210, 234),
        )
    return [p]


def meadow(new: New) -> list[Painter]:
    """Hills, a hedge, grass; a fringe of it near."""
    p, leaves = new(), LEAVES[0]
    day(p, 0.55)
    p.land(p.ridge(0.55, 0.07, 3), (124, 168, 160), (120, 176, 140))
    for x in np.arange(0.02, p.wide, 0.13):
        if p.rng.uniform() < 0.7:
            p.crown(
                float(x), 0.62 + float(p.rng.uniform(-0.02, 0.02)), float(p.rng.uniform(0.05, 0.09)), leaves
            )
    line = p.ridge(0.66, 0.03, 2)
    p.land(line, (150, 196, 96), (88, 146, 78))
    p.blades(line, ((96, 156, 74), (134, 184, 84), (176, 210, 108)), round(450 * p.wide))
    p.spots(
        np.stack([p.rng.uniform(0, p.wide, 60), p.rng.uniform(0.75, 1, 60)], 1),
        0.006,
        ((255, 250, 240), (250, 214, 110), (240, 150, 170)),
    )
    return [p, _fringe(new(), leaves)]


def forest(new: New) -> list[Painter]:
    """Trunks in the haze, trees, a branch overhead near."""
    far = new()
    leaves = far.pick(LEAVES)
    far.sky([(0, mix(leaves[2], (220, 240, 220), 0.5)), (0.6, (224, 238, 214)), (1, leaves[1])])
    for x in np.arange(0.05, far.wide, 0.16):
        far.trunk(
            float(x + far.rng.uniform(-0.04, 0.04)), 0.74, 0.8, 0.03, mix(leaves[0], (220, 236, 214), 0.55)
        )
    far.land(far.ridge(0.72, 0.02, 4), mix(leaves[2], (230, 240, 210), 0.3), leaves[0])
    middle = new()
    for i in range(round(2.2 * far.wide)):
        x = (i + float(middle.rng.uniform(0.2, 0.8))) / 2.2
        middle.trunk(x, 0.86 + float(middle.rng.uniform(-0.05, 0.05)), 0.9, 0.075, (104, 84, 84))
        middle.crown(x, 0.04, 0.26, leaves)
    near = new()
    for x in np.arange(0.0, near.wide, 0.3):
        near.crown(
            float(x),
            -0.06 + float(near.rng.uniform(-0.05, 0.05)),
            0.14,
            tuple(mix(c, (20, 30, 40), 0.4) for c in leaves),
        )
    return [far, middle, near]


def seaside(new: New) -> list[Painter]:
    """Sea, a beach, rocks near."""
    p = new()
    day(p, 0.48)
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
            [
                (x - s, 1.05),
                (x - s * 0.8, 1 - s * 0.5),
                (x - s * 0.2, 1 - s),
                (x + s * 0.5, 1 - s * 0.8),
                (x + s * 1.1, 1.05),
            ],
            (120, 112, 122),
            (80, 74, 90),
        )
    return [p, near]


def mountains(new: New) -> list[Painter]:
    """Three ranges with snow, a lake, firs near."""
    p = new()
    day(p, 0.6, 3)
    line = p.ridge(0.42, 0.22, 2.2, 1.0)
    p.land(line, (150, 168, 204), (176, 194, 214))
    high = np.flatnonzero(line[:, 1] < 0.36)
    for run in np.split(high, np.flatnonzero(np.diff(high) > 1) + 1):
        if len(run) > 2:
            top = line[run]
            deep = 0.36 - top[:, 1] + 0.02 * (np.arange(len(run)) % 2)
            p.fill(
                np.concatenate([top, np.stack([top[:, 0], top[:, 1] + np.clip(deep, 0, 0.08)], 1)[::-1]]),
                (246, 250, 255),
            )
    p.land(p.ridge(0.58, 0.1, 3, 0.7), (98, 130, 150), (110, 150, 140))
    p.box(-0.1, 0.72, p.wide + 0.1, 1.05, (110, 166, 196), (70, 120, 160))
    near = new()
    for x in np.arange(0, near.wide, 0.17):
        near.pine(
            float(x + near.rng.uniform(-0.05, 0.05)),
            1.04,
            float(near.rng.uniform(0.16, 0.3)),
            ((30, 66, 60), (44, 92, 76)),
        )
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
            np.stack(
                [line[:, 0], line[:, 1] + 0.03 + 0.05 * np.clip(np.sin(line[:, 0] * 4 + y * 9), 0, 1)], 1
            ),
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
            tall = float(p.rng.uniform(0.08, 0.16))
            p.trunk(float(x), 0.62, tall, 0.012, (170, 176, 190))
            for up, way in ((0.5, 1), (0.62, -1), (0.75, 1), (0.9, -1), (0.95, 0.5)):
                p.stroke(
                    [(x, 0.62 - up * tall), (x + way * 0.03, 0.6 - (up + 0.14) * tall)],
                    (170, 176, 190),
                    0.003,
                )
    p.land(p.ridge(0.66, 0.03, 2), (246, 248, 252), (252, 253, 255))
    p.land(p.ridge(0.86, 0.03, 2), (236, 240, 248), (250, 252, 255))
    return [p]


def sunset(new: New) -> list[Painter]:
    """A red sky, hills and a town as silhouettes."""
    p = new()
    p.sky([(0, (84, 60, 130)), (0.35, (214, 100, 110)), (0.62, (255, 180, 90)), (1, (255, 214, 140))])
    p.disc(p.wide * float(p.rng.uniform(0.25, 0.75)), 0.56, 0.09, (255, 244, 200))
    for i in range(4):
        p.cloud(
            p.wide * (i + 0.5) / 4,
            float(p.rng.uniform(0.18, 0.46)),
            float(p.rng.uniform(0.3, 0.6)),
            (255, 190, 150),
            (170, 90, 130),
        )
    p.land(p.ridge(0.66, 0.06, 3), (130, 64, 96), (110, 50, 84))
    near = new()
    near.land(near.ridge(0.84, 0.04, 2), (52, 28, 58), (36, 20, 44))
    for x in np.arange(0.1, near.wide, 0.5):
        near.tree(
            float(x + near.rng.uniform(-0.1, 0.1)),
            0.88,
            float(near.rng.uniform(0.2, 0.34)),
            (46, 24, 50),
            ((40, 22, 48), (52, 28, 54), (66, 34, 60)),
        )
    return [p, near]


SCENES: Mapping[str, tuple[Callable[[New], list[Painter]], tuple[str, ...]]] = {
    "sky": (sky, ("light",)),
    "meadow": (meadow, ("busy",)),
    "forest": (forest, ("busy",)),
    "seaside": (seaside, ()),
    "mountains": (mountains, ()),
    "desert": (desert, ()),
    "snow_field": (snow_field, ("light",)),
    "sunset": (sunset, ()),
}
