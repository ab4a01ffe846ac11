"""What happens once and is gone, val designs. Each lives from t = 0 to 1."""

from __future__ import annotations

import numpy as np

from animelayers.truth.effects.drawn import Design
from animelayers.truth.effects.mark import TAU, Mark, Stage, bow, disc, ring, star, taper
from animelayers.truth.effects.render import Palette
from animelayers.truth.effects.val_tiles import BLAZE, FUME, MAGIC

BOOM: tuple[Palette, ...] = (
    ((150, 120, 120), (252, 170, 80), (255, 248, 210)),
    ((110, 110, 140), (240, 110, 110), (255, 230, 200)),
)
SPRAY: tuple[Palette, ...] = (
    ((110, 170, 220), (180, 220, 240), (250, 254, 255)),
    ((110, 190, 170), (180, 230, 216), (246, 255, 252)),
)


def _rolls(radius: float, n: int, turn: float, deep: float) -> np.ndarray:
    """A cloud as drawn with one line: unlike bulges in a row round a middle (N, 2)."""
    a = np.linspace(0, TAU, n * 10, endpoint=False)
    place = (a - turn) * n / TAU
    bulge = np.sqrt(np.abs(np.sin(np.pi * place)))
    size = 0.75 + 0.25 * np.cos(2.4 * np.floor(place) + turn)
    reach = radius * (1 - deep + deep * bulge * size)
    return np.stack([reach * np.cos(a), reach * np.sin(a)], 1)


def explosion(stage: Stage) -> list[Mark]:
    """A jagged flash, then three clouds of rolls heaped up, a ring of dust at their foot; holes eat them from
    the middle.
    """
    t, turn, foot = stage.t, float(stage.rng.uniform(0, TAU)), stage.high * 0.74
    if t < 0.16:
        r = 0.4 + 1.3 * t
        return [
            stage.mark(star(0, foot - 0.45, r * s, r * s * 0.45, 11, turn), tone)
            for s, tone in ((1.0, 0.5), (0.6, 1.0))
        ]
    grow, fade, marks = 1 - (1 - t) ** 2.4, min(1.0, (1.0 - t) / 0.4), []
    flat = 0.3 + 0.62 * grow
    marks.append(
        stage.mark(
            disc(0, foot, flat, 40, 0.2),
            0.25,
            0.9,
            hole=disc(0, foot, flat * (1 - 0.35 * fade), 40, 0.17),
            line=False,
        )
    )
    heaps = ((-0.36, 0.26, 0.3), (0.38, 0.22, 0.28), (0.0, 0.62, 0.42))
    for tone, share, until in ((0.0, 1.0, 1.1), (0.5, 0.76, 0.78), (1.0, 0.46, 0.52)):
        heat = 1.0 if tone == 0 else max(0.0, min(1.0, (until - t) / 0.3))
        for i, (x, up, size) in enumerate(heaps):
            r = size * (0.55 + 0.5 * grow) * share * heat
            middle = np.array(
                [x * (0.5 + 0.6 * grow), foot - up * (0.6 + 0.6 * grow) + (0.12 - 0.12 * share)]
            )
            if r < 0.03:
                continue
            outline = _rolls(r, 7, turn + i + 0.4 * t, 0.3)
            hollow = min(0.92, 1.2 * (1 - fade)) if tone == 0 else 0.0
            hole = (
                _rolls(r * hollow, 7, turn + i + 2, 0.4) + middle + (0.1 * r, -0.06 * r)
                if hollow > 0.08
                else None
            )
            marks.append(stage.mark(outline + middle, tone, hole=hole))
    return marks


def slash(stage: Stage) -> list[Mark]:
    """Strokes of a dry brush across, one after the other, that open like a cut."""
    rng, t, marks = stage.rng, stage.t, []
    n, lean = int(rng.integers(1, 4)), float(rng.uniform(-1.0, 1.0))
    c, s = np.cos(lean), np.sin(lean)
    for i in range(n):
        own = np.clip(t * 1.5 - 0.25 * i, 0, 1)
        head, tail = min(1.0, own * 3), max(0.0, (own - 0.5) * 2)
        if head - tail < 0.02 or own <= 0:
            continue
        x = np.linspace(-0.88 + 1.76 * tail, -0.88 + 1.76 * head, 12)
        y = (i - (n - 1) / 2) * 0.38 + 0.12 * (x**2 - 0.4)
        path = np.stack([c * x - s * y, s * x + c * y], 1) * 0.92
        wide = (0.2 if n == 1 else 0.13) * (1 - 0.8 * own)
        for tone, share in ((0.0, 1.7), (0.5, 1.1), (1.0, 0.5)):
            marks.append(
                stage.mark(taper(path, [0, wide * share, wide * share * 0.8, 0]), tone, line=tone == 0)
            )
    return marks


