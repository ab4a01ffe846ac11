"""Carrying out decisions: each frame through its strategy, in Ray workers, its pictures committed to the set,
or the reason why there are none.
"""

from __future__ import annotations

import logging
import re
from collections import deque
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa

from animelayers.curate.strategies.base import Made, Strategy
from animelayers.dataset.output import Output
from animelayers.engine.crew import Crew
from animelayers.engine.ledger import Ledger
from animelayers.engine.placement import PipelineError
from animelayers.engine.worker import build, keep_memory, limit_threads
from animelayers.exports.picture import internal
from animelayers.imaging import codecs
from animelayers.imaging.recompose import together
from animelayers.record.schema import RECORD, Batch, Row
from animelayers.sinks.curated import Curated
from animelayers.weights import WeightsError

log = logging.getLogger(__name__)

_KIND = re.compile(r"[a-z0-9_]*")
_MODELS = ("visual", "clip", "dinov2")
_PLACES = frozenset(
    {
        "homography",
        "letterbox",
        "character_bbox",
        "character_coverage",
        "instance_boxes",
        "face_boxes",
        "keypoints",
        "skeleton",
        "effect_coverage",
    }
)
_LEFT = frozenset(
    {
        "frame_id",
        "drawing_of",
        "clip_id",
        "segment_scores",
        "segment_boxes",
        "stack",
        "caption_frame",
        "caption_character",
        "caption_background",
    }
)
"""Columns that speak of places in the whole frame, and those that a picture has of its own or not at all."""


