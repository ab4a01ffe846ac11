"""Rows of the frame table as JSON and Parquet that any library reads."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from animelayers.dataset.output import Output
from animelayers.exports.picture import internal
from animelayers.record.schema import LISTS, RECORD
from animelayers.sinks import dataset
from animelayers.sinks.store import Store

_NAMES = {"float": "float32", "double": "float64", "halffloat": "float16"}


def line(values: Mapping[str, Any]) -> str:
    """One JSON object in a line; what is no number is null."""
    return json.dumps(finite(values), ensure_ascii=False) + "\n"


def finite(value: Any) -> Any:
    """The same with None for NaN and infinities, which JSON does not know."""
    if isinstance(value, Mapping):
        return {key: finite(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [finite(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


_BOXES = pa.list_(pa.list_(pa.float32()))


def readable(schema: pa.Schema) -> list[pa.Field]:
    """The columns that say something of a frame and that every reader knows: words, numbers, short lists of
    fixed size, lists of words, of numbers, and of boxes, which are lists of numbers."""
    kept = [
        field
        for field in schema
        if not internal(field.name) and (field.name in LISTS or not pa.types.is_list(field.type))
    ]
    return [pa.field(field.name, _readable(field.type)) for field in kept]


def _readable(kind: pa.DataType) -> pa.DataType:
    if not (pa.types.is_list(kind) and pa.types.is_struct(kind.value_type)):
        return kind
    return pa.string() if any(pa.types.is_string(part.type) for part in kind.value_type) else _BOXES


def listed(column: str, value: Any) -> Any:
    """A value of the frame table, or one as people write it, as `readable` says: lists, boxes as lists of
    numbers; what has words and numbers in it as text."""
    if column in LISTS and isinstance(value, str):
        value = RECORD[column].stored(RECORD[column].read(value))
    if column not in LISTS or value is None or not pa.types.is_struct(RECORD[column].arrow.value_type):
        return value
    return (
        [[*map(float, box.values())] for box in value]
        if _readable(RECORD[column].arrow) == _BOXES
        else RECORD[column].written(value)
    )


def feature(kind: pa.DataType) -> dict[str, Any]:
    """The Hugging Face feature of an Arrow type of `readable`."""
    if pa.types.is_list(kind):
        return {"feature": feature(kind.value_type), "_type": "List"}
    if pa.types.is_fixed_size_list(kind):
        return {"feature": feature(kind.value_type), "length": kind.list_size, "_type": "List"}
    return {"dtype": _NAMES.get(str(kind), str(kind)), "_type": "Value"}


def card(output: Output, frames: int, layers: str, files: str) -> bytes:
    """The README.md of a data set, with where its files are and every model that touched them."""
    models = dataset.description(Store(output.path)).get("models", [])
    head = [
        "---",
        "license: other",
        "license_name: that-of-the-inputs",
        "tags: [animation, layers, animelayers]",
        "configs:",
    ]
    head += [
        "- config_name: default",
        "  data_files:",
        "  - split: train",
        f"    path: {files}",
        "---",
        "# Layers of animation",
        "",
    ]
    lines = [
        f"{frames:,} drawings: {layers}. Made from the inputs, whose licence holds for them.",
        "",
        "## Models that touched the data",
        "",
    ]
    lines += [
        f"- {m['name']}: weights {m.get('license')}, commercial use {m.get('commercial')}" for m in models
    ] or ["None with weights."]
    return ("\n".join([*head, *lines]) + "\n").encode()
