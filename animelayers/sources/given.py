"""The alpha that comes with an input, as the character's alpha of a clip."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import IO

import numpy as np

from animelayers.schema import Row
from animelayers.sources.asked import Asked
from animelayers.sources.beside import alpha
from animelayers.sources.seen import Seen

_CLEAR, _SOLID = 0.02, 0.002  # shares of a picture below which nothing of it counts as clear, or as a figure


class Given:
    """Takes the drawings of one clip in order and tells the alpha that is given for them.

    ``mattes``: opens a file of `source.mattes`. A matte beside the picture stands before the picture's own alpha.
    """

    def __init__(self, asked: Asked, mattes: Callable[[str], AbstractContextManager[IO[bytes]]] | None) -> None:
        self._asked, self._mattes = asked, mattes
        self._found: list[np.ndarray | None] = []
        self._shape = (0, 0)
        self._named = False

    def add(self, seen: Seen, row: Row, place: int) -> None:
        """The next drawing, first seen as frame `place` of a plan row. Raises ValueError for a matte of another shape."""
        height, width = self._shape = seen.pixels.shape[:2]
        name = (row.get("mattes") or [""] * (place + 1))[place]
        if name and self._mattes:
            with self._mattes(name) as file:
                self._found.append(alpha(file, (width, height), name, self._asked.max_pixels))
            self._named = True
        else:
            self._found.append(seen.alpha if self._asked.alpha != "compose" else None)

    @property
    def alpha(self) -> np.ndarray:
        """uint8 (D, H, W), or empty where nothing is given; of a drawing without alpha among others with it all is solid."""
        known = [found for found in self._found if found is not None]
        if not known or not (self._named or self._asked.alpha == "character" or _tells(known)):
            return np.zeros((0, 0, 0), np.uint8)
        solid = np.full(self._shape, 255, np.uint8)
        return np.stack([solid if found is None else found for found in self._found])


def _tells(alphas: list[np.ndarray]) -> bool:
    """Whether alpha parts a figure from nothing."""
    clear = float(np.mean([(found < 128).mean() for found in alphas]))
    return bool(clear >= _CLEAR and 1 - clear >= _SOLID)
