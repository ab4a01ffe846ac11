"""A page that shows a set: every picture with what of it trains and its caption, what it is made of, and what hurts most."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any

import numpy as np

from animelayers.captions import lint
from animelayers.curate.duplicates import duplicates
from animelayers.exports.check import Checked
from animelayers.exports.picture import trained
from animelayers.imaging import codecs
from animelayers.imaging.sheet import fit
from animelayers.output import Output
from animelayers.report import put, render
from animelayers.sinks.store import Store

_WIDTH, _TAGS, _SHOWN = 220, 60, 8
_DIM = 0.35  # of what does not train


def album(made: str, trigger: str, found: Checked, home: str) -> str:
    """Write HOME/index.html about a set and what a trainer reads of it; gives its path."""
    output, store = Output(made), Store(home)
    rows = [row for row in output.table.to_pylist() if row["repeats"]]
    store.folder("pictures")
    for row in rows:
        row["file"] = f"pictures/{row['frame_id'].replace('/', '-')}.jpg"
        put(store.fs, store.path(row["file"]), codecs.encode_jpeg(fit(_dimmed(output, row), _WIDTH), 85))
    captions = {row["frame_id"]: row["caption"] or "" for row in rows}
    people = {row["frame_id"]: int(row["instance_count"]) for row in rows if row.get("instance_count")}
    remarks = [*_remarks(output, rows), *lint.lint(captions, trigger, people)]
    by = {row["frame_id"]: row for row in rows}
    html = render(
        files("animelayers.curate").joinpath("album.html"),
        name=trigger, rows=rows, found=found, tags=lint.counts(captions.values()).most_common(_TAGS), core=lint.core(captions.values(), trigger),
        parts={what: _shares(rows, column) for what, column in _PARTS.items() if column in output.table.column_names},
        remarks=[(remark.what, len(remark.names), [by[name] for name in remark.names[:_SHOWN] if name in by]) for remark in remarks],
    )  # fmt: skip
    put(store.fs, store.path("index.html"), html)
    return f"{home}/index.html"


_PARTS = {"concept": "concept", "shot size": "shot_size", "shot": "scene_id", "film": "episode", "expression": "expression", "width": "width"}


def _shares(rows: Sequence[Mapping[str, Any]], column: str) -> list[tuple[str, int]]:
    return Counter(str(row[column] if row[column] is not None else "–") for row in rows).most_common(12)


def _remarks(output: Output, rows: Sequence[Mapping[str, Any]]) -> list[lint.Remark]:
    """What is wrong with the pictures, what hurts most first."""
    made, ids = [], [str(row["frame_id"]) for row in rows]
    if "perceptual_hash" in output.table.column_names and len(rows) > 1:
        table = output.table.filter([name in set(ids) for name in output.table["frame_id"].to_pylist()])
        kept = duplicates(table, 2).kept
        twice = [name for name, stays in zip(table["frame_id"].to_pylist(), kept, strict=True) if not stays]
        made.append(lint.Remark("as good as the same as another one", twice))
    shots = Counter((row["episode"], row["scene_id"]) for row in rows)
    if shots and len(rows) >= 8 and (most := shots.most_common(1)[0])[1] > 0.4 * len(rows):
        same = [str(row["frame_id"]) for row in rows if (row["episode"], row["scene_id"]) == most[0]]
        made.append(lint.Remark(f"{most[1]} of {len(rows)} are of one shot: its place and light are learned with her", same))
    sizes = Counter(row.get("shot_size") for row in rows)
    lacking = [size for size in ("close_up", "medium", "full_body") if not sizes[size]]
    if lacking:
        made.append(lint.Remark(f"no {', no '.join(lacking).replace('_', ' ')}: what she looks like there is not learned", ids[:1]))
    made.append(lint.Remark("poor quality", [str(row["frame_id"]) for row in rows if (row.get("quality") or 1) < 0.4]))
    doubtful = [str(row["frame_id"]) for row in rows if float(row["mask_quality"] if row.get("mask_quality") is not None else 1) < 0.4]
    made.append(lint.Remark("a doubtful outline", doubtful))
    return [remark for remark in made if remark.names]


def _dimmed(output: Output, row: Mapping[str, Any]) -> np.ndarray:
    """A picture with what does not train made dark."""
    picture = output.picture(dict(row), "frame")[..., :3]
    if not (row.get("mask_file") or row["cutout"]):
        return picture
    light = _DIM + (1 - _DIM) * (trained(output, dict(row)) / 255)
    return np.asarray(np.rint(picture * light[..., None]), np.uint8)
