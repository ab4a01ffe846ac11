"""A person at the desk, simulated: clicks on the largest error of a shot until its layers are right, and how
many clicks that takes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import cv2
import numpy as np

from animelayers.dataset.output import Output
from animelayers.models.protocols import Pointing
from animelayers.quality.truths import scored
from animelayers.shot.spread import Mark, Spreader, dot, middle, small

LEVELS = (0.95, 0.98)


class Shot(NamedTuple):
    """A shot and its truth, small: pictures, labels found and true labels (0 or 1), a plane for each drawing;
    ``exposed``: frames each shows.
    """

    name: str
    pictures: list[np.ndarray]
    found: list[np.ndarray]
    true: list[np.ndarray]
    exposed: list[int]


class Taken(NamedTuple):
    """Clicks a shot took to each of `LEVELS`, None where there were not enough; ``before``: its IoU without
    any; ``drawings`` it has.
    """

    shot: str
    drawings: int
    before: float
    spread: list[int | None]
    alone: list[int | None]


def taken(shot: Shot, net: Pointing, most: int = 40) -> Taken:
    """How many clicks a shot takes, `most` of them at most, with corrections that spread and with every
    drawing clicked for itself; ``net``: says what a click was meant for.
    """
    one, apart = (Spreader(shot.pictures, shot.found, net, linked) for linked in (True, False))
    return Taken(
        shot.name,
        len(shot.pictures),
        iou(shot.found, shot.true, shot.exposed),
        _clicked(shot, one, most),
        _clicked(shot, apart, most),
    )


def _clicked(shot: Shot, spreader: Spreader, most: int) -> list[int | None]:
    marks: list[Mark] = []
    planes = shot.found
    needed: list[int | None] = [None] * len(LEVELS)
    for count in range(most + 1):
        reached = iou(planes, shot.true, shot.exposed)
        for at, level in enumerate(LEVELS):
            if needed[at] is None and reached >= level:
                needed[at] = count
        if needed[-1] is not None or count == most:
            break
        mark = worst(planes, shot.true)
        if mark is None:
            break
        marks.append(mark)
        planes = spreader(marks).labels
    return needed


def worst(planes: Sequence[np.ndarray], true: Sequence[np.ndarray]) -> Mark | None:
    """A click in the middle of the largest piece of error of all drawings, None where there is none."""
    best: tuple[int, int, np.ndarray] | None = None
    for number, (plane, truth) in enumerate(zip(planes, true, strict=True)):
        wrong = (plane > 0) != (truth > 0)
        # what is missing and what is too much are two errors, however near
        for side in (wrong & (truth > 0), wrong & (truth == 0)):
            count, pieces, stats, _ = cv2.connectedComponentsWithStats(side.view(np.uint8))
            if count > 1:
                k = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
                area = int(stats[k, cv2.CC_STAT_AREA])
                if best is None or area > best[0]:
                    best = (area, number, pieces == k)
    if best is None:
        return None
    _, number, piece = best
    x, y = middle(piece)
    return Mark(number, dot((x, y), piece.shape), int(true[number][y, x] > 0))


def iou(planes: Sequence[np.ndarray], true: Sequence[np.ndarray], exposed: Sequence[int]) -> float:
    """The mean IoU of the frames of a shot; 1 where both say there is nobody."""
    each = []
    for plane, truth in zip(planes, true, strict=True):
        one, other = plane > 0, truth > 0
        union = int(np.count_nonzero(one | other))
        each.append(np.count_nonzero(one & other) / union if union else 1.0)
    return float(np.average(each, weights=exposed))


def shots(truth: Output, found: Output, most: int = 100) -> Iterator[Shot]:
    """The shots of a truth set that an output of its films has whole, as that output cut them; without what lies
    in a transition, where figures of two shots are seen and the truth is that of one.
    """
    true = {(row["source"], row["frame_index"]): row for row in _rows(truth, "transition") if scored(row)}
    grouped: dict[tuple[str, str], list[dict]] = {}
    for row in _rows(found):
        grouped.setdefault((row["source"], row["scene_id"]), []).append(row)
    for (source, scene), rows in list(grouped.items())[:most]:
        keys: dict[tuple[str, str], list[dict]] = {}
        for row in rows:
            theirs = true.get((source.rpartition("/")[2], row["frame_index"])) or true.get(
                (source, row["frame_index"])
            )
            if theirs is not None:
                keys.setdefault(
                    (row["drawing_of"] or row["frame_id"], theirs["drawing_of"] or theirs["frame_id"]), []
                ).append(row)
        if not keys:
            continue
        pictures, planes, truths = list[np.ndarray](), list[np.ndarray](), list[np.ndarray]()
        for drawing, other in keys:
            layers = found.frame(drawing)
            row = found.row(drawing)
            pictures.append(small(found.composed(row)))
            planes.append(_half(layers["character"][..., 3]))
            truths.append(_half(truth.layer(other, "character")[..., 3]))
        yield Shot(f"{source}/{scene}", pictures, planes, truths, [len(rows) for rows in keys.values()])


def _half(alpha: np.ndarray) -> np.ndarray:
    return (small(alpha) > 127).astype(np.uint8)


def _rows(output: Output, *more: str) -> list[dict]:
    columns = ["source", "scene_id", "frame_index", "frame_id", "drawing_of", *more]
    rows: list[dict] = output.table.select(columns).to_pylist()
    return rows
