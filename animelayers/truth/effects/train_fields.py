"""What fills the frame, train designs: slanting rain, round flakes, notched petals, drifting banks of mist,
glints, focus lines, flashes.
"""

from __future__ import annotations

import cv2
import numpy as np

from animelayers.truth.effects.density import drift, full
from animelayers.truth.effects.drawn import Design
from animelayers.truth.effects.mark import TAU, Mark, Stage, disc, glint, star, streak
from animelayers.truth.effects.render import Palette, veil

WATER: tuple[Palette, ...] = (
    ((150, 180, 214), (196, 218, 240), (240, 248, 255)),
    ((120, 150, 190), (170, 196, 224), (226, 238, 250)),
    ((190, 200, 208), (216, 224, 230), (250, 252, 255)),
)
SNOW: tuple[Palette, ...] = (
    ((206, 220, 240), (236, 242, 252), (255, 255, 255)),
    ((188, 198, 226), (226, 230, 246), (252, 252, 255)),
)
PETAL: tuple[Palette, ...] = (
    ((230, 140, 170), (248, 186, 204), (255, 232, 238)),
    ((236, 120, 130), (250, 170, 170), (255, 224, 214)),
    ((220, 200, 224), (240, 226, 242), (255, 250, 255)),
)
MIST: tuple[Palette, ...] = (
    ((176, 184, 196), (214, 220, 228), (244, 246, 248)),
    ((70, 66, 80), (110, 104, 118), (150, 146, 158)),
    ((150, 120, 170), (190, 160, 204), (226, 206, 234)),
    ((196, 180, 150), (222, 208, 180), (244, 236, 216)),
)
GLINT: tuple[Palette, ...] = (
    ((255, 190, 60), (255, 228, 130), (255, 252, 230)),
    ((120, 190, 255), (190, 226, 255), (250, 254, 255)),
    ((255, 130, 190), (255, 190, 222), (255, 244, 250)),
)
LINES: tuple[Palette, ...] = (
    ((255, 255, 255), (255, 255, 255), (255, 255, 255)),
    ((20, 18, 30), (26, 24, 36), (40, 38, 50)),
    ((190, 226, 255), (220, 240, 255), (250, 254, 255)),
)
FLASH: tuple[Palette, ...] = (
    ((255, 214, 130), (255, 240, 200), (255, 255, 255)),
    ((130, 180, 255), (200, 224, 255), (255, 255, 255)),
    ((255, 70, 60), (255, 150, 130), (255, 250, 246)),
    ((240, 240, 248), (250, 250, 252), (255, 255, 255)),
)


def rain(stage: Stage) -> list[Mark]:
    """Three depths of slanting streaks: the near ones long, quick and few."""
    rng, marks, slant = stage.rng, [], float(stage.rng.uniform(-0.28, 0.28))
    for count, length, width, laps, tone, strength in (
        (150, 0.05, 0.0022, 3, 0.0, 0.45),
        (70, 0.1, 0.0034, 4, 0.5, 0.6),
        (26, 0.2, 0.006, 6, 1.0, 0.8),
    ):
        x, y = rng.uniform(-0.3, stage.wide + 0.3, count), rng.uniform(0, 1, count)
        long = length * rng.uniform(0.7, 1.3, count)
        fall = ((y + laps * stage.t) % 1) * 1.5 - 0.3
        for i in range(count):
            tip = (float(x[i] + slant * fall[i]), float(fall[i]))
            tail = (tip[0] - slant * long[i], tip[1] - long[i])
            marks.append(
                stage.mark(streak(*tail, *tip, max(width, 1.6 / stage.unit), 0.8), tone, strength, line=False)
            )
    return marks


def snow(stage: Stage) -> list[Mark]:
    """Round flakes in three depths, swaying as they sink."""
    rng, marks = stage.rng, []
    for count, size, laps, tone, strength in (
        (110, 0.004, 1, 0.0, 0.7),
        (60, 0.008, 2, 0.5, 0.85),
        (20, 0.017, 3, 1.0, 1.0),
    ):
        x, y, phase = (
            rng.uniform(-0.1, stage.wide + 0.1, count),
            rng.uniform(0, 1, count),
            rng.uniform(0, TAU, count),
        )
        sway, r = rng.integers(1, 4, count), size * rng.uniform(0.6, 1.3, count)
        fall = ((y + laps * stage.t) % 1) * 1.1 - 0.05
        across = x + np.sin(TAU * stage.t * sway + phase) * size * 3
        for i in range(count):
            marks.append(
                stage.mark(
                    disc(float(across[i]), float(fall[i]), max(float(r[i]), 1 / stage.unit), 12),
                    tone,
                    strength,
                    line=bool(size > 0.01),
                )
            )
    return marks


