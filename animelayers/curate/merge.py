"""One training folder from the outputs of all strategies: duplicates out, concepts in balance."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

import cv2
import numpy as np

from animelayers.imaging.content import fingerprint, reduced

_KIND = re.compile(r"^(?P<frame>.+?)(?:_(?P<kind>enhanced_character|enhanced|character|background|composite|mask|occ\d+(?:_mask)?))?$")
_GREY = 128  # behind what is transparent


class Picture(NamedTuple):
    """A picture of a strategy's output: its ``name``, the ``frame`` it is of, and its ``kind``: '' for the frame, character, background, occ …"""

    name: str
    strategy: str
    frame: str
    kind: str

    @property
    def trains(self) -> bool:
        """Whether it is a training picture: masks, and frames kept for comparison, are none."""
        return self.kind not in ("mask", "composite", "occ_mask")

    @property
    def concept(self) -> str:
        """What it teaches, unless somebody says otherwise: its kind, or its strategy where it shows the whole frame."""
        return {"": self.strategy, "occ": self.strategy, "enhanced": self.strategy, "enhanced_character": "character"}.get(self.kind, self.kind)


def parsed(name: str, strategy: str) -> Picture:
    """What the name of a picture, without suffix, tells; the number of a variation is no kind of its own."""
    match = _KIND.match(name)
    assert match is not None
    return Picture(name, strategy, match["frame"], re.sub(r"\d+", "", match["kind"] or ""))


def looks(picture: np.ndarray) -> int:
    """The perceptual hash, 64 bits, of a uint8 picture (H, W), (H, W, 3) or (H, W, 4); what is transparent counts as grey."""
    if picture.ndim == 2:
        return int(fingerprint(reduced(picture)), 16)
    small = reduced(picture)
    rgb = np.ascontiguousarray(small[..., :3])
    if small.shape[2] == 4:
        alpha = small[..., 3:].astype(np.float32) / 255
        rgb = np.rint(rgb * alpha + _GREY * (1 - alpha)).astype(np.uint8)
    return int(fingerprint(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)), 16)


def duplicates(pictures: Sequence[Picture], hashes: Sequence[int], distance: int) -> dict[int, int]:
    """Positions of pictures that look like one before them, and the position of that one, which is kept.

    Only pictures of the same kind and strategy, and of different frames, are compared: variations of a frame are meant to be alike. Unlike
    `curate.duplicates` it makes no chains: of a slow pan, in which each picture is like the next one, some stay.
    ``distance``: bits in which the hashes may differ. In time that grows with the number of pictures, not with its square: hashes
    that differ in no more than `distance` bits agree in one of `distance` + 1 parts. Raises ValueError for a distance not in 0..15.
    """
    if not 0 <= distance <= 15:
        raise ValueError(f"distance is 0 to 15 of the 64 bits, not {distance}")
    bands = _bands(distance + 1)
    kept: dict[tuple[str, str, int, int], list[int]] = {}
    found: dict[int, int] = {}
    for here, (picture, bits) in enumerate(zip(pictures, hashes, strict=True)):
        keys = [(picture.strategy, picture.kind, band, bits >> start & (1 << width) - 1) for band, (start, width) in enumerate(bands)]
        near = (there for key in keys for there in kept.get(key, ()))
        alike = [n for n in near if pictures[n].frame != picture.frame and (hashes[n] ^ bits).bit_count() <= distance]
        if alike:
            found[here] = min(alike)
            continue
        for key in keys:
            kept.setdefault(key, []).append(here)
    return found


def named(pictures: Iterable[Picture]) -> list[str]:
    """A name for each picture in one folder: its own, or with its strategy before it where another one has it, case aside."""
    taken: set[str] = set()
    names = []
    for picture in pictures:
        name, number = picture.name, 1
        while name.casefold() in taken:
            name = f"{picture.strategy}_{picture.name}{'' if number == 1 else f'_{number}'}"
            number += 1
        taken.add(name.casefold())
        names.append(name)
    return names


def _bands(count: int) -> list[tuple[int, int]]:
    """Start and width in bits of `count` parts of 64 bits."""
    edges = [64 * n // count for n in range(count + 1)]
    return [(a, b - a) for a, b in pairwise(edges)]
