"""What a strategy is: it turns the layers of one frame into the pictures and captions of a training set."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar, NamedTuple

import numpy as np


class Made(NamedTuple):
    """A picture of the training set.

    ``kind``: what of the frame it is, in letters, digits and '_', another for each picture of a frame; '' the
    whole frame. ``picture``: uint8 sRGB (H, W, 3), or (H, W, 4) with straight alpha for a cut-out.
    ``caption``: None for a picture that has none. ``shows``: the layer it shows, frame, character or
    background. ``mask``: uint8 (H, W), what of it trains, None for its alpha or all of it. ``crop``: x, y, w,
    h in the frame, None for the whole. ``concept``: what it teaches, '' for its strategy's name. ``trains``:
    false for what is there to compare with. ``instance``: the id of the one character it shows, 0 for none
    alone. ``told``: columns of the frame table that are otherwise in it than in the frame.
    """

    kind: str
    picture: np.ndarray
    caption: str | None = None
    shows: str = "frame"
    mask: np.ndarray | None = None
    crop: tuple[int, int, int, int] | None = None
    concept: str = ""
    trains: bool = True
    instance: int = 0
    told: Mapping[str, Any] = MappingProxyType({})


class Strategy(ABC):
    """Built once per worker from its YAML in conf/strategy, of which ``enabled`` is the decision's and not
    given to it.

    A new strategy is a subclass here or in any module of the package, and a YAML that names it.
    """

    somebody: ClassVar[bool] = False
    """Whether it needs a character in the frame; frames without one never get it."""

    @abstractmethod
    def __call__(self, layers: Mapping[str, np.ndarray], row: Mapping[str, Any]) -> list[Made]:
        """The pictures of one frame; the same frame always gives the same ones.

        ``layers``: decoded when they are asked for, all uint8 and read-only: ``frame`` (H, W, 3) put together
        again, and of those the output stores ``character`` (H, W, 4) with straight alpha, ``mask`` (H, W) its
        alpha, ``background`` (H, W, 3), ``effect`` (H, W, 4), ``instances`` (H, W) labels. A layer that the
        frame lacks raises KeyError. ``row``: the frame's row of the frame table with all annotations but
        embeddings. Whatever it raises fails this frame alone.
        """

    @classmethod
    def fits(cls, row: Mapping[str, Any], **options: Any) -> float:
        """How well a frame suits a strategy that the decision knows nothing of, 0..1, from its row of the
        frame table and the strategy's options; 0: it cannot be made of it."""
        return 0.5

    @classmethod
    def why(cls, row: Mapping[str, Any], **options: Any) -> str:
        """Why a frame that it does not fit is left out, in a few words."""
        return "" if cls.fits(row, **options) else "does not fit"

    @classmethod
    def balanced(cls, row: Mapping[str, Any], **options: Any) -> tuple[str, ...]:
        """What of a frame's pictures a small set has in balance: their shot size, …"""
        return (str(row.get("shot_size") or "none"),)
