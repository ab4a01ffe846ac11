"""Four hands that draw the same marks: hard cels, soft light, ink with an outline, and chalk."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache

import cv2
import numpy as np

from animelayers.samples.pen import Colour, mix
from animelayers.truth.effects.density import noise
from animelayers.truth.effects.mark import Mark, Motif

Palette = tuple[Colour, Colour, Colour]
"""The colours of tones 0, 0.5 and 1: rim, middle, core."""
_SHIFT = 4

Render = Callable[[Motif, Palette, tuple[int, int], bool], np.ndarray]
"""Marks or a density, a palette, a size (width, height) and whether it is a field -> straight RGBA uint8 (H,
W, 4).
"""


def _fixed(points: np.ndarray) -> np.ndarray:
    # Half up by the cut of the cast, which is quicker than rounding; the offset keeps it positive.
    numbers: np.ndarray = (points * (1 << _SHIFT) + (65536.5 - (1 << _SHIFT) / 2)).astype(np.int32) - 65536
    return numbers


def paint(sheet: np.ndarray, mark: Mark, value: Sequence[float]) -> None:
    """Fill or stroke `mark` with `value` (a number a channel) on `sheet`, blending at the edges only. Changes
    `sheet`.
    """
    if mark.width:
        cv2.polylines(
            sheet, [_fixed(mark.points)], False, value, max(1, round(mark.width)), cv2.LINE_AA, _SHIFT
        )
    else:
        outlines = [mark.points] if mark.hole is None else [mark.points, mark.hole]
        cv2.fillPoly(sheet, [_fixed(p) for p in outlines], value, cv2.LINE_AA, _SHIFT)


def straight(sheet: np.ndarray) -> np.ndarray:
    """Premultiplied uint8 RGBA (H, W, 4) as straight RGBA; where nothing is, all four are 0."""
    wide = cv2.cvtColor(cv2.extractChannel(sheet, 3), cv2.COLOR_GRAY2BGRA)
    return cv2.divide(sheet, wide, scale=255)


def tone_colour(palette: Palette, tone: float) -> Colour:
    """The colour of a tone 0..1 in `palette`."""
    return mix(palette[0], palette[1], tone * 2) if tone < 0.5 else mix(palette[1], palette[2], tone * 2 - 1)


def _flat(sheet: np.ndarray, marks: Sequence[Mark], palette: Palette, steps: int) -> None:
    inks = [(*tone_colour(palette, step / steps), 255) for step in range(steps + 1)]
    for mark in marks:
        ink = inks[round(mark.tone * steps)]
        paint(sheet, mark, ink if mark.strength == 1 else [c * mark.strength for c in ink])


def ramp(
    density: np.ndarray, colours: Sequence[Colour], alphas: Sequence[float], steps: Sequence[float]
) -> np.ndarray:
    """RGBA (H, W, 4) for a density uint8 (H, W): `colours` and `alphas` (0..255) at the densities `steps`
    (0..1).
    """
    level = np.linspace(0, 1, 256)
    table = np.stack(
        [np.interp(level, steps, [c[i] for c in colours]) for i in range(3)]
        + [np.interp(level, steps, alphas)],
        1,
    )
    packed = np.ascontiguousarray(table.round().astype(np.uint8)).view(np.uint32)[:, 0]
    picture: np.ndarray = np.ascontiguousarray(packed[density]).view(np.uint8).reshape(*density.shape, 4)
    return picture


@lru_cache(maxsize=16)
def _window(size: tuple[int, int]) -> np.ndarray:
    """1 in the middle, 0 at the border, uint8 0..255: light leaves no edge where its tile ends."""
    sides = [
        np.clip(np.minimum(np.arange(n), np.arange(n)[::-1]) / max(min(size) * 0.09, 1), 0, 1) for n in size
    ]
    x, y = (s * s * (3 - 2 * s) for s in sides)
    return (np.outer(y, x) * 255).astype(np.uint8)


def cel(motif: Motif, palette: Palette, size: tuple[int, int], field: bool) -> np.ndarray:
    """Hard edges, three flat tones, no line."""
    if isinstance(motif, np.ndarray):
        rim, middle, core = palette
        return ramp(
            motif, (rim, rim, middle, middle, core), (0, 150, 150, 215, 215), (0.5, 0.52, 0.68, 0.70, 1)
        )
    sheet = np.zeros((size[1], size[0], 4), np.uint8)
    _flat(sheet, motif, palette, 2)
    return straight(sheet)


def glow(motif: Motif, palette: Palette, size: tuple[int, int], field: bool) -> np.ndarray:
    """Light: a hot core in a wide halo, its colour following its strength."""
    rim, middle, core = palette
    if isinstance(motif, np.ndarray):
        return ramp(motif, (rim, rim, middle, core), (0, 0, 130, 225), (0, 0.25, 0.62, 1))
    level: np.ndarray = np.zeros((size[1], size[0]), np.uint8)
    for mark in sorted(motif, key=lambda m: m.tone * m.strength):
        paint(level, mark, [(62 + 160 * mark.tone) * mark.strength])
    unit = min(size)
    far = cv2.resize(level, (max(2, size[0] // 8), max(2, size[1] // 8)), interpolation=cv2.INTER_AREA)
    far = cv2.resize(cv2.GaussianBlur(far, (0, 0), unit / 190), size, interpolation=cv2.INTER_LINEAR)
    near = cv2.GaussianBlur(level, (0, 0), max(0.6, unit / 170))
    level = cv2.addWeighted(near, 0.9, far, 0.42, 0)
    if not field:
        level = cv2.multiply(level, _window(size), scale=1 / 255)
    return ramp(level, (rim, rim, middle, core, core), (0, 22, 100, 190, 232), (0, 0.12, 0.5, 0.86, 1))


def ink(motif: Motif, palette: Palette, size: tuple[int, int], field: bool) -> np.ndarray:
    """Flat shapes inside a dark outline, the way effects are drawn with the figures."""
    rim, middle, _ = palette
    dark = mix(rim, (24, 16, 40), 0.72)
    if isinstance(motif, np.ndarray):
        steps = (0.46, 0.48, 0.515, 0.53, 0.66, 0.68, 1)
        return ramp(
            motif, (dark, dark, dark, rim, rim, middle, middle), (0, 190, 190, 170, 170, 215, 215), steps
        )
    sheet = np.zeros((size[1], size[0], 4), np.uint8)
    widest = max(1, round(min(size) / 150))
    # All outlines of a run of equal tones lie below all its fills, so that shapes that touch flow into one.
    start = 0
    while start < len(motif):
        stop = start
        while stop < len(motif) and motif[stop].tone == motif[start].tone:
            stop += 1
        for mark in motif[start:stop]:
            if mark.line and mark.tone < 0.6 and (mark.width or float(np.ptp(mark.points, 0).min()) > 4):
                # A small shape has a fine line: a mote would be all outline.
                thick = max(1, min(widest, round(float(np.ptp(mark.points, 0).min()) / 9)))
                for edge in (mark.points, mark.hole):
                    if edge is not None:
                        cv2.polylines(
                            sheet,
                            [_fixed(edge)],
                            not mark.width,
                            (*dark, 255),
                            2 * thick + round(mark.width),
                            cv2.LINE_AA,
                            _SHIFT,
                        )
        _flat(sheet, motif[start:stop], palette, 4)
        start = stop
    return straight(sheet)


@lru_cache(maxsize=8)
def _tooth(size: tuple[int, int]) -> np.ndarray:
    """The paper a chalk catches on, int16 (H, W) around 0."""
    rng = np.random.default_rng([size[0], size[1], 7])
    grain = cv2.GaussianBlur(rng.normal(0, 1, (size[1], size[0])).astype(np.float32), (0, 0), 1.1)
    tooth: np.ndarray = (grain / grain.std() * 46).astype(np.int16)
    return tooth


def chalk(motif: Motif, palette: Palette, size: tuple[int, int], field: bool) -> np.ndarray:
    """Pale pigment on toothed paper: soft, broken edges, the tones worn into each other."""
    rim, middle, core = palette
    if isinstance(motif, np.ndarray):
        picture = ramp(motif, (rim, rim, middle, core), (0, 0, 110, 228), (0, 0.3, 0.55, 1))
        tooth = 2
    else:
        picture = np.zeros((size[1], size[0], 4), np.uint8)
        _flat(picture, motif, palette, 6)
        tooth, soft = 0, max(1, min(size) // 110)
        picture = straight(cv2.blur(picture, (2 * soft + 1, 2 * soft + 1)))
    alpha = picture[..., 3]
    # Full chalk hides the paper, none shows it: the tooth bites most where half is covered.
    bite = cv2.multiply(alpha, 255 - alpha, scale=1 / 64).astype(np.int16)
    # A veil is rubbed in with the finger: the paper shows through it less.
    worn = alpha.astype(np.int16) + ((_tooth(size) * np.minimum(bite, 255)) >> (8 + tooth))
    picture[..., 3] = np.clip(worn, 0, 248).astype(np.uint8)
    return picture


def veil(size: tuple[int, int], cells: int, seed: int) -> np.ndarray:
    """A quarter-size wrapped noise field for densities of `size` (width, height)."""
    return noise(max(8, size[0] // 4), max(8, size[1] // 4), cells, seed)
