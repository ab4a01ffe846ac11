"""Brings edits made by hand in exported layers back. `animelayers import_edits --help` tells how."""

from __future__ import annotations

import animelayers.early  # noqa: F401  (before what takes long)

# isort: split
import sys
import uuid
from pathlib import Path

from omegaconf import DictConfig

from animelayers import edits, job
from animelayers.dataset import products
from animelayers.dataset.output import Output
from animelayers.edits.remake import Remake
from animelayers.record.schema import Row
from animelayers.sinks import Shards, Sink, Tree, dataset
from animelayers.sinks.replaced import replace
from animelayers.sinks.store import Store
from animelayers.sources import Layers


def import_edits(cfg: DictConfig) -> int:
    """Find what was changed, make the clips anew, write them with the others."""
    try:
        # those are of the layers before any correction, and make all corrections anew
        desk = edits.of_desk(Path(cfg.edits))
        output = Output(cfg.source.path, corrected=not desk)
        found = edits.find(output, cfg.edits)
    except ValueError as nothing:
        raise job.ConfigError(str(nothing)) from nothing
    problems = list(found.problems)
    step = None
    if cfg.reinpaint:
        job.models(job.stages(cfg), **cfg.licenses)
        step = job.build(cfg.stages.background.step)
    facts = dataset.description(Store(cfg.source.path))
    remake = Remake(facts.get("config", {}), step)
    clips: list[Row] = []
    done: dict[str, list[str]] = {}
    wanted = {output.row(frame_id)["clip_id"] for frame_id in found.edits}
    source = Layers(cfg.source.path, corrected=not desk)
    plan = source.plan()
    for row in source.read([row for row in plan.to_pylist() if row["clip_id"] in wanted]):
        theirs = {
            frame_id: edit
            for frame_id, edit in found.edits.items()
            if output.row(frame_id)["clip_id"] == row["clip_id"]
        }
        try:
            if row["error"]:
                raise ValueError(row["error"])
            clips.append(remake(row, theirs))
            done |= {frame_id: edit.layers for frame_id, edit in theirs.items()}
        except (ValueError, KeyError) as problem:
            problems.append(
                f"{', '.join(file for edit in theirs.values() for file in edit.files)}: {problem}"
            )
    for line in problems:
        sys.stderr.write(f"{line}\n")
    if not clips:
        why = (
            "none could be imported"
            if found.edits
            else f"no layer in {cfg.edits} differs from what was exported"
        )
        sys.stderr.write(f"nothing to import: {why}\n")
        return 1
    sink: Sink = Shards(cfg.output) if output.table["shard"].null_count < len(output) else Tree(cfg.output)
    replace(cfg.source.path, sink, clips, uuid.uuid4().hex, {"edits": done}, corrected=not desk)
    products.write(cfg.output, anew=True)
    for frame_id, layers in done.items():
        sys.stdout.write(f"{frame_id}: {', '.join(layers)}\n")
    sys.stdout.write(
        f"{len(done)} drawings of {len(clips)} clips made anew, {len(problems)} lines not imported; written to {cfg.output}\n"
    )
    return 3 if problems else 0


if __name__ == "__main__":
    job.launch("import_edits", import_edits, "source.path", "edits", "output")
