"""Numbered pictures that are frames of one film: found among a folder's pictures, cut into shots, gaps told."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import IO

import numpy as np
from PIL import Image

from animelayers.imaging.evenly import evenly
from animelayers.sources.cuts import same
from animelayers.sources.likeness import shrink
from animelayers.sources.names import as_path, as_text, slug
from animelayers.sources.plan import Input

FEWEST = 4
"""Pictures of the shortest sequence."""

_NUMBER = re.compile(rb"(?<!\d)\d{1,9}(?!\d)")
_LOOK = 8  # pairs of neighbours that tell whether pictures are frames
_ALIKE = 0.6  # share of them that show the same place
_STRIDE = 16  # frames between those that are compared at first
_SMALL = 256

Load = Callable[[Input], np.ndarray]


def grouped(inputs: Sequence[Input], root: bytes, load: Load) -> list[Input]:
    """The inputs, numbered pictures of a folder that show one place after the other as one input of kind
    'sequence' each.

    They differ in one number alone; the seeds' scene names are left as they are. `load` gives a picture,
    small. A sequence stands where its first picture stood; its size is that of all, its time the latest.
    """
    runs: dict[tuple[bytes, bytes], dict[int, Input]] = {}
    for item in inputs:
        folder, _, name = as_path(item.source).rpartition(b"/")
        stem, suffix = os.path.splitext(name)
        if item.kind == "image" and not item.numbered and suffix.lower() not in (b".gif", b".apng"):
            for match in _NUMBER.finditer(stem):
                run = (folder + b"/" + stem[: match.start()], stem[match.end() :] + suffix)
                runs.setdefault(run, {}).setdefault(int(match[0]), item)
    taken: dict[str, Input | None] = {}
    for (before, after), all_of in sorted(runs.items(), key=lambda run: -len(run[1])):
        found = {number: item for number, item in all_of.items() if item.source not in taken}
        members = [found[number] for number in sorted(found)]
        if len(members) >= FEWEST and _frames(members, load):
            path = (before + b"#" + after).lstrip(b"/")
            named = slug(path, root)
            made = replace(
                members[0], source=as_text(path), kind="sequence", name=named, episode=named, size=sum(m.size for m in members),
                mtime_ns=max(m.mtime_ns for m in members), members=tuple(members), numbers=tuple(sorted(found)),
            )  # fmt: skip
            taken |= {member.source: None for member in members} | {members[0].source: made}
    return [kept for item in inputs if (kept := taken.get(item.source, item)) is not None]


def shots(members: Sequence[Input], load: Load) -> np.ndarray:
    """The number of the shot of each frame, int64 [T]: a frame that shows another place than the one before
    it begins one.

    Frames far apart are compared first, and what lies between two alike is not looked at: a cut away and back
    within it is not found.
    """
    seen = lru_cache(maxsize=4 * _STRIDE)(lambda place: shrink(load(members[place])))
    starts = np.zeros(len(members), np.int64)
    pending = [(a, min(a + _STRIDE, len(members) - 1)) for a in range(0, len(members) - 1, _STRIDE)][::-1]
    while pending:
        a, b = pending.pop()
        if same(seen(a), seen(b)):
            continue
        if b - a == 1:
            starts[b] = 1
        else:
            pending += [((a + b) // 2, b), (a, (a + b) // 2)]
    return np.cumsum(starts)


def gaps(numbers: Sequence[int]) -> str:
    """A note on numbers that are missing, '' where none is; a step that all share is no gap."""
    steps = np.diff(numbers)
    usual = int(np.median(steps)) if len(steps) else 1
    wide = np.flatnonzero(steps > usual)
    if not len(wide):
        return ""
    first = numbers[wide[0]]
    missing = int((steps[wide] // usual - 1).sum())
    return f"{missing} numbers are missing, the first behind {first}"


def small(file: IO[bytes], max_pixels: int) -> np.ndarray:
    """A picture at about 256 pixels across, uint8 BGR (H, W, 3), decoded no larger than that needs."""
    from animelayers.sources.pictures import header

    picture = header(file, max_pixels)
    picture.draft("RGB", (_SMALL, _SMALL))
    size = (
        min(_SMALL, picture.width),
        max(1, round(picture.height * min(_SMALL, picture.width) / picture.width)),
    )
    return np.ascontiguousarray(
        np.asarray(picture.convert("RGB").resize(size, Image.Resampling.BOX))[..., ::-1]
    )


def _frames(members: Sequence[Input], load: Load) -> bool:
    """Whether pictures are frames of a film, by a few pairs of neighbours. What cannot be read is no frame."""
    places = evenly(len(members) - 1, _LOOK)
    alike = 0
    for place in places:
        try:
            one, other = load(members[place]), load(members[place + 1])
        except Exception:  # the scan says of each what is wrong with it
            continue
        alike += one.shape == other.shape and same(shrink(one), shrink(other))
    return alike >= _ALIKE * len(places)
