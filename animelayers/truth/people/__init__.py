"""The package's own drawn people: ten hands, some for training and some for judging, with two dozen people
each, who move.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from animelayers.truth.part import SPLITS, Cutout
from animelayers.truth.people.actions import ACTIONS, pose
from animelayers.truth.people.casting import cast
from animelayers.truth.people.figure import drawn
from animelayers.truth.people.look import Look, Pose
from animelayers.truth.people.marks import Ink, Mark
from animelayers.truth.people.paper import develop
from animelayers.truth.people.style import Style
from animelayers.truth.people.train_styles import TRAIN
from animelayers.truth.people.val_styles import VAL

CAST = 24
"""People of a style."""
LEAST, MOST = 24, 4000


@dataclass(frozen=True)
class Person:
    """A person drawn by one of the package's hands; a figure to compose from, see
    `animelayers.truth.part.Figure`.
    """

    name: str
    source: str
    split: str
    tags: frozenset[str]
    look: Look = field(repr=False)
    stance: Pose = field(repr=False)
    ink: Ink = field(repr=False)
    licence: str = "MIT"
    credit: str = "animelayers"

    @property
    def actions(self) -> Mapping[str, int]:
        """What it can do, and the number of drawings of each in its loop."""
        unseen = ("talk", "blink") if self.stance.away else ()
        return {name: count for name, (count, _) in ACTIONS.items() if name not in unseen}

    def draw(self, action: str, k: int, height: int, part: str = "whole") -> Cutout:
        """Drawing `k` (counted around) of an action, the upright figure `height` pixels from its soles to the
        top of its head.

        ``part``: whole, pinned on the ground between the soles; or bust, what lies above the waist, pinned at
        the middle of its lower edge. Raises KeyError for an action that is not there, ValueError for a height
        outside of 24..4000 or another part.
        """
        if not LEAST <= height <= MOST:
            raise ValueError(f"{self.name}: a figure of {height} pixels: {LEAST} to {MOST} can be drawn")
        if part not in ("whole", "bust"):
            raise ValueError(f"{self.name}: part {part!r}: whole or bust")
        marks, waist = _marks(self, action, k % ACTIONS[action][0] if action in ACTIONS else k)
        bottom = waist if part == "bust" else None
        rgba, (x, y) = develop(marks, self.ink, height, bottom, self.look.seed)
        return Cutout(rgba, (x, float(rgba.shape[0]) - 0.5) if part == "bust" else (x, y))


@lru_cache(maxsize=128)
def _marks(person: Person, action: str, k: int) -> tuple[list[Mark], float]:
    now = pose(person.stance, action, k)
    b = person.look.build
    return drawn(person.look, now, person.ink), -b.legs - 0.1 * (1 - b.legs)


def people(split: str | None = None) -> list[Person]:
    """The drawn people of one split or of both. Raises ValueError for a split that is none."""
    if split not in (None, *SPLITS):
        raise ValueError(f"split={split}: one of {', '.join(SPLITS)}")
    return [
        _person(style, number)
        for style in (*TRAIN, *VAL)
        if split in (None, style.split)
        for number in range(CAST)
    ]


@lru_cache(maxsize=512)
def _person(style: Style, number: int) -> Person:
    look, stance, words = cast(style, number)
    source = f"animelayers-{style.name}"
    name = f"{source}/{number:02d}"
    return Person(name, source, style.split, words | {"person", "anime", "drawn"}, look, stance, style.ink)


def drawn_by(split: str, each: int) -> list[Person]:
    """The first `each` people of every hand of a split: those composed films show, and more by the same
    rules.
    """
    return [
        _person(style, number) for style in (*TRAIN, *VAL) if style.split == split for number in range(each)
    ]
