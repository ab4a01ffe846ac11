"""What a strategy is: it turns the layers of one frame into the pictures and captions of a training set."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, NamedTuple

import numpy as np


class Made(NamedTuple):
    """A picture of the training set.

    ``name``: of its file, without suffix, unique in the set: the frame's name and what this is of it, frame_0002_character.
    ``picture``: uint8 sRGB (H, W, 3), with straight alpha (H, W, 4), or (H, W). ``caption``: None for a picture that has none.
    """

    name: str
    picture: np.ndarray
    caption: str | None = None


class Strategy(ABC):
    """Built once per worker from its YAML in conf/strategy, of which ``enabled`` is the decision's and not given to it.

    A new strategy is a subclass here or in any module of the package, and a YAML that names it.
    """

    somebody: ClassVar[bool] = False
    """Whether it needs a character in the frame; frames without one never get it."""

    @abstractmethod
    def __call__(self, frame_id: str, layers: Mapping[str, np.ndarray], row: Mapping[str, Any]) -> list[Made]:
        """The pictures of one frame; the same frame always gives the same ones.

        ``frame_id``: the frame's name in the set, unique and fit for a file name; `row` has the id of the frame table. ``layers``: decoded
        when they are asked for, all uint8 and read-only: ``frame`` (H, W, 3) put together again, and of those the output stores ``character``
        (H, W, 4) with straight alpha, ``mask`` (H, W) its alpha, ``background`` (H, W, 3), ``effect`` (H, W, 4), ``instances`` (H, W) labels. A layer
        that the frame lacks raises KeyError. ``row``: the frame's row of the frame table with all annotations but embeddings. Whatever it
        raises fails this frame alone.
        """

    @classmethod
    def fits(cls, row: Mapping[str, Any]) -> float:
        """How well a frame suits a strategy that the decision knows nothing of, 0..1, from its row of the frame table."""
        return 0.5
