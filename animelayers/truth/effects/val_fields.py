"""What fills the frame, val designs: curtains of rain with rings where it strikes, crystals, falling leaves,
rolling puffs, motes, wind.
"""

from __future__ import annotations

import cv2
import numpy as np

from animelayers.truth.effects.density import drift, full
from animelayers.truth.effects.drawn import Design
from animelayers.truth.effects.mark import TAU, Mark, Stage, bow, disc, puff, ring, star, taper
from animelayers.truth.effects.render import Palette, veil

RAIN: tuple[Palette, ...] = (
    ((160, 196, 206), (204, 228, 234), (244, 252, 252)),
    ((140, 140, 176), (190, 190, 220), (236, 236, 252)),
)
SNOW: tuple[Palette, ...] = (
    ((190, 214, 230), (232, 242, 248), (255, 255, 255)),
    ((220, 206, 226), (242, 234, 246), (255, 252, 255)),
)
LEAF: tuple[Palette, ...] = (
    ((176, 70, 30), (226, 130, 40), (248, 196, 90)),
    ((80, 120, 50), (130, 170, 70), (196, 214, 120)),
    ((150, 40, 50), (206, 70, 60), (240, 140, 100)),
    ((200, 196, 190), (234, 232, 228), (255, 254, 250)),
)
CLOUD: tuple[Palette, ...] = (
    ((160, 172, 190), (206, 214, 226), (242, 246, 250)),
    ((92, 84, 92), (132, 124, 130), (176, 168, 172)),
    ((196, 160, 170), (226, 196, 202), (248, 230, 232)),
)
MOTE: tuple[Palette, ...] = (
    ((240, 220, 110), (250, 240, 170), (255, 255, 236)),
    ((140, 226, 170), (196, 246, 206), (244, 255, 246)),
    ((190, 160, 250), (222, 204, 255), (250, 246, 255)),
)
WIND: tuple[Palette, ...] = (
    ((240, 244, 250), (248, 250, 252), (255, 255, 255)),
    ((36, 30, 46), (50, 44, 60), (70, 62, 80)),
    ((255, 236, 190), (255, 244, 214), (255, 252, 240)),
)
BURN: tuple[Palette, ...] = (
    ((255, 190, 200), (255, 226, 226), (255, 252, 250)),
    ((170, 240, 220), (214, 250, 240), (250, 255, 252)),
    ((250, 210, 90), (255, 236, 170), (255, 254, 240)),
    ((170, 130, 250), (214, 196, 255), (250, 248, 255)),
)


def rain(stage: Stage) -> list[Mark]:
    """Short straight dashes in gusts, and rings with a hop of water where they strike."""
    rng, marks, lean = stage.rng, [], float(stage.rng.uniform(-0.12, 0.12))
    for count, length, width, laps, tone in ((120, 0.03, 0.002, 2, 0.25), (80, 0.055, 0.0035, 3, 0.75)):
        gust = rng.uniform(0, stage.wide, 9)
        x, y = gust[rng.integers(0, 9, count)] + rng.normal(0, 0.13, count), rng.uniform(0, 1, count)
        fall = ((y + laps * stage.t) % 1) * 1.2 - 0.1
        for i in range(count):
            path = np.array(
                [(x[i] + lean * fall[i], fall[i]), (x[i] + lean * (fall[i] + length), fall[i] + length)]
            )
            marks.append(stage.mark(path, tone, 0.75, max(width, 1.2 / stage.unit), line=False))
    x, y, start = rng.uniform(0, stage.wide, 26), rng.uniform(0.72, 1, 26), rng.uniform(0, 1, 26)
    for i in range(26):
        age = (start[i] + 4 * stage.t) % 1
        r = 0.008 + 0.03 * age * y[i]
        marks.append(
            stage.mark(
                ring(float(x[i]), float(y[i]), float(r), 0.3, 20), 1.0, 0.85 * (1 - age), 0.0022, line=False
            )
        )
        if age < 0.4:
            for side in (-1, 1):
                marks.append(
                    stage.mark(
                        disc(
                            float(x[i] + side * 0.03 * age), float(y[i] - 0.05 * age + 0.1 * age**2), 0.003, 8
                        ),
                        1.0,
                        line=False,
                    )
                )
    return marks


