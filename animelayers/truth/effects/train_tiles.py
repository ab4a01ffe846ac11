"""Flames, auras, beams and other standing effects, train designs."""

from __future__ import annotations

import numpy as np

from animelayers.truth.effects.drawn import Design
from animelayers.truth.effects.mark import (
    TAU,
    Mark,
    Stage,
    bow,
    disc,
    glint,
    puff,
    ring,
    star,
    streak,
    taper,
    tongue,
    zigzag,
)
from animelayers.truth.effects.render import Palette

FIRE: tuple[Palette, ...] = (
    ((224, 52, 20), (255, 140, 30), (255, 236, 130)),
    ((190, 30, 40), (250, 96, 40), (255, 206, 110)),
    ((40, 80, 220), (70, 170, 250), (214, 244, 255)),
    ((110, 40, 180), (190, 90, 240), (244, 214, 255)),
)
ENERGY: tuple[Palette, ...] = (
    ((50, 110, 255), (110, 200, 255), (240, 255, 255)),
    ((255, 150, 30), (255, 214, 90), (255, 253, 220)),
    ((190, 40, 220), (240, 120, 250), (255, 232, 255)),
    ((30, 180, 110), (110, 236, 160), (236, 255, 240)),
    ((230, 30, 50), (255, 110, 110), (255, 236, 230)),
)
SMOKE: tuple[Palette, ...] = (
    ((120, 116, 130), (176, 172, 184), (226, 224, 230)),
    ((54, 50, 62), (92, 86, 100), (140, 134, 146)),
    ((150, 132, 112), (198, 180, 156), (236, 224, 204)),
)


def fire(stage: Stage) -> list[Mark]:
    """Teardrop flames side by side, each licking in its own time, three tones inside each other, and embers."""
    rng, marks = stage.rng, []
    places = np.linspace(-0.62, 0.62, 7) * stage.wide + rng.uniform(-0.05, 0.05, 7)
    phase, reach = rng.uniform(0, TAU, 7), rng.uniform(0.75, 1.0, 7)
    foot = stage.high * 0.96
    for tone, share in ((0.0, 1.0), (0.5, 0.68), (1.0, 0.38)):
        for i, x in enumerate(places):
            beat = TAU * stage.t * (2 if i % 2 else 3) + phase[i]
            tall = (
                stage.high
                * 1.8
                * reach[i]
                * (1 - 0.5 * abs(i - 3) / 3)
                * (0.82 + 0.16 * np.sin(beat))
                * share
            )
            lean = 0.16 * np.sin(beat * 1.0 + 1.3) * share
            base = foot - 0.12 * stage.high * abs(i - 3) / 3
            marks.append(
                stage.mark(
                    tongue(
                        float(x),
                        base,
                        float(tall),
                        0.46 * stage.wide * (0.4 + 0.6 * share),
                        float(lean),
                        float(lean * 0.8),
                    ),
                    tone,
                )
            )
    x, start, size = rng.uniform(-0.5, 0.5, 9) * stage.wide, rng.uniform(0, 1, 9), rng.uniform(0.02, 0.05, 9)
    for i in range(9):
        up = (start[i] + 2 * stage.t) % 1
        at = (float(x[i] + 0.1 * np.sin(TAU * 2 * stage.t + i)), float(foot - up * stage.high * 1.8))
        marks.append(
            stage.mark(
                streak(
                    at[0], at[1] + size[i] * 2, at[0], at[1] - size[i] * 2, float(size[i] * 1.6 * (1 - up))
                ),
                0.5,
                line=False,
            )
        )
    return marks


def aura(stage: Stage) -> list[Mark]:
    """Tongues standing round a figure's outline, open in the middle, and sparks that rise."""
    rng, marks = stage.rng, []
    tongues = 15
    phase, foot = rng.uniform(0, TAU, tongues), stage.high * 0.94
    for tone, share in ((0.0, 1.0), (0.5, 0.72), (1.0, 0.4)):
        for i in range(tongues):
            side = -1 + 2 * i / (tongues - 1)
            beat = TAU * stage.t * (2 + i % 2) + phase[i]
            tall = (
                (1.85 - 0.95 * abs(side)) * stage.high * (0.88 + 0.08 * np.sin(beat)) * (0.45 + 0.55 * share)
            )
            at = side * stage.wide * 0.7
            lean = side * 0.1 * stage.wide + 0.07 * np.sin(beat + 1)
            strength = 0.35 + 0.6 * abs(side) if tone < 1 else 0.2 + 0.75 * abs(side)
            marks.append(
                stage.mark(
                    tongue(float(at), foot, float(tall), 0.22 * stage.wide * share, float(lean)),
                    tone,
                    float(strength),
                )
            )
    x, start = rng.uniform(-0.8, 0.8, 16) * stage.wide, rng.uniform(0, 1, 16)
    for i in range(16):
        up = (start[i] + 3 * stage.t) % 1
        marks.append(
            stage.mark(
                glint(float(x[i]), float(foot - 1.8 * stage.high * up), 0.05 * float(np.sin(np.pi * up))),
                1.0,
                line=False,
            )
        )
    return marks


