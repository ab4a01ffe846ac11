"""What happens once and is gone, val designs. Each lives from t = 0 to 1."""

from __future__ import annotations

import numpy as np

from animelayers.samples.pen import spline
from animelayers.truth.effects.drawn import Design
from animelayers.truth.effects.mark import TAU, Mark, Stage, bow, disc, ring, star, taper
from animelayers.truth.effects.render import Palette
from animelayers.truth.effects.val_tiles import BLAZE, FUME, MAGIC

BOOM: tuple[Palette, ...] = (((150, 120, 120), (252, 170, 80), (255, 248, 210)), ((110, 110, 140), (240, 110, 110), (255, 230, 200)))
SPRAY: tuple[Palette, ...] = (((110, 170, 220), (180, 220, 240), (250, 254, 255)), ((110, 190, 170), (180, 230, 216), (246, 255, 252)))


def _rolls(radius: float, n: int, turn: float, deep: float) -> np.ndarray:
    """A cloud as drawn with one line: unlike bulges in a row round a middle (N, 2)."""
    a = np.linspace(0, TAU, n * 10, endpoint=False)
    place = (a - turn) * n / TAU
    bulge = np.sqrt(np.abs(np.sin(np.pi * place)))
    size = 0.75 + 0.25 * np.cos(2.4 * np.floor(place) + turn)
    reach = radius * (1 - deep + deep * bulge * size)
    return np.stack([reach * np.cos(a), reach * np.sin(a)], 1)


def explosion(stage: Stage) -> list[Mark]:
    """A jagged flash, then a cloud of rolls on a stem with a ring at its foot, opening from the middle until only its rim is left."""
    t, turn = stage.t, float(stage.rng.uniform(0, TAU))
    foot = stage.high * 0.78
    if t < 0.14:
        r = 0.4 + 2.6 * t
        spikes = [star(0, foot - 0.5, r, r * 0.45, 11, turn), star(0, foot - 0.5, r * 0.6, r * 0.3, 11, turn)]
        return [stage.mark(spikes[0] * (1, 0.95), 0.5), stage.mark(spikes[1], 1.0)]
    grow, marks = 1 - (1 - t) ** 2.4, []
    up, r = foot - (0.35 + 0.95 * grow) * min(1.0, stage.high), 0.28 + 0.34 * grow
    fade = min(1.0, (1.0 - t) / 0.35)
    rim = disc(0, foot, 0.3 + 0.6 * grow, 40, 0.18)
    marks.append(stage.mark(rim, 0.0, 1.0, hole=disc(0, foot, (0.3 + 0.6 * grow) * (1 - 0.3 * fade), 40, 0.16), line=False))
    stem = np.array([(-0.16, foot), (-0.1, (foot + up) / 2), (-0.14, up), (0.14, up), (0.1, (foot + up) / 2), (0.16, foot)]) * (fade, 1)
    marks.append(stage.mark(stem, 0.0))
    for tone, share, until in ((0.0, 1.0, 1.1), (0.5, 0.78, 0.75), (1.0, 0.5, 0.5)):
        heat = 1.0 if tone == 0 else max(0.0, min(1.0, (until - t) / 0.3))
        if heat * share * r > 0.03 and t < until:
            hollow = 1 - fade if tone == 0 else 0.0
            outline = _rolls(r * share * heat, 9, turn + 0.5 * t, 0.3) * (1.2, 0.92) + (0, up)
            marks.append(stage.mark(outline, tone, hole=outline * hollow + (0, up * (1 - hollow)) if hollow > 0.05 else None))
    return marks if t < 0.99 else []


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
            marks.append(stage.mark(taper(path, [0, wide * share, wide * share * 0.8, 0]), tone, line=tone == 0))
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
            marks.append(stage.mark(np.stack([jag * np.cos(a) * 1.1, jag * np.sin(a) * 0.85], 1) * share * size, tone))
    for k in range(14):
        b, near = TAU * k / 14 + 0.2, 0.5 + 0.4 * t
        far = min(0.94, near + 0.4 * (1 - t) * (0.6 + 0.4 * (k % 2)))
        c, s = np.cos(b), np.sin(b)
        if far - near > 0.02:
            marks.append(
                stage.mark(
                    taper(np.array([(near * c, near * s), ((near + far) / 2 * c, (near + far) / 2 * s), (far * c, far * s)]), [0, 0.05 * (1 - t), 0]),
                    0.5,
                    line=False,
                )
            )
    for b, far in zip(rng.uniform(0, TAU, 8), rng.uniform(0.6, 0.95, 8), strict=True):
        out, r = 0.2 + far * 0.7 * (1 - (1 - t) ** 2), 0.06 * (1 - t) + 0.004
        marks.append(stage.mark(star(float(out * np.cos(b)), float(out * np.sin(b)), r, r * 0.5, 3, float(b + 5 * t)), 0.75))
    return marks


