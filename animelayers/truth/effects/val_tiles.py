"""Flames, auras, beams and other standing effects, val designs."""

from __future__ import annotations

import numpy as np

from animelayers.samples.pen import spline
from animelayers.truth.effects.drawn import Design
from animelayers.truth.effects.mark import TAU, Mark, Stage, bow, disc, ring, star, taper
from animelayers.truth.effects.render import Palette

BLAZE: tuple[Palette, ...] = (
    ((236, 90, 50), (252, 176, 70), (255, 244, 190)),
    ((206, 50, 90), (246, 120, 130), (255, 220, 210)),
    ((60, 150, 140), (120, 216, 190), (232, 255, 240)),
)
MAGIC: tuple[Palette, ...] = (
    ((110, 120, 230), (170, 190, 250), (244, 246, 255)),
    ((230, 130, 170), (250, 190, 206), (255, 246, 244)),
    ((220, 180, 60), (246, 224, 130), (255, 254, 230)),
    ((70, 180, 190), (150, 226, 226), (244, 255, 255)),
)
FUME: tuple[Palette, ...] = (
    ((150, 156, 170), (196, 202, 212), (238, 240, 244)),
    ((86, 80, 96), (126, 120, 134), (170, 164, 176)),
    ((190, 150, 190), (222, 190, 220), (246, 228, 242)),
)


def _lick(x: float, y: float, tall: float, wide: float, wave: float, phase: float) -> np.ndarray:
    """A flame whose spine is an S running upwards, with a hooked tip (2N, 2)."""
    s = np.linspace(0, 1, 12)
    spine = np.stack([x + wave * s * np.sin(4.2 * s - phase), y - tall * s], 1)
    width = wide * (np.sin(np.pi * np.clip(s * 0.82 + 0.18, 0, 1)) ** 0.8) * (1 - s) ** 0.35
    half = np.stack([width / 2, np.zeros_like(width)], 1)
    return np.concatenate([spine - half, (spine + half)[::-1]])


def fire(stage: Stage) -> list[Mark]:
    """Licks that wave upwards out of one bed, and loose pieces that tear off and shrink."""
    rng, marks, foot = stage.rng, [], stage.high * 0.9
    n = 5
    place, phase, reach = (
        np.linspace(-0.5, 0.5, n) * stage.wide,
        rng.uniform(0, TAU, n),
        rng.uniform(0.8, 1.05, n),
    )
    start, side = rng.uniform(0, 1, 7), rng.uniform(-0.5, 0.5, 7) * stage.wide
    for tone, share in ((0.0, 1.0), (0.5, 0.7), (1.0, 0.42)):
        bed = disc(
            0,
            foot - 0.05 * stage.high,
            0.72 * stage.wide * (0.35 + 0.65 * share),
            32,
            0.16 * stage.high / stage.wide,
        )
        marks.append(stage.mark(bed, tone))
        for i in range(n):
            beat = TAU * stage.t * 2 + phase[i]
            tall = (
                stage.high
                * 1.55
                * reach[i]
                * (1 - 0.5 * abs(2 * i / (n - 1) - 1) ** 1.3)
                * (0.9 + 0.1 * np.sin(beat))
                * share
            )
            marks.append(
                stage.mark(
                    _lick(
                        float(place[i] * (0.5 + 0.5 * share)),
                        foot,
                        float(tall),
                        0.5 * stage.wide * share,
                        0.2 * share,
                        float(beat),
                    ),
                    tone,
                )
            )
    for i in range(7):
        up = (start[i] + 2 * stage.t) % 1
        r, y = 0.15 * (1 - up) * min(1.0, up * 5), foot - stage.high * (0.5 + 1.15 * up)
        if r > 0.02:
            marks.append(
                stage.mark(
                    _lick(
                        float(side[i] * (1 - 0.4 * up)),
                        float(y),
                        float(r * 2.2),
                        float(r),
                        float(r),
                        float(TAU * 2 * stage.t + i),
                    ),
                    0.0 if i % 2 else 0.5,
                )
            )
    return marks