def beam(stage: Stage) -> list[Mark]:
    """A bar of light from a bloom at the left, its edges rippling outwards, pointed at the far end."""
    n, marks = 40, []
    s = np.linspace(0, 1, n)
    x = (-0.78 + 1.7 * s) * stage.wide
    for tone, half in ((0.0, 0.42), (0.5, 0.29), (1.0, 0.15)):
        ripple = 1 + 0.16 * np.sin(TAU * (5 * s - 2 * stage.t)) + 0.08 * np.sin(TAU * (11 * s - 3 * stage.t))
        # It swells over the first tenth and runs out over the last fifth.
        body = (
            np.minimum(1, s / 0.1) ** 0.5 * np.minimum(1, (1 - s) / 0.2) ** 0.6 * half * stage.high * ripple
        )
        marks.append(
            stage.mark(np.concatenate([np.stack([x, body], 1), np.stack([x, -body], 1)[::-1]]), tone)
        )
    for tone, r in ((0.5, 0.62), (1.0, 0.36)):
        r *= min(stage.high, 0.44 * stage.wide) * (1 + 0.08 * np.sin(TAU * 3 * stage.t))
        marks.append(stage.mark(star(-0.72 * stage.wide, 0, r, r * 0.5, 8, TAU * stage.t / 4), tone))
    return marks