def dust(stage: Stage) -> list[Mark]:
    """Curls that run out along the ground and roll up at their ends."""
    t, marks, foot = stage.t, [], stage.high * 0.76
    out, thin = 1 - (1 - t) ** 2, min(1.0, (1.0 - t) * 1.8)
    for tone, share in ((0.0, 1.0), (0.5, 0.62)):
        for way, reach, lift in ((1, 0.72, 0.0), (-1, 0.68, 0.0), (1, 0.42, 0.16), (-1, 0.4, 0.2)):
            x, r = way * reach * stage.wide * out, 0.15 * (0.4 + 0.6 * out)
            curl = [
                (0.0, foot),
                (x * 0.6, foot - lift * out),
                (x, foot - lift * out),
                (x + way * r, foot - r - lift * out),
                (x, foot - 2 * r - lift * out),
                (x - way * 0.7 * r, foot - 1.2 * r - lift * out),
            ]
            width = 0.2 * thin * share
            if width > 0.015:
                marks.append(stage.mark(taper(spline(curl, closed=False, steps=6), [0.02, width * 0.7, width * 1.3, width * 1.1, width * 0.5]), tone))
    for i, x in enumerate(stage.rng.uniform(-0.8, 0.8, 10)):
        r = 0.045 * thin * (1 - 0.4 * t)
        if r > 0.008:
            marks.append(stage.mark(disc(float(x * stage.wide * out), float(foot - (0.1 + 0.06 * i) * out), float(r), 14), 0.25))
    return marks


def splash(stage: Stage) -> list[Mark]:
    """A column that leaps up with a ball on top, sheets falling to both sides, rings that widen."""
    t, marks, foot = stage.t, [], stage.high * 0.74
    up = float(np.sin(np.pi * min(1.0, t * 1.15))) * 1.1 * min(1.0, stage.high)
    for i in range(3):
        age = t * 1.3 - 0.22 * i
        if 0 < age < 1:
            marks.append(stage.mark(ring(0, foot, 0.2 + 0.68 * age, 0.2), 0.75, 1.0, 0.04 * (1 - age) + 0.006, line=False))
    for tone, share in ((0.0, 1.0), (0.5, 0.6)):
        if up > 0.05:
            side = 0.34 * (0.4 + t) * share
            for way in (-1, 1):
                sheet = [
                    (0.0, foot),
                    (way * side * 0.5, foot - up * 0.75 * share),
                    (way * side * 1.3, foot - up * 0.45 * share),
                    (way * side * 1.3, foot - up * 0.45 * share),
                    (way * side * 0.75, foot - up * 0.2 * share),
                    (way * 0.2 * share, foot),
                ]
                marks.append(stage.mark(spline(sheet, steps=5), tone))
            column = [
                (-0.12 * share, foot),
                (-0.05 * share, foot - up * 0.5),
                (-0.05 * share, foot - up),
                (0.05 * share, foot - up),
                (0.05 * share, foot - up * 0.5),
                (0.12 * share, foot),
            ]
            marks.append(stage.mark(spline(column, steps=5), tone))
            marks.append(stage.mark(disc(0, foot - up * 1.08, 0.1 * share, 20), tone))
    for i, x in enumerate(stage.rng.uniform(-0.75, 0.75, 9)):
        rise = (1.3 + 0.08 * i) * t - 1.75 * t * t
        if rise > 0:
            marks.append(stage.mark(disc(float(x * (0.2 + 0.8 * t)), float(foot - rise * 1.6), 0.035, 12, 1.5), 0.75))
    return marks


def burst(stage: Stage) -> list[Mark]:
    """Threads that shoot out with a bead at each end, and hang."""
    rng, t, marks = stage.rng, stage.t, []
    out = 1 - (1 - t) ** 3
    for far, a in zip(rng.uniform(0.45, 0.88, 20), np.arange(20) * TAU / 20 + rng.uniform(-0.1, 0.1, 20), strict=True):
        head, tail, sag = far * out, far * max(0.0, out - 0.45 + 0.2 * t) * (0.4 + 0.6 * t), 0.12 * t * t
        c, s = np.cos(a), np.sin(a)
        path = (
            np.array([(tail * c, tail * s + sag * 0.3), ((head + tail) / 2 * c, (head + tail) / 2 * s + sag * 0.5), (head * c, head * s + sag)])
            * 0.96
        )
        marks.append(stage.mark(taper(path, [0, 0.016, 0.03 * (1 - t) + 0.004]), 0.5, line=False))
        marks.append(
            stage.mark(disc(float(path[2, 0]), float(path[2, 1]), 0.05 * (1 - t) ** 0.6 + 0.004, 12), 1.0 if far > 0.65 else 0.25, line=False)
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
            marks.append(stage.mark(bow(0, 0, r, a + 0.1, a + TAU / n * 0.7, 0.09 * (1 - own), 1.0) * (1, squash), 1.0, line=False))
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
