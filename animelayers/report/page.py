"""What a run leaves to look at: a page with contact sheets, stages and failures, and a few lines at its end."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict, replace
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

import cv2
import pyarrow as pa
import pyarrow.compute as pc
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from animelayers.dataset import plates, products
from animelayers.dataset.output import Output
from animelayers.dataset.xsheet import saved, saved_in_all
from animelayers.engine import leftout
from animelayers.engine.summary import Summary
from animelayers.imaging.evenly import evenly
from animelayers.imaging.recompose import together
from animelayers.imaging.sheet import contact_sheet, fit
from animelayers.private import without_keys
from animelayers.record.layers import names
from animelayers.sinks import dataset
from animelayers.sinks.store import Store
from animelayers.storage import filesystem, is_local

SAMPLES = 24
WORST = 12
WIDTH = 320


def write(summary: Summary) -> None:
    """Write OUT/report/index.html, its pictures and summary.json; nothing where the run had nothing to do and
    a report is there.
    """
    store = Store(summary.output)
    if not summary.frames_planned and not summary.failures:
        return
    if not summary.frames_done and not summary.failures and products.fits(store, products.REPORT):
        return
    output = Output(summary.output)
    place, root = filesystem(summary.output)
    place.create_dir(f"{root}/report/pictures", recursive=True)
    shown: dict[str, list[dict[str, Any]]] = {}
    for name, rows in {"worst": worst(output, WORST), "": sample(output.table, SAMPLES)}.items():
        shown[name] = [{**row, "file": f"pictures/{name}{number:03d}.jpg"} for number, row in enumerate(rows)]
        for row in shown[name]:
            put(place, f"{root}/report/{row['file']}", _sheet(output, row))
    summary = replace(summary, output=dataset.public_path(store, summary.output))
    facts = {**asdict(summary), "exit_code": summary.exit_code}
    html = render(
        files("animelayers.report").joinpath("report.html"),
        summary=summary,
        samples=shown[""],
        worst=shown["worst"],
        stages=stages(summary),
        shots=_shots(output),
        output=output,
        name=store.root.rpartition("/")[2],
        held=saved_in_all(output.table),
        plates=plates.listed(output)[:SAMPLES],
        left_out=leftout.by_reason(summary.left_out),
    )
    put(place, f"{root}/report/index.html", html)
    put(place, f"{root}/report/summary.json", json.dumps(facts, indent=1).encode())
    products.note(store, products.REPORT)


def render(template: Traversable, **values: Any) -> bytes:
    """A page: a file of this package in Jinja's language, with all values it names, in the style all pages
    have.
    """
    style = Markup(files("animelayers.report").joinpath("report.css").read_text(encoding="utf-8"))
    page = Environment(autoescape=True, undefined=StrictUndefined).from_string(
        template.read_text(encoding="utf-8")
    )
    return page.render(style=style, **values).encode("utf-8", "xmlcharrefreplace")


def sample(table: pa.Table, count: int) -> list[dict[str, Any]]:
    """Up to `count` rows of a frame table, spread evenly over all of it."""
    return list(table.take(evenly(len(table), count)).to_pylist()) if len(table) else []


def worst(output: Output, count: int) -> list[dict[str, Any]]:
    """Up to `count` rows of drawings that want a second look: those with most flags, then those that
    recompose worst; one per drawing.
    """
    table = output.table
    if "flags" not in table.column_names:
        return []
    table = table.filter(
        pc.and_(pc.is_null(table["drawing_of"]), pc.greater(pc.list_value_length(table["flags"]), 0))
    )
    rows = table.to_pylist()
    return sorted(
        rows, key=lambda row: (-len(row["flags"]), row.get("recompose_psnr") or 0.0, row["frame_id"])
    )[:count]


def _sheet(output: Output, row: dict[str, Any]) -> bytes:
    """One line of pictures: the frame as its layers recompose, the character, the background, the mask, an
    effect in front, the provenance.
    """
    layers = output.frame(row["frame_id"])
    mode = row.get("effect_mode") or "none"
    if mode == "none":
        layers.pop("effect", None)
    whole = []
    if {"character", "background"} <= layers.keys():
        whole = [
            together(
                layers["background"], layers["character"], layers.get("shadow"), layers.get("effect"), mode
            )
        ]
    shown = [layers[name] for name in (*names("numbered"), "provenance") if name in layers]
    pictures = [fit(picture, WIDTH) for picture in whole + shown]
    sheet = contact_sheet(pictures, columns=max(4, len(pictures)))
    return cv2.imencode(".jpg", sheet[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 88])[1].tobytes()


def stages(summary: Summary) -> list[dict[str, Any]]:
    """Workers, milliseconds per frame and share of the time busy, of each stage."""
    wall = max(summary.seconds - summary.start_seconds, 1e-9)
    frames = max(summary.frames_done, 1)
    rows = []
    for name, spent in summary.stages.items():
        workers = summary.workers.get(name, 0)
        rows.append(
            {
                "name": name,
                "workers": workers,
                "ms": 1000 * spent / frames,
                "busy": spent / wall / max(1, workers),
            }
        )
    return rows


def _shots(output: Output) -> list[dict[str, Any]]:
    table = output.table
    if not len(table):
        return []
    means = [
        name
        for name in ("character_coverage", "recompose_psnr", "background_invented", "plate_trust")
        if name in table.column_names
    ]
    words = [name for name in ("camera_motion",) if name in table.column_names]
    wanted = [
        ("frame_index", "min"),
        ("frame_index", "max"),
        ("frame_id", "count"),
        *((c, "mean") for c in means),
        *((c, "max") for c in words),
    ]
    spared = {
        (shot.episode, shot.scene_id): {"drawings": shot.drawings, "saved": shot.share}
        for shot in saved(table)
    }
    found = table.group_by(["episode", "scene_id"]).aggregate(wanted).to_pylist()
    found = [{**shot, **spared[shot["episode"], shot["scene_id"]]} for shot in found]
    return sorted(found, key=lambda shot: (shot["episode"], shot["scene_id"]))[:500]


def speed(summary: Summary, price: float | None = None) -> list[str]:
    """What a run reached of what its first clips promised and of what its slowest stages alone allow, and
    what that costs.
    """
    wall = max(summary.seconds - summary.start_seconds, 1e-9)
    rate, lines = summary.frames_done / wall, []
    slowest, bound = summary.bound
    if bound:
        names = slowest.replace("+", ", ")
        lines.append(
            f"  {rate / bound:.0%} of the {bound:.2f} frames/s that {names} alone allow; {rate * 86400:,.0f} frames a day"
        )
    if summary.expected:
        lines.append(
            f"  expected after the first clips: {summary.expected:.2f} frames/s, reached {rate / summary.expected:.0%} of it"
        )
    if price:
        cost = price * summary.seconds / 3600
        each, thousand = cost / max(1, summary.inputs), 1000 * cost / max(1, summary.frames_done)
        lines.append(
            f"  cost {cost:.2f} at {price:g} an hour: {each:.3g} for each of {summary.inputs} inputs, {thousand:.3g} for 1,000 frames"
        )
    return lines


def put(place: Any, path: str, data: bytes) -> None:
    """Write a file of a report; locally a reader sees the old one or the new one."""
    draft = f"{os.path.dirname(path)}/.{os.path.basename(path)}.tmp" if is_local(place) else path
    with place.open_output_stream(draft) as stream:
        stream.write(data)
    if draft != path:
        os.replace(draft, path)


def summarise(summary: Summary, what: str = "layers", page: bool = True, price: float | None = None) -> None:
    """The closing lines of a run, for the person who started it: `what` it made and where, and whether there
    is a `page` to look at; with the ``price`` of an hour of all its machines also what it cost.
    """
    rate = summary.frames_done / max(summary.seconds - summary.start_seconds, 1e-9)
    lines = []
    if summary.frames_before:
        lines.append(f"{summary.frames_before} of {summary.frames_planned} frames were there already")
    if summary.frames_done:
        lines.append(
            f"{summary.frames_done} frames in {summary.seconds:.0f} s: {rate:.2f} frames/s after {summary.start_seconds:.0f} s to start"
        )
        lines += speed(summary, price)
    elif not summary.failures:
        lines.append(
            "nothing to do"
            if summary.frames_planned
            else "nothing found: no picture or film under source.path"
        )
    if summary.failures:
        lines.append(f"{len(summary.failures)} failed:")
        lines += [f"  {f['source']!r}: {f['error']}" for f in summary.failures[:10]]
        if len(summary.failures) > 10:
            lines.append(f"  … and {len(summary.failures) - 10} more in the report")
    lines += leftout.described(summary.left_out)
    if summary.removed:
        told = [f"{old} (now {new})" if new else old for old, new in summary.removed.items()]
        lines.append(f"{len(told)} inputs are gone whose layers are here: {', '.join(told[:5])}")
        lines.append("  drop_removed=true leaves their layers out")
    if summary.lost:
        lines.append(
            f"{len(summary.lost)} clips were made again, their files were gone or cut short: {', '.join(list(summary.lost)[:5])}"
        )
    lines += [
        f"in {count} frames another inpainter filled in: {why}" for why, count in summary.fallbacks.items()
    ]
    if summary.changed:
        lines.append(
            f"{len(summary.changed)} inputs changed since their layers were made: {', '.join(summary.changed[:5])}"
        )
        lines.append("  redo_changed=true makes them again")
    if summary.spilled:
        lines.append(
            f"{summary.spilled / 1e6:.0f} MB were spilled to disk: lower source.row_bytes or the number of workers"
        )
    output = without_keys(summary.output)
    lines.append(f"{what}  {output}")
    if page and (summary.frames_done or summary.failures):
        lines.append(f"report  {output}/report/index.html")
    print("\n".join(lines), file=sys.stderr)