def lightning(stage: Stage) -> list[Mark]:
    """A forked bolt from above, drawn anew every other drawing, with drawings in which it is thin."""
    rng = np.random.default_rng([stage.seed, stage.k // 2])
    top, foot = (
        (float(rng.uniform(-0.3, 0.3)) * stage.wide, -0.94 * stage.high),
        (float(rng.uniform(-0.4, 0.4)) * stage.wide, 0.92 * stage.high),
    )
    path = np.clip(
        zigzag(top, foot, rng, 0.2),
        [-0.9 * stage.wide, -0.95 * stage.high],
        [0.9 * stage.wide, 0.95 * stage.high],
    )
    paths = [(path, 1.0)]
    for at in rng.choice(np.arange(5, 24), 3, replace=False):
        start = path[at]
        end = start + (path[-1] - start) * 0.6 + (rng.uniform(-0.6, 0.6) * stage.wide, 0)
        branch = zigzag(tuple(start), tuple(np.clip(end, -0.9, 0.9) * (1, 1)), rng, 0.22, 4)
        paths.append(
            (
                np.clip(
                    branch, [-0.9 * stage.wide, -0.95 * stage.high], [0.9 * stage.wide, 0.95 * stage.high]
                ),
                0.55,
            )
        )
    thick = (1.0, 0.85, 0.55, 0.9)[stage.k % 4]
    return [
        stage.mark(taper(p, [0.02, w * share * thick, w * share * thick * 0.7, 0.012]), tone, line=False)
        for tone, w in ((0.0, 0.13), (0.5, 0.085), (1.0, 0.045))
        for p, share in paths
    ]


def magic_circle(stage: Stage) -> list[Mark]:
    """Rings, a six-pointed star and signs between them, the two turning against each other."""
    rng = stage.rng
    turn, signs = TAU * stage.t, int(rng.integers(8, 15))
    marks = [
        stage.mark(ring(0, 0, r, n=72), tone, width=w, line=False)
        for r, w, tone in ((0.93, 0.03, 0.5), (0.74, 0.018, 0.5), (0.3, 0.02, 0.5))
    ]
    points = int(rng.choice((5, 6, 7)))
    for k in range(points):
        a, b = turn / points + TAU * k / points, turn / points + TAU * (k + 2) / points
        marks.append(
            stage.mark(
                0.73 * np.array([(np.cos(a), np.sin(a)), (np.cos(b), np.sin(b))]), 1.0, width=0.02, line=False
            )
        )
    shapes = rng.uniform(-1, 1, (signs, 4, 2)) * 0.06
    for k in range(signs):
        a = -turn * 2 / signs + TAU * k / signs
        c, s = np.cos(a + np.pi / 2), np.sin(a + np.pi / 2)
        sign = shapes[k] @ np.array([[c, s], [-s, c]]) + 0.835 * np.array([np.cos(a), np.sin(a)])
        marks.append(stage.mark(sign, 1.0, width=0.02, line=False))
    for k in range(3):
        a = -turn / 3 + TAU * k / 3
        marks.append(
            stage.mark(
                disc(0.52 * np.cos(a), 0.52 * np.sin(a), 0.07),
                0.5,
                hole=disc(0.52 * np.cos(a), 0.52 * np.sin(a), 0.05),
                line=False,
            )
        )
    return marks


def orb(stage: Stage) -> list[Mark]:
    """A ball of light with sparks on slanted orbits."""
    pulse = 1 + 0.06 * np.sin(TAU * 2 * stage.t)
    marks = [stage.mark(disc(0, 0, r * pulse, 32), tone) for r, tone in ((0.6, 0.0), (0.47, 0.5))]
    marks.append(stage.mark(disc(-0.08, -0.1, 0.26 * pulse, 32), 1.0))
    for i in range(5):
        a, tilt = TAU * (stage.t + i / 5), i * 0.9 + stage.rng.uniform(0, 0.4)
        p = np.array([0.84 * np.cos(a), 0.3 * np.sin(a)])
        c, s = np.cos(tilt), np.sin(tilt)
        marks.append(stage.mark(glint(c * p[0] - s * p[1], s * p[0] + c * p[1], 0.11), 1.0, line=False))
    return marks


def plume(stage: Stage) -> list[Mark]:
    """A column of round puffs that rise, swell and thin out."""
    rng, marks = stage.rng, []
    n = 11
    side, turn, lean = rng.uniform(-1, 1, n), rng.uniform(0, TAU, n), rng.uniform(-0.35, 0.35)
    order = sorted(range(n), key=lambda i: -((i / n + stage.t) % 1))
    for tone, share, shift in ((0.0, 1.0, 0.0), (0.5, 0.84, -0.05), (1.0, 0.55, -0.1)):
        for i in order:
            up = (i / n + stage.t) % 1
            r = (0.1 + 0.26 * up) * np.sin(np.pi * min(1, up * 1.02 + 0.06)) ** 0.45 * share
            x = side[i] * 0.14 * up + lean * up**1.5 + 0.05 * np.sin(TAU * (stage.t + i / n))
            y = stage.high * (0.88 - 1.5 * up)
            if r > 0.02:
                marks.append(
                    stage.mark(
                        puff(
                            float(x + shift * r),
                            float(y + 2 * shift * r),
                            float(r),
                            5,
                            float(turn[i] + up * 2),
                        ),
                        tone,
                    )
                )
    return marks


def rays(stage: Stage) -> list[Mark]:
    """An arc of light rays standing behind something, sweeping slowly."""
    marks = []
    for i in range(14):
        a = TAU * (i / 14 + stage.t / 7)
        long = 0.94 if i % 2 else 0.74
        marks.append(stage.mark(bow(0, 0, long, a - 0.07, a + 0.07, 0.02), 0.0, 0.8, line=False))
        tip, side = np.array([np.cos(a), np.sin(a)]), np.array([-np.sin(a), np.cos(a)])
        marks.append(
            stage.mark(
                np.stack([tip * 0.2, tip * long + side * 0.08, tip * long - side * 0.08]),
                0.5 if i % 2 else 0.0,
                0.7,
                line=False,
            )
        )
    return [*marks, stage.mark(disc(0, 0, 0.24), 1.0, line=False)]


TILES: tuple[Design, ...] = (
    Design("fire", fire, FIRE, 24, anchor=(0.5, 0.94)),
    Design("aura", aura, ENERGY, 24, anchor=(0.5, 0.93)),
    Design("beam", beam, ENERGY, 12, anchor=(0.14, 0.5)),
    Design("lightning", lightning, ENERGY, 12),
    Design("magic_circle", magic_circle, ENERGY, 96),
    Design("orb", orb, ENERGY, 48),
    Design("plume", plume, SMOKE, 48, anchor=(0.5, 0.9)),
    Design("rays", rays, ENERGY, 48),
)
