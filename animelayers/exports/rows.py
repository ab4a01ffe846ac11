"""Rows of the frame table as JSON and Parquet that any library reads."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from animelayers.exports.picture import internal
from animelayers.output import Output
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


_NUMBERS, _BOXES, _WORDS = pa.list_(pa.int32()), pa.list_(pa.list_(pa.float32())), pa.list_(pa.string())
LISTS: Mapping[str, pa.DataType] = {
    "instance_ids": _NUMBERS, "instance_boxes": _BOXES, "face_boxes": _BOXES, "segment_boxes": _BOXES,
    "flags": _WORDS, "characters": _WORDS, "effect_types": _WORDS, "traits": _WORDS, "sources": _WORDS,
}  # fmt: skip
"""Columns in which the frame table joins several values by commas, and what they are as lists."""
_NOTHING = ("", "none", "ok")


def told(schema: pa.Schema) -> list[pa.Field]:
    """The columns that say something of a frame and that every reader knows: words, numbers, short lists of fixed size, and lists of `LISTS`."""
    kept = [field for field in schema if not internal(field.name) and not pa.types.is_list(field.type)]
    return [pa.field(field.name, LISTS[field.name]) if field.name in LISTS else field for field in kept]


def listed(column: str, value: Any) -> Any:
    """A value of the frame table with what it joins by commas as a list."""
    if column not in LISTS or not isinstance(value, str):
        return value
    parts = [part.strip() for part in value.split(",")] if value not in _NOTHING else []
    if LISTS[column] == _NUMBERS:
        return [int(part) for part in parts]
    return [[float(number) for number in part.split(":")] for part in parts] if LISTS[column] == _BOXES else parts


def feature(kind: pa.DataType) -> dict[str, Any]:
    """The Hugging Face feature of an Arrow type of `told`."""
    if pa.types.is_list(kind):
        return {"feature": feature(kind.value_type), "_type": "List"}
    if pa.types.is_fixed_size_list(kind):
        return {"feature": feature(kind.value_type), "length": kind.list_size, "_type": "List"}
    return {"dtype": _NAMES.get(str(kind), str(kind)), "_type": "Value"}


def card(output: Output, frames: int, layers: str, files: str) -> bytes:
    """The README.md of a data set, with where its files are and every model that touched them."""
    models = dataset.description(Store(output.path)).get("models", [])
    head = ["---", "license: other", "license_name: that-of-the-inputs", "tags: [animation, layers, animelayers]", "configs:"]
    head += ["- config_name: default", "  data_files:", "  - split: train", f"    path: {files}", "---", "# Layers of animation", ""]
    lines = [f"{frames:,} drawings: {layers}. Made from the inputs, whose licence holds for them.", "", "## Models that touched the data", ""]
    lines += [f"- {m['name']}: weights {m.get('license')}, commercial use {m.get('commercial')}" for m in models] or ["None with weights."]
    return ("\n".join([*head, *lines]) + "\n").encode()
