"""A balanced training set from a finished output: every frame by the strategy that fits. `animelayers curate
--help` tells how.
"""

from __future__ import annotations

import animelayers.early  # noqa: F401  (before what takes long)

# isort: split
import sys
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from omegaconf import DictConfig, OmegaConf

from animelayers import job
from animelayers.captions.given import WAYS
from animelayers.curate import aim, overrides, report
from animelayers.curate.album import album
from animelayers.curate.analyse import METRICS, Analysis, analyse, drawings, measured, missing
from animelayers.curate.apply import Ways, apply, claim, digests, lasting, origins
from animelayers.curate.captions import merged
from animelayers.curate.choose import choose
from animelayers.curate.configs import captions, configs
from animelayers.curate.decide import KNOWN, decide, limits, unmet, what_if
from animelayers.curate.duplicates import duplicates
from animelayers.curate.goals import GoalError, goals
from animelayers.curate.plan import CurationPlan, resolved
from animelayers.curate.reason import reasons
from animelayers.curate.strategies import Strategy
from animelayers.dataset.output import Output
from animelayers.engine.pipeline import Pipeline, bind
from animelayers.engine.placement import Stage
from animelayers.engine.run import run
from animelayers.exports.strategies import names
from animelayers.report.page import summarise
from animelayers.sinks import Columns, columns, dataset, metadata
from animelayers.sinks.lock import Lock
from animelayers.sinks.store import Store
from animelayers.sources import Layers
from animelayers.storage import inside


def curate(cfg: DictConfig) -> int:
    """Compose, check, measure what is not measured, decide, carry out, report."""
    source = job.build(cfg.source)
    if not isinstance(source, Layers):
        raise job.ConfigError("curate takes the layers of a finished output: source=layers source.path=OUT")
    if "frames" not in source.columns:
        raise job.ConfigError(
            f"{cfg.source.path} lacks the character or the background layer: run animelayers decompose with both stages"
        )
    try:
        cfg = _own(cfg)
        plan = _plan(cfg)
    except GoalError as problem:
        raise job.ConfigError(str(problem)) from problem
    store, name = Store(cfg.output), uuid.uuid4().hex
    store.folder("")
    with Lock(store, name, cfg.take_over):
        claim(store, _source(str(cfg.source.path)), {})
        output = Output(str(cfg.source.path))
        table = _measured(cfg, source, output)
        table, unmeasured = measured(table)
        if not len(table):
            sys.stderr.write(
                f"error: no frame of {cfg.source.path} could be measured\n"
                if unmeasured
                else f"error: no frame in {cfg.source.path}\n"
            )
            return 1
        return _carried_out(cfg, plan, store, output, table, unmeasured, name)


def _own(cfg: DictConfig) -> DictConfig:
    """The configuration with what a file of the user's own says instead, a line told of each thing that
    cannot be as it says.
    """
    made_by = _made_by(str(cfg.source.path))
    model = OmegaConf.select(cfg, "strategies.keep_full.caption_model")
    if not cfg.strategy_configs:
        notes = captions(model, made_by)
    else:
        settings, notes = configs(cfg.strategy_configs, cfg.strategies, made_by)
        cfg = cast(DictConfig, OmegaConf.merge(cfg, settings))
    sys.stderr.writelines(f"note: {note}\n" for note in notes)
    return cfg


def _source(path: str) -> dict[str, Any]:
    """What an output was made with: it is known by that wherever it lies."""
    return {
        str(name): stage.get("fingerprint")
        for name, stage in dataset.description(Store(path)).get("fingerprints", {}).items()
    }


def _made_by(path: str) -> list[str]:
    """Names of the models that made the layers of an output and what is written beside them."""
    folders = [
        Store(path),
        *(Store(inside(path, f"{columns.FOLDER}/{name}")) for name in Store(path).folders(columns.FOLDER)),
    ]
    return [
        str(model["name"]) for folder in folders for model in dataset.description(folder).get("models", [])
    ]


def _plan(cfg: DictConfig) -> CurationPlan:
    """The configuration, checked. Raises `ConfigError` and `PipelineError`."""
    nodes: dict[str, Any] = {
        str(key): OmegaConf.to_container(node, resolve=True) for key, node in cfg.strategies.items()
    }
    made: dict[str, partial[Strategy]] = {}
    for name, node in nodes.items():
        if not isinstance(node, dict) or "_target_" not in node:
            raise job.ConfigError(
                f"strategies.{name} has no _target_: choose one with strategy@strategies.{name}=NAME"
            )
    for name, options in resolved(nodes).items():
        if options.pop("enabled", True):
            made[name] = job.unbuilt(options)
            if not issubclass(made[name].func, Strategy):  # type: ignore[arg-type]
                raise job.ConfigError(f"strategies.{name}: {options['_target_']} is no Strategy")
            bind(made[name], f"strategy {name}")
    if not made:
        raise job.ConfigError("every strategy is disabled: set strategies.NAME.enabled=true")
    others = tuple(name for name in nodes if name not in KNOWN)
    decision: Any = OmegaConf.to_container(cfg.decision, resolve=True)
    wanted = goals(decision, (*KNOWN, *others))
    wanted = wanted.with_file(cfg.thresholds) if cfg.thresholds else wanted
    wanted = wanted.with_needs(cfg.dataset_needs) if cfg.dataset_needs else wanted
    own = {str(who): wanted.with_file(file) for who, file in cfg.characters.items()}
    if cfg.decide not in ("whole", "rules"):
        raise job.ConfigError(f"decide={cfg.decide}: it is one of ['whole', 'rules']")
    if cfg.given not in WAYS:
        raise job.ConfigError(f"given={cfg.given}: it is one of {', '.join(WAYS)}")
    return CurationPlan(wanted, own, made, others)


