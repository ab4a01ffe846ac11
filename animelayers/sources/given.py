"""The layers that come with an input, as those of a clip."""

from __future__ import annotations

import numpy as np

from animelayers.record.schema import RECORD, Row, blank
from animelayers.sources.asked import Asked
from animelayers.sources.matted import Matted
from animelayers.sources.seen import Drawn, Seen

NOTHING = Drawn()

_CLEAR, _SOLID = 0.02, 0.002  # shares of a picture below which nothing of it counts as clear, or as a figure


class Given:
    """Takes the drawings of one clip in order and tells the alpha that is given for them.

    ``mattes``: those of `source.mattes`. A matte beside the picture stands before the picture's own layers,
    and they before its alpha.
    """

    def __init__(self, asked: Asked, mattes: Matted | None) -> None:
        self._asked, self._mattes = asked, mattes
        self._found: list[np.ndarray | None] = []
        self._drawn: list[Drawn] = []
        self._shape = (0, 0)
        self._named = False

    def add(self, seen: Seen, row: Row, place: int) -> None:
        """The next drawing, first seen as frame `place` of a plan row. Raises ValueError for a matte of
        another shape.
        """
        height, width = self._shape = seen.pixels.shape[:2]
        self._drawn.append(seen.layers or NOTHING)
        name = (row.get("mattes") or [""] * (place + 1))[place]
        if name and self._mattes:
            self._found.append(self._mattes.alpha(name, row["times"][place], (width, height)))
            self._named = True
        elif seen.layers is not None and seen.layers.alpha is not None:
            self._found.append(seen.layers.alpha)
            self._named = True
        else:
            self._found.append(seen.alpha if self._asked.alpha != "compose" else None)

    @property
    def alpha(self) -> np.ndarray:
        """uint8 (D, H, W), or empty where nothing is given; of a drawing without alpha among others with it
        all is solid.
        """
        known = [found for found in self._found if found is not None]
        if not known or not (self._named or self._asked.alpha == "character" or _tells(known)):
            return np.zeros((0, 0, 0), np.uint8)
        solid = np.full(self._shape, 255, np.uint8)
        return np.stack([solid if found is None else found for found in self._found])

    @property
    def layers(self) -> Row:
        """The columns of the other layers that come with the input: an effect where any drawing has one, a
        background where all have.
        """
        effects = [drawn.effect for drawn in self._drawn]
        behind = [drawn.background for drawn in self._drawn]
        made: Row = {name: blank(name) for name in ("given_effect", "given_mode", "given_background")}
        if any(effect is not None for effect in effects):
            none = np.zeros((*self._shape, 4), np.uint8)
            made["given_effect"] = np.stack([none if effect is None else effect for effect in effects])
            made["given_mode"] = RECORD["given_mode"].gather([drawn.mode for drawn in self._drawn])
        if all(picture is not None for picture in behind):
            made["given_background"] = np.stack([picture for picture in behind if picture is not None])
        return made


def _tells(alphas: list[np.ndarray]) -> bool:
    """Whether alpha parts a figure from nothing."""
    clear = float(np.mean([(found < 128).mean() for found in alphas]))
    return bool(clear >= _CLEAR and 1 - clear >= _SOLID)
