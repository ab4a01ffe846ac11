"""Shots as they run: which drawing each frame shows, from the first to the last, and how fast."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import NamedTuple

import cv2
import numpy as np

from animelayers.dataset import xsheet
from animelayers.dataset.output import Output
from animelayers.exports.picture import whole
from animelayers.exports.select import Select
from animelayers.imaging import codecs

_USUAL = [Fraction(n) for n in (6, 8, 10, 12, 15, 24, 25, 30, 48, 50, 60, 72, 90, 100, 120, 144, 240)] + [
    Fraction(n * 1000, 1001) for n in (12, 24, 30, 60)
]
_LATE = 0.6  # of a frame by which one comes late that is not evenly spaced
_FASTEST = 240.0
_ROUNDED = 0.0012  # seconds by which Matroska's time stamps are off
_NEAR = 1e-3  # share by which a measured rate may be off a usual one: time stamps are rounded


class Shot(NamedTuple):
    """A shot.

    ``shown``: for every frame from the first to the last the id of the frame its layers are stored under, ''
    where the output lacks it; ``rate``: frames a second; ``sheet``: its exposure sheet, whose drawings
    `carriers` names in the order of their numbers; ``modes``: how the effect lies over each of them, 'none'
    where there is none.
    """

    name: str
    size: tuple[int, int]
    shown: Sequence[str]
    rate: Fraction
    sheet: xsheet.Sheet
    carriers: Sequence[str]
    modes: Mapping[str, str]


def shots(output: Output, select: Select, fps: float | None = None) -> Iterator[Shot]:
    """Every shot of the chosen frames that has a timing, by episode and shot; `fps` is taken where the frame
    table tells no times.

    Raises ValueError for a training set, which has none.
    """
    whole(output)
    table = replace(select, held=True).table(output)
    names = ("episode", "scene_id", "frame_index", "frame_id", "drawing_of", "height", "width")
    rows = list(zip(*(table[name].to_pylist() for name in names), strict=True))
    modes = table["effect_mode"].to_pylist() if "effect_mode" in table.column_names else ["none"] * len(rows)
    held: dict[tuple[str, str], list[int]] = {}
    for at, row in enumerate(rows):
        held.setdefault(row[:2], []).append(at)
    for sheet in xsheet.sheets(table):
        order = sorted(held[sheet.episode, sheet.scene_id], key=lambda at: rows[at][2])
        ids = [rows[at][4] or rows[at][3] for at in order]
        carriers = list(dict.fromkeys(ids))
        blend = {rows[at][4] or rows[at][3]: modes[at] or "none" for at in order}
        shown = [carriers[number - 1] if number else "" for number in running(sheet)]
        yield Shot(sheet.name, rows[order[0]][5:7], shown, rate(sheet, fps), sheet, carriers, blend)


def untimed(output: Output, select: Select) -> Iterator[str]:
    """What the user must know of chosen frames that are in no shot: how many, and what takes them."""
    table = replace(select, held=True).table(output)
    lost = len(table) - sum(len(sheet.place) for sheet in xsheet.sheets(table))
    if lost:
        yield f"{lost} of {len(table)} frames have no timing, as pictures of a folder without numbers: they are in no shot; psd and ora take them"


def running(sheet: xsheet.Sheet) -> list[int]:
    """The number of the drawing shown at each frame of a shot, from its first to its last.

    A drawing stays until the next entry, over frames that sampling left out, and where frames are not evenly
    spaced in time until the time of the next; frames of a clip that failed, more than two steps, show 0.
    """
    if _uneven(sheet):
        return _timed(sheet)
    steps = np.diff(sheet.place)
    usual = int(np.median(steps)) if len(steps) else 1
    numbers = np.zeros(int(sheet.place[-1]) + 1, np.int64)
    for at, place in enumerate(sheet.place.tolist()):
        step = int(steps[at]) if at < len(steps) else 1
        numbers[place : place + (step if step <= 2 * usual else usual)] = sheet.drawing[at]
    return [int(number) for number in numbers]


def rate(sheet: xsheet.Sheet, fps: float | None = None) -> Fraction:
    """Frames a second of a shot, a usual rate where one is near, from its times; `fps` or 24 where they tell
    nothing.

    Of frames that are not evenly spaced it is that of the closer ones: the others are held.
    """
    if _uneven(sheet):
        seconds, count = _closest(sheet)
        return _usual(1 / seconds, max(_NEAR, _ROUNDED / (count * seconds)))
    known = np.flatnonzero(np.isfinite(sheet.seconds))
    if len(known) > 1 and (span := float(sheet.seconds[known[-1]] - sheet.seconds[known[0]])) > 0:
        return _usual(float(sheet.place[known[-1]] - sheet.place[known[0]]) / span)
    return Fraction(fps or 24).limit_denominator(1001)


def _usual(measured: float, near: float = _NEAR) -> Fraction:
    nearest = min(_USUAL, key=lambda usual: abs(float(usual) - measured))
    return (
        nearest if abs(float(nearest) / measured - 1) < near else Fraction(measured).limit_denominator(1000)
    )


def _uneven(sheet: xsheet.Sheet) -> bool:
    """Whether frames of a shot are not as far apart in time as their numbers say."""
    if len(sheet.place) < 3 or not np.isfinite(sheet.seconds).all():
        return False
    steps, numbers = np.diff(sheet.seconds), np.diff(sheet.place)
    unit = float(np.median(steps / numbers))
    return (
        unit > 0 and bool((np.abs(steps - unit * numbers) > _LATE * unit).any()) and bool((steps > 0).all())
    )


def _closest(sheet: xsheet.Sheet) -> tuple[float, int]:
    """Seconds between frames that follow closely, the usual step or a shorter one that is not rare, and how
    many such steps there are.
    """
    steps = np.diff(sheet.seconds)
    short, usual = float(np.percentile(steps, 10)), float(np.median(steps))
    seconds = short if short < _LATE * usual else usual
    near = steps[np.abs(steps - seconds) < 0.2 * seconds]
    return max(1 / _FASTEST, float(near.mean()) if len(near) else seconds), max(1, len(near))


def _timed(sheet: xsheet.Sheet) -> list[int]:
    """As `running`, by time: a drawing that is shown for a second is there for a second."""
    fast, usual = float(rate(sheet)), float(np.median(np.diff(sheet.place)))
    slots = np.rint((sheet.seconds - sheet.seconds[0]) * fast).astype(np.int64)
    for at in range(1, len(slots)):  # no drawing is lost to rounding
        slots[at] = max(slots[at], slots[at - 1] + 1)
    numbers = np.zeros(int(slots[-1]) + 1, np.int64)
    for at, slot in enumerate(slots.tolist()):
        until = int(slots[at + 1]) if at + 1 < len(slots) else slot + 1
        failed = at + 1 < len(slots) and sheet.place[at + 1] - sheet.place[at] > 2 * usual
        numbers[slot : slot + 1 if failed else until] = sheet.drawing[at]
    return [int(number) for number in numbers]


def picture(output: Output, frame_id: str, layer: str, size: tuple[int, int]) -> np.ndarray:
    """A layer of a frame as RGBA uint8 (H, W, 4), transparent where it has none; a mask is white with the
    mask for its alpha.
    """
    row = output.row(frame_id) if frame_id else {}
    if not row.get(f"{layer}_file"):
        return np.zeros((*size, 4), np.uint8)
    found = codecs.decode(output.stored(row, layer))
    if found.ndim == 2:
        return np.dstack([np.full((*found.shape, 3), 255, np.uint8), found])
    return found if found.shape[2] == 4 else cv2.cvtColor(found, cv2.COLOR_RGB2RGBA)


def only(layers: Sequence[str], there: Sequence[str]) -> None:
    """Refuse a layer that an exporter does not have. Raises ValueError with those it has."""
    if unknown := [layer for layer in layers if layer not in there]:
        raise ValueError(f"export.layers={unknown}: there is {', '.join(there)}")
