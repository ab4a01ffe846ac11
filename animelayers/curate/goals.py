"""What the user wants of a set: thresholds of the rules, the share of each strategy, what the set lacks;
checked key by key.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from animelayers.record import former

THRESHOLDS = (
    "simple_background",
    "good_lighting",
    "low_occlusion",
    "multi_character",
    "poor_quality",
    "low_sharpness",
)
"""Keys of `thresholds`: all 0..1 but `multi_character`, a number of characters."""
NEEDS = ("occlusion", "multi_character", "long_shot", "complex_bg")
"""Keys of `dataset_needs`, all 0..1: how much the set lacks of each."""
SECTIONS = ("thresholds", "strategy_targets", "dataset_needs")
_NEARLY = 1e-6


class GoalError(ValueError):
    """Thresholds, targets or needs that make no sense: the message names the key, what is wrong and what it
    must be.
    """


@dataclass(frozen=True)
class Goals:
    """Checked: ``thresholds`` has all keys of `THRESHOLDS`, ``needs`` all of `NEEDS`, ``targets`` the share
    of each strategy, in all 1.
    """

    thresholds: Mapping[str, float]
    targets: Mapping[str, float]
    needs: Mapping[str, float]

    def with_file(self, path: str) -> Goals:
        """The same with what a YAML file with any of `SECTIONS` says instead."""
        found = mapping(path)
        known(found, SECTIONS, path)
        thresholds = {**self.thresholds, **_section(found, "thresholds", path)}
        targets = {**self.targets, **_section(found, "strategy_targets", path)}
        needs = {**self.needs, **_section(found, "dataset_needs", path)}
        return goals(
            {"thresholds": thresholds, "strategy_targets": targets, "dataset_needs": needs},
            self.targets,
            path,
        )

    def with_needs(self, path: str) -> Goals:
        """The same with the needs a JSON file names instead."""
        return replace(self, needs=_needs({**self.needs, **_today(mapping(path, json.loads), path)}, path))


def goals(node: Mapping[str, Any], strategies: Iterable[str], where: str = "decision") -> Goals:
    """The goals in a mapping of the three `SECTIONS`, for these strategies; `where` it is from is told in
    every `GoalError`.
    """
    known(node, SECTIONS, where)
    thresholds, targets = _section(node, "thresholds", where), _section(node, "strategy_targets", where)
    known(thresholds, THRESHOLDS, f"{where}.thresholds")
    _complete(thresholds, THRESHOLDS, f"{where}.thresholds")
    checked = {
        key: _share(value, f"{where}.thresholds.{key}")
        for key, value in thresholds.items()
        if key != "multi_character"
    }
    checked["multi_character"] = _count(thresholds["multi_character"], f"{where}.thresholds.multi_character")
    strategies = list(strategies)
    known(targets, strategies, f"{where}.strategy_targets")
    wanted = {name: _share(targets.get(name, 0), f"{where}.strategy_targets.{name}") for name in strategies}
    total = sum(wanted.values())
    if abs(total - 1) > _NEARLY:
        raise GoalError(
            f"{where}.strategy_targets sum to {total:.6g}, not to 1: {', '.join(f'{k} {v:g}' for k, v in wanted.items())}"
        )
    return Goals(checked, wanted, _needs(_section(node, "dataset_needs", where), f"{where}.dataset_needs"))


def _needs(found: Mapping[str, Any], where: str) -> dict[str, float]:
    known(found, NEEDS, where)
    _complete(found, NEEDS, where)
    return {key: _share(found[key], f"{where}.{key}") for key in NEEDS}


def _section(node: Mapping[str, Any], name: str, where: str) -> dict[str, Any]:
    found = node.get(name) or {}
    if not isinstance(found, Mapping):
        raise GoalError(f"{where}.{name} is {found!r}, not a mapping of names to numbers")
    named = {str(key): value for key, value in found.items()}
    return _today(named, f"{where}.{name}") if name == "dataset_needs" else named


def _today(found: Mapping[str, Any], where: str) -> dict[str, Any]:
    return {former.need(name, where): value for name, value in found.items()}


def mapping(path: str, parse: Callable[[str], Any] = yaml.safe_load) -> dict[str, Any]:
    """What a YAML file (a JSON file with `json.loads`) of names and values holds. Raises `GoalError`."""
    try:
        found = parse(Path(path).read_text(encoding="utf-8"))
    except OSError as problem:
        raise GoalError(f"{path} cannot be read: {problem.strerror or problem}") from problem
    except (ValueError, yaml.YAMLError) as problem:
        raise GoalError(f"{path} is damaged: {' '.join(str(problem).split())}") from problem
    if not isinstance(found, Mapping):
        raise GoalError(f"{path} holds no mapping of names to values")
    return {str(key): value for key, value in found.items()}


def known(found: Mapping[str, Any], keys: Iterable[str], where: str) -> None:
    """Raise `GoalError` for a key that is none of `keys`, with the nearest one."""
    keys = list(keys)
    for key in found:
        if key not in keys:
            near = difflib.get_close_matches(str(key), keys, 1)
            hint = f"did you mean {near[0]}?" if near else f"there is: {', '.join(keys)}"
            raise GoalError(f"{where} has no key '{key}'; {hint}")


def _complete(found: Mapping[str, Any], keys: Iterable[str], where: str) -> None:
    if lacking := [key for key in keys if key not in found]:
        raise GoalError(f"{where} lacks {', '.join(lacking)}")


def _number(value: Any, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise GoalError(f"{where}={value!r} is no number")
    return float(value)


def _share(value: Any, where: str) -> float:
    number = _number(value, where)
    if not 0 <= number <= 1:
        raise GoalError(f"{where}={value} is not between 0 and 1")
    return number


def _count(value: Any, where: str) -> float:
    number = _number(value, where)
    if number < 1 or number != int(number):
        raise GoalError(f"{where}={value} is no number of characters: 1, 2, 3 …")
    return number
