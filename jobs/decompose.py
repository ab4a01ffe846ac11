"""The main job: frames or a film in, layers out. `animelayers decompose --help` tells how."""

from __future__ import annotations

import animelayers.early  # noqa: F401  (before what takes long)

# isort: split
import sys

from omegaconf import DictConfig, OmegaConf

from animelayers import job
from animelayers.engine import cluster, forecast
from animelayers.engine.pipeline import Pipeline
from animelayers.engine.run import run
from animelayers.report import page as report


def decompose(cfg: DictConfig) -> int:
    """Compose, check, run, report."""
    stages = job.stages(cfg)
    source, sink = job.build(cfg.source), job.build(cfg.sink)
    models = job.models(stages, cfg.source.get("detector", ""), **cfg.licenses)
    pipeline = Pipeline(stages, cfg.placement.task_cpus, cfg.placement.readers)
    if cfg.dry_run:
        have = cluster.connect(cfg.cluster.address, cfg.cluster.cpus)
        groups = pipeline.fit(have, source.row_bytes, sink.commit_bytes)
        sys.stdout.write(
            forecast.described(
                *forecast.plan(source, pipeline, groups, sink.takes),
                pipeline.reading,
                [m["name"] for m in models],
                source.about(),
                cfg.price,
            )
            + "\n"
        )
        return 0
    summary = run(
        source,
        pipeline,
        sink,
        fingerprints=job.fingerprints(cfg, stages),
        describe={"config": OmegaConf.to_container(cfg, resolve=False), "models": models},
        **job.conduct(cfg),
    )
    report.write(summary)
    report.summarise(summary, price=cfg.price)
    return summary.exit_code


if __name__ == "__main__":
    job.launch("decompose", decompose, "source.path", "output")