def _petal(x: float, y: float, r: float, turn: float, flip: float) -> np.ndarray:
    outline = np.array(
        [
            (0, 1),
            (0.5, 0.5),
            (0.62, -0.1),
            (0.42, -0.75),
            (0.2, -0.95),
            (0, -0.7),
            (-0.2, -0.95),
            (-0.42, -0.75),
            (-0.62, -0.1),
            (-0.5, 0.5),
        ]
    )
    outline = outline * (flip, 1)
    c, s = np.cos(turn), np.sin(turn)
    turned: np.ndarray = outline @ np.array([[c, s], [-s, c]]) * r + (x, y)
    return turned


def petals(stage: Stage) -> list[Mark]:
    """Notched cherry petals that tumble on a side wind."""
    rng, marks = stage.rng, []
    wind = 1 if rng.uniform() < 0.5 else -1
    for count, size, laps, across_laps in ((44, 0.010, 1, 1), (22, 0.017, 2, 1), (7, 0.034, 2, 2)):
        x, y, phase = rng.uniform(0, 1, count), rng.uniform(0, 1, count), rng.uniform(0, TAU, count)
        spin, r = rng.integers(1, 4, count), size * rng.uniform(0.75, 1.2, count)
        wide = stage.wide + 0.2
        for i in range(count):
            turn = TAU * stage.t * spin[i] + phase[i]
            px = ((x[i] + wind * across_laps * stage.t + 0.03 * np.sin(turn)) % 1) * wide - 0.1
            py = ((y[i] + laps * stage.t) % 1) * 1.12 - 0.06
            flip = float(np.cos(turn + phase[i]))
            flip = float(np.sign(flip) or 1) * max(abs(flip), 0.18)
            tone = 1.0 if flip > 0.55 else 0.5 if flip > -0.2 else 0.0
            marks.append(
                stage.mark(_petal(float(px), float(py), float(r[i]), float(turn * 0.5 * 2), flip), tone)
            )
    return marks


def smoke(stage: Stage) -> np.ndarray:
    """Banks of mist sliding over each other, thicker below."""
    near, far, slow = (veil(stage.size, cells, stage.seed + cells) for cells in (2, 3, 5))
    body = (
        drift(near, stage.t, 0.04 * np.sin(TAU * stage.t)) * 0.5
        + drift(far, -stage.t, 0) * 0.28
        + drift(slow, 2 * stage.t, -stage.t) * 0.22
    )
    lean = float(stage.rng.uniform(0.1, 0.45))
    height = np.linspace(-lean, lean, body.shape[0], dtype=np.float32)[:, None]
    return full((body - 0.5) * 1.35 + 0.5 + height, stage.size)


def sparkle(stage: Stage) -> list[Mark]:
    """Glints that open and close, and dust between them that rises."""
    rng, marks = stage.rng, []
    for count, size in ((70, 0.004), (26, 0.03), (8, 0.065)):
        x, y, phase = rng.uniform(0, stage.wide, count), rng.uniform(0, 1, count), rng.uniform(0, 1, count)
        beat, r = rng.integers(1, 4, count), size * rng.uniform(0.6, 1.2, count)
        for i in range(count):
            open_ = float(np.sin(np.pi * ((stage.t * beat[i] + phase[i]) % 1)) ** 2)
            if size < 0.01:
                marks.append(
                    stage.mark(
                        disc(float(x[i]), float((y[i] - stage.t) % 1), float(r[i]) * (0.4 + open_), 10),
                        0.5,
                        line=False,
                    )
                )
            elif open_ > 0.06:
                marks.append(stage.mark(glint(float(x[i]), float(y[i]), float(r[i]) * open_), 0.5))
                marks.append(stage.mark(glint(float(x[i]), float(y[i]), float(r[i]) * open_ * 0.55), 1.0))
    return marks


