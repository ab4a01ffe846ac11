"""The form of a job, made from its own configuration: each option with its value, what may stand there, and
the line that explains it.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, cast

from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from animelayers import job
from animelayers.engine.placement import PipelineError
from animelayers.job.words import WordsError, taken
from animelayers.weights import WeightsError

JOBS: Mapping[str, Sequence[str]] = {
    "decompose": ("source.path", "output"),
    "annotate": ("source.path",),
    "curate": ("source.path", "output"),
    "cluster_characters": ("source.path", "output"),
    "reprocess_backgrounds": ("source.path", "output"),
    "verify": ("output",),
    "adapt": ("output",),
    "export": ("export=", "source.path", "output"),
}
"""The jobs that the desk starts, and the options that stand first; 'GROUP=' is a choice."""
OUTPUTS = frozenset({"decompose", "annotate", "reprocess_backgrounds", "verify", "adapt"})
"""Those whose folder is an output."""
_OPENED = {"source", "caption", "export"}  # what is built of options that people set
_LATER = {"hydra", "licenses", "placement", "stages", "strategies", "model"}
_COMPOSING = threading.Lock()  # Hydra's state is of the whole process


def form(name: str) -> list[dict[str, Any]]:
    """The fields of a job, in the order of its configuration: ``key``, ``value``, ``kind`` (text, number,
    flag or choice), ``choices``, ``said``.

    Raises KeyError for a job the desk does not start.
    """
    places = JOBS[name]
    text = (job.CONF / f"{name}.yaml").read_text(encoding="utf-8")
    said = dict(re.findall(r"^(\w+):[^#\n]*#\s*(.+)$", text, re.M))
    config = cast(DictConfig, OmegaConf.load(job.CONF / f"{name}.yaml"))
    chosen = _chosen(config)
    fields = [
        _choice(key[:-1], chosen[key[:-1]], first=True)
        if key.endswith("=")
        else _field(key, None, said.get(key.rpartition(".")[2], ""), first=True)
        for key in places
    ]
    fields += [_choice(group, value) for group, value in chosen.items() if f"{group}=" not in places]
    made = composed(name)
    for key, value in _leaves(made):
        top = key.split(".")[0]
        if key in places or top in _LATER or top == "hydra":
            continue
        fields.append(_field(key, value, said.get(key, ""), group="source" if top == "source" else "options"))
    return fields


def composed(name: str, overrides: list[str] | None = None) -> DictConfig:
    """The configuration of a job, for one thread at a time."""
    with _COMPOSING:
        return job.compose(name, overrides)


def words(name: str, values: Mapping[str, str]) -> list[str]:
    """The words of the command line of filled fields; what stands first is given without its key."""
    usual = _chosen(cast(DictConfig, OmegaConf.load(job.CONF / f"{name}.yaml")))
    first = [str(values.get(key.rstrip("="), usual.get(key[:-1], ""))).strip() for key in JOBS[name]]
    while first and not first[-1]:
        first.pop()
    keyed = [
        f"{key}={value}"
        for key, value in values.items()
        if not {key, f"{key}="} & {*JOBS[name]} and str(value).strip() != ""
    ]
    return [name, *first, *keyed]


def problem(name: str, said: Sequence[str]) -> str:
    """What the command line would refuse, in its own words; '' where it would start."""
    with _COMPOSING:
        try:
            folders = [path.name for path in job.CONF.iterdir() if path.is_dir()]
            overrides = taken(list(said[1:]), JOBS[name], partial(job.compose, name), folders)
            made = job.compose(name, overrides)
            missing = [
                key
                for key in JOBS[name]
                if not key.endswith("=")
                and (
                    OmegaConf.is_missing(made, key)
                    or OmegaConf.select(made, key, throw_on_missing=False) in (None, "")
                )
            ]
            if missing:
                return f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing"
            job.check(made, name)
            if "stages" in made:
                job.models(
                    job.stages(made),
                    OmegaConf.select(made, "source.detector") or "",
                    **made.get("licenses", {}),
                )
            job.build(made.source) if "source" in made and "_target_" in made.source else None
        except (
            HydraException,
            OmegaConfBaseException,
            WordsError,
            job.ConfigError,
            PipelineError,
            WeightsError,
            ValueError,
            TypeError,
            OSError,
        ) as wrong:
            return " ".join(str(wrong).split())
    return ""


def _field(key: str, value: Any, said: str, first: bool = False, group: str = "options") -> dict[str, Any]:
    kind = "flag" if isinstance(value, bool) else "number" if isinstance(value, int | float) else "text"
    return {
        "key": key,
        "value": value,
        "kind": kind,
        "choices": [],
        "said": said,
        "group": "first" if first else group,
    }


def _chosen(config: DictConfig) -> dict[str, str]:
    """The groups of choices of a job, and what it chooses by itself."""
    found = {}
    for entry in config.get("defaults", []):
        if isinstance(entry, DictConfig):
            ((group, value),) = entry.items()
            group = str(group).removeprefix("override ")
            if not group.startswith("hydra") and "@" not in group:
                found[group] = str(value)
    return found


def _choice(group: str, value: str, first: bool = False) -> dict[str, Any]:
    choices = sorted(path.stem for path in (job.CONF / group).glob("*.yaml"))
    return {
        "key": group,
        "value": value,
        "kind": "choice",
        "choices": choices,
        "said": _first_line(group, value),
        "group": "first" if first else "choices",
    }


def _leaves(node: DictConfig, above: str = "") -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for key in node:
        name = f"{above}{key!s}"
        if OmegaConf.is_missing(node, key):
            found.append((name, None))
            continue
        value = OmegaConf.to_container(node, resolve=False)[key]  # type: ignore[call-overload,index]
        if isinstance(value, dict):
            if (name.split(".")[0] not in _LATER and "_target_" not in value) or name in _OPENED:
                found += _leaves(node[key], f"{name}.")
        elif (
            not str(key).startswith("_")
            and not isinstance(value, list)
            and not (above == "export." and str(value).startswith("${"))
        ):
            found.append((name, value))
    return found


def _first_line(group: str, value: str) -> str:
    """What the file of a choice says of itself."""
    path = job.CONF / group / f"{value}.yaml"
    found = re.search(r"^#\s*(?!@)(.+)$", path.read_text(encoding="utf-8"), re.M) if path.is_file() else None
    return found[1] if found else ""
