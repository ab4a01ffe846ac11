"""What a shot is composed from: parts, each by one hand, and what they give."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, Protocol

import numpy as np

SPLITS = ("train", "val")


class Cutout(NamedTuple):
    """One drawing of a figure or a prop.

    ``rgba``: straight uint8 (h, w, 4), cropped to what is drawn. ``pin``: the pixel (x, y) in it, which may
    lie outside, at which it is put down: on the ground between the soles; of a bust the middle of its lower
    edge.
    """

    rgba: np.ndarray
    pin: tuple[float, float]


class Part(Protocol):
    """What every part says of itself: its name, the hand it is from, the split that hand belongs to, its
    terms and words for its look.
    """

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def source(self) -> str: ...  # noqa: D102
    @property
    def split(self) -> str: ...  # noqa: D102
    @property
    def licence(self) -> str: ...  # noqa: D102
    @property
    def credit(self) -> str: ...  # noqa: D102
    @property
    def tags(self) -> frozenset[str]: ...  # noqa: D102


class Figure(Part, Protocol):
    """A figure or a prop. ``actions``: what it can do, and the number of drawings of each in a loop."""

    @property
    def actions(self) -> Mapping[str, int]: ...  # noqa: D102

    def draw(self, action: str, k: int, height: int) -> Cutout:
        """Drawing `k` (counted around) of an action; `height` is that of the upright figure in pixels."""
        ...


class Effect(Part, Protocol):
    """An effect. ``kind``: rain, aura …; ``modes``: how it may lie over a picture, best first; ``field``: it
    fills the frame, else it is a tile; ``anchor``: where in its tile it comes from, in shares of width and
    height; ``count``: drawings of its life; ``loops``: the first follows the last."""

    @property
    def kind(self) -> str: ...  # noqa: D102
    @property
    def modes(self) -> tuple[str, ...]: ...  # noqa: D102
    @property
    def field(self) -> bool: ...  # noqa: D102
    @property
    def anchor(self) -> tuple[float, float]: ...  # noqa: D102
    @property
    def count(self) -> int: ...  # noqa: D102
    @property
    def loops(self) -> bool: ...  # noqa: D102

    def draw(self, k: int, size: tuple[int, int], seed: int) -> np.ndarray:
        """Drawing `k` as straight RGBA uint8 (h, w, 4) within `size` (width, height)."""
        ...


class Place(Part, Protocol):
    """A background."""

    def planes(self, size: tuple[int, int], seed: int) -> list[np.ndarray]:
        """RGBA uint8 (h, w, 4) of `size` (width, height), back to front, the first opaque."""
        ...
