"""What users already have beside their pictures and films: captions of the same stem, mattes of the same name
in another folder.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from typing import IO

import cv2
import numpy as np

from animelayers.sources.listing import LeftOut
from animelayers.sources.names import as_path, natural
from animelayers.sources.plan import Input

WORDS = (b".txt", b".caption")
"""Suffixes of captions."""

_LONGEST = 65_536  # bytes of a caption
_AFFIX = re.compile(
    rb"(?:^|[_. -]+)(?:mask|masks|matte|mattes|alpha|char|character|fg|foreground|pha|seg)(?:[_. -]+|$)",
    re.IGNORECASE,
)

Opened = Callable[[str], AbstractContextManager[IO[bytes]]]


def captions(inputs: Iterable[Input], left_out: Iterable[LeftOut]) -> tuple[dict[str, str], list[LeftOut]]:
    """The caption's path of each input that has one, by the input's; and what is left out still."""
    stems = {
        os.path.splitext(as_path(item.source))[0]: item.source for item in inputs if item.kind != "problem"
    }
    found: dict[str, str] = {}
    rest = []
    for left in left_out:
        stem, suffix = os.path.splitext(as_path(left.source))
        if suffix.lower() in WORDS and stem in stems and stems[stem] not in found:
            found[stems[stem]] = left.source
        else:
            rest.append(left)
    return found, rest


def words(file: IO[bytes]) -> str:
    """A caption in one line; what is no UTF-8 is replaced."""
    return " ".join(file.read(_LONGEST).decode("utf-8-sig", "replace").split())


def key(path: bytes) -> bytes:
    """What a picture and its matte have in common: the path without suffix, case, and the words tools put to
    a mask's name.
    """
    folder, _, name = path.rpartition(b"/")
    stem = os.path.splitext(name)[0]
    plain = _AFFIX.sub(b"_", stem).strip(b"_. -") or stem
    return (folder.lower() + b"/" + plain.lower()).lstrip(b"/")


class Mattes:
    """Mattes of a folder, found by the names of the pictures they belong to.

    ``inputs``: the pictures and films of that folder. The matte of a film is a film of its name, or lies in a
    folder of its name, a picture per frame in natural order; pictures of a sequence may be under their own
    numbers. ``alone``: they are one file, which is the matte of whatever is read.
    """

    def __init__(self, inputs: Iterable[Input], alone: bool = False) -> None:
        self._of: dict[bytes, str] = {}
        self._films: dict[bytes, str] = {}
        inputs = list(inputs)
        self._alone = inputs[0].source if alone and inputs and inputs[0].kind == "video" else None
        folders: dict[bytes, list[str]] = {}
        for item in inputs:
            if item.kind == "video":
                self._films.setdefault(key(as_path(item.source)), item.source)
            if item.kind == "image":
                path = as_path(item.source)
                self._of.setdefault(key(path), item.source)
                folders.setdefault(key(os.path.dirname(path) + b".x"), []).append(item.source)
        self._folders: Mapping[bytes, list[str]] = {
            name: sorted(found, key=lambda source: natural(as_path(source)))
            for name, found in folders.items()
        }

    def still(self, source: str) -> str | None:
        """The matte of a picture, None where there is none; one in a single folder may lie there without the
        picture's own folders.
        """
        path = as_path(source)
        return self._of.get(key(path)) or self._of.get(key(os.path.basename(path)))

    def film(self, source: str, index: int) -> str | None:
        """The matte of a frame of a film: a picture, or a film."""
        path = as_path(source)
        moving = self._alone or self._films.get(key(path)) or self._films.get(key(os.path.basename(path)))
        if moving:
            return moving
        found = self._folders.get(key(path)) or self._folders.get(key(os.path.basename(path))) or ()
        return found[index] if index < len(found) else None

    @property
    def unused(self) -> str:
        """How many mattes there are, for messages."""
        return f"{len(self._of)} mattes"


def alpha(file: IO[bytes], size: tuple[int, int], name: str, max_pixels: int) -> np.ndarray:
    """A matte as alpha uint8 (H, W) of `size` (width, height): its own alpha, or its brightness; 0 and 1
    count as none and all.

    Raises ValueError where it has another shape than its frame.
    """
    from animelayers.sources.pictures import header

    picture = header(file, max_pixels)
    if picture.has_transparency_data:
        plane = picture.convert("RGBA").getchannel("A")
        made = np.asarray(plane if plane.getextrema() != (255, 255) else picture.convert("L"))
    elif picture.mode.startswith("I") or picture.mode == "F":
        values = np.asarray(picture).astype(np.float64)
        made = (
            values * (255 / max(1.0, 65535.0 if values.max() > 255 else 255.0 if values.max() > 1 else 1.0))
        ).astype(np.uint8)
    else:
        made = np.asarray(
            picture
            if picture.mode == "P" and (picture.getextrema() or (0, 9))[1] == 1
            else picture.convert("L")
        )
    made = made * np.uint8(255) if made.max(initial=0) == 1 else made
    return fitted(made, size, name)


def fitted(made: np.ndarray, size: tuple[int, int], name: str) -> np.ndarray:
    """A matte (H, W) as uint8 of `size` (width, height). Raises ValueError where it has another shape than
    its frame.
    """
    if (made.shape[1], made.shape[0]) == size:
        return np.ascontiguousarray(made, np.uint8)
    if abs(made.shape[1] * size[1] - made.shape[0] * size[0]) > 0.01 * made.shape[0] * size[0]:
        raise ValueError(
            f"the matte {name} is {made.shape[1]} x {made.shape[0]}, its frame {size[0]} x {size[1]}"
        )
    resized: np.ndarray = cv2.resize(made.astype(np.uint8), size, interpolation=cv2.INTER_AREA)
    return resized
