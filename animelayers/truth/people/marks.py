"""What a drawing is made of: a list of marks, in heights of the figure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from animelayers.samples.pen import Colour, mix, ribbon


@dataclass(frozen=True)
class Ink:
    """How a hand draws.

    ``weight``: width of its outlines in thousandths of a figure's height, 0 for none; ``colour`` of them,
    None for a darker tone of what they enclose; ``shading``: flat, cel (two tones), soft (painted) or tone
    (dots); ``shade``: the tone that shadows are mixed with and ``depth`` its share; ``grey``: no colours;
    ``grain``: unevenness of the paint in grey levels.
    """

    weight: float = 3.2
    colour: Colour | None = (46, 26, 44)
    shading: str = "cel"
    shade: Colour = (70, 50, 110)
    depth: float = 0.26
    grey: bool = False
    grain: float = 0.0

    @property
    def far(self) -> float:
        """Share of the shadow's tone on a limb that lies behind."""
        return min(0.5 * self.depth, 0.2)

    def line(self, inside: Colour) -> Colour:
        """The colour of a line around `inside`."""
        return self.colour if self.colour is not None else mix(inside, (70, 30, 50), 0.62)


class Mark(NamedTuple):
    """A filled outline (N, 2) in a colour; ``clip``: only within this outline, on what is there; ``shift``:
    how far its lit side lies from its edge, 0 for no shading, below 0 for a line alone; ``line``: relative
    weight of the line around it, 0 for none."""

    points: np.ndarray
    colour: Colour
    clip: np.ndarray | None = None
    shift: float = 0.0
    line: float = 0.0
    ink: Colour = (0, 0, 0)


class Marks:
    """A drawing in the making."""

    def __init__(self, ink: Ink) -> None:
        self.ink, self.list = ink, list[Mark]()

    def fill(self, points: np.ndarray, colour: Colour, shift: float = 0.0, line: float = 1.0) -> None:
        """A shape with its line and its shadow side."""
        self.list.append(Mark(points, colour, None, shift, line, self.ink.line(colour)))

    def inside(self, points: np.ndarray, colour: Colour, clip: np.ndarray) -> None:
        """A patch on a shape."""
        self.list.append(Mark(points, colour, clip))

    def outline(self, points: np.ndarray, colour: Colour, line: float = 1.0) -> None:
        """The line around a shape again, over what was painted on it."""
        if self.ink.weight:
            self.list.append(Mark(points, colour, None, -1.0, line, self.ink.line(colour)))

    def rim(self, path: np.ndarray, inside: Colour) -> None:
        """A line along an open path (N, 2), as heavy as those around shapes."""
        self.stroke(path, (1e-3 * self.ink.weight,) * 2, self.ink.line(inside))

    def stroke(
        self, path: np.ndarray, widths: tuple[float, ...], colour: Colour, clip: np.ndarray | None = None
    ) -> None:
        """A brush stroke along `path` (N, 2) whose full width runs through `widths`."""
        self.list.append(Mark(ribbon(path, widths), colour, clip))

    def crease(
        self, path: np.ndarray, inside: Colour, width: float = 1.0, clip: np.ndarray | None = None
    ) -> None:
        """A fold or a strand: a tapered line in the hand's own weight; a darker tone where a hand draws no
        lines.
        """
        weight = (self.ink.weight or 2.2) * 1e-3 * width
        colour = (
            mix(inside, self.ink.line(inside), 0.8) if self.ink.weight else mix(inside, self.ink.shade, 0.3)
        )
        self.stroke(path, (0.15 * weight, weight, 0.9 * weight, 0.1 * weight), colour, clip)
