"""What every job shares: Hydra composes, only classes of this package are built, every expected error ends in one sentence.

The only module of the package that knows Hydra. Exit codes: 0 all done, 3 some inputs failed, 1 nothing could be done,
2 bad configuration, 130 and 143 interrupted.
"""

from __future__ import annotations

import difflib
import hashlib
import importlib
import json
import logging
import os
import re
import signal
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, get_args, get_origin, is_typeddict

import hydra
from hydra.errors import HydraException, MissingConfigException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import InterpolationToMissingValueError, MissingMandatoryValue, OmegaConfBaseException

from animelayers import settings
from animelayers.cluster import INLINE, StartError, gpus, machine
from animelayers.early import interruptible
from animelayers.options import MODEL, PLACED, WEIGHTS, described, hints, is_text, kinds, marked, nearest, problem
from animelayers.order import in_order
from animelayers.pipeline import bind
from animelayers.placement import PipelineError, Stage, holds_net, spread
from animelayers.private import without_keys
from animelayers.sinks import Changed, SinkError
from animelayers.weights import TABLE, WeightsError, allowed, digest, find, is_pinned, locate, own
from animelayers.words import ALL, WordsError, lacking, renamed, short, taken

log = logging.getLogger(__name__)

_HOME = Path(__file__).resolve().parent
CONF, JOBS = ((_HOME if (_HOME / name).is_dir() else _HOME.parent) / name for name in ("conf", "jobs"))
"""Where the configuration and the scripts are: in the package where it is installed, beside it in a checkout."""
ALLOW = "ANIMELAYERS_ALLOW"
AUTO = "preset=auto"
READ = ("aspect", "hdr", "deinterlace", "damaged", "alpha", "mattes", "sequence", "rate")
"""Options of a source that say how its pictures are read."""


class ConfigError(ValueError):
    """A configuration that names something it may not, or lacks something it must have."""


def launch(config_name: str, body: Callable[[DictConfig], int], *places: str) -> None:
    """Compose `conf/CONFIG_NAME.yaml` with the command line's overrides, run `body` and exit with its code.

    ``places``: the keys that words without a key stand for, in order; 'export=' is one of a choice.
    """
    os.environ["HYDRA_FULL_ERROR"] = "1"  # so that errors arrive here instead of ending in Hydra's own exit code
    signal.signal(signal.SIGTERM, _terminated)
    codes: list[int] = []
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    chose = ""

    def started(cfg: DictConfig) -> int:
        sys.stderr.write("" if lacking(cfg, places) else chose)
        return body(cfg)

    run = partial(begun, config_name, places, started)
    try:
        words = sys.argv[1:]
        if {"-h", "--help", ALL} & {*words}:
            sys.stdout.write(whole(config_name) if ALL in words else short(template(config_name)))
            sys.exit(0)
        words, chose = _looked(words, config_name)
        words, old = renamed(words)
        sys.stderr.writelines(f"warning: {said}\n" for said in old)
        sys.argv[1:] = taken(words, places, partial(compose, config_name), [path.name for path in CONF.iterdir() if path.is_dir()])
        hydra.main(version_base=None, config_path=str(CONF), config_name=config_name)(lambda cfg: codes.append(run(cfg)))()
    except (HydraException, OmegaConfBaseException) as problem:
        codes.append(_told(2, f"configuration: {_short(problem)}{_nearest(str(problem), config_name)}"))
    except WordsError as problem:
        codes.append(_told(2, str(problem)))
    finally:  # Hydra's `job_logging` writes to the stderr of now, which may be gone in what a notebook or a test runs next
        root.handlers[:] = handlers
        root.setLevel(level)
    sys.exit(codes[0] if codes else 0)


def begun(config_name: str, places: Sequence[str], body: Callable[[DictConfig], int], cfg: DictConfig) -> int:
    """Run the body of a job with a composed configuration, if every value of it can be; gives the exit code, expected errors told in a sentence."""
    return _ended(partial(_placed, body, config_name, places), cfg)


