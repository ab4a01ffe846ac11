"""Needs and targets that follow a validation result: what a trained model is bad at, the next set has more
of, as far as there is any.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import yaml

from animelayers.curate.analyse import Analysis
from animelayers.curate.goals import GoalError, Goals, mapping

FILE = "aimed.yaml"
"""What a set's folder keeps of it; `curate thresholds=FILE` takes it."""
TRAITS = ("close_up", "medium", "full_body", "long", "complex_bg", "occlusion", "multi_character")
"""What a validation tells a score of."""
_SPELT = {
    "closeup": "close_up",
    "far": "long",
    "complex_background": "complex_bg",
    "multi_char": "multi_character",
    "multiple_characters": "multi_character",
}
_WHOLE = ("overall", "overall_avg", "overall_average", "average", "mean", "total")
_NEEDS = {
    "occlusion": "occlusion",
    "multi_character": "multi_character",
    "long": "long_shot",
    "complex_bg": "complex_bg",
}
_HELPS = {
    "occlusion": "create_occlusion", "close_up": "segment", "medium": "keep_full", "full_body": "keep_full", "long": "keep_full",
    "complex_bg": "keep_full", "multi_character": "keep_full",
}  # fmt: skip
_RARE = 0.1  # share of the drawings below which the set lacks a trait
_WEAK = 0.1  # of the best score: what is nearer to it lacks nothing


class Trait(NamedTuple):
    """A trait, its ``score``, the ``share`` of the drawings that show it, how much a model ``lacks`` of it,
    all 0..1, and the ``reason``.
    """

    name: str
    score: float
    share: float
    lacks: float
    reason: str


class Aimed(NamedTuple):
    """The ``goals`` that follow, and why: each trait, the weakest first."""

    goals: Goals
    traits: list[Trait]

    def text(self) -> str:
        """A file that `curate thresholds=FILE` takes, with the reasons."""
        told = "".join(f"# {trait.reason}\n" for trait in self.traits)
        sections = {"strategy_targets": dict(self.goals.targets), "dataset_needs": dict(self.goals.needs)}
        return told + str(yaml.safe_dump(sections, sort_keys=False))


def scores(found: Mapping[str, Any], where: str) -> dict[str, float]:
    """The score of each trait, 0..1, of a mapping as people write it: other spellings, percent, numbers above
    1 for percent; no overall mean.

    Raises GoalError, naming the key, for a trait that there is not and for what is no score.
    """
    made: dict[str, float] = {}
    plain = set[str]()
    for key, value in found.items():
        word = re.sub(r"[^a-z]+", "_", str(key).lower()).strip("_").removesuffix("_shot")
        word = _SPELT.get(word, word)
        if word in _WHOLE:
            continue
        if word not in TRAITS:
            raise GoalError(f"{where}: {key!r} is no trait: {', '.join(TRAITS)}")
        if word in made:
            raise GoalError(f"{where}: {word} has two scores")
        made[word] = _number(value, f"{where}.{key}")
        if not isinstance(value, str):
            plain.add(word)
    if len(made) < 2:
        raise GoalError(
            f"{where} tells {len(made)} scores: two traits at least, to know which are worse than others"
        )
    if max((made[word] for word in plain), default=0) > 1:
        made = {word: value / 100 if word in plain else value for word, value in made.items()}
    if max(made.values()) > 1 or max(made.values()) <= 0:
        raise GoalError(f"{where}: scores are shares from 0 to 1, or percent")
    return made


def read(path: str) -> dict[str, float]:
    """The scores in a JSON file. Raises GoalError."""
    return scores(mapping(path, json.loads), path)


def aim(a: Analysis, goals: Goals, scored: Mapping[str, float]) -> Aimed:
    """The goals with needs and targets that follow the score of each trait.

    What scores best lacks nothing, what scores nothing lacks all: that is the need of a trait. Targets shift
    to the strategy that shows the trait, by the most that one of its traits lacks.
    """
    shows, best = _shown(a, goals), max(scored.values())
    traits = []
    for name, score in sorted(scored.items(), key=lambda each: each[1]):
        lacks = round(1 - score / best, 2)
        share = float(shows[name].mean()) if len(a) else 0.0
        traits.append(
            Trait(name, score, share, lacks, _reason(name, score, best, share, int(shows[name].sum()), lacks))
        )
    needs = {**goals.needs, **{_NEEDS[t.name]: t.lacks for t in traits if t.name in _NEEDS}}
    pull = {strategy: 1.0 for strategy in goals.targets}
    for trait in traits:
        strategy = _HELPS[trait.name]
        if strategy in pull and (trait.share > 0 or strategy == "create_occlusion"):
            pull[strategy] = max(pull[strategy], 1 + trait.lacks)
    return Aimed(
        Goals(
            goals.thresholds,
            _shares({name: share * pull[name] for name, share in goals.targets.items()}),
            needs,
        ),
        traits,
    )


def _shown(a: Analysis, goals: Goals) -> dict[str, np.ndarray]:
    sizes = {name: a.shot_size == name for name in ("close_up", "medium", "full_body", "long")}
    t = goals.thresholds
    return {
        **sizes,
        "complex_bg": a.complexity > t["simple_background"],
        "occlusion": a.occlusion >= t["low_occlusion"],
        "multi_character": a.instance_count >= t["multi_character"],
    }


def _reason(name: str, score: float, best: float, share: float, count: int, lacks: float) -> str:
    word = name.replace("_", " ")
    told = f"{word}: scores {score:.0%} (the best trait {best:.0%}), {count} drawings show it, {share:.0%}"
    if lacks <= _WEAK:
        return f"{told}: it lacks nothing"
    if not count and name != "occlusion":
        return f"{told}: there are none, no target reaches it; decompose films that show some"
    way = _HELPS[name].replace("_", " ")
    if name == "occlusion":
        return f"{told}: {'few, ' if share < _RARE else ''}so more are made ({way})"
    if share < _RARE:
        return (
            f"{told}: too few, so those there are keep their scene ({way})"
            if way == "keep full"
            else f"{told}: too few, so they are kept ({way})"
        )
    return f"{told}: there are enough, so more of them are taken ({way})"


def _shares(found: Mapping[str, float]) -> dict[str, float]:
    """Shares that sum to 1 with two digits each."""
    total = sum(found.values())
    made = {name: round(value / total, 2) for name, value in found.items()}
    largest = max(made, key=lambda name: made[name])
    return {**made, largest: round(made[largest] + 1 - sum(made.values()), 2)}


def _number(value: Any, where: str) -> float:
    if isinstance(value, str) and (percent := re.fullmatch(r"\s*([\d.]+)\s*%\s*", value)):
        return float(percent[1]) / 100
    if isinstance(value, bool) or not isinstance(value, int | float) or not np.isfinite(value) or value < 0:
        raise GoalError(f"{where}: {value!r} is no score: a share from 0 to 1, or percent")
    return float(value)