def _crystal(x: float, y: float, r: float, turn: float) -> list[np.ndarray]:
    arms = []
    for k in range(6):
        a = turn + TAU * k / 6
        tip = np.array([x + r * np.cos(a), y + r * np.sin(a)])
        arms.append(np.array([(x, y), tip]))
        knot = np.array([x, y]) + (tip - (x, y)) * 0.6
        arms.append(
            np.array(
                [
                    knot + 0.32 * r * np.array([np.cos(a + s), np.sin(a + s)]) if s else knot
                    for s in (0.9, 0, -0.9)
                ]
            )
        )
    return arms


def snow(stage: Stage) -> list[Mark]:
    """Driven flecks behind six-armed crystals that turn as they sink."""
    rng, marks, wind = stage.rng, [], int(stage.rng.integers(0, 2))
    x, y, r = rng.uniform(0, 1, 130), rng.uniform(0, 1, 130), rng.uniform(0.003, 0.008, 130)
    for i in range(130):
        at = (
            (x[i] + wind * stage.t + 0.01 * np.sin(TAU * 2 * stage.t + i)) % 1 * (stage.wide + 0.1) - 0.05,
            ((y[i] + 2 * stage.t) % 1) * 1.06 - 0.03,
        )
        marks.append(
            stage.mark(
                disc(float(at[0]), float(at[1]), max(float(r[i]), 1 / stage.unit), 7, 0.75),
                0.25,
                0.85,
                line=False,
            )
        )
    x, y, r, spin = (
        rng.uniform(0, 1, 16),
        rng.uniform(0, 1, 16),
        rng.uniform(0.014, 0.03, 16),
        rng.choice((-1, 1), 16),
    )
    for i in range(16):
        sway = 0.03 * np.sin(TAU * stage.t * 2 + i)
        at = (
            (x[i] + wind * stage.t) % 1 * (stage.wide + 0.1) - 0.05 + sway,
            ((y[i] + stage.t) % 1) * 1.1 - 0.05,
        )
        for arm in _crystal(float(at[0]), float(at[1]), float(r[i]), float(TAU / 6 * stage.t * spin[i] + i)):
            marks.append(stage.mark(arm, 1.0, 1.0, 0.0035, line=False))
    return marks


def petals(stage: Stage) -> list[Mark]:
    """Long leaves with a midrib, swinging from side to side in arcs as they fall."""
    rng, marks = stage.rng, []
    for count, size, laps, tone in ((20, 0.013, 1, 0.0), (12, 0.02, 1, 0.5), (6, 0.033, 2, 0.5)):
        x, y, phase = (
            rng.uniform(-0.05, stage.wide + 0.05, count),
            rng.uniform(0, 1, count),
            rng.uniform(0, TAU, count),
        )
        for i in range(count):
            swing = TAU * stage.t * 3 + phase[i]
            at = np.array(
                [
                    x[i] + 0.07 * np.sin(swing),
                    ((y[i] + laps * stage.t + 0.012 * np.cos(2 * swing)) % 1) * 1.14 - 0.07,
                ]
            )
            turn = 1.1 * np.cos(swing)
            c, s = np.cos(turn), np.sin(turn)
            way = np.array([c, s]) * size * 1.35
            belly = np.array([-s, c]) * size * 0.55 * (0.55 + 0.45 * abs(np.sin(swing + i)))
            outline = np.array(
                [
                    at - way,
                    at - way * 0.4 + belly,
                    at + way * 0.3 + belly * 0.9,
                    at + way,
                    at + way * 0.3 - belly * 0.9,
                    at - way * 0.4 - belly,
                ]
            )
            marks.append(stage.mark(outline, tone))
            marks.append(
                stage.mark(np.array([at - way * 0.9, at + way * 0.85]), 1.0, 1.0, size * 0.1, line=False)
            )
    return marks


def smoke(stage: Stage) -> np.ndarray | list[Mark]:
    """A bank of round puffs rolling past along the ground, the near ones quicker."""
    rng, marks = stage.rng, []
    way, deep = (1 if rng.uniform() < 0.5 else -1), float(rng.uniform(0.5, 0.8))
    for tone, laps, base, size, count in (
        (0.0, 1, deep - 0.14, 0.2, 11),
        (0.25, 1, deep, 0.22, 11),
        (0.5, 2, deep + 0.16, 0.27, 9),
    ):
        x, lift, r, turn = (
            rng.uniform(0, 1, count),
            rng.uniform(-0.05, 0.05, count),
            size * rng.uniform(0.7, 1.1, count),
            rng.uniform(0, TAU, count),
        )
        span = stage.wide + 1.2
        floor = np.array([(-1, base + 0.06), (stage.wide + 1, base + 0.06), (stage.wide + 1, 1.4), (-1, 1.4)])
        marks.append(stage.mark(floor, tone, 0.8, line=False))
        for i in range(count):
            at = (
                ((i + 0.6 * x[i]) / count + way * laps * stage.t) % 1 * span - 0.6,
                base + lift[i] + 0.015 * np.sin(TAU * 2 * stage.t + turn[i]),
            )
            marks.append(
                stage.mark(
                    puff(
                        float(at[0]),
                        float(at[1]),
                        float(r[i]),
                        5,
                        float(turn[i] + way * TAU / 5 * stage.t * 2),
                    ),
                    tone,
                    0.8,
                    line=False,
                )
            )
    return marks