def _looked(words: list[str], config_name: str) -> tuple[list[str], str]:
    """The words of a job with the preset that fits this machine in the place of `auto`, and a line that says so."""
    raw: Any = OmegaConf.to_container(OmegaConf.load(CONF / f"{config_name}.yaml"), resolve=False)
    given = [word for word in words if word.startswith("preset=")]
    if given not in ([], [AUTO]) or {"preset": "auto"} not in raw["defaults"] or {"--help", "--multirun", "-m", "--cfg", "-c", "--info"} & {*words}:
        return words, ""
    count, elsewhere = gpus(), any(word.startswith(("cluster=ray", "cluster.address=")) for word in words)
    name = "cluster" if elsewhere or count > 1 else "one_gpu" if count else "laptop"
    found = "a cluster" if elsewhere else f"{count or 'no'} GPU{'s' * (count > 1)}, {machine().cpus:g} CPUs"
    return [*(word for word in words if word != AUTO), f"preset={name}"], f"preset={name}: {found}\n"


def whole(config_name: str) -> str:
    """The help of a job with its choices, and with every setting, its default and what it can be."""
    lines = [template(config_name).split("== Choices")[0].split("== All")[0].rstrip(), "", "== Choices =="]
    lines += [f"  {group}: {', '.join(names)}" for group, names in choices(config_name).items()]
    return (
        "\n".join([*lines, "", "== All settings ==", *(f"  {f'{key}={_shown(value)}':<58}  {said}" for key, value, said in told(config_name))]) + "\n"
    )


def choices(config_name: str) -> dict[str, list[str]]:
    """The groups of choices of a job, and what each holds."""
    raw: Any = OmegaConf.to_container(OmegaConf.load(CONF / f"{config_name}.yaml"), resolve=False)
    groups = [str(key).split("@")[0] for each in raw["defaults"] if isinstance(each, dict) for key in each if not str(key).startswith("override")]
    return {group: sorted(path.stem for path in (CONF / group).glob("*.yaml")) for group in dict.fromkeys(groups)}


def told(config_name: str) -> list[tuple[str, Any, str]]:
    """Every setting of a job by the key it is given by, with its default, and in words what it can be."""
    cfg = compose(config_name)
    schema = hints(settings.JOBS[config_name]) if config_name in settings.JOBS else {}
    found = {key: (key, value, described(hint)) for key, value, hint in _values(cfg, schema, missing=True)}
    return list(found.values())


def template(config_name: str) -> str:
    """The help of a job, as its configuration has it."""
    return str(OmegaConf.to_container(OmegaConf.load(CONF / f"{config_name}.yaml"), resolve=False)["hydra"]["help"]["template"])  # type: ignore[call-overload,index]


def _placed(body: Callable[[DictConfig], int], config_name: str, places: Sequence[str], cfg: DictConfig) -> int:
    """The body of a job; what it asks for and nobody gave is told with the other words that lack."""
    try:
        check(cfg, config_name)
        return body(cfg)
    except (MissingMandatoryValue, InterpolationToMissingValueError):
        if not (lost := lacking(cfg, places)):
            raise
        words = " ".join(key.rstrip("=").rpartition(".")[2].upper() for key in places)
        wanted = f"{' and '.join(lost)} {'is' if len(lost) == 1 else 'are'} missing"
        raise ConfigError(f"{wanted}: animelayers {config_name} {words}, or {lost[0]}=…") from None


def check(cfg: DictConfig, config_name: str) -> None:
    """Refuse a value that its option cannot hold. Raises `ConfigError` naming the option, what it can hold, and the nearest choice."""
    schema = hints(settings.JOBS[config_name]) if config_name in settings.JOBS else {}
    for key, value, hint in _values(cfg, schema):
        if said := problem(value, hint):
            quotes = f"""; as text: '{key}="{_shown(value)}"'""" if is_text(hint) and isinstance(value, bool | int | float) else ""
            raise ConfigError(f"{key}={_shown(value)}: {said}{quotes}")
        if marked(hint, WEIGHTS) and isinstance(value, str) and value not in TABLE and not (set(value) & set("./\\") or Path(value).exists()):
            raise ConfigError(f"{key}={value}: it is {described(hint)}; {nearest(value, list(TABLE))}")