def impact(stage: Stage) -> list[Mark]:
    """A jagged bubble, lines bursting from its rim, shards with corners."""
    rng, t = stage.rng, stage.t
    n = int(rng.integers(12, 18))
    a = np.linspace(0, TAU, 2 * n, endpoint=False) + rng.uniform(0, TAU)
    jag = np.where(np.arange(2 * n) % 2 == 0, rng.uniform(0.85, 1.1, 2 * n), rng.uniform(0.6, 0.7, 2 * n))
    size, marks = min(1.0, 0.5 + 2.2 * t) * min(1.0, (1.0 - t) * 2.2), []
    for tone, share in ((0.0, 0.6), (0.5, 0.5), (1.0, 0.34)):
        if size > 0.1:
            marks.append(
                stage.mark(np.stack([jag * np.cos(a) * 1.1, jag * np.sin(a) * 0.85], 1) * share * size, tone)
            )
    for k in range(14):
        b, near = TAU * k / 14 + 0.2, 0.5 + 0.4 * t
        far = min(0.94, near + 0.4 * (1 - t) * (0.6 + 0.4 * (k % 2)))
        c, s = np.cos(b), np.sin(b)
        if far - near > 0.02:
            marks.append(
                stage.mark(
                    taper(
                        np.array(
                            [
                                (near * c, near * s),
                                ((near + far) / 2 * c, (near + far) / 2 * s),
                                (far * c, far * s),
                            ]
                        ),
                        [0, 0.05 * (1 - t), 0],
                    ),
                    0.5,
                    line=False,
                )
            )
    for b, far in zip(rng.uniform(0, TAU, 8), rng.uniform(0.6, 0.95, 8), strict=True):
        out, r = 0.2 + far * 0.7 * (1 - (1 - t) ** 2), 0.06 * (1 - t) + 0.004
        marks.append(
            stage.mark(
                star(float(out * np.cos(b)), float(out * np.sin(b)), r, r * 0.5, 3, float(b + 5 * t)), 0.75
            )
        )
    return marks


def dust(stage: Stage) -> list[Mark]:
    """Curls that run out along the ground to both sides and roll up at their ends, and crumbs."""
    t, marks, foot = stage.t, [], stage.high * 0.76
    out, thin = 1 - (1 - t) ** 2, min(1.0, (1.0 - t) * 1.8)
    a = np.linspace(0, 1, 22)
    for tone, share in ((0.0, 1.0), (0.5, 0.6)):
        for way, reach, lift, r in (
            (1, 0.62, 0.0, 0.15),
            (-1, 0.6, 0.0, 0.16),
            (1, 0.3, 0.2, 0.12),
            (-1, 0.26, 0.24, 0.13),
        ):
            end, roll = way * reach * stage.wide * out, r * (0.35 + 0.65 * out)
            # Along the ground to the end, then one and a quarter turns inwards.
            turn = np.clip((a - 0.35) / 0.65, 0, 1) * TAU * 1.15
            shrink = roll * (1 - 0.45 * np.clip((a - 0.35) / 0.65, 0, 1))
            x = end * (0.35 + 0.65 * np.minimum(a / 0.35, 1)) + way * shrink * np.sin(turn)
            y = foot - lift * out * np.minimum(a / 0.35, 1) - roll + shrink * np.cos(turn)
            width = 0.17 * thin * share * (0.6 + 0.4 * out)
            if width > 0.012:
                marks.append(
                    stage.mark(
                        taper(np.stack([x, y], 1), [0.0, width, width * 1.2, width, width * 0.6]),
                        tone,
                        line=False,
                    )
                )
    for i, x in enumerate(stage.rng.uniform(-0.8, 0.8, 10)):
        r = 0.045 * thin * (1 - 0.4 * t)
        if r > 0.008:
            marks.append(
                stage.mark(
                    disc(float(x * stage.wide * out), float(foot - (0.1 + 0.06 * i) * out), float(r), 14),
                    0.25,
                    line=False,
                )
            )
    return marks