def aura(stage: Stage) -> list[Mark]:
    """Waving shells one in another, open in the middle, whose crests climb, and short strokes that rise past
    them.
    """
    marks, n = [], 72
    a = np.linspace(0, TAU, n, endpoint=False)
    shape = np.stack([np.cos(a) * 0.78 * stage.wide, np.sin(a) * 0.84 * stage.high], 1)
    for tone, share, strength in ((0.0, 1.0, 0.6), (0.5, 0.86, 0.75), (1.0, 0.74, 0.85)):
        wave = (
            1
            + 0.055 * np.sin(9 * a + TAU * 2 * stage.t * np.sign(np.cos(a)))
            + 0.04 * np.sin(5 * a - TAU * stage.t)
        )
        outer = shape * (share * wave)[:, None]
        outer[:, 1] -= 0.06 * stage.high * np.clip(-np.sin(a), 0, 1) * np.abs(np.sin(7 * a))
        marks.append(stage.mark(outer, tone, strength, hole=outer * 0.84))
    x, start = stage.rng.uniform(-0.8, 0.8, 12) * stage.wide, stage.rng.uniform(0, 1, 12)
    for i in range(12):
        up = (start[i] + 2 * stage.t) % 1
        y, long = stage.high * (0.8 - 1.6 * up), 0.22 * np.sin(np.pi * up)
        if long > 0.03:
            marks.append(
                stage.mark(
                    taper(np.linspace((x[i], y + long / 2), (x[i], y - long / 2), 5), [0, 0.035, 0]),
                    1.0,
                    line=False,
                )
            )
    return marks


def beam(stage: Stage) -> list[Mark]:
    """A straight shaft with two strands wound round it, rings sliding along, out of a ball."""
    marks, n = [], 60
    s = np.linspace(0, 1, n)
    x = (-0.72 + 1.6 * s) * stage.wide
    swell = np.sqrt(np.clip(np.minimum(s / 0.08, (1 - s) / 0.06), 0, 1))
    for tone, half in ((0.0, 0.26), (0.5, 0.18), (1.0, 0.09)):
        y = half * stage.high * swell
        marks.append(stage.mark(np.concatenate([np.stack([x, y], 1), np.stack([x, -y], 1)[::-1]]), tone))
    for side in (1, -1):
        y = side * 0.36 * stage.high * np.sin(TAU * (3 * s - 2 * stage.t)) * swell
        marks.append(stage.mark(taper(np.stack([x, y], 1), [0.0, 0.07, 0.05, 0.07, 0.0]), 0.75, line=False))
    for i in range(3):
        at = (i / 3 + stage.t) % 1
        tall = 0.62 * stage.high * np.sin(np.pi * at) ** 0.5
        if tall > 0.1:
            hoop = ring(float((-0.5 + 1.2 * at) * stage.wide), 0, float(tall * 0.22), 1 / 0.22)
            marks.append(stage.mark(hoop, 1.0, 0.85, 0.03, line=False))
    r = min(0.22 * stage.wide, 0.6 * stage.high) * (1 + 0.06 * np.sin(TAU * 2 * stage.t))
    for tone, share in ((0.0, 1.0), (0.5, 0.75), (1.0, 0.45)):
        marks.append(stage.mark(disc(-0.68 * stage.wide, 0, float(r * share), 32), tone))
    return marks


