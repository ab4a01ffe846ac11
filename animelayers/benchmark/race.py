"""The whole job against the plain loop a user would write: same film, same weights, same cores, whole
processes.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pyarrow.parquet as pq

from animelayers.benchmark import process
from animelayers.benchmark.figures import Figure, interleave, middle
from animelayers.dataset.output import Output
from animelayers.imaging.measures import iou
from animelayers.models.onnx import bf16_pays, int8_pays
from animelayers.weights import find

DEFAULT = "default"
"""The main job as it comes, with all its layers, against the loop with the quickest net."""
_QUICKEST = "u2netp"
GOALS = {"u2netp": 1.6, "modnet": 2.0, DEFAULT: 3.0}
FASTEST, AGREE = 2.5, 0.99
WARM_UP = 2
"""Frames of the round that is dropped."""
Alphas = Callable[[], Iterator[np.ndarray]]


def measure(
    film: Path,
    truth: Path | None,
    models: Sequence[str],
    folder: Path,
    rounds: int,
    cores: int,
    overrides: Sequence[str] = (),
) -> tuple[list[Figure], dict[str, Any]]:
    """Race for each of `models` over `film`, a film or a folder; `truth` as `samples.write` leaves it, if
    there is one.

    Both sides ask that net alone. Ours runs in fp32, and in the precisions that pay on this processor: bf16
    as the job takes it by itself, int8 when asked for. See `DEFAULT` for the one that is no net.
    """
    figures: list[Figure] = []
    everything: dict[str, Any] = {}
    precisions = {
        "fp32": "fp32",
        **({"bf16": "auto"} if bf16_pays() else {}),
        **({"int8": "int8"} if int8_pays() else {}),
    }
    for model in models:
        place = folder / model
        place.mkdir(parents=True)
        net = _QUICKEST if model == DEFAULT else model
        ways = {"as it comes": list[str]()} if model == DEFAULT else _ways(model, precisions)
        sides = {"peer": partial(_loop, film, place / "peer", net, cores)}
        for name, nets in ways.items():
            words = [*nets, f"cluster.cpus={cores}", *overrides]
            sides[name] = partial(_job, film, place / name, words)
        for side in sides.values():
            side(limit=WARM_UP)
        made = interleave(sides, rounds)
        everything[model] = {"rounds": made, "quality": _quality(place, list(ways), truth)}
        figures += _figures(
            model, {name: middle(runs) for name, runs in made.items()}, everything[model]["quality"]
        )
    return figures, {"models": everything, "precisions": list(precisions)}


def _ways(model: str, precisions: Mapping[str, str]) -> dict[str, list[str]]:
    """Words for the main job with that net alone, in each precision."""
    return {
        name: [
            f"model/matte={model}",
            f"++stages.character.step.matte.precision={precision}",
            "stages.layers.step.net=null",
        ]
        for name, precision in precisions.items()
    }


def _loop(film: Path, out: Path, model: str, cores: int, limit: int | None = None) -> dict[str, float]:
    shutil.rmtree(out, ignore_errors=True)
    words = [
        "--model",
        model,
        "--weights",
        str(find(model)),
        "--threads",
        str(cores),
        *(["--limit", str(limit)] if limit else []),
    ]
    ended = process.run(
        [sys.executable, "-m", "animelayers.benchmark.loop", *words, str(film), str(out)],
        process.threads(cores),
    )
    written = sorted(path.stat().st_mtime for path in out.glob("*.jpg"))
    return _speed(ended, [(at, 1) for at in written])


def _job(film: Path, out: Path, words: Sequence[str], limit: int | None = None) -> dict[str, float]:
    shutil.rmtree(out, ignore_errors=True)
    limited = [f"source.limit={limit}"] if limit else []
    ended = process.run(process.decompose(f"source.path={film}", f"output={out}", *words, *limited))
    committed = sorted(
        (path.stat().st_mtime, pq.read_metadata(path).num_rows)
        for path in (out / "metadata").glob("*.parquet")
    )
    return _speed(ended, committed)


def _speed(ended: process.Ended, written: Sequence[tuple[float, int]]) -> dict[str, float]:
    """Frames a second of the whole process, and once it runs: the slope of the frames written over the time
    they were written at.

    `written`: (seconds since the epoch, frames), in order. The start is what the whole took beyond all frames
    at that slope.
    """
    frames = sum(count for _, count in written)
    found = {"frames": float(frames), "wall": ended.wall, "cpu": ended.cpu, "fps": frames / ended.wall}
    if len(written) < 4:  # the warm-up, or a film too short for a slope
        return found
    at, counts = np.array(written).T
    slope = float(np.polyfit(at - at[0], np.cumsum(counts) - counts / 2, 1)[0])
    return {**found, "running_fps": slope, "start": ended.wall - frames / slope}


def _quality(place: Path, precisions: Sequence[str], truth: Path | None) -> dict[str, Any]:
    """Mean IoU of each side's character with the drawn one, and of each precision's mask with that of fp32:
    mean and worst.
    """
    found: dict[str, Any] = {"iou": {}, "agreement": {}}
    alphas: dict[str, Alphas] = {"peer": partial(_loop_alphas, place / "peer")}
    alphas |= {name: partial(_job_alphas, place / name) for name in precisions}
    if truth is not None:
        for name, given in alphas.items():
            found["iou"][name] = float(
                np.mean([iou(alpha, *_true(truth, t)) for t, alpha in enumerate(given())])
            )
    for name in precisions[1:]:
        pairs = zip(alphas[name](), alphas["fp32"](), strict=True)
        same = [iou(fast, np.where(exact > 127, 255, 0).astype(np.uint8)) for fast, exact in pairs]
        found["agreement"][name] = {"mean": float(np.mean(same)), "worst": float(min(same))}
    return found


def _loop_alphas(out: Path) -> Iterator[np.ndarray]:
    for path in sorted(out.glob("*.character.png")):
        yield _read(path)[..., 3]


def _job_alphas(out: Path) -> Iterator[np.ndarray]:
    output = Output(str(out))
    for frame in output:
        yield output.layer(frame, "character")[..., 3]


def _true(truth: Path, frame: int) -> tuple[np.ndarray, np.ndarray | None]:
    """The known character and, where there is one, the effect in front of it."""
    effect = truth / "alpha_effect" / f"{frame:05d}.png"
    return _read(truth / "alpha_character" / f"{frame:05d}.png"), _read(effect) if effect.exists() else None


def _read(path: Path) -> np.ndarray:
    picture = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if picture is None:
        raise FileNotFoundError(f"{path} cannot be read")
    return picture


def _figures(model: str, medians: dict[str, dict[str, float]], quality: dict[str, Any]) -> list[Figure]:
    peer = medians.pop("peer")
    figures = []
    for name, ours in medians.items():
        goal = FASTEST if name in ("bf16", "int8") else GOALS.get(model)
        what = f"{model} {name}"
        figures.append(
            Figure(
                "race",
                f"{what}: whole process",
                ours["fps"],
                "frames/s",
                ours["fps"] / peer["fps"],
                peer["fps"],
                goal,
            )
        )
        if "start" in ours and "start" in peer:
            speeds = (ours["running_fps"], peer["running_fps"])
            figures.append(
                Figure(
                    "race",
                    f"{what}: without the start",
                    speeds[0],
                    "frames/s",
                    speeds[0] / speeds[1],
                    speeds[1],
                )
            )
            figures.append(
                Figure(
                    "race", f"{what}: start", ours["start"], "s", ours["start"] / peer["start"], peer["start"]
                )
            )
        figures.append(
            Figure("race", f"{what}: CPU", ours["cpu"], "s", peer["cpu"] / ours["cpu"], peer["cpu"])
        )
        if quality["iou"]:
            good, theirs = quality["iou"][name], quality["iou"]["peer"]
            figures.append(
                Figure("race", f"{what}: character IoU with the truth", good, "", good / theirs, theirs, 1.0)
            )
        if name in quality["agreement"]:
            figures.append(
                Figure(
                    "race",
                    f"{what}: mask IoU with fp32",
                    None,
                    "",
                    quality["agreement"][name]["mean"],
                    goal=AGREE,
                )
            )
    return figures