def _values(node: DictConfig, schema: Mapping[str, Any], above: str = "", missing: bool = False) -> Iterator[tuple[str, Any, Any]]:
    """Every value of a configuration that something is known of: the key it is given by, the value, and the hint of its option."""
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
        if whole := re.fullmatch(r"\$\{(?:oc\.select:)?([\w.]+)(?:,.*)?\}", str(raw[name])):  # the key that a person gives
            key = whole[1]
        if not isinstance(value, DictConfig):
            yield key, OmegaConf.to_container(value, resolve=True) if OmegaConf.is_config(value) else value, hint
        elif "_target_" in value:
            kind = target(str(value["_target_"]))
            known = {**_inside(hint), **hints(kind)}
            if "*" not in known and (strange := [str(option) for option in value if option not in known and option not in ("_target_", "_partial_")]):
                near = difflib.get_close_matches(strange[0], known, 1)
                told = f"did you mean '{near[0]}'?" if near else f"it has: {', '.join(known) or 'none'}"
                raise ConfigError(f"{key}: {kind.__name__} has no option '{strange[0]}'; {told}")
            yield from _values(value, known, f"{key}.", missing)
        elif (inner := _inside(hint)) or hint is Any:
            yield from _values(value, inner, f"{key}.", missing)
        else:
            yield key, OmegaConf.to_container(value, resolve=True), hint


def _inside(hint: Any) -> Mapping[str, Any]:
    """What is known of the keys of a mapping; empty where only the mapping as a whole is."""
    for kind in kinds(hint):
        if get_origin(kind) is Mapping:
            return {"*": get_args(kind)[1]}
        if isinstance(kind, type) and (is_typeddict(kind) or kind is Stage):
            return hints(kind)
    return {}