def lightning(stage: Stage) -> list[Mark]:
    """Arcs that crackle out of a small core to all sides, hard-cornered, drawn anew every other drawing."""
    rng = np.random.default_rng([stage.seed, stage.k // 2])
    n, paths, marks = int(stage.rng.integers(4, 7)), [], []
    for i in range(n):
        a, far = TAU * (i + rng.uniform(-0.3, 0.3)) / n, rng.uniform(0.55, 0.92)
        knots = np.linspace(0, 1, 8)[:, None] * far
        # A step to the left, one to the right: corners, where a bolt from the sky bends.
        jag = np.r_[0, rng.uniform(0.05, 0.15, 6) * np.where(np.arange(6) % 2 == 0, 1, -1), 0][:, None]
        c, s = np.cos(a), np.sin(a)
        path = (knots * (c, s) + jag * (-s, c)) * (stage.wide, stage.high)
        paths.append(
            np.clip(path, [-0.93 * stage.wide, -0.93 * stage.high], [0.93 * stage.wide, 0.93 * stage.high])
        )
        twig = rng.integers(2, 6)
        paths.append(
            path[twig]
            + np.array(
                [(0, 0), (0.12 * c - 0.08 * s, 0.12 * s + 0.08 * c), (0.2 * c - 0.22 * s, 0.2 * s + 0.22 * c)]
            )
            * 0.8
        )
    for tone, w in ((0.0, 0.075), (0.5, 0.048), (1.0, 0.022)):
        for i, path in enumerate(paths):
            thick = w if i % 2 == 0 else w * 0.55
            marks.append(
                stage.mark(
                    np.clip(
                        taper(path, [thick, thick * 0.8, 0.006]),
                        -0.95 * max(stage.wide, stage.high),
                        0.95 * max(stage.wide, stage.high),
                    ),
                    tone,
                    line=False,
                )
            )
        marks.append(
            stage.mark(star(0, 0, w * 2.4, w * 1.2, 6, float(rng.uniform(0, TAU))), tone, line=False)
        )
    return marks


def magic_circle(stage: Stage) -> list[Mark]:
    """A seal seen aslant on the ground: a toothed rim, two squares that turn against each other, petals,
    rising motes.
    """
    rng, marks = stage.rng, []
    squash = float(rng.uniform(0.32, 0.6)) * min(1.0, stage.high)
    base, turn, teeth = stage.high * 0.3, TAU * stage.t, int(rng.integers(16, 25))

    def lay(points: np.ndarray) -> np.ndarray:
        return points * (1, squash) + (0, base)

    angle = turn / teeth * 2 + np.repeat(np.arange(teeth * 2) * np.pi / teeth, 2)
    reach = np.where((np.arange(teeth * 4) // 2) % 2 == 0, 0.94, 0.86)[np.r_[1 : teeth * 4, 0]]
    rim = np.stack([reach * np.cos(angle), reach * np.sin(angle)], 1)
    marks.append(stage.mark(lay(rim), 0.5, hole=lay(disc(0, 0, 0.8, 64)), line=False))
    for way, r in ((1, 0.78), (-1, 0.66)):
        square = disc(0, 0, r, 4)
        a = way * turn / 4
        c, s = np.cos(a), np.sin(a)
        square = square @ np.array([[c, s], [-s, c]])
        marks.append(stage.mark(lay(np.concatenate([square, square[:1]])), 1.0, width=0.022, line=False))
    for k in range(8):
        a = -turn / 8 + TAU * k / 8
        petal = spline([(0.1, 0.0), (0.25, 0.08), (0.42, 0.0), (0.42, 0.0), (0.25, -0.08)], steps=4)
        c, s = np.cos(a), np.sin(a)
        petal = petal @ np.array([[c, s], [-s, c]])
        marks.append(stage.mark(lay(np.concatenate([petal, petal[:1]])), 0.5, width=0.014, line=False))
    for i, (x, start) in enumerate(zip(rng.uniform(-0.75, 0.75, 10), rng.uniform(0, 1, 10), strict=True)):
        up = (start + 3 * stage.t) % 1
        marks.append(
            stage.mark(
                disc(
                    float(x),
                    float(base - up * (0.85 * stage.high)),
                    0.028 * float(np.sin(np.pi * up)) + 0.004,
                    10,
                ),
                1.0 if i % 2 else 0.5,
                line=False,
            )
        )
    return marks


def orb(stage: Stage) -> list[Mark]:
    """A ball with crescents that turn round it and a tail of licks waving upwards."""
    marks, r = [], 0.5
    for tone, share in ((0.0, 1.0), (0.5, 0.72)):
        for side in (-0.28, 0.0, 0.28):
            beat = TAU * stage.t * 2 + side * 9
            tall = (1.08 if side == 0 else 0.88) * share
            marks.append(stage.mark(_lick(side * share, 0.2, tall, 0.42 * share, 0.16, beat), tone))
        marks.append(stage.mark(disc(0, 0.22, r * share, 36), tone))
    marks.append(stage.mark(disc(0, 0.26, 0.2 + 0.02 * float(np.sin(TAU * 3 * stage.t)), 28), 1.0))
    for i in range(3):
        a = TAU * (stage.t + i / 3)
        marks.append(stage.mark(bow(0, 0.22, 0.58 + 0.04 * i, a, a + 1.3, 0.05), 0.75, line=False))
    return marks


def plume(stage: Stage) -> list[Mark]:
    """A ribbon of smoke winding upwards in widening curves, torn open higher up, a light along its fold."""
    rng, marks = stage.rng, []
    phase, s = rng.uniform(0, TAU), np.linspace(0, 1, 40)
    for tone, strength, wide, lag in ((0.0, 0.7, 0.5, 0.0), (0.5, 0.8, 0.3, 0.06), (1.0, 0.85, 0.1, 0.12)):
        sway = (0.03 + 0.34 * s**1.3) * np.sin(TAU * (1.15 * s - stage.t) + phase - lag * 3)
        spine = np.stack([sway, stage.high * (0.9 - (1.72 - lag) * s)], 1)
        marks.append(
            stage.mark(
                taper(spine, [w * wide for w in (0.16, 0.4, 0.75, 1.05, 1.0, 0.0)]),
                tone,
                strength,
                line=False,
            )
        )
    for i, at in enumerate((0.55, 0.72, 0.86)):
        up = (at + stage.t) % 1
        x, y, r = (
            0.5 * np.sin(TAU * (1.15 * up - stage.t) + phase + 2.2),
            stage.high * (0.7 - 1.4 * up),
            0.1 * np.sin(np.pi * up),
        )
        if r > 0.02:
            curl = bow(
                float(x), float(y), float(r), TAU * stage.t + i, TAU * stage.t + i + 4.2, float(0.6 * r)
            )
            marks.append(stage.mark(curl, 0.25, 0.7, line=False))
    return marks


def rays(stage: Stage) -> list[Mark]:
    """A flower of light: leaf-shaped beams round a ring, opening and closing in turn."""
    marks = []
    for i in range(12):
        a = TAU * (i / 12 + stage.t / 6)
        long = 0.72 + 0.2 * np.sin(TAU * stage.t * 2 + i * np.pi)
        c, s = np.cos(a), np.sin(a)
        leaf = np.array([(0.24, 0), (0.5, 0.07), (long, 0), (0.5, -0.07)]) @ np.array([[c, s], [-s, c]])
        marks.append(stage.mark(leaf, 0.5 if i % 2 else 0.0, 0.85))
    return [*marks, stage.mark(disc(0, 0, 0.2, 32), 1.0, hole=disc(0, 0, 0.13, 32), line=False)]


TILES: tuple[Design, ...] = (
    Design("fire", fire, BLAZE, 24, anchor=(0.5, 0.9)),
    Design("aura", aura, MAGIC, 24),
    Design("beam", beam, MAGIC, 12, anchor=(0.17, 0.5)),
    Design("lightning", lightning, MAGIC, 8),
    Design("magic_circle", magic_circle, MAGIC, 96, anchor=(0.5, 0.64)),
    Design("orb", orb, MAGIC, 36, anchor=(0.5, 0.6)),
    Design("plume", plume, FUME, 60, anchor=(0.5, 0.92)),
    Design("rays", rays, MAGIC, 48),
)
