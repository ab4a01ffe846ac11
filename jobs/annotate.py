"""Annotates a finished output: columns for its frame table, no file of it touched. `animelayers annotate
--help` tells how.
"""

from __future__ import annotations

import animelayers.early  # noqa: F401  (before what takes long)

# isort: split
from omegaconf import DictConfig, OmegaConf

from animelayers import Output, job
from animelayers.engine.pipeline import Pipeline
from animelayers.engine.run import run
from animelayers.record.schema import RECORD
from animelayers.report import page as report
from animelayers.report import plots
from animelayers.sinks import Columns
from animelayers.storage import filesystem


def annotate(cfg: DictConfig) -> int:
    """Compose, check, run, report."""
    stages = job.stages(cfg)
    if not stages:
        raise job.ConfigError(
            "nothing to do: choose what to tell with +stage@stages.NAME=NAME (--help shows the choices)"
        )
    pipeline = Pipeline(stages, cfg.placement.task_cpus, cfg.placement.readers)
    written = [name for name in RECORD if RECORD[name].table and name in pipeline.writes(())]
    summary = run(
        job.build(cfg.source),
        pipeline,
        Columns(cfg.source.path, cfg.name or "-".join(stages), written),
        fingerprints=job.fingerprints(cfg, stages),
        describe={
            "config": OmegaConf.to_container(cfg, resolve=False),
            "models": job.models(stages, **cfg.licenses),
        },
        **job.conduct(cfg),
    )
    if summary.frames_done:
        place, root = filesystem(summary.output)
        place.create_dir(f"{root}/report", recursive=True)
        report.put(place, f"{root}/report/index.html", plots.page(Output(cfg.source.path)).encode())
    report.summarise(summary, "columns")
    return summary.exit_code


if __name__ == "__main__":
    job.launch("annotate", annotate, "source.path")
