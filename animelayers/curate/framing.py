"""Where in a frame one character is cropped for training, at a size a trainer takes, or why she cannot be:
from the frame table alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from animelayers.record.values import Box

_STEP = 64  # pixels: sides of what trainers call buckets
_NARROW = 2.0  # a crop is at most so many times as long as it is wide, and the other way round
_HIDDEN = 0.6  # share of her box that others may cover
DOUBTFUL = ("recompose_low", "matte_unsure", "flicker")
"""Flags of frames in which the layers do not give the frame back, the net was not sure, or the figure's size
jumps.
"""
UNSURE = 0.2
"""Share of a figure that may be neither hers nor not. On films of the split train crops below it have a mask of
IoU 0.92 with the true one, those above 0.49."""
SIZES = ("close_up", "medium", "full_body", "long")


class Framing(NamedTuple):
    """Her ids in the clip, what is cropped (x, y, w, h in the frame), the picture's width and height, her
    shot size, how many are in the crop, how well she is seen, 0..1, and her outfit, '' for none that is
    named."""

    instances: tuple[int, ...]
    crop: Box
    size: tuple[int, int]
    shot: str
    people: int
    worth: float
    outfit: str = ""


def framing(
    row: Mapping[str, Any],
    name: str,
    margin: float = 0.12,
    resolutions: Sequence[int] = (1024, 768, 512),
    enlarge: float = 1.5,
    least_sure: float = 0.3,
    doubtful: Sequence[str] = DOUBTFUL,
    unsure: float = UNSURE,
) -> Framing | str:
    """The crop of the character called `name`, or `name` (OUTFIT), in a frame, from its row of the frame
    table; a reason where there is none.

    ``margin``: of her box's longer side, around it. ``resolutions``: sides of the square whose area a picture
    has, the first that does not enlarge the crop by more than ``enlarge`` is taken. ``least_sure``: of who is
    who, 0..1, where several are in the frame. ``doubtful``: flags of frames whose outlines are not to be
    trusted. ``unsure``: share of her, 0..1, that may be neither hers nor not, where that was measured.
    """
    who, ids = row.get("characters") or [], row.get("instance_ids") or []
    hers = [called == name or called.startswith(f"{name} (") for called in who]
    if not any(hers):
        return "not in it"
    boxes = [Box(**box) for box in row.get("instance_boxes") or ()]
    if not len(who) == len(ids) == len(boxes) or (len(ids) > 1 and not row.get("instances_file")):
        return "cannot be told apart: nobody was followed in it"
    if {*doubtful} & {*(row.get("flags") or ())}:
        return "a doubtful outline"
    soft = row.get("instance_unsure") or []
    if any(own and part > 100 * unsure for own, part in zip(hers, soft, strict=False)):
        return "a doubtful outline"
    sure = row.get("characters_confidence")
    if len(ids) > 1 and sure is not None and sure < least_sure:
        return "cannot be told apart: who is who is not sure"
    own = [box for box, own in zip(boxes, hers, strict=True) if own]
    others = [box for box, own in zip(boxes, hers, strict=True) if not own]
    x, y = min(box[0] for box in own), min(box[1] for box in own)
    right, bottom = max(box[0] + box[2] for box in own), max(box[1] + box[3] for box in own)
    box, width, height = Box(x, y, right - x, bottom - y), int(row["width"]), int(row["height"])
    if min(box[2:]) < 1:
        return "not in it"
    free = 1 - max((_covered(box, other) for other in others), default=0.0)
    if free < 1 - _HIDDEN:
        return "hidden behind somebody"
    for side in resolutions:
        crop, size = _fitted(box, margin, side, width, height)
        if size[0] <= enlarge * crop[2]:
            break
    else:
        return f"too small: less than {min(resolutions) / enlarge:.0f} pixels"
    measured = [
        float(row[column])
        for column in ("quality", "mask_quality", "character_confidence")
        if row.get(column) is not None
    ]
    large = min(1.0, crop[2] / size[0])
    worth = (sum(measured) / len(measured) if measured else 0.5) * (0.5 + 0.5 * large) * (0.5 + 0.5 * free)
    people = 1 + sum(
        _covered(crop, other) * crop[2] * crop[3] > 0.3 * other[2] * other[3] for other in others
    )
    outfit = (
        next(called for called, own in zip(who, hers, strict=True) if own).removeprefix(name).strip(" ()")
    )
    return Framing(
        tuple(k for k, own in zip(ids, hers, strict=True) if own),
        crop,
        size,
        shot_size(box, width, height),
        people,
        worth,
        outfit,
    )


def _covered(box: Sequence[int], other: Sequence[int]) -> float:
    """The share of a box that another one covers."""
    wide = min(box[0] + box[2], other[0] + other[2]) - max(box[0], other[0])
    high = min(box[1] + box[3], other[1] + other[3]) - max(box[1], other[1])
    return max(0, wide) * max(0, high) / (box[2] * box[3])


def shot_size(box: Box, width: int, height: int) -> str:
    """close_up, medium, full_body or long, as `imaging.outline.framing` has it, by a figure's box (x, y, w,
    h) alone.
    """
    if box[1] + box[3] < height - 1:
        return "long" if box[3] < 0.4 * height else "full_body"
    return "close_up" if box[2] * box[3] / 3 > 0.16 * width * height else "medium"


@lru_cache(maxsize=16)
def buckets(side: int) -> tuple[tuple[int, int], ...]:
    """Widths and heights, multiples of 64, of about the area of a square of `side` pixels, at most twice as
    long as wide.
    """
    most = side * side
    found = {(wide, most // wide // _STEP * _STEP) for wide in range(_STEP, 2 * side, _STEP)}
    found |= {(high, wide) for wide, high in found}
    return tuple(
        sorted((wide, high) for wide, high in found if high and 1 / _NARROW <= wide / high <= _NARROW)
    )


def _fitted(box: Box, margin: float, side: int, width: int, height: int) -> tuple[Box, tuple[int, int]]:
    """A crop around a box that has the shape of a bucket, within the frame, and that bucket."""
    around = round(margin * max(box[2:]))
    wide, high = float(min(box[2] + 2 * around, width)), float(min(box[3] + 2 * around, height))
    size = min(
        buckets(side),
        key=lambda bucket: max(bucket[0] / bucket[1] * high / wide, bucket[1] / bucket[0] * wide / high),
    )
    shape = size[0] / size[1]
    wide, high = max(wide, high * shape), max(high, wide / shape)
    scale = min(1.0, width / wide, height / high)
    w, h = max(1, int(wide * scale)), max(1, int(high * scale))
    # Where all of her does not fit, her head does.
    x = box[0] + box[2] / 2 - w / 2
    y = box[1] - around if h < box[3] + around else box[1] + box[3] / 2 - h / 2
    return Box(int(min(max(0, x), width - w)), int(min(max(0, y), height - h)), w, h), size