def veils(stage: Stage) -> np.ndarray:
    """Veils of haze pulled out sideways, waving."""
    broad, fine = (
        veil((stage.size[0] // 3 + 8, stage.size[1]), 4, stage.seed + 1),
        veil((stage.size[0] // 2 + 8, stage.size[1]), 7, stage.seed + 2),
    )
    fine = cv2.resize(fine, broad.shape[::-1])
    body = (
        drift(broad, stage.t, 0.05 * np.sin(TAU * stage.t)) * 0.6
        + drift(fine, -stage.t, 0.1 * np.cos(TAU * stage.t)) * 0.4
    )
    middle, y = stage.rng.uniform(0.35, 0.85), np.linspace(0, 1, body.shape[0], dtype=np.float32)[:, None]
    return full((body - 0.5) * 1.2 + 0.75 - np.abs(y - middle) * 1.1, stage.size)


def sparkle(stage: Stage) -> list[Mark]:
    """Motes that wander upwards and blink, and thin crosses."""
    rng, marks = stage.rng, []
    x, y, r, phase = (
        rng.uniform(0, stage.wide, 60),
        rng.uniform(0, 1, 60),
        rng.uniform(0.003, 0.012, 60),
        rng.uniform(0, TAU, 60),
    )
    for i in range(60):
        at = (x[i] + 0.04 * np.sin(TAU * stage.t + phase[i]), 1.04 - (y[i] + stage.t) % 1 * 1.08)
        blink = 0.25 + 0.75 * np.sin(TAU * (1 + i % 3) * stage.t + phase[i]) ** 2
        marks.append(stage.mark(disc(float(at[0]), float(at[1]), float(r[i]), 14), 0.5, float(blink)))
        marks.append(stage.mark(disc(float(at[0]), float(at[1]), float(r[i] * 0.5), 10), 1.0, float(blink)))
    x, y, r = rng.uniform(0, stage.wide, 14), rng.uniform(0, 1, 14), rng.uniform(0.02, 0.045, 14)
    for i in range(14):
        long = r[i] * np.sin(TAU * stage.t + i) ** 2
        for way in ((1, 0), (0, 1), (0.4, 0.4), (0.4, -0.4)):
            arm = np.array(way) * long
            marks.append(
                stage.mark(np.array([(x[i], y[i])] * 2) + np.array([-arm, arm]), 1.0, 1.0, 0.003, line=False)
            )
    return marks


def speed_lines(stage: Stage) -> list[Mark]:
    """Streaks of wind all one way, thick and thin, a band in the middle kept free."""
    rng = np.random.default_rng([stage.seed, stage.k, 5])
    tilt, free, marks = float(stage.rng.uniform(-0.25, 0.25)), stage.rng.uniform(0.12, 0.24), []
    for _ in range(64):
        y = 0.5 + float(rng.choice((-1, 1))) * float(rng.uniform(free, 0.72))
        x, long = float(rng.uniform(-0.6, stage.wide)), float(rng.uniform(0.4, 1.6))
        path = np.array(
            [(x, y + tilt * (x / stage.wide - 0.5)), (x + long, y + tilt * ((x + long) / stage.wide - 0.5))]
        )
        width = float(rng.choice((0.003, 0.005, 0.012), p=(0.5, 0.3, 0.2)))
        marks.append(
            stage.mark(
                taper(np.linspace(path[0], path[1], 5), [0, width, 0]),
                float(rng.integers(0, 3)) / 2,
                0.9,
                line=False,
            )
        )
    return marks


def flash(stage: Stage) -> np.ndarray:
    """Light that bursts from a point until nothing else is there, and draws back to it, its colour outwards."""
    levels = (0.75, 1.3, 1.7, 1.3, 1.05, 0.85, 0.68, 0.5, 0.38, 0.26)
    high, wide = max(8, stage.size[1] // 8), max(8, stage.size[0] // 8)
    y, x = np.mgrid[:high, :wide].astype(np.float32) / high
    at = stage.rng.uniform((0.3 * stage.wide, 0.3), (0.7 * stage.wide, 0.6))
    away = np.hypot(x - at[0], y - at[1])
    return full(levels[min(stage.k, 9)] - 0.42 * away, stage.size)


def strike(stage: Stage) -> list[Mark]:
    """A jagged burst of light, a white drawing, two in black and white turned about, then rays that close."""
    a, marks = stage.rng.uniform(0, TAU), []
    at = stage.rng.uniform((0.35 * stage.wide, 0.35), (0.65 * stage.wide, 0.65))
    frame = np.array([(-0.1, -0.1), (stage.wide + 0.1, -0.1), (stage.wide + 0.1, 1.1), (-0.1, 1.1)])
    reach = (0.9, 0.0, 0.0, 1.3, 1.1, 0.8, 0.55, 0.3)[min(stage.k, 7)]
    if stage.k in (1, 2):
        return [stage.mark(frame, 1.0, line=False)]
    spikes = star(float(at[0]), float(at[1]), reach * stage.wide, reach * 0.3, 17, float(a + stage.k))
    if stage.k == 3:
        marks.append(stage.mark(frame, 0.0, line=False))
    marks.append(stage.mark(spikes, 1.0, 1.0 if stage.k < 5 else 0.8, line=False))
    return marks


def flare(stage: Stage) -> list[Mark]:
    """A chain of six-sided reflections of a lens, sliding along a line through the middle, with arcs."""
    rng, marks = stage.rng, []
    source = np.array([stage.wide * rng.uniform(0.05, 0.95), rng.uniform(0, 0.3)])
    source = source + 0.06 * np.array([np.sin(TAU * stage.t), np.cos(TAU * stage.t)])
    middle = np.array([stage.wide / 2, 0.5])
    for along, r, tone in zip(
        rng.uniform(0.2, 2.1, 9), rng.uniform(0.03, 0.13, 9), rng.integers(0, 3, 9) / 2, strict=True
    ):
        at = source + (middle - source) * along
        marks.append(stage.mark(disc(float(at[0]), float(at[1]), float(r), 6), float(tone), 0.34, line=False))
    for r in (0.1, 0.16, 0.25):
        marks.append(
            stage.mark(
                disc(float(source[0]), float(source[1]), r, 40),
                1.0,
                0.3 + 0.05 * float(np.sin(TAU * 2 * stage.t)),
                line=False,
            )
        )
    return [
        *marks,
        stage.mark(bow(float(middle[0]), float(middle[1]), 0.42, 0.4, 2.2, 0.05), 0.5, 0.3, line=False),
    ]


def leak(stage: Stage) -> np.ndarray:
    """Slanted bars of light through a window, swelling and sinking, sliding slowly."""
    high, wide = max(8, stage.size[1] // 6), max(8, stage.size[0] // 6)
    y, x = np.mgrid[:high, :wide].astype(np.float32) / high
    across = x + y * stage.rng.uniform(0.4, 0.9)
    body = np.zeros_like(across)
    for at, half in zip(
        stage.rng.uniform(0.2, stage.wide + 0.4, 4), stage.rng.uniform(0.05, 0.2, 4), strict=True
    ):
        sway = at + 0.08 * np.sin(TAU * stage.t + 9 * at)
        body += np.exp(-(((across - sway) / half) ** 4)) * (0.55 + 0.15 * np.sin(TAU * stage.t + 5 * at))
    return full(body * (1 - 0.45 * y), stage.size)


FIELDS: tuple[Design, ...] = (
    Design("rain", rain, RAIN, 24, field=True),
    Design("snow", snow, SNOW, 72, field=True),
    Design("petals", petals, LEAF, 72, field=True),
    Design("sparkle", sparkle, MOTE, 60, field=True),
    Design("speed_lines", speed_lines, WIND, 6, field=True),
)
INKED: tuple[Design, ...] = (
    Design("flash", strike, BURN, 8, loops=False, field=True),
    Design("smoke", smoke, CLOUD, 96, field=True),
    Design("bokeh", flare, MOTE, 60, field=True),
)
CHALKED: tuple[Design, ...] = (
    Design("flash", flash, BURN, 10, loops=False, field=True),
    Design("smoke", veils, CLOUD, 120, field=True),
    Design("light_leak", leak, MOTE, 72, field=True),
)