def _measured(cfg: DictConfig, source: Layers, output: Output) -> pa.Table:
    """The distinct drawings of the frame table with their metrics; those it lacks are measured and kept
    beside the set.
    """

    def chosen(table: pa.Table) -> pa.Table:
        return drawings(table.slice(0, cfg.source.limit) if cfg.source.limit else table)

    table = output.table
    if missing(chosen(table)):
        stages = job.stages(cfg)
        pipeline = Pipeline(stages, cfg.placement.task_cpus, cfg.placement.readers)
        sink = Columns(f"{cfg.output}/source", "metrics", [*METRICS])
        summary = run(
            source, pipeline, sink,
            fingerprints=job.fingerprints(cfg, stages), describe={"config": OmegaConf.to_container(cfg.stages, resolve=False)},
            **{**job.conduct(cfg), "redo_changed": True},
        )  # fmt: skip
        summarise(summary, "metrics", page=False)
        table = columns.join(table, metadata.load(sink.store)[0], "metrics")
    return chosen(table)


def _aimed(cfg: DictConfig, plan: CurationPlan, store: Store, analysis: Analysis) -> CurationPlan:
    """The plan with the needs and targets that follow a validation result, each reason told and kept beside
    the set.
    """
    if not cfg.validation:
        return plan
    found = aim.aim(analysis, plan.goals, aim.read(cfg.validation))
    store.put(aim.FILE, "aim", found.text().encode())
    sys.stderr.writelines(f"{trait.reason}\n" for trait in found.traits)
    told = ", ".join(f"{name} {share:.0%}" for name, share in found.goals.targets.items())
    sys.stderr.write(f"targets: {told}\n")
    return replace(plan, goals=found.goals)


def _carried_out(
    cfg: DictConfig,
    plan: CurationPlan,
    store: Store,
    output: Output,
    table: pa.Table,
    unmeasured: int,
    name: str,
) -> int:
    table, left = _chosen(cfg, plan, output, merged(table, cfg.given))
    if not len(table):
        sys.stderr.write(f"error: no drawing is left to train on: {_described(left)}\n")
        return 1
    try:
        analysis = analyse(table)
        plan = _aimed(cfg, plan, store, analysis)
        own_limits = limits(analysis, plan.goals, plan.own)
    except ValueError as problem:
        raise job.ConfigError(str(problem)) from problem
    suits = plan.fits(table)
    allowed = plan.allowed(analysis, suits)
    min_fit = 0.0 if cfg.strict else cfg.min_fit
    decisions = decide(
        analysis,
        plan.goals,
        allowed,
        plan.own,
        suits,
        whole=cfg.decide == "whole",
        min_fit=min_fit,
        variety=cfg.variety,
    )
    lacking = {
        name: why for name, why in unmet(decisions, plan.goals, min_fit).items() if name in plan.strategies
    }
    said = overrides.read(store)
    decisions = overrides.followed(decisions, analysis.frame_id, said)
    called = names(analysis.frame_id)
    why = reasons(analysis, own_limits, plan.goals.needs, decisions)
    decided = report.decided(
        analysis,
        called,
        decisions,
        [f"Decided by hand | {r}" if f in said else r for f, r in zip(analysis.frame_id, why, strict=True)],
    )
    if "corrected" in table.column_names:  # layers that a person saw and put right
        hands = dict(zip(table["frame_id"].to_pylist(), table["corrected"].to_pylist(), strict=True))
        trusted = pa.array([(hands[frame] or "none") != "none" for frame in analysis.frame_id])
        decided = decided.append_column("trusted", trusted)
        sys.stderr.write(f"{pc.sum(trusted).as_py() or 0} drawings are trusted: a person corrected them\n")
    strategy = {
        f: s
        for f, s in zip(decided["frame_id"].to_pylist(), decided["strategy"].to_pylist(), strict=True)
        if s != "none"
    }
    if not strategy:
        sys.stderr.write(
            f"error: no frame fits an enabled strategy ({', '.join(plan.strategies)}): enable keep_full, or another\n"
        )
        return 1
    told = None
    if cfg.dry_run:
        report.keep(store, decided)
    else:
        chosen = table.append_column(
            "strategy", pa.array([strategy.get(f) for f in analysis.frame_id], pa.string())
        )
        chosen = chosen.append_column("confidence", pa.array(decisions.confidence)).append_column(
            "digest", pa.array(digests(table), pa.string())
        )
        report.keep(store, decided)
        rejected = pa.array(
            [frame for frame, strategy in said.items() if strategy == overrides.NONE], pa.string()
        )
        # what a person left out did not fail
        wanted = decided.filter(pc.invert(pc.is_in(decided["frame_id"], rejected)))
        told = report.outcomes(wanted, _executed(cfg, plan, store, chosen, name), plan.columns)
    if cfg.report:
        changes = what_if(analysis, plan.goals, allowed, plan.own)
        report.page(
            str(cfg.output), output, decided, decisions, plan.goals, changes, told, unmeasured, left, lacking
        )
        if told is not None:
            album(str(cfg.output), "", None, f"{str(cfg.output).rstrip('/')}/report/set")
    lines, code = report.closing(
        str(cfg.output), decisions, plan.goals, told, unmeasured, cfg.report, left, lacking
    )
    if cfg.count and len(table) < cfg.count:
        lines.append(f"{len(table)} of the {cfg.count} drawings asked for: there are no more that suit")
        code = code or 3
    print("\n".join(lines), file=sys.stderr)
    return code


