"""A page that shows a set: every picture with what of it trains and its caption, what it is made of, and what
hurts most.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib.resources import files
from typing import Any

import numpy as np

from animelayers.captions import lint
from animelayers.curate.duplicates import duplicates
from animelayers.dataset.output import Output
from animelayers.exports.check import Checked
from animelayers.exports.picture import trained
from animelayers.imaging import codecs
from animelayers.imaging.sheet import fit
from animelayers.report.page import put, render
from animelayers.sinks.store import Store

_WIDTH, _TAGS, _SHOWN = 220, 60, 8
_WORDS, _MOST = 12, 600
_DIM = 0.35  # of what does not train


def album(made: str, trigger: str, found: Checked | None, home: str) -> str:
    """Write HOME/index.html about a set and, where it was exported, what a trainer reads of it; gives its
    path.

    Every count has the pictures behind it. Of a set of more than `_MOST` pictures those that are counted are
    all, those to see some.
    """
    output, store = Output(made), Store(home)
    rows = [row for row in output.table.to_pylist() if row.get("repeats")]
    store.folder("pictures")
    shown = {row["frame_id"] for row in rows[:: -(-len(rows) // _MOST) or 1]}
    for row in rows:
        row["file"] = f"pictures/{row['frame_id'].replace('/', '-')}.jpg" if row["frame_id"] in shown else ""
        if row["file"]:
            put(store.fs, store.path(row["file"]), codecs.encode_jpeg(fit(_dimmed(output, row), _WIDTH), 85))
    captions = {row["frame_id"]: row["caption"] or "" for row in rows}
    people = {row["frame_id"]: int(row["instance_count"]) for row in rows if row.get("instance_count")}
    remarks = [*_remarks(output, rows), *lint.lint(captions, trigger, people, _of_one(rows))]
    by = {row["frame_id"]: row for row in rows}
    html = render(
        files("animelayers.curate").joinpath("album.html"),
        name=trigger or "What the set is made of", rows=[row for row in rows if row["file"]], count=len(rows), found=found,
        core=lint.core(captions.values(), trigger), parts=_parts(rows), tags=_tags_of(rows),
        remarks=[(remark.what, len(remark.names), _seen(by[name] for name in remark.names if name in by)) for remark in remarks],
    )  # fmt: skip
    put(store.fs, store.path("index.html"), html)
    return f"{home}/index.html"


Counted = list[tuple[str, int, list[dict[str, Any]]]]
"""Words, how many pictures each is true of, and some of these."""


def _parts(rows: Sequence[dict[str, Any]]) -> dict[str, Counted]:
    """What a set is made of, in several ways; a way in which nothing is known is left out."""
    found = {what: _shares(rows, say) for what, say in _PARTS.items()}
    return {what: counted for what, counted in found.items() if [word for word, *_ in counted] != ["–"]}


def _shares(rows: Sequence[dict[str, Any]], say: Callable[[Mapping[str, Any]], Any]) -> Counted:
    words: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        value = say(row)
        words.setdefault("–" if value in (None, "") else str(value), []).append(row)
    return [
        (word, len(own), _seen(own))
        for word, own in sorted(words.items(), key=lambda item: (-len(item[1]), item[0]))[:_WORDS]
    ]


def _tags_of(rows: Sequence[dict[str, Any]]) -> Counted:
    """The tags of the captions."""
    words: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        for tag in lint.tags(row["caption"] or ""):
            words.setdefault(tag, []).append(row)
    return [
        (tag, len(own), _seen(own))
        for tag, own in sorted(words.items(), key=lambda item: (-len(item[1]), item[0]))[:_TAGS]
    ]


def _seen(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return [row for row in rows if row["file"]][:_SHOWN]


def _column(name: str) -> Callable[[Mapping[str, Any]], Any]:
    return lambda row: row.get(name)


def _band(value: Any) -> str:
    """A share in words."""
    return (
        "–"
        if value is None
        else f"{np.floor(min(float(value), 0.999) * 5) / 5:.1f} to {np.floor(min(float(value), 0.999) * 5) / 5 + 0.2:.1f}"
    )


_PARTS: Mapping[str, Callable[[Mapping[str, Any]], Any]] = {
    "concept, outfit": _column("concept"), "people in it": _column("instance_count"), "who": _column("characters"),
    "shot size": _column("shot_size"), "film": _column("episode"), "shot": lambda row: f"{row.get('episode')}/{row.get('scene_id')}",
    "kind of place": _column("scene_type"), "expression": _column("expression"), "strategy": _column("strategy"),
    "quality": lambda row: _band(row.get("quality")), "sure of the outline": lambda row: _band(row.get("mask_quality")),
    "size": lambda row: f"{row['width']} × {row['height']}",
}  # fmt: skip


def _of_one(rows: Sequence[Mapping[str, Any]]) -> bool:
    """Whether a set shows one character alone."""
    return all(row.get("strategy") == "person" for row in rows)


def _remarks(output: Output, rows: Sequence[Mapping[str, Any]]) -> list[lint.Remark]:
    """What is wrong with the pictures, what hurts most first."""
    made, ids = [], [str(row["frame_id"]) for row in rows]
    if "perceptual_hash" in output.table.column_names and len(rows) > 1:
        # the pictures of one frame are no duplicates
        first = {str(row["origin"]): str(row["frame_id"]) for row in reversed(rows)}
        known = set(first.values())
        table = output.table.filter([name in known for name in output.table["frame_id"].to_pylist()])
        kept = duplicates(table, 2).kept
        twice = [name for name, stays in zip(table["frame_id"].to_pylist(), kept, strict=True) if not stays]
        made.append(lint.Remark("as good as the same as another one", twice))
    shots = Counter((row["episode"], row["scene_id"]) for row in rows)
    if shots and len(rows) >= 8 and (most := shots.most_common(1)[0])[1] > 0.4 * len(rows):
        same = [str(row["frame_id"]) for row in rows if (row["episode"], row["scene_id"]) == most[0]]
        made.append(
            lint.Remark(
                f"{most[1]} of {len(rows)} are of one shot: its place and light are learned with them", same
            )
        )
    sizes = Counter(row.get("shot_size") for row in rows)
    lacking = [size for size in ("close_up", "medium", "full_body") if not sizes[size]]
    if lacking and _of_one(rows):
        made.append(
            lint.Remark(
                f"no {', no '.join(lacking).replace('_', ' ')}: what she looks like there is not learned",
                ids[:1],
            )
        )
    concepts = Counter(row["concept"] for row in rows)
    few = [
        name
        for name, number in concepts.items()
        if len(concepts) > 1 and number * len(concepts) < len(rows) / 3
    ]
    if few:
        rare = [str(row["frame_id"]) for row in rows if row["concept"] in few]
        made.append(
            lint.Remark(
                f"{', '.join(few)}: far fewer than of the others; export.repeats=0 shows all about as often",
                rare,
            )
        )
    made.append(
        lint.Remark("poor quality", [str(row["frame_id"]) for row in rows if (row.get("quality") or 1) < 0.4])
    )
    doubtful = [
        str(row["frame_id"])
        for row in rows
        if float(row["mask_quality"] if row.get("mask_quality") is not None else 1) < 0.4
    ]
    made.append(lint.Remark("a doubtful outline", doubtful))
    return [remark for remark in made if remark.names]


def _dimmed(output: Output, row: Mapping[str, Any]) -> np.ndarray:
    """A picture with what does not train made dark."""
    picture = output.picture(dict(row), "frame")[..., :3]
    if not (row.get("mask_file") or row["cutout"]):
        return picture
    light = _DIM + (1 - _DIM) * (trained(output, dict(row)) / 255)
    return np.asarray(np.rint(picture * light[..., None]), np.uint8)