class Stored(Mapping[str, np.ndarray]):
    """The layers of a frame, each decoded when it is first asked for, read-only: those that are stored, and
    the ``frame`` they give.
    """

    def __init__(self, output: Output, row: Mapping[str, Any]) -> None:
        self._output, self._row, self._decoded = output, dict(row), dict[str, np.ndarray]()
        there = [name.removesuffix("_file") for name, file in row.items() if name.endswith("_file") and file]
        self._names = ["frame", *(name for name in there if name != "plate")]

    def __getitem__(self, name: str) -> np.ndarray:
        if name not in self._decoded:
            made = self._frame() if name == "frame" else codecs.decode(self._output.stored(self._row, name))
            made.flags.writeable = False
            self._decoded[name] = made
        return self._decoded[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def _frame(self) -> np.ndarray:
        mode = self._row.get("effect_mode") or "none"
        shadow = self["shadow"] if "shadow" in self._names else None
        return together(
            self["background"], self["character"], shadow, None if mode == "none" else self["effect"], mode
        )


class Executor:
    """An actor's body: rows of `tasks` through their strategies, built when the first frame needs them, their
    pictures put into the set.

    A frame that fails, or kills its worker three times, is a row with its error; its neighbours go on.
    """

    def __init__(
        self,
        strategies: Mapping[str, partial[Strategy]],
        source: str,
        target: str,
        ledger: Ledger,
        threads: int = 1,
    ) -> None:
        limit_threads(threads)
        keep_memory()
        self._partials, self._built = strategies, dict[str, Strategy]()
        self._output, self._target, self._ledger = Output(source), target, ledger

    def __call__(self, task: pa.Table) -> Batch:
        """Make the pictures of some frames and commit them together; one receipt: how many frames, how many
        failed.
        """
        told = [field for field in task.schema.field("row").type if inherited(field.name)]
        sink = Curated(self._target, told)
        clips = [self._one(**row) for row in task.to_pylist()]
        sink.write(clips, self._ledger.run)
        return {
            "frames": np.array([len(clips)]),
            "failed": np.array([sum(bool(clip["error"]) for clip in clips)]),
        }

    def _one(self, frame_id: str, strategy: str, confidence: float, digest: str, row: dict[str, Any]) -> Row:
        clip = {name: row.get(name) for name in ("source", "episode", "scene_id", "timestamp_s")}
        clip |= {
            "clip_id": clip_id(frame_id),
            "origin": frame_id,
            "origin_digest": digest,
            "strategy": strategy,
            "confidence": confidence,
        }
        clip |= {
            "frame_index": [row["frame_index"]],
            "error": "",
            "error_type": "",
            "attempt": 0,
            "pictures": [],
            "files": [],
        }
        short = {name: value for name, value in row.items() if not _embedded(name)}
        try:
            self._ledger.check(strategy, frame_id)
            with self._ledger.inside(strategy, [frame_id]):
                made = self._strategy(strategy)(Stored(self._output, row), short)
            pictures = [(_row(each, frame_id, strategy, row), _files(each)) for each in made]
            if not pictures:
                raise ValueError("it made no picture")
        except Exception as problem:  # the boundary of a strategy: whatever it raises becomes a row
            log.warning("%s: %s: %s", strategy, frame_id, _described(problem))
            return clip | {
                "error": f"{strategy}: {_described(problem)}",
                "error_type": type(problem).__name__,
                "attempt": 1,
            }
        return clip | {"pictures": [row for row, _ in pictures], "files": [files for _, files in pictures]}

    def _strategy(self, name: str) -> Strategy:
        if name not in self._built:
            self._built[name] = build(self._partials[name])
        return self._built[name]


def clip_id(frame_id: str) -> str:
    """The id of a frame as the clip of a set: episode/scene0003/000127."""
    home, _, number = frame_id.rpartition("_frame")
    return f"{home}/{number}"


def inherited(column: str) -> bool:
    """Whether a column of a frame is true of the pictures made of it, too: not where files lie, nor what the
    run says, nor the layers' places.
    """
    return not (internal(column) or column in _LEFT or (_embedded(column) and not column.endswith("_frame")))


def _embedded(column: str) -> bool:
    return column in RECORD and RECORD[column].axes == "D E" and column != "keypoints"


def _row(made: Made, frame_id: str, strategy: str, row: Mapping[str, Any]) -> Row:
    """The row of a picture: what is true of it of its frame, and what it is."""
    if not _KIND.fullmatch(made.kind):
        raise ValueError(f"a picture's kind is made of letters, digits and _, not {made.kind!r}")
    height, width = _checked(made).shape[:2]
    whole = made.crop is None and (height, width) == (row["height"], row["width"])
    told = {name: value for name, value in row.items() if inherited(name) and (whole or name not in _PLACES)}
    told |= {f"{model}_frame": _embedding(model, made, row) for model in _MODELS if f"{model}_frame" in row}
    return {
        **told,
        **made.told,
        "frame_id": f"{frame_id}_{made.kind}" if made.kind else frame_id,
        "width": width,
        "height": height,
        "kind": made.kind,
        "shows": made.shows,
        "concept": made.concept or strategy,
        "repeats": int(made.trains),
        "caption": made.caption,
        "crop": None if made.crop is None else list(made.crop),
        "cutout": made.picture.ndim == 3 and made.picture.shape[2] == 4,
    }


def _embedding(model: str, made: Made, row: Mapping[str, Any]) -> Any:
    """The embedding of what a picture shows; None where that is one character among several."""
    if made.instance:
        return row.get(f"{model}_character") if row.get("instance_ids") == [made.instance] else None
    return row.get(f"{model}_{made.shows}")


def _files(made: Made) -> dict[str, bytes]:
    files = {"frame.png": codecs.encode_png(made.picture)}
    if made.mask is not None:
        if made.mask.shape != made.picture.shape[:2] or made.mask.dtype != np.uint8:
            raise ValueError(
                f"the mask of {made.kind or 'the frame'} is {made.mask.dtype} {made.mask.shape}, the picture {made.picture.shape}"
            )
        files["mask.png"] = codecs.encode_png(made.mask)
    return files


def tasks(table: pa.Table, size: int) -> list[pa.Table]:
    """Blocks of `size` rows of frame_id, strategy, confidence, digest, and as ``row`` the frame's row of the
    frame table.

    `table`: rows of the frame table with these columns.
    """
    own = ("frame_id", "strategy", "confidence", "digest")
    kept = [c for c in table.column_names if c not in own[1:] and not c.endswith("_instances")]
    blocks = []
    for start in range(0, table.num_rows, size):
        part = table.slice(start, size).combine_chunks()
        columns = [part[c].combine_chunks() for c in kept]
        rows = pa.StructArray.from_arrays(columns, fields=[part.schema.field(c) for c in kept])
        blocks.append(pa.table({**{c: part[c] for c in own}, "row": rows}))
    return blocks


def execute(
    blocks: list[pa.Table],
    strategies: Mapping[str, partial[Strategy]],
    source: str,
    target: str,
    ledger: Ledger,
    workers: int,
    cpus: float = 1,
    gpus: float = 0,
) -> Iterator[tuple[int, int]]:
    """Run `tasks` of the output `source` into the set `target`, on a Ray that is up; give frames and failures
    as they come.
    """
    import ray.data
    from ray.data import ActorPoolStrategy

    options = {
        "strategies": dict(strategies),
        "source": source,
        "target": target,
        "ledger": ledger,
        "threads": max(1, round(cpus)),
    }
    receipts = ray.data.from_blocks(blocks).map_batches(
        Executor,
        fn_constructor_kwargs=options,
        batch_size=None,
        batch_format="pyarrow",
        compute=ActorPoolStrategy(size=workers),
        num_cpus=cpus,
        num_gpus=gpus or None,
        zero_copy_batch=True,
    )
    for receipt in receipts.iter_batches(batch_size=None, batch_format="numpy", prefetch_batches=0):
        yield int(receipt["frames"].sum()), int(receipt["failed"].sum())


def execute_here(
    blocks: list[pa.Table],
    strategies: Mapping[str, partial[Strategy]],
    source: str,
    target: str,
    ledger: Ledger,
    processes: int,
    cpus: float = 1,
) -> Iterator[tuple[int, int]]:
    """The same without Ray, in so many processes (0: in this one)."""
    tasks = deque(blocks)
    for event in Crew(
        partial(_Single, dict(strategies), source, target, ledger, max(1, round(cpus))), processes
    )(tasks):
        if event.part is not None:
            yield int(event.part["frames"].sum()), int(event.part["failed"].sum())
        elif event.died:
            tasks.append(event.task)


class _Single:
    """An `Executor` whose result has one part."""

    def __init__(self, *arguments: Any) -> None:
        self._executor = Executor(*arguments)

    def __call__(self, task: pa.Table) -> list[Batch]:
        return [self._executor(task)]


def built(strategies: Mapping[str, partial[Strategy]], cpus: float, gpus: float, here: bool = False) -> None:
    """Build strategies once on a worker of a Ray that is up, or `here`, before any frame: raises what is
    wrong with their options or models.
    """
    if here:
        problem = _tried(dict(strategies))
        if problem is not None:
            raise problem
        return
    import ray

    problem = ray.get(
        ray.remote(_tried).options(num_cpus=cpus, num_gpus=gpus or None).remote(dict(strategies))
    )
    if problem is not None:
        raise problem


def _tried(strategies: Mapping[str, partial[Strategy]]) -> Exception | None:
    for name, made in strategies.items():
        try:
            build(made)
        except WeightsError as missing:
            return WeightsError(str(missing))
        except Exception as problem:
            return PipelineError(
                _described(problem) if name in str(problem) else f"strategy {name}: {_described(problem)}"
            )
    return None


def _described(problem: Exception) -> str:
    """What went wrong, on one line; a KeyError without the quotes it puts around its words."""
    text = problem.args[0] if isinstance(problem, KeyError) and problem.args else problem
    return " ".join(str(text).split()) or type(problem).__name__


def _checked(made: Made) -> np.ndarray:
    picture = made.picture
    if (
        picture.dtype != np.uint8
        or not (picture.ndim == 3 and picture.shape[2] in (3, 4))
        or not picture.size
    ):
        raise ValueError(
            f"{made.kind or 'the frame'} is {picture.dtype} {picture.shape}, not uint8 (H, W, 3) or (H, W, 4)"
        )
    return picture
