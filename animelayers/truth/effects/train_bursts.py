"""What happens once and is gone, train designs: explosions, slashes, blows, splashes. Each lives from t = 0
to 1.
"""

from __future__ import annotations

import numpy as np

from animelayers.truth.effects.drawn import Design
from animelayers.truth.effects.mark import TAU, Mark, Stage, bow, disc, glint, puff, star, streak
from animelayers.truth.effects.render import Palette
from animelayers.truth.effects.train_tiles import ENERGY, FIRE, SMOKE

BLAST: tuple[Palette, ...] = (
    ((92, 78, 84), (250, 128, 36), (255, 244, 176)),
    ((120, 104, 100), (244, 92, 40), (255, 226, 130)),
    ((84, 70, 110), (214, 90, 220), (255, 226, 255)),
)
WATER: tuple[Palette, ...] = (
    ((90, 160, 220), (160, 210, 244), (244, 252, 255)),
    ((60, 130, 170), (120, 196, 210), (230, 250, 250)),
)


def explosion(stage: Stage) -> list[Mark]:
    """A flash, a ball of fire that balls up into smoke puffs, and puffs that part and shrink."""
    rng, t, marks = stage.rng, stage.t, []
    n = 16
    angle, away, size = np.sort(rng.uniform(0, TAU, n)), rng.uniform(0.25, 0.62, n), rng.uniform(0.2, 0.34, n)
    turn = rng.uniform(0, TAU, n)
    if t < 0.16:
        marks.append(stage.mark(star(0, 0, 0.5 + 1.2 * t, 0.28 + 0.7 * t, 9, float(turn[0])), 0.5))
        return [*marks, stage.mark(star(0, 0, 0.36 + 0.9 * t, 0.2 + 0.6 * t, 9, float(turn[0])), 1.0)]
    out = 1 - (1 - t) ** 3
    shrink = min(1.0, (1.02 - t) / 0.55)
    for tone, share, until in ((0.0, 1.0, 1.1), (0.5, 0.8, 0.72), (1.0, 0.5, 0.5)):
        if t > until:
            continue
        heat = 1.0 if tone == 0 else max(0.0, min(1.0, (until - t) / 0.3))
        for i in range(n):
            r = size[i] * (0.5 + 0.6 * out) * shrink * share * heat
            at = away[i] * out * np.array([np.cos(angle[i]), np.sin(angle[i]) * 0.9]) + (0, -0.1 * t)
            if r > 0.015:
                marks.append(
                    stage.mark(
                        puff(
                            float(at[0] - 0.03 * (1 - share)),
                            float(at[1] - 0.06 * (1 - share)),
                            float(r),
                            5,
                            float(turn[i] + t),
                        ),
                        tone,
                    )
                )
    for i in range(10):
        a = angle[i] + 0.2
        head, tail = 0.92 * out, max(0.3, 0.92 * out - 0.3 * (1 - t))
        c, s = np.cos(a), np.sin(a)
        marks.append(
            stage.mark(
                streak(tail * c, tail * s, head * c, head * s, 0.035 * (1 - t) + 0.004, 0.75), 0.5, line=False
            )
        )
    return marks


def slash(stage: Stage) -> list[Mark]:
    """A crescent swept from one side to the other, thinning as it goes."""
    lean, t = float(stage.rng.uniform(-0.9, 0.9)), stage.t
    head, tail = min(1.0, t * 2.6 + 0.3), max(0.0, (t - 0.25) / 0.75)
    a0, a1 = lean - 1.15 + 2.3 * tail - 1.57, lean - 1.15 + 2.3 * head - 1.57
    if a1 - a0 < 0.03:
        return []
    wide = 0.34 * (1 - t) ** 0.7 + 0.02
    middle = np.array([np.cos(lean - 1.57), np.sin(lean - 1.57)]) * -0.5
    return [
        stage.mark(
            bow(float(middle[0]), float(middle[1]), 1.05, a0 + cut, a1 - cut * 0.4, wide * share, belly=0.72),
            tone,
            line=False,
        )
        for tone, share, cut in ((0.0, 1.0, 0.0), (0.5, 0.66, 0.03), (1.0, 0.36, 0.06))
        if a1 - a0 > 2 * cut
    ]


