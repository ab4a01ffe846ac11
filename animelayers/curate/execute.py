"""Carrying out decisions: each frame through its strategy, in Ray workers, its pictures and captions under names, its result kept."""

from __future__ import annotations

import hashlib
import logging
from collections import deque
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa

from animelayers.crew import Crew
from animelayers.curate.results import PROGRESS, RESULT
from animelayers.curate.strategies.base import Made, Strategy
from animelayers.imaging import codecs
from animelayers.imaging.recompose import together
from animelayers.ledger import Ledger
from animelayers.output import Output
from animelayers.placement import PipelineError
from animelayers.schema import RECORD, Batch
from animelayers.sinks import metadata
from animelayers.sinks.lock import fence
from animelayers.sinks.store import SinkError, Store
from animelayers.weights import WeightsError
from animelayers.worker import build, keep_memory, limit_threads

log = logging.getLogger(__name__)


class Stored(Mapping[str, np.ndarray]):
    """The layers of a frame, each decoded when it is first asked for, read-only: those that are stored, and the ``frame`` they give."""

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
        return together(self["background"], self["character"], shadow, None if mode == "none" else self["effect"], mode)


class Executor:
    """An actor's body: rows of `tasks` through their strategies, built when the first frame needs them.

    A frame that fails, or kills its worker three times, is a result with its error; its neighbours go on.
    """

    def __init__(self, strategies: Mapping[str, partial[Strategy]], source: str, target: str, ledger: Ledger, threads: int = 1) -> None:
        limit_threads(threads)
        keep_memory()
        self._partials, self._built = strategies, dict[str, Strategy]()
        self._output, self._store, self._ledger = Output(source), Store(target), ledger
        self._folders = set[str]()

    def __call__(self, task: pa.Table) -> Batch:
        """Make the pictures of some frames and keep their results; one receipt: how many frames, how many failed."""
        results = [self._one(**row) for row in task.to_pylist()]
        data = metadata.to_bytes(pa.Table.from_pylist(results, RESULT))
        ids = "\n".join(row["frame_id"] for row in results)
        fence(self._store, self._ledger.run)
        self._store.put(f"{PROGRESS}/{hashlib.sha256(ids.encode(errors='surrogatepass')).hexdigest()[:32]}.parquet", self._ledger.run, data)
        return {"frames": np.array([len(results)]), "failed": np.array([sum(not row["success"] for row in results)])}

    def _one(self, frame_id: str, name: str, strategy: str, row: Mapping[str, Any]) -> dict[str, Any]:
        result = {"frame_id": frame_id, "strategy": strategy, "outputs": [], "success": False, "error": None}
        try:
            self._ledger.check(strategy, frame_id)
            with self._ledger.inside(strategy, [frame_id]):
                made = self._strategy(strategy)(name, Stored(self._output, row), row)
                return {**result, "outputs": self._written(strategy, name, made), "success": True}
        except SinkError as refused:
            if refused.path.startswith(self._store.root):  # the set cannot be written: no fault of the frame
                raise
            return {**result, "error": f"{strategy}: {refused}"}
        except Exception as problem:  # the boundary of a strategy: whatever it raises becomes a result
            log.warning("%s: %s: %s", strategy, frame_id, _said(problem))
            return {**result, "error": f"{strategy}: {_said(problem)}"}

    def _strategy(self, name: str) -> Strategy:
        if name not in self._built:
            self._built[name] = build(self._partials[name])
        return self._built[name]

    def _written(self, strategy: str, name: str, pictures: list[Made]) -> list[str]:
        """Paths of the files, below the set: each picture and its caption, whole under their names or not there."""
        files: dict[str, bytes] = {}
        for made in pictures:
            if made.name != name and not made.name.startswith(f"{name}_"):
                raise ValueError(f"a picture of {name} is named {made.name}: it must be that name, or begin with it and _")
            folder = "masks" if made.name.endswith("_mask") else "images"
            files[f"{strategy}/{folder}/{made.name}.png"] = codecs.encode_png(_checked(made))
            if made.caption is not None:
                files[f"{strategy}/captions/{made.name}.txt"] = made.caption.encode()
        if not files:
            raise ValueError("it made no picture")
        for folder in {path.rpartition("/")[0] for path in files} - self._folders:
            self._store.folder(folder)
            self._folders.add(folder)
        drafts = []
        try:
            drafts += [self._store.draft(path, self._ledger.run, [data]) for path, data in files.items()]
            fence(self._store, self._ledger.run)
            self._store.publish(drafts)
        finally:
            for draft in drafts:
                draft.discard()
        return list(files)


def tasks(table: pa.Table, size: int) -> list[pa.Table]:
    """Blocks of `size` rows of frame_id, name and strategy, and as ``row`` the frame's row of the frame table without embeddings.

    `table`: rows of the frame table with the columns ``name`` and ``strategy``.
    """
    kept = [c for c in table.column_names if c not in ("name", "strategy") and not (c in RECORD and RECORD[c].axes == "D E" and c != "keypoints")]
    blocks = []
    for start in range(0, table.num_rows, size):
        part = table.slice(start, size).combine_chunks()
        columns = [part[c].combine_chunks() for c in kept]
        rows = pa.StructArray.from_arrays(columns, fields=[part.schema.field(c) for c in kept])
        blocks.append(pa.table({**{c: part[c] for c in ("frame_id", "name", "strategy")}, "row": rows}))
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
    """Run `tasks` of the output `source` into the set `target`, on a Ray that is up; give frames and failures as they come."""
    import ray.data
    from ray.data import ActorPoolStrategy

    options = {"strategies": dict(strategies), "source": source, "target": target, "ledger": ledger, "threads": max(1, round(cpus))}
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
    for event in Crew(partial(_Single, dict(strategies), source, target, ledger, max(1, round(cpus))), processes)(tasks):
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
    """Build strategies once on a worker of a Ray that is up, or `here`, before any frame: raises what is wrong with their options or models."""
    if here:
        problem = _tried(dict(strategies))
        if problem is not None:
            raise problem
        return
    import ray

    problem = ray.get(ray.remote(_tried).options(num_cpus=cpus, num_gpus=gpus or None).remote(dict(strategies)))
    if problem is not None:
        raise problem


def _tried(strategies: Mapping[str, partial[Strategy]]) -> Exception | None:
    for name, made in strategies.items():
        try:
            build(made)
        except WeightsError as missing:
            return WeightsError(str(missing))
        except Exception as problem:
            return PipelineError(_said(problem) if name in str(problem) else f"strategy {name}: {_said(problem)}")
    return None


def _said(problem: Exception) -> str:
    """What went wrong, on one line; a KeyError without the quotes it puts around its words."""
    text = problem.args[0] if isinstance(problem, KeyError) and problem.args else problem
    return " ".join(str(text).split()) or type(problem).__name__


def _checked(made: Made) -> np.ndarray:
    picture = made.picture
    if picture.dtype != np.uint8 or not (picture.ndim == 2 or (picture.ndim == 3 and picture.shape[2] in (3, 4))) or not picture.size:
        raise ValueError(f"{made.name} is {picture.dtype} {picture.shape}, not uint8 (H, W), (H, W, 3) or (H, W, 4)")
    return picture
