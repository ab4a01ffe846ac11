"""The weights that a configuration names: which, of which terms, and whether they may be used."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from animelayers.engine.placement import Stage
from animelayers.options import MODEL, WEIGHTS, hints, marked
from animelayers.weights import TABLE, WeightsError, allowed, digest, find, is_pinned, locate, own


def named(made: Mapping[str, Stage], detector: str = "") -> list[str]:
    """The registered weights that stages and the shot detector name, sorted."""
    return sorted(({detector} & set(TABLE)).union(*(_names(stage.step) for stage in made.values())))


def models(
    made: Mapping[str, Stage],
    detector: str = "",
    allow_noncommercial: bool = False,
    allow_unknown: bool = False,
    allow: Sequence[str] = (),
) -> list[dict[str, Any]]:
    """The weights the stages name, and the shot detector if it has any: name, role, digest, licence, and
    whether the digest was pinned.

    Raises `WeightsError` for what is not on this machine, or whose licence was not allowed.
    """
    used, refused = [], []
    for name in (names := named(made, detector)):
        try:
            allowed(name, allow_noncommercial, allow_unknown, allow)
        except WeightsError as problem:
            refused.append(str(problem))
    if refused:
        raise WeightsError("\n  ".join(refused))
    used += _own_files([stage.step for stage in made.values()])
    for name in names:
        find(name)
        facts = TABLE[name]
        terms = {"license": facts.weights_license, "commercial": facts.commercial, "homepage": facts.homepage}
        used.append(
            {"name": name, "role": facts.role, "digest": digest(name), "pinned": is_pinned(facts), **terms}
        )
    return used


def of_weights(hint: Any) -> bool:
    """Whether an option of this hint is a reference to weights."""
    return marked(hint, WEIGHTS) or marked(hint, MODEL)


def arguments(made: partial[Any]) -> dict[str, Any]:
    """The arguments of a partial; weights it can do without (`required` false) and that are not on this
    machine are None.
    """
    options = dict(made.keywords)
    weights = TABLE.get(options.get("weights", "")) if options.get("required") is False else None
    return options | {"weights": None} if weights and locate(weights) is None else options


def _names(values: Any, hint: Any = Any) -> set[str]:
    """The registered weights among the arguments of some partials that are references to weights, without
    those that are missing and not required.
    """
    if isinstance(values, str):
        return {values} & set(TABLE) if of_weights(hint) else set()
    if isinstance(values, partial):
        told = hints(values.func)  # type: ignore[arg-type]
        return set[str]().union(
            *(_names(value, told.get(key, Any)) for key, value in arguments(values).items())
        )
    if isinstance(values, Mapping):
        values = values.values()
    return set[str]().union(*map(_names, values)) if isinstance(values, Iterable) else set()


def _own_files(values: Any, role: str = "", hint: Any = Any) -> list[dict[str, Any]]:
    """The files of a person's own that stand where weights may: by their name and digest, of terms that
    nobody knows.
    """
    if isinstance(values, partial):
        told = hints(values.func)  # type: ignore[arg-type]
        return [
            entry
            for key, value in arguments(values).items()
            for entry in _own_files(value, key, told.get(key, Any))
        ]
    if isinstance(values, Mapping):
        values = list(values.values())
    if isinstance(values, list | tuple):
        return [entry for value in values for entry in _own_files(value, role)]
    known = own(values) if isinstance(values, str) and of_weights(hint) else ""
    if not known:
        return []
    terms = {"license": "unknown", "commercial": "unknown", "pinned": False, "own": True}
    return [{"name": Path(values).name, "role": role, "digest": known, **terms}]