def impact(stage: Stage) -> list[Mark]:
    """A spiky star of blow, drawn anew each drawing, and splinters that fly."""
    rng, t = np.random.default_rng([stage.seed, stage.k // 2]), stage.t
    n = int(stage.rng.integers(9, 14))
    spike = rng.uniform(0.65, 1.0, n)
    angle = stage.rng.uniform(0, TAU) + np.arange(2 * n) * np.pi / n
    grow, hollow = min(1.0, 0.45 + 1.4 * t), max(0.0, (t - 0.45) * 1.5)
    marks = []
    for tone, share in ((0.0, 0.95), (0.5, 0.74), (1.0, 0.5)):
        r = np.where(np.arange(2 * n) % 2 == 0, np.repeat(spike, 2), 0.34) * share * grow * (1 - 0.3 * t)
        outline = np.stack([r * np.cos(angle), r * np.sin(angle)], 1)
        hole = disc(0, 0, min(hollow, 0.33) * share, 24) if hollow > 0.04 else None
        if t < 0.97:
            marks.append(stage.mark(outline, tone, hole=hole))
    for a in stage.rng.uniform(0, TAU, 12):
        far = 0.35 + 0.58 * t
        c, s = np.cos(a), np.sin(a)
        marks.append(
            stage.mark(
                streak(c * (far - 0.16), s * (far - 0.16), c * far, s * far, 0.05 * (1 - t) + 0.004),
                1.0,
                line=False,
            )
        )
    return marks


def dust(stage: Stage) -> list[Mark]:
    """Puffs that roll away to both sides along the ground."""
    rng, t, marks = stage.rng, stage.t, []
    n, foot = 10, stage.high * 0.82
    side = np.where(np.arange(n) % 2 == 0, 1, -1) * rng.uniform(0.35, 1.0, n)
    size, turn, lift = rng.uniform(0.14, 0.26, n), rng.uniform(0, TAU, n), rng.uniform(0, 0.25, n)
    out = 1 - (1 - t) ** 2.5
    for tone, share in ((0.0, 1.0), (0.5, 0.78), (1.0, 0.46)):
        for i in range(n):
            r = size[i] * (0.45 + 0.75 * out) * min(1.0, (1.0 - t) / 0.5) ** 0.8 * share
            x, y = (
                side[i] * 0.68 * stage.wide * out,
                foot - r / share * 0.8 - lift[i] * out if share else foot,
            )
            if r > 0.012:
                marks.append(
                    stage.mark(
                        puff(
                            float(x - 0.2 * (1 - share) * r),
                            float(y - 0.5 * (1 - share) * r),
                            float(r),
                            5,
                            float(turn[i] + side[i] * 2 * t),
                        ),
                        tone,
                    )
                )
    return marks


def splash(stage: Stage) -> list[Mark]:
    """A crown of water that leaps up and falls back in drops."""
    rng, t, marks = stage.rng, stage.t, []
    foot, n = stage.high * 0.8, 11
    side, speed = np.linspace(-1, 1, n) + rng.uniform(-0.06, 0.06, n), rng.uniform(0.75, 1.0, n)
    crown = max(0.0, np.sin(np.pi * min(1.0, t * 1.5)))
    for tone, share in ((0.0, 1.0), (0.5, 0.66)):
        for i in range(n):
            x, tall = side[i] * 0.36, crown * (0.95 - 0.35 * abs(side[i])) * speed[i] * share
            if tall > 0.03:
                tip = (x + side[i] * tall * 0.4, foot - tall)
                marks.append(
                    stage.mark(
                        np.array(
                            [
                                (x - 0.09 * share, foot),
                                (x + side[i] * 0.1 - 0.03, foot - tall * 0.5),
                                tip,
                                (x + side[i] * 0.1 + 0.03, foot - tall * 0.5),
                                (x + 0.09 * share, foot),
                            ]
                        ),
                        tone,
                    )
                )
        wide = (0.35 + 0.5 * t) * (1 - 0.25 * (1 - share))
        flat = 0.09 * (1 - t) * share + 0.004
        marks.append(stage.mark(disc(0, foot, wide, 36, flat / wide), tone))
    for i in range(n):
        rise, x = 1.5 * t * speed[i] * 1.7 - 2.1 * t * t, side[i] * (0.36 + 0.55 * t)
        if rise > 0:
            marks.append(stage.mark(disc(float(x), float(foot - rise), 0.045 * (1 - 0.7 * t), 12, 1.2), 1.0))
    return marks


def burst(stage: Stage) -> list[Mark]:
    """Glints that fly out, slow down and go out."""
    rng, t = stage.rng, stage.t
    n, out = 18, 1 - (1 - stage.t) ** 2.5
    angle, far, size = rng.uniform(0, TAU, n), rng.uniform(0.25, 0.82, n), rng.uniform(0.08, 0.17, n)
    marks = [stage.mark(glint(0, 0, 0.5 * (1 - t) ** 2, 0.0), 0.5)] if t < 0.7 else []
    for tone, share in ((0.5, 1.0), (1.0, 0.6)):
        for i in range(n):
            r = size[i] * share * np.sin(np.pi * min(1.0, 0.15 + 0.85 * t)) ** 0.7
            x, y = far[i] * out * np.cos(angle[i]), far[i] * out * np.sin(angle[i]) + 0.1 * t * t
            if r > 0.012:
                marks.append(stage.mark(glint(float(x), float(y), float(r), float(angle[i])), tone))
    return marks


def shockwave(stage: Stage) -> list[Mark]:
    """A ring racing outwards, thick at first, seen a little from above."""
    out = 1 - (1 - stage.t) ** 2
    squash, fade, marks = float(stage.rng.uniform(0.35, 1.0)), 1 - stage.t, []
    for tone, wide in ((0.0, 0.3), (0.5, 0.2), (1.0, 0.1)):
        outer = min(0.95, 0.25 + 0.7 * out)
        inner = max(0.02, outer - wide * (0.25 + fade) * outer)
        if stage.t < 0.99:
            marks.append(
                stage.mark(
                    disc(0, 0, outer - (0.3 - wide) * 0.12, 64, squash),
                    tone,
                    hole=disc(0, 0, inner, 64, squash),
                    line=False,
                )
            )
    return marks


BURSTS: tuple[Design, ...] = (
    Design("explosion", explosion, BLAST, 20, loops=False),
    Design("slash", slash, ENERGY, 8, loops=False),
    Design("impact", impact, FIRE + ENERGY, 8, loops=False),
    Design("dust", dust, SMOKE, 16, loops=False, anchor=(0.5, 0.88)),
    Design("splash", splash, WATER, 16, loops=False, anchor=(0.5, 0.87)),
    Design("burst", burst, ENERGY, 16, loops=False),
    Design("shockwave", shockwave, ENERGY, 12, loops=False),
)