def _chosen(
    cfg: DictConfig, plan: CurationPlan, output: Output, table: pa.Table
) -> tuple[pa.Table, dict[str, int]]:
    """The drawings that are asked for, in the order of their ids, and how many are left out for each reason."""
    left = Counter[str]()

    def keep(which: np.ndarray, reasons: Sequence[str] | str) -> None:
        nonlocal table
        left.update(
            [reasons] * int((~which).sum())
            if isinstance(reasons, str)
            else [r for r, stays in zip(reasons, which, strict=True) if not stays]
        )
        table = table.filter(pa.array(which))

    try:
        asked = set(job.build(cfg.select).table(output)["frame_id"].to_pylist())
        keep(np.array([frame in asked for frame in table["frame_id"].to_pylist()], bool), "not selected")
        why = plan.left_out(table)
        keep(np.array([not word for word in why], bool), why)
        if cfg.distance is not None and len(table):
            keep(duplicates(table, cfg.distance).kept, "like another one")
    except ValueError as problem:
        raise job.ConfigError(str(problem)) from problem
    if cfg.count and len(table):
        suits = np.max([*plan.fits(table).values()] or [table["quality"].to_numpy()], axis=0)
        shots = [
            f"{e}/{s}"
            for e, s in zip(table["episode"].to_pylist(), table["scene_id"].to_pylist(), strict=True)
        ]
        keep(
            choose(
                np.maximum(suits, 1e-6),
                shots,
                table["frame_index"].to_numpy(),
                plan.balanced(table),
                cfg.count,
            ),
            "more than asked for",
        )
    return table, dict(left.most_common())


def _described(left: Mapping[str, int]) -> str:
    return ", ".join(f"{number} {reason}" for reason, number in left.items()) or "there is none"


def _executed(cfg: DictConfig, plan: CurationPlan, store: Store, table: pa.Table, name: str) -> pa.Table:
    """Carry out what is not done yet, and give the rows of the set."""
    made, here = origins(store), set(table["frame_id"].to_pylist())
    if cfg.source.limit and (beyond := made - here):
        raise job.ConfigError(
            f"{cfg.output} holds {len(beyond)} frames beyond source.limit={cfg.source.limit}: give another output for a trial"
        )
    if made and made.isdisjoint(here):
        raise job.ConfigError(
            f"{cfg.output} is a set of other frames than those of {cfg.source.path}: give a new output for this one"
        )
    used = {s: made for s, made in plan.strategies.items() if s in set(table["strategy"].to_pylist())}
    job.models({s: Stage(made) for s, made in used.items()}, **cfg.licenses)  # type: ignore[arg-type]
    nodes = resolved(
        {str(s): cast(Any, OmegaConf.to_container(node, resolve=True)) for s, node in cfg.strategies.items()}
    )
    claim(
        store,
        _source(str(cfg.source.path)),
        {s: lasting(nodes[s], job.placing(nodes[s]["_target_"]) | {"enabled"}) for s in used},
    )
    ways = Ways(
        cfg.cluster.address,
        cfg.cluster.cpus,
        cfg.num_workers,
        cfg.cpus,
        cfg.gpus,
        cfg.batch_size,
        cfg.time_limit,
        cfg.skip_existing,
        cfg.retry_failed,
        cfg.cluster.get("processes"),
    )
    return apply(str(cfg.output), name, str(cfg.source.path), table, used, ways)


if __name__ == "__main__":
    job.launch("curate", curate, "source.path", "output")