def splash(stage: Stage) -> list[Mark]:
    """Blades of water that leap outwards and bend over, a thin column, rings that widen."""
    rng, t, marks, foot = stage.rng, stage.t, [], stage.high * 0.74
    up = float(np.sin(np.pi * min(1.0, t * 1.15))) * min(1.0, stage.high)
    reach = rng.uniform(0.8, 1.1, 6)
    for i in range(3):
        age = t * 1.3 - 0.22 * i
        if 0 < age < 1:
            marks.append(
                stage.mark(
                    ring(0, foot, 0.2 + 0.68 * age, 0.2), 0.75, 1.0, 0.04 * (1 - age) + 0.006, line=False
                )
            )
    if up > 0.08:
        for tone, share in ((0.0, 1.0), (0.5, 0.55)):
            for i, side in enumerate((-1.0, -0.6, -0.25, 0.25, 0.6, 1.0)):
                s = np.linspace(0, 1, 10)
                x = side * (0.12 + (0.3 + 0.34 * t) * s)
                y = foot - up * reach[i] * (1.25 - 0.5 * abs(side)) * np.sin(s * (1.5 + 0.7 * t)) * (
                    0.72 + 0.28 * share
                )
                marks.append(
                    stage.mark(
                        taper(np.stack([x, y], 1), [0.2 * share, 0.13 * share, 0.1 * share, 0.0]), tone
                    )
                )
            pool = 0.3 + 0.12 * t
            marks.append(stage.mark(disc(0, foot, pool * (0.6 + 0.4 * share), 32, 0.22), tone))
    for i, x in enumerate(rng.uniform(-0.75, 0.75, 10)):
        rise = (1.3 + 0.06 * i) * t - 1.75 * t * t
        if rise > 0:
            marks.append(
                stage.mark(
                    disc(float(x * (0.25 + 0.75 * t)), float(foot - min(rise * 2.6, 1.55)), 0.04, 12, 1.5),
                    0.75,
                )
            )
    return marks


def burst(stage: Stage) -> list[Mark]:
    """Threads that shoot out with a bead at each end, and hang."""
    rng, t, marks = stage.rng, stage.t, []
    out = 1 - (1 - t) ** 3
    for far, a in zip(
        rng.uniform(0.45, 0.88, 20), np.arange(20) * TAU / 20 + rng.uniform(-0.1, 0.1, 20), strict=True
    ):
        head, tail, sag = far * out, far * max(0.0, out - 0.45 + 0.2 * t) * (0.4 + 0.6 * t), 0.12 * t * t
        c, s = np.cos(a), np.sin(a)
        path = (
            np.array(
                [
                    (tail * c, tail * s + sag * 0.3),
                    ((head + tail) / 2 * c, (head + tail) / 2 * s + sag * 0.5),
                    (head * c, head * s + sag),
                ]
            )
            * 0.96
        )
        marks.append(stage.mark(taper(path, [0, 0.016, 0.03 * (1 - t) + 0.004]), 0.5, line=False))
        marks.append(
            stage.mark(
                disc(float(path[2, 0]), float(path[2, 1]), 0.05 * (1 - t) ** 0.6 + 0.004, 12),
                1.0 if far > 0.65 else 0.25,
                line=False,
            )
        )
    return marks if t < 0.99 else []


def shockwave(stage: Stage) -> list[Mark]:
    """Broken arcs in two rings, one after the other, with a toothed front."""
    rng, t, marks = stage.rng, stage.t, []
    squash = float(rng.uniform(0.3, 0.9))
    for delay, n, tone in ((0.0, 7, 0.0), (0.18, 5, 0.5)):
        own = t * 1.15 - delay
        if not 0 < own < 1:
            continue
        r = 0.2 + 0.68 * (1 - (1 - own) ** 2)
        for k in range(n):
            a = TAU * k / n + delay * 8
            arc = bow(0, 0, r, a, a + TAU / n * 0.8, 0.2 * (1 - own) + 0.012, 1.0) * (1, squash)
            marks.append(stage.mark(arc, tone))
            marks.append(
                stage.mark(
                    bow(0, 0, r, a + 0.1, a + TAU / n * 0.7, 0.09 * (1 - own), 1.0) * (1, squash),
                    1.0,
                    line=False,
                )
            )
    return marks


BURSTS: tuple[Design, ...] = (
    Design("explosion", explosion, BOOM, 20, loops=False, anchor=(0.5, 0.86)),
    Design("slash", slash, MAGIC, 9, loops=False),
    Design("impact", impact, BLAZE + MAGIC, 9, loops=False),
    Design("dust", dust, FUME, 16, loops=False, anchor=(0.5, 0.86)),
    Design("splash", splash, SPRAY, 18, loops=False, anchor=(0.5, 0.85)),
    Design("burst", burst, MAGIC, 16, loops=False),
    Design("shockwave", shockwave, MAGIC, 12, loops=False),
)
