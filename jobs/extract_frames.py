"""Films to named frames. `animelayers extract_frames --help` tells how."""

from __future__ import annotations

import animelayers.early  # noqa: F401  (before what takes long)

# isort: split
from omegaconf import DictConfig, OmegaConf

from animelayers import job
from animelayers.engine.pipeline import Pipeline
from animelayers.engine.run import run
from animelayers.report import page as report
from animelayers.sinks.pictures import Pictures

CHOSEN = ("key_frames", "per_scene")


def extract_frames(cfg: DictConfig) -> int:
    """Compose, check, run, report."""
    stages = job.stages(cfg)
    try:
        source = job.build(cfg.source)
    except ValueError as problem:
        raise job.ConfigError(str(problem)) from None
    taken = {name: cfg.source[name] for name in CHOSEN}
    summary = run(
        source,
        Pipeline(stages, cfg.placement.task_cpus, cfg.placement.readers),
        Pictures(cfg.output, cfg.source.path),
        fingerprints={
            **job.fingerprints(cfg, stages),
            "chosen": {"config": taken, "fingerprint": str(taken)},
        },
        describe={
            "config": OmegaConf.to_container(cfg, resolve=False),
            "models": job.models(stages, cfg.source.detector, **cfg.licenses),
        },
        **job.conduct(cfg),
    )
    report.summarise(summary, "frames", page=False)
    return summary.exit_code


if __name__ == "__main__":
    job.launch("extract_frames", extract_frames, "source.path", "output")