def _shown(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else "null" if value is None else str(value)


def _ended(body: Callable[[DictConfig], int], cfg: DictConfig) -> int:
    """The exit code of a job's body, expected errors told in a sentence."""
    try:
        with interruptible():
            return body(cfg)
    except OmegaConfBaseException as problem:
        return _told(2, f"configuration: {_short(problem)}")
    except (ConfigError, PipelineError, WeightsError, Changed) as problem:
        return _told(2, str(problem))
    except (SinkError, StartError) as problem:
        return _told(1, str(problem))
    except KeyboardInterrupt:
        return _told(130, "interrupted: what is committed stays; run the same command again to go on")


def _terminated(*_: Any) -> None:
    print("terminated: what is committed stays; run the same command again to go on", file=sys.stderr)
    sys.exit(143)


def _told(code: int, message: str) -> int:
    print(f"error: {without_keys(message)}", file=sys.stderr)
    return code


def _short(problem: Exception) -> str:
    if isinstance(problem, MissingConfigException) and problem.missing_cfg_file and problem.options:
        group, _, name = problem.missing_cfg_file.rpartition("/")
        return f"{group}={name} is no choice; {nearest(name, list(problem.options))}"
    lines = [line.strip() for line in str(problem).splitlines() if line.strip() and "object_type=" not in line]
    return " ".join(lines)


def _nearest(message: str, config_name: str) -> str:
    """A hint at the right name for a key that is not there."""
    found = re.search(r"(?:Could not override '|full_key: )([\w.@/]+)", message)
    node: Any = compose(config_name) if found else None
    path: list[str] = []
    for part in found[1].split(".") if found else ():
        if not isinstance(node, DictConfig):
            break
        names = [str(key) for key in node]
        if part not in names:
            near = difflib.get_close_matches(part, names, 1, 0.5)
            return f"; did you mean '{'.'.join([*path, near[0]])}'?" if near else f"; there is: {', '.join(names)}"
        path.append(part)
        node = node[part] if not OmegaConf.is_missing(node, part) else None
    return ""


def compose(config_name: str, overrides: list[str] | None = None) -> DictConfig:
    """The configuration of a job as its command line would compose it, for notebooks and tests."""
    from hydra import initialize_config_dir
    from hydra.core.global_hydra import GlobalHydra

    GlobalHydra.instance().clear()
    with initialize_config_dir(str(CONF), version_base=None):
        return hydra.compose(config_name, overrides or [])


def build(node: Any) -> Any:
    """The object a configuration node describes. Raises `ConfigError` for a class outside the package and for options that make no sense."""
    plain: Any = OmegaConf.to_container(node, resolve=True) if OmegaConf.is_config(node) else node
    bind(_make(plain, lazily=True), str(plain.get("_target_", "")).rpartition(".")[2])
    try:
        return _make(plain, lazily=False)
    except (TypeError, ValueError) as problem:
        raise ConfigError(str(problem)) from problem


def conduct(cfg: DictConfig) -> dict[str, Any]:
    """How `run.run` goes about it, from a configuration: the cluster, what is done again, and how long one stage may take for one clip."""
    again: dict[str, Any] = {name: bool(cfg.get(name, False)) for name in ("retry_failed", "redo_changed", "take_over", "mend", "drop_removed")}
    again |= {"time_limit": cfg.time_limit, "verify": cfg.get("verify", False)}
    if again["verify"] not in (True, False, "hash"):
        raise ConfigError(f"verify={again['verify']}: it is true (the output), hash (the inputs) or false")
    place = {name: cfg.cluster.get(name) for name in ("address", "cpus", "processes")}
    return {**place, "small": cfg.cluster.get("small") or 0, **again}


def unbuilt(node: Any) -> Any:
    """The same, not built yet: a partial. Raises `ConfigError` for a class outside the package."""
    return _make(node, lazily=True)


def stages(cfg: DictConfig, only: Sequence[str] | None = None) -> dict[str, Stage]:
    """The stages of a configuration, between `start_stage` and `end_stage` or `only` those named, as `order.in_order` has them.

    Steps and their models are built in the workers.
    """
    names = list(cfg.stages)
    for option in ("start_stage", "end_stage"):
        if cfg.get(option) and cfg[option] not in names:
            near = difflib.get_close_matches(cfg[option], names, 1)
            raise ConfigError(f"{option}={cfg[option]} is no stage; {f'did you mean {near[0]}?' if near else f'there is: {names}'}")
    first = names.index(cfg.start_stage) if cfg.get("start_stage") else 0
    last = names.index(cfg.end_stage) if cfg.get("end_stage") else len(names)
    chosen = [name for i, name in enumerate(names) if first <= i <= last or name == "encode"] if only is None else only
    made = {}
    for name in chosen:
        node = OmegaConf.to_container(cfg.stages[name], resolve=True)
        assert isinstance(node, dict)
        if "step" not in node:
            raise ConfigError(f"stage {name} has no step: choose one with stage@stages.{name}=NAME")
        made[name] = Stage(**{str(key): _make(value, lazily=True) for key, value in node.items() if key != "_target_"})
    following = [name for name in made if OmegaConf.is_interpolation(cfg.stages[name], "gpus")]
    placed = spread(in_order(made), following)
    _given(cfg, placed)
    return placed


def _given(cfg: DictConfig, made: Mapping[str, Stage]) -> None:
    """Refuse a device that a stage was not given, or that is not there. Without Ray a process may take what the machine has."""
    for name, stage in made.items():
        asked = str(OmegaConf.select(cfg, "device", default="auto"))
        if asked == "cuda" and holds_net(stage.step) and not stage.gpus and OmegaConf.select(cfg, "cluster.address", default=INLINE) != INLINE:
            raise ConfigError(f"device=cuda, and stage {name} is given no GPU: choose preset=one_gpu, or give it one with stages.{name}.gpus=1")
        if asked == "mps" and sys.platform != "darwin":
            raise ConfigError("device=mps: only Macs have it; auto takes what there is")


def fingerprints(cfg: DictConfig, made: Mapping[str, Stage]) -> dict[str, Any]:
    """Per stage, and for the source's sampling, what its output depends on: class, version, options, weights, and the stages before.

    Placement is left out: where a stage runs never changes what it makes.
    """
    source = {key: cfg.source[key] for key in ("every", "fps", "start", "end", "detector", "held", "context", *READ) if key in cfg.source}
    prints: dict[str, Any] = {"source": {"config": source, "fingerprint": _digest(source)}}
    writers = {"frames": "source"}
    for name, stage in made.items():
        step = stage.kind
        config = OmegaConf.to_container(cfg.stages[name].step, resolve=False)
        upstream = sorted({writers[c] for c in step.reads + step.wants if c in writers})
        facts = [f"{step.__module__}.{step.__qualname__}", step.version, _plain(stage.step), [prints[w]["fingerprint"] for w in upstream]]
        prints[name] = {"config": config, "fingerprint": _digest(facts)}
        writers.update({column: name for column in step.writes})
    return prints


def _plain(value: Any, hint: Any = Any) -> Any:
    """A partial as nested lists, weights by their digest, without the options that are marked as never changing what comes out."""
    if isinstance(value, partial):
        told = hints(value.func)  # type: ignore[arg-type]
        options = {k: _plain(v, told.get(k, Any)) for k, v in sorted(_found(value).items()) if not marked(told.get(k, Any), PLACED)}
        return [f"{value.func.__module__}.{value.func.__qualname__}", options]
    if isinstance(value, dict):
        return {key: _plain(v) for key, v in sorted(value.items())}
    if isinstance(value, list):
        return [_plain(v) for v in value]
    if not isinstance(value, str) or not _of_weights(hint):
        return value
    return (digest(value) if value in TABLE else own(value)) or value


def placing(path: str) -> frozenset[str]:
    """The options of a `_target_` that say where it runs and how fast, never what comes out."""
    return frozenset(name for name, hint in hints(target(path)).items() if marked(hint, PLACED))


def _of_weights(hint: Any) -> bool:
    return marked(hint, WEIGHTS) or marked(hint, MODEL)


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
    """The weights the stages name, and the shot detector if it has any: name, role, digest, licence, and whether the digest was pinned.

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
        used.append({"name": name, "role": facts.role, "digest": digest(name), "pinned": is_pinned(facts), **terms})
    return used


def _names(values: Any, hint: Any = Any) -> set[str]:
    """The registered weights among the arguments of some partials that are references to weights, without those that are missing and not required."""
    if isinstance(values, str):
        return {values} & set(TABLE) if _of_weights(hint) else set()
    if isinstance(values, partial):
        told = hints(values.func)  # type: ignore[arg-type]
        return set[str]().union(*(_names(value, told.get(key, Any)) for key, value in _found(values).items()))
    if isinstance(values, Mapping):
        values = values.values()
    return set[str]().union(*map(_names, values)) if isinstance(values, Iterable) else set()


def _own_files(values: Any, role: str = "", hint: Any = Any) -> list[dict[str, Any]]:
    """The files of a person's own that stand where weights may: by their name and digest, of terms that nobody knows."""
    if isinstance(values, partial):
        told = hints(values.func)  # type: ignore[arg-type]
        return [entry for key, value in _found(values).items() for entry in _own_files(value, key, told.get(key, Any))]
    if isinstance(values, Mapping):
        values = list(values.values())
    if isinstance(values, list | tuple):
        return [entry for value in values for entry in _own_files(value, role)]
    known = own(values) if isinstance(values, str) and _of_weights(hint) else ""
    if not known:
        return []
    terms = {"license": "unknown", "commercial": "unknown", "pinned": False, "own": True}
    return [{"name": Path(values).name, "role": role, "digest": known, **terms}]


def _found(made: partial[Any]) -> dict[str, Any]:
    """The arguments of a partial; weights it can do without (`required` false) and that are not on this machine are None."""
    options = dict(made.keywords)
    weights = TABLE.get(options.get("weights", "")) if options.get("required") is False else None
    return options | {"weights": None} if weights and locate(weights) is None else options


def _digest(facts: Any) -> str:
    return hashlib.sha256(json.dumps(facts, sort_keys=True, default=str).encode()).hexdigest()[:16]


def _make(node: Any, lazily: bool) -> Any:
    if isinstance(node, list):
        return [_make(value, lazily) for value in node]
    if not isinstance(node, dict):
        return node
    made = {key: _make(value, lazily) for key, value in node.items() if key not in ("_target_", "_partial_")}
    if "_target_" not in node:
        return made
    called = partial(target(node["_target_"]), **made)
    return called if lazily or node.get("_partial_") else called()


def target(path: str) -> type:
    """The class a `_target_` names.

    Only classes defined in this package may be named, or in packages listed in the environment variable ANIMELAYERS_ALLOW:
    a configuration file must not be able to call anything on the machine. Raises `ConfigError`.
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
            raise ConfigError(f"_target_ {path}: no such class" + (f"; did you mean '{near[0]}'?" if near else ""))
    home = getattr(found, "__module__", "")
    if not isinstance(found, type) or not any(home == package or home.startswith(package + ".") for package in allowed):
        raise ConfigError(f"_target_ {path} is refused: only classes of {', '.join(allowed)} may be named (allow more by {ALLOW}=PACKAGE)")
    return found
