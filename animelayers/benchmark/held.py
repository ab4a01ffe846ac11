"""Held drawings: the whole job with each drawing computed once against the same job over every frame."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from animelayers.benchmark import process
from animelayers.benchmark.figures import Figure, interleave, middle
from animelayers.dataset.output import Output
from animelayers.imaging.measures import iou

AGREE = 0.99


def measure(
    film: Path, model: str, folder: Path, rounds: int, cores: int, overrides: Sequence[str] = ()
) -> tuple[list[Figure], dict[str, Any]]:
    """Frames a second with holds on against off, held against the share of frames that repeat a drawing; and
    whether the masks agree.

    The goal is the saving itself: a film of which a half repeats should take half the time, the start not
    counted. What is short of it is the workers' start, when models are loaded, and the decoding, which has to
    look at every frame to know.
    """
    words = [f"source.path={film}", f"model/matte={model}", f"cluster.cpus={cores}", *overrides]
    sides = {
        name: partial(_job, words, held, folder / name) for name, held in (("off", "false"), ("on", "true"))
    }
    made = interleave(sides, rounds)
    off, on = (middle(made[name]) for name in ("off", "on"))
    outputs = {name: Output(str(folder / name)) for name in sides}
    table = outputs["on"].table
    share = 1 - table["drawing_of"].null_count / table.num_rows
    same = [iou(outputs["on"].layer(f, "mask"), outputs["off"].layer(f, "mask")) for f in outputs["on"]]
    figures = [
        Figure("held", "frames that repeat a drawing", share, "", share),
        Figure("held", "whole process", on["fps"], "frames/s", on["fps"] / off["fps"], off["fps"]),
        Figure(
            "held",
            "running",
            on["running"],
            "frames/s",
            on["running"] / off["running"],
            off["running"],
            1 / (1 - share),
        ),
        Figure(
            "held",
            "inside the stages, the models' start left out",
            on["working"],
            "frames/s",
            on["working"] / off["working"],
            off["working"],
        ),
        Figure("held", "mask IoU with every frame computed", None, "", float(np.mean(same)), goal=AGREE),
    ]
    return figures, {"rounds": made, "share": share, "worst": float(min(same))}


def _job(words: Sequence[str], held: str, out: Path) -> dict[str, float]:
    shutil.rmtree(out, ignore_errors=True)
    ended = process.run(process.decompose(*words, f"output={out}", f"source.held={held}"))
    facts = json.loads((out / "report" / "summary.json").read_text())
    spent = facts["seconds"] - facts["start_seconds"]
    rates = {"fps": ended.wall, "running": spent, "working": sum(facts["stages"].values())}
    return {
        "wall": ended.wall,
        "cpu": ended.cpu,
        **{name: facts["frames_done"] / seconds for name, seconds in rates.items()},
    }
