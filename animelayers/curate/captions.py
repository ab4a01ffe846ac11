"""What a training picture's caption says: what the frame table knows of the layer that is shown, and what the
strategy did to it.

A caption never names what its picture does not hold (see `animelayers.captions.guard`). A suffix says what a
strategy did in the user's own words ("no characters") and is kept as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from animelayers.captions import LAYERS, cleaned, decorated, template
from animelayers.captions.given import merged as one

GIVEN = "caption_given"
"""The column with what lay beside the user's picture."""

_OF_THE_FRAME = frozenset(
    {"palette", "brightness", "lighting", "complexity", "effect_mode", "effect_types", "camera_motion"}
)


def base(row: Mapping[str, Any], layer: str) -> str:
    """What a layer (frame, character or background) shows, from a row of the frame table: its own caption,
    else in words what was measured.

    What lay beside the user's picture tells the whole frame before all else, and what it says of a layer
    where nothing else does. Measures of the whole frame are not told of a layer. '' for a character that is
    not there. Raises ValueError for an unknown layer.
    """
    made, given = (cleaned(layer, str(row.get(name) or "")) for name in (f"caption_{layer}", "caption_given"))
    if said := (given or made if layer == "frame" else made or given):
        return said
    return template(
        layer,
        row
        if layer == "frame"
        else {name: value for name, value in row.items() if name not in _OF_THE_FRAME},
    )


def caption(
    row: Mapping[str, Any], layer: str, *, trigger: str = "", prefix: str = "", suffix: str = ""
) -> str:
    """Trigger word, prefix, what the layer shows, and suffix, in one line.

    A frame without a character, and a background, have no trigger word, and of the prefix only what is true
    of a place. '' where there is nothing to tell: a character that is not there. Raises ValueError for an
    unknown layer.
    """
    empty = layer == "background" or nobody(row)
    return decorated(
        base(row, layer),
        trigger="" if empty else trigger,
        prefix=cleaned("background" if empty else layer, prefix),
        suffix=suffix,
    )


def merged(table: pa.Table, way: str) -> pa.Table:
    """A frame table whose captions of layers have what lay beside the user's pictures in them, as
    `captions.given.merged` has it.
    """
    if way == "either" or GIVEN not in table.column_names:
        return table
    given = [text or "" for text in table[GIVEN].to_pylist()]
    for layer in LAYERS:
        name = f"caption_{layer}"
        made = table[name].to_pylist() if name in table.column_names else [None] * len(table)
        column = pa.array(
            [one(layer, own, text or "", way) or None for own, text in zip(given, made, strict=True)],
            pa.string(),
        )
        table = table.drop_columns([name] if name in table.column_names else []).append_column(name, column)
    return table.drop_columns([GIVEN])


def nobody(row: Mapping[str, Any]) -> bool:
    """Whether the frame table says that there is no character."""
    return (
        row.get("instance_count") == 0 or row.get("shot_size") == "none" or row.get("character_coverage") == 0
    )
