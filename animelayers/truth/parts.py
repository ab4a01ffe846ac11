"""All parts a set may be composed from: a folder's and the package's own, by split, chosen by what they look
like.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from copy import copy
from typing import Any, TypeVar

import numpy as np

from animelayers.truth import kit
from animelayers.truth.effects import effects
from animelayers.truth.kit import PartsError
from animelayers.truth.part import SPLITS, Effect, Figure, Part, Place
from animelayers.truth.people import people
from animelayers.truth.places import places
from animelayers.truth.props import props

log = logging.getLogger(__name__)

Kind = TypeVar("Kind", bound=Part)
Wanted = Callable[[Any], bool]


class Parts:
    """The parts of one split: the package's own, which are always there, and those of a folder.

    ``split``: train or val; ``folder``: a kit or a user's own cut-outs (see `kit.load`), None for the
    package's own alone; ``drawn``: whether the package's own are used; ``size``: of the frames (width,
    height), which backgrounds have to fill. Pictures are examined when they are chosen: one that cannot be
    used is named in `left_out` and another is taken; `refused` says in a line what of the folder is no part from
    the start, and why. Raises `PartsError` where a kind is missing altogether,
    or nothing of the folder can be used, FileNotFoundError and ValueError for a folder that is no kit.
    """

    def __init__(
        self, split: str, folder: str | None = None, drawn: bool = True, size: tuple[int, int] = (0, 0)
    ) -> None:
        if split not in SPLITS:
            raise PartsError(f"truth.split={split}: one of {', '.join(SPLITS)}")
        found = kit.load(folder, split) if folder else kit.Kit()
        self.split, self.left_out, self.size = split, found.left_out, size
        self.refused = found.told(folder) if folder else ""
        self.figures: list[Figure] = [*(people(split) if drawn else []), *found.parts["figures"]]  # type: ignore[list-item]
        self.props: list[Figure] = [*(props(split) if drawn else []), *found.parts["props"]]  # type: ignore[list-item]
        self.effects: list[Effect] = [*(effects(split) if drawn else []), *found.parts["effects"]]  # type: ignore[list-item]
        self.places: list[Place] = [*(places(split) if drawn else []), *found.parts["backgrounds"]]  # type: ignore[list-item]
        self.few = False
        self._reasons: dict[str, str] = {}
        missing = [kind for kind in ("figures", "effects", "places") if not getattr(self, kind)]
        if missing:
            raise PartsError(
                f"no {' and no '.join(missing)} of the split {split} in truth.parts={folder}: add some, or truth.drawn=true"
            )

    def choose(
        self, rng: np.random.Generator, among: Sequence[Kind], wanted: Collection[Wanted] = ()
    ) -> Kind:
        """One of the parts `among` that fits the wishes `wanted`, the weightiest first; a wish that none can
        fulfil is let go.

        Every source is as likely as any other, whatever the number of its parts, and within it every part.
        The choice depends on `rng` alone.
        """
        left = list(among)
        for wish in wanted:
            left = [part for part in left if wish(part)] or left
        while left:
            sources = sorted({part.source for part in left})
            source = sources[int(rng.integers(len(sources)))]
            mine = [part for part in left if part.source == source]
            part = mine[int(rng.integers(len(mine)))]
            if not self._refuses(part):
                return part
            left = [other for other in left if other is not part]
        raise PartsError(
            f"none of {len(among)} parts of the split {self.split} can be used: {dict(Counter(self._reasons.values()))}"
        )

    def _refuses(self, part: Any) -> str:
        if part.name not in self._reasons:
            files = isinstance(part, kit.FileFigure | kit.FileEffect | kit.FilePlace)
            self._reasons[part.name] = kit.examined(part, self.size) if files else ""
            if self._reasons[part.name]:
                self.left_out.append((part.name, self._reasons[part.name]))
                log.info("left out %s: %s", part.name, self._reasons[part.name])
        return self._reasons[part.name]

    def cast(self, rng: np.random.Generator, wanted: Sequence[Wanted]) -> Parts:
        """The same parts with few figures, one that fits each wish: people who come again in shot after shot.
        No shot has one of them twice.
        """
        made, left = copy(self), list(self.figures)
        made.figures, made.few = [], True
        for wish in wanted[: len(left)]:
            made.figures.append(self.choose(rng, left, [wish]))
            left = [part for part in left if part is not made.figures[-1]]
        return made

    def terms(self) -> dict[str, tuple[str, str]]:
        """Licences and credits by source, those of its parts joined."""
        found: dict[str, tuple[dict[str, None], dict[str, None]]] = {}
        for part in (*self.figures, *self.props, *self.effects, *self.places):
            licences, credits = found.setdefault(part.source, ({}, {}))
            licences[part.licence], credits[part.credit] = None, None
        return {
            source: (", ".join(filter(None, a)), "; ".join(filter(None, b)))
            for source, (a, b) in found.items()
        }
