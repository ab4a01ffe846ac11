"""From distributions and a seed to the plan of a film."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any, Literal

import numpy as np

from animelayers.options import Count, Size
from animelayers.truth.odds import checked, draw
from animelayers.truth.parts import Parts
from animelayers.truth.plan import FilmLook, FilmPlan, ShotPlan
from animelayers.truth.stage import ODDS, of_kind, staged
from animelayers.truth.traits import DEMANDS

SENTENCES = (
    "I never thought we would meet here again.",
    "Wait! Where are you going?",
    "The wind is changing.",
    "If we do nothing now, nobody will.\nThen let us begin.",
    "…is that so?",
    "They come from beyond the mountains,\nand they do not sleep.",
)
_ASKED = 2  # shots of a film that are made for a word in focus
_FILM = ("shots", "transition", "blend", "overlay", "film", "codec", "quality")


class Recipe:
    """How films are composed: from which parts, and how often what is shown.

    ``split``, ``parts``, ``drawn``: see `parts.Parts`. ``size`` (width, height), ``fps``, ``frames`` [least,
    most] of a shot. ``cast``: so many figures, in the shares of `who`, come again in all shots of a set;
    None: anybody. ``focus``: words of `traits.DEMANDS` that shots have to show in turn, ``[all]`` for every
    word. The rest are distributions by name, as conf/recipe/animation.yaml states them: weights of words, or
    [least, most] of an even one. Raises ValueError for an unknown word or name and for what is no
    distribution, `PartsError` and FileNotFoundError for parts that are not there.
    """

    def __init__(
        self,
        split: Literal["train", "val"] = "train",
        parts: str | None = None,
        drawn: bool = True,
        size: Size = (854, 480),
        fps: Count = 24,
        frames: Size = (12, 36),
        focus: Sequence[str] = (),
        cast: Count | None = None,
        **odds: Any,
    ) -> None:
        self.split, self.folder, self.drawn = split, parts, drawn
        self.size, self.fps, self.frames = (
            (int(size[0]), int(size[1])),
            int(fps),
            (int(frames[0]), int(frames[1])),
        )
        self.focus = _apart(tuple(DEMANDS) if list(focus) == ["all"] else tuple(focus))
        self.cast, self._casts = cast, dict[int, Parts]()
        unknown = [word for word in self.focus if word not in DEMANDS]
        if unknown:
            raise ValueError(f"truth.focus={unknown}: words are {', '.join(DEMANDS)}")
        if min(self.size) < 64 or any(side % 2 for side in self.size):
            raise ValueError(f"truth.size={list(self.size)}: width and height must be even and at least 64")
        if not 1 <= self.frames[0] <= self.frames[1]:
            raise ValueError(f"truth.frames={list(self.frames)}: [least, most], from 1 on")
        missing, extra = {*ODDS, *_FILM} - odds.keys(), odds.keys() - {*ODDS, *_FILM}
        if missing or extra:
            raise ValueError(
                f"truth: no distribution of {', '.join(sorted(missing))}"
                if missing
                else f"truth: unknown {', '.join(sorted(extra))}"
            )
        self._key = zlib.crc32(split.encode())
        self.odds = {name: checked(name, value) for name, value in odds.items()}

    @cached_property
    def chosen(self) -> Parts:
        """The parts; read once in each process."""
        return Parts(self.split, self.folder, self.drawn, self.size)

    def of(self, seed: int) -> Parts:
        """The parts that a set is composed from: all, or those of its cast."""
        if self.cast is None:
            return self.chosen
        if seed not in self._casts:
            rng = np.random.default_rng([seed, self._key, 3])
            self._casts[seed] = self.chosen.cast(
                rng, [of_kind(draw(rng, self.odds["who"])) for _ in range(self.cast)]
            )
        return self._casts[seed]

    def named(self, seed: int, number: int) -> str:
        """The name of film `number` of a set."""
        return f"{self.split}{seed:04d}-{number:05d}"

    def count(self, seed: int, number: int) -> int:
        """How many shots film `number` of a set has: two at least where words are in focus."""
        rng = np.random.default_rng([seed, number, self._key])
        return max(int(draw(rng, self.odds["shots"])), min(_ASKED, len(self.focus)))

    def in_focus(self, number: int) -> list[str]:
        """The words in focus that the first shots of film `number` are made for.

        They are spread over the films of a set by their numbers alone, so that any film can be made for
        itself.
        """
        return [
            self.focus[(number * _ASKED + i) % len(self.focus)] for i in range(min(_ASKED, len(self.focus)))
        ]

    def film(self, seed: int, number: int, most: int | None = None) -> FilmPlan:
        """Film `number` of a set, `most` shots of it; equal seeds, equal films, whatever else was composed
        before.
        """
        rng, count = (
            np.random.default_rng([seed, number, self._key, 1]),
            min(most or self.count(seed, number), self.count(seed, number)),
        )
        asked = [*self.in_focus(number), *[""] * count][:count]
        demands = [DEMANDS.get(word, {}) for word in asked]
        joint: dict[str, Any] = {}
        for demand in demands:
            joint = {**{name: value for name, value in demand.items() if name in _FILM}, **joint}
        odds = {**self.odds, **{name: checked(name, value) for name, value in joint.items()}}
        shots = []
        for i, (word, demand) in enumerate(zip(asked, demands, strict=True)):
            own = {**odds, **{name: checked(name, value) for name, value in demand.items() if name in ODDS}}
            length = int(rng.integers(self.frames[0], self.frames[1] + 1))
            shots.append(
                staged(
                    np.random.default_rng([seed, number, self._key, 2, i]),
                    self.of(seed),
                    own,
                    self.size,
                    length,
                    word,
                )
            )
        shots = self._joined(rng, shots, odds)
        overlay = draw(rng, odds["overlay"])
        return FilmPlan(
            self.named(seed, number),
            int(rng.integers(2**31)),
            self.size,
            self.fps,
            tuple(shots),
            _look(rng, odds),
            letterbox=float(rng.uniform(0.08, 0.14)) if overlay == "letterbox" else 0.0,
            subtitles=tuple(str(rng.choice(SENTENCES)) for _ in shots) if overlay == "subtitles" else (),
            logo=overlay == "logo",
        )

    @staticmethod
    def _joined(rng: np.random.Generator, shots: list[ShotPlan], odds: Mapping[str, Any]) -> list[ShotPlan]:
        """The shots with what lies between them: a dissolve shows the first frames of the next shot in the
        last of this one.
        """
        for i in range(len(shots) - 1):
            kind, length = draw(rng, odds["transition"]), round(rng.uniform(*odds["blend"]))
            length = min(length, (shots[i].frames - shots[i].start) // 3, shots[i + 1].frames // 3)
            if kind == "dissolve" and length > 1:
                shots[i], shots[i + 1] = (
                    replace(shots[i], dissolve=length),
                    replace(shots[i + 1], start=length),
                )
            elif kind == "wipe" and length > 1:
                way = str(rng.choice(["left", "down", "iris"]))
                shots[i], shots[i + 1] = (
                    replace(shots[i], dissolve=length, wipe=way),
                    replace(shots[i + 1], start=length),
                )
            elif kind == "fade" and length > 1:
                shots[i], shots[i + 1] = (
                    replace(shots[i], fade_out=length),
                    replace(shots[i + 1], fade_in=length),
                )
        return shots


def _apart(words: Sequence[str]) -> tuple[str, ...]:
    """The words in an order in which no two that ask for something of a whole film fall into one, as far as
    there are others to go between.
    """
    whole = [word for word in words if DEMANDS.get(word, {}).keys() & set(_FILM)]
    rest = [word for word in words if word not in whole]
    pairs = [word for pair in zip(rest, whole, strict=False) for word in pair]
    return (*pairs, *rest[len(whole) :], *whole[len(rest) :])


def _look(rng: np.random.Generator, odds: Mapping[str, Any]) -> FilmLook:
    film, codec = draw(rng, odds["film"]), draw(rng, odds["codec"])
    quality = round(rng.uniform(*odds["quality"]))
    if film == "h264_low":
        codec, quality = "h264", int(rng.integers(32, 39))
    if film == "old_film":
        return FilmLook(
            float(rng.uniform(4, 9)),
            float(rng.uniform(0.6, 1.2)),
            0.8,
            0.06,
            bool(rng.random() < 0.7),
            True,
            codec,
            quality,
        )
    return FilmLook(
        grain=float(rng.uniform(2, 7)) if film == "grain" else 0.0,
        blur=float(rng.uniform(0.7, 1.6)) if film == "blur" else 0.0,
        resize=float(rng.uniform(0.45, 0.75)) if film == "resize" else 1.0,
        codec=codec,
        quality=0 if codec == "ffv1" else quality,
    )