def speed_lines(stage: Stage) -> list[Mark]:
    """Focus lines: wedges closing in on a middle, drawn anew every drawing."""
    rng = np.random.default_rng([stage.seed, stage.k, 5])
    middle = np.array([stage.wide * stage.rng.uniform(0.4, 0.6), stage.rng.uniform(0.4, 0.6)])
    free, marks = stage.rng.uniform(0.3, 0.45), []
    for angle in np.linspace(0, TAU, 90, endpoint=False) + rng.uniform(-0.05, 0.05, 90):
        ray, side = np.array([np.cos(angle) * 1.25, np.sin(angle)]), np.array([-np.sin(angle), np.cos(angle)])
        tip, edge = middle + ray * free * rng.uniform(0.9, 1.5), middle + ray * (stage.wide + 1)
        half = side * rng.uniform(0.004, 0.03) * (stage.wide + 1)
        marks.append(
            stage.mark(
                np.stack([tip, edge + half, edge - half]), float(rng.integers(0, 3)) / 2, 0.92, line=False
            )
        )
    return marks


def flash(stage: Stage) -> list[Mark]:
    """A white frame or two, then an afterglow in its colour that sinks evenly."""
    frame = np.array([(-0.1, -0.1), (stage.wide + 0.1, -0.1), (stage.wide + 0.1, 1.1), (-0.1, 1.1)])
    strength = (0.7, 1.0, 1.0, 0.78, 0.58, 0.4, 0.26, 0.14)[min(stage.k, 7)]
    tone = (1.0, 1.0, 1.0, 0.5, 0.5, 0.0, 0.0, 0.0)[min(stage.k, 7)]
    return [stage.mark(frame, tone, strength, line=False)]


def bokeh(stage: Stage) -> list[Mark]:
    """Discs of light out of focus, breathing and drifting."""
    rng, marks = stage.rng, []
    count = 26
    x, y, phase = rng.uniform(0, stage.wide, count), rng.uniform(0, 1, count), rng.uniform(0, TAU, count)
    r, tone, sides = (
        rng.uniform(0.03, 0.12, count),
        rng.uniform(0, 1, count),
        6 if rng.uniform() < 0.4 else 24,
    )
    for i in range(count):
        at = (
            float(x[i] + 0.04 * np.sin(TAU * stage.t + phase[i])),
            float(y[i] + 0.03 * np.cos(TAU * stage.t + phase[i])),
        )
        strength = float(0.28 + 0.2 * np.sin(TAU * stage.t * 2 + 2 * phase[i]))
        shape = (
            star(*at, float(r[i]), float(r[i]) * 0.866, 6, 0.3) if sides == 6 else disc(*at, float(r[i]), 32)
        )
        marks.append(stage.mark(shape, round(float(tone[i]) * 2) / 2, strength, line=False))
    return marks


def blur(stage: Stage) -> np.ndarray:
    """A density of light leaking in from one side, wandering."""
    small = np.zeros((max(8, stage.size[1] // 8), max(8, stage.size[0] // 8)), np.float32)
    high, wide = small.shape
    side = 0.0 if stage.rng.uniform() < 0.5 else 1.0
    for r in stage.rng.uniform(0.25, 0.6, 3):
        y, phase = stage.rng.uniform(0.1, 0.9), stage.rng.uniform(0, TAU)
        at = (
            round(wide * (side + 0.08 * np.sin(TAU * stage.t + phase))),
            round(high * (y + 0.12 * np.cos(TAU * stage.t + phase))),
        )
        cv2.circle(small, at, round(float(r) * high), 1.0, -1, cv2.LINE_AA)
    return full(cv2.GaussianBlur(small, (0, 0), high / 6) * 0.72, stage.size)


FIELDS: tuple[Design, ...] = (
    Design("rain", rain, WATER, 24, field=True),
    Design("snow", snow, SNOW, 96, field=True),
    Design("petals", petals, PETAL, 96, field=True),
    Design("smoke", smoke, MIST, 144, field=True),
    Design("sparkle", sparkle, GLINT, 48, field=True),
    Design("speed_lines", speed_lines, LINES, 6, field=True),
    Design("bokeh", bokeh, GLINT, 72, field=True),
    Design("flash", flash, FLASH, 8, loops=False, field=True),
)
LEAK = Design("light_leak", blur, GLINT, 72, field=True)
