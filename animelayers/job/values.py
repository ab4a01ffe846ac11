"""The values of a job: what each option can hold, and a refusal of what it cannot."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args, get_origin, is_typeddict

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import InterpolationToMissingValueError

from animelayers.engine.placement import Stage
from animelayers.job import settings
from animelayers.job.building import target
from animelayers.job.composed import compose
from animelayers.job.errors import ConfigError
from animelayers.options import WEIGHTS, described, hints, is_text, kinds, marked, nearest, problem
from animelayers.weights import TABLE


def check(cfg: DictConfig, config_name: str) -> None:
    """Refuse a value that its option cannot hold. Raises `ConfigError` naming the option, what it can hold,
    and the nearest choice.
    """
    schema = hints(settings.JOBS[config_name]) if config_name in settings.JOBS else {}
    for key, value, hint in _values(cfg, schema):
        if said := problem(value, hint):
            quotes = (
                f"""; as text: '{key}="{shown(value)}"'"""
                if is_text(hint) and isinstance(value, bool | int | float)
                else ""
            )
            raise ConfigError(f"{key}={shown(value)}: {said}{quotes}")
        if (
            marked(hint, WEIGHTS)
            and isinstance(value, str)
            and value not in TABLE
            and not (set(value) & set("./\\") or Path(value).exists())
        ):
            raise ConfigError(f"{key}={value}: it is {described(hint)}; {nearest(value, list(TABLE))}")


def explained(config_name: str) -> list[tuple[str, Any, str]]:
    """Every setting of a job by the key it is given by, with its default, and in words what it can be."""
    cfg = compose(config_name)
    schema = hints(settings.JOBS[config_name]) if config_name in settings.JOBS else {}
    found = {key: (key, value, described(hint)) for key, value, hint in _values(cfg, schema, missing=True)}
    return list(found.values())


def shown(value: Any) -> str:
    """A value as a command line has it."""
    return str(value).lower() if isinstance(value, bool) else "null" if value is None else str(value)


def _values(
    node: DictConfig, schema: Mapping[str, Any], above: str = "", missing: bool = False
) -> Iterator[tuple[str, Any, Any]]:
    """Every value of a configuration that something is known of: the key it is given by, the value, and the
    hint of its option.
    """
    raw: Any = OmegaConf.to_container(node, resolve=False)
    for name in node:
        key, hint = f"{above}{name!s}", schema.get(str(name), schema.get("*", Any))
        if name in ("_target_", "_partial_"):
            continue
        if OmegaConf.is_missing(node, name):
            if missing:
                yield key, "???", hint
            continue
        try:
            value = node[name]
        except InterpolationToMissingValueError:
            continue
        # the key that a person gives
        if whole := re.fullmatch(r"\$\{(?:oc\.select:)?([\w.]+)(?:,.*)?\}", str(raw[name])):
            key = whole[1]
        if not isinstance(value, DictConfig):
            yield (
                key,
                OmegaConf.to_container(value, resolve=True) if OmegaConf.is_config(value) else value,
                hint,
            )
        elif "_target_" in value:
            kind = target(str(value["_target_"]))
            known = {**inside(hint), **hints(kind)}
            if "*" not in known and (
                strange := [
                    str(option)
                    for option in value
                    if option not in known and option not in ("_target_", "_partial_")
                ]
            ):
                near = difflib.get_close_matches(strange[0], known, 1)
                told = f"did you mean '{near[0]}'?" if near else f"it has: {', '.join(known) or 'none'}"
                raise ConfigError(f"{key}: {kind.__name__} has no option '{strange[0]}'; {told}")
            yield from _values(value, known, f"{key}.", missing)
        elif (inner := inside(hint)) or hint is Any:
            yield from _values(value, inner, f"{key}.", missing)
        else:
            yield key, OmegaConf.to_container(value, resolve=True), hint


def inside(hint: Any) -> Mapping[str, Any]:
    """What is known of the keys of a mapping; empty where only the mapping as a whole is."""
    for kind in kinds(hint):
        if get_origin(kind) is Mapping:
            return {"*": get_args(kind)[1]}
        if isinstance(kind, type) and (is_typeddict(kind) or kind is Stage):
            return hints(kind)
    return {}
