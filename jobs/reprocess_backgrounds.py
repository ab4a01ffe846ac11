"""Backgrounds made anew: segments first, then inpainting over their masks. `animelayers reprocess_backgrounds
--help` tells how.
"""

from __future__ import annotations

import animelayers.early  # noqa: F401  (before what takes long)

# isort: split
import difflib
from typing import Any

from omegaconf import DictConfig, OmegaConf

from animelayers import job
from animelayers.engine.pipeline import Pipeline
from animelayers.engine.run import run
from animelayers.engine.summary import Summary
from animelayers.report import page as report
from animelayers.report import reprocessed
from animelayers.sinks.guide import Backgrounds, Instances
from animelayers.sources import Layers

STEPS = {"instances": ("instances",), "backgrounds": ("backgrounds",), "all": ("instances", "backgrounds")}


def reprocess(cfg: DictConfig) -> int:
    """Compose, check, run one step after the other, report."""
    if cfg.step not in STEPS:
        near = difflib.get_close_matches(str(cfg.step), STEPS, 1)
        raise job.ConfigError(
            f"step={cfg.step}: {f'did you mean {near[0]}?' if near else f'it is one of {list(STEPS)}'}"
        )
    stored = job.target(cfg.source._target_) is Layers
    if stored and cfg.step == "instances":
        raise job.ConfigError(
            "step=instances with source=layers: the masks of an output are its own layers, use step=backgrounds"
        )
    code = 0
    for step in STEPS[cfg.step]:
        if step == "instances" and not stored:
            code = _instances(cfg)
        elif step == "backgrounds" and code != 1:
            code = max(code, _backgrounds(cfg, stored), key=[0, 3, 1].index)
    return code


def _instances(cfg: DictConfig) -> int:
    stages = job.stages(cfg, ["segment", "cutouts"])
    settings = OmegaConf.to_container(cfg.stages.segment.step, resolve=True)
    sink = Instances(cfg.output, cfg.source.path, settings)  # type: ignore[arg-type]
    summary = _run(cfg, job.build(cfg.source), stages, sink, job.fingerprints(cfg, stages))
    return _summarised(summary, sink)


def _backgrounds(cfg: DictConfig, stored: bool) -> int:
    stages = job.stages(cfg, ["background", "encode"])
    prints = job.fingerprints(cfg, stages)
    source: Any = OmegaConf.to_container(cfg.source, resolve=True)
    if not stored:
        source |= {"_target_": "animelayers.sources.Masked", "masks": cfg.output}
        prints["masks"] = Instances(cfg.output).description().get("fingerprints", {}).get("segment", {})
    settings = {
        "masks": cfg.source.path if stored else cfg.output,
        **OmegaConf.to_container(cfg.stages.background.step, resolve=True),
    }  # type: ignore[dict-item]
    sink = Backgrounds(cfg.backgrounds, cfg.source.path, settings)
    return _summarised(
        _run(cfg, job.build(source), stages, sink, prints), sink, None if stored else Instances(cfg.output)
    )


def _run(cfg: DictConfig, source: Any, stages: dict[str, Any], sink: Any, prints: dict[str, Any]) -> Summary:
    models = job.models(stages, cfg.source.get("detector", ""), **cfg.licenses)
    return run(
        source,
        Pipeline(stages, cfg.placement.task_cpus, cfg.placement.readers),
        sink,
        fingerprints=prints,
        describe={"config": OmegaConf.to_container(cfg, resolve=False), "models": models},
        **job.conduct(cfg),
    )


def _summarised(summary: Summary, sink: Instances | Backgrounds, masks: Instances | None = None) -> int:
    if summary.frames_done:
        sink.timed(summary.frames_done, summary.seconds - summary.start_seconds)
    reprocessed.write(summary, sink, masks)
    report.summarise(summary)
    return summary.exit_code


if __name__ == "__main__":
    job.launch("reprocess_backgrounds", reprocess, "source.path", "output")
