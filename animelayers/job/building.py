"""Objects from a configuration: only classes of this package may be named."""

from __future__ import annotations

import difflib
import importlib
import os
from functools import partial
from typing import Any

from omegaconf import OmegaConf

from animelayers.engine.pipeline import bind
from animelayers.job.errors import ConfigError
from animelayers.options import PLACED, hints, marked

ALLOW = "ANIMELAYERS_ALLOW"


def build(node: Any) -> Any:
    """The object a configuration node describes. Raises `ConfigError` for a class outside the package and for
    options that make no sense.
    """
    plain: Any = OmegaConf.to_container(node, resolve=True) if OmegaConf.is_config(node) else node
    bind(make(plain, lazily=True), str(plain.get("_target_", "")).rpartition(".")[2])
    try:
        return make(plain, lazily=False)
    except (TypeError, ValueError) as problem:
        raise ConfigError(str(problem)) from problem


def unbuilt(node: Any) -> Any:
    """The same, not built yet: a partial. Raises `ConfigError` for a class outside the package."""
    return make(node, lazily=True)


def placing(path: str) -> frozenset[str]:
    """The options of a `_target_` that say where it runs and how fast, never what comes out."""
    return frozenset(name for name, hint in hints(target(path)).items() if marked(hint, PLACED))


def target(path: str) -> type:
    """The class a `_target_` names.

    Only classes defined in this package may be named, or in packages listed in the environment variable
    ANIMELAYERS_ALLOW: a configuration file must not be able to call anything on the machine. Raises
    `ConfigError`.
    """
    allowed = ("animelayers", *filter(None, os.environ.get(ALLOW, "").split(",")))
    module, _, name = path.rpartition(".")
    found = None
    if any(module == package or module.startswith(package + ".") for package in allowed):
        try:
            found = getattr(importlib.import_module(module), name, None)
        except ImportError as problem:
            raise ConfigError(f"_target_ {path}: no such class ({problem})") from problem
        if found is None:
            near = difflib.get_close_matches(name, dir(importlib.import_module(module)), 1)
            raise ConfigError(
                f"_target_ {path}: no such class" + (f"; did you mean '{near[0]}'?" if near else "")
            )
    home = getattr(found, "__module__", "")
    if not isinstance(found, type) or not any(
        home == package or home.startswith(package + ".") for package in allowed
    ):
        raise ConfigError(
            f"_target_ {path} is refused: only classes of {', '.join(allowed)} may be named (allow more by {ALLOW}=PACKAGE)"
        )
    return found


def make(node: Any, lazily: bool) -> Any:
    """What a plain node describes, objects as partials where `lazily`. Raises `ConfigError` for a class
    outside the package.
    """
    if isinstance(node, list):
        return [make(value, lazily) for value in node]
    if not isinstance(node, dict):
        return node
    made = {key: make(value, lazily) for key, value in node.items() if key not in ("_target_", "_partial_")}
    if "_target_" not in node:
        return made
    called = partial(target(node["_target_"]), **made)
    return called if lazily or node.get("_partial_") else called()
