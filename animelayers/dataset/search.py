"""Finds frames of an output by what they look like or by words, over the embeddings in its frame table:
exact, every drawing once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from animelayers.models.protocols import WordEmbedder
from animelayers.sinks import columns, dataset
from animelayers.sinks.store import Store

STAGES: Mapping[str, str] = {"visual": "embed_visual", "clip": "embed_clip", "dinov2": "embed_dino"}
"""Which stage writes the embeddings of each family."""

Found = list[tuple[str, float]]


class Framed(Protocol):
    """What has a frame table: an `animelayers.Output`."""

    @property
    def path(self) -> str: ...  # noqa: D102
    @property
    def table(self) -> pa.Table: ...  # noqa: D102
    def __contains__(self, frame_id: object) -> bool: ...
    def __iter__(self) -> Iterator[str]: ...


class Instances(NamedTuple):
    """Embeddings of N characters in drawings: ``frame_ids`` of the frames that carry the drawings, ``ids``
    within their clips, ``vectors`` (N, E).
    """

    frame_ids: list[str]
    ids: list[int]
    vectors: np.ndarray


def nearest(output: Framed, frame_id: str, count: int = 12, column: str = "visual_frame") -> Found:
    """The `count` other drawings that are most like a frame's, by cosine in an embedding column: frame ids
    and similarities, best first.

    Raises KeyError for a frame that there is not, ValueError for a column that is not there or where the
    frame has nothing in it.
    """
    table = output.table
    if frame_id not in output:
        raise KeyError(f"no frame {frame_id!r} in {output.path}")
    rows, vectors = embeddings(output, column)
    (at,) = (i for i, name in enumerate(output) if name == frame_id)
    own = table["drawing_of"][at].as_py() or frame_id
    names = [name for name, there in zip(output, rows, strict=True) if there]
    if own not in names or not vectors[names.index(own)].any():
        raise ValueError(
            f"{frame_id} has no {column}: the layer is empty there, or the frame was not annotated"
        )
    return _best(names, vectors, vectors[names.index(own)], count, own)


def search(
    output: Framed,
    words: str,
    count: int = 12,
    column: str = "clip_frame",
    embedder: WordEmbedder | None = None,
) -> Found:
    """The `count` drawings that fit some words best: frame ids and cosines, best first.

    ``embedder``: the model that made the column; None builds the one that `dataset.json` of the annotations
    names, once. Raises ValueError for a column that is not there or was made by another model.
    """
    rows, vectors = embeddings(output, column)
    embedder = embedder or _builder(output.path, column)
    (query,) = embedder.text([words])
    if vectors.shape[1] != len(query):
        raise ValueError(
            f"{column} of {output.path} has {vectors.shape[1]} numbers and the model of the words {len(query)}: give the model that made it"
        )
    return _best([name for name, there in zip(output, rows, strict=True) if there], vectors, query, count)


def embeddings(output: Framed, column: str) -> tuple[np.ndarray, np.ndarray]:
    """Which frames carry a drawing that has an embedding in a column, bool (T,), and those embeddings,
    float32 (N, E).

    Raises ValueError, naming the stage to run, for a column that is not there; and for one whose rows differ
    in length.
    """
    _checked(output, column)
    table = output.table
    rows = np.asarray(pc.and_(pc.is_valid(table[column]), pc.is_null(table["drawing_of"])))
    return rows, _matrix(table[column].filter(pa.array(rows)), column, output.path)


def instances(output: Framed, column: str = "visual_instances") -> Instances:
    """The embedding of every character of every drawing, taken from the joined rows of a clip; without those
    that have none.

    Raises ValueError, naming the stage to run, for a column that is not there.
    """
    _checked(output, column)
    table = output.table.select(["frame_id", "clip_id", "drawing_of", "instance_ids", column]).filter(
        pc.is_valid(output.table[column])
    )
    clips: dict[str, list[dict[str, Any]]] = {}
    for row in table.filter(pc.is_null(table["drawing_of"])).to_pylist():
        clips.setdefault(row["clip_id"], []).append(row)
    found = [
        (row["frame_id"], k, vector) for rows in clips.values() for row, k, vector in _apart(rows, column)
    ]
    width = len(found[0][2]) if found else 0
    return Instances(
        [name for name, *_ in found],
        [k for _, k, _ in found],
        np.array([v for *_, v in found], np.float32).reshape(-1, width),
    )


def _apart(rows: list[dict[str, Any]], column: str) -> Iterator[tuple[dict[str, Any], int, np.ndarray]]:
    every = sorted({k for row in rows for k in row["instance_ids"]})
    for row in rows:
        for k, vector in (
            zip(every, np.array(row[column], np.float32).reshape(len(every), -1), strict=True)
            if every
            else ()
        ):
            if k in row["instance_ids"] and vector.any():
                yield row, k, vector


def _best(names: list[str], vectors: np.ndarray, query: np.ndarray, count: int, leave: str = "") -> Found:
    likeness = vectors @ np.asarray(query, np.float32)
    likeness[~vectors.any(1)] = -np.inf  # an empty layer is like nothing
    order = [
        i
        for i in np.argsort(-likeness, kind="stable")[: count + 1]
        if names[i] != leave and likeness[i] > -np.inf
    ]
    return [(names[i], float(likeness[i])) for i in order[:count]]


def _matrix(values: pa.ChunkedArray, column: str, path: str) -> np.ndarray:
    lengths = pc.unique(pc.list_value_length(values)).to_pylist()
    if len(lengths) > 1:
        raise ValueError(
            f"{column} of {path} has rows of {sorted(lengths)} numbers: it joins several characters, or two models made it"
        )
    flat = pc.list_flatten(values).to_numpy()
    return np.asarray(flat, np.float32).reshape(len(values), lengths[0] if lengths else 0)


def _checked(output: Framed, column: str) -> None:
    table = output.table
    if column not in table.column_names or table[column].null_count == len(table):
        stage = STAGES.get(column.split("_")[0])
        how = f"run animelayers annotate {output.path}"
        how += (
            ""
            if stage == "embed_visual"
            else f" +stage@stages.{stage}={stage} start_stage={stage} end_stage={stage}"
        )
        known = ", ".join(f"{family}_frame" for family in STAGES)
        raise ValueError(
            f"{output.path} has no column {column}: {how if stage else f'embeddings are {known} …'}"
        )


def _builder(path: str, column: str) -> WordEmbedder:
    """The model of words that made a column, from the configuration kept in the `dataset.json` that stands
    beside it.
    """
    store = Store(path)
    places = [f"{path}/{columns.FOLDER}/{name}" for name in reversed(store.folders(columns.FOLDER))]
    for place in [*places, path]:
        stages = dataset.description(Store(place)).get("config", {}).get("stages", {})
        for stage in stages.values():
            step = stage.get("step", {})
            if str(step.get("_target_", "")).endswith(".EmbedClip"):
                return _built(step["embedder"]["weights"], step["embedder"]["architecture"])
    raise ValueError(
        f"nothing beside {path} tells which model made {column}: give embedder=OpenClip(WEIGHTS)"
    )


@lru_cache(maxsize=1)
def _built(weights: str, architecture: str) -> WordEmbedder:
    from animelayers.models.openclip import OpenClip

    return OpenClip(weights, architecture)
