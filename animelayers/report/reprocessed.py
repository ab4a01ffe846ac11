"""The page a step of background reprocessing leaves: its quality figures beside what is expected of them, and
pictures to look at.
"""

from __future__ import annotations

from dataclasses import replace
from importlib.resources import files
from typing import Any

import cv2
import numpy as np

from animelayers.dataset.output import Output
from animelayers.engine.summary import Summary
from animelayers.imaging import codecs
from animelayers.imaging.sheet import contact_sheet, fit
from animelayers.record.schema import RECORD
from animelayers.record.values import Box
from animelayers.report.page import SAMPLES, WIDTH, put, render, sample, stages
from animelayers.sinks import dataset
from animelayers.sinks.guide import Backgrounds, Instances
from animelayers.sinks.store import SinkError
from animelayers.storage import filesystem

EXPECTED = {
    "instances_per_frame": ("instances per frame", "{:.1f}", "10 to 15"),
    "frames_with_several_share": ("frames with several instances", "{:.1%}", "above 70 %"),
    "failed_share": ("failed frames", "{:.1%}", "below 5 %"),
    "success_rate": ("success rate", "{:.1%}", "above 95 %"),
    "mask_coverage": ("mask coverage", "{:.1%}", "60 to 70 %"),
    "images_per_second": ("images per second", "{:.2f}", "2 to 3"),
}
"""Names of the figures, how they are written, and what a film of many characters gave on one large GPU."""


def write(summary: Summary, sink: Instances | Backgrounds, masks: Instances | None = None) -> None:
    """Write report/index.html and its pictures into a step's output; nothing where the run had nothing to do.

    `masks` is where the masks of backgrounds are from, to be shown beside them.
    """
    if not summary.frames_done and not summary.failures:
        return
    output, place, root = Output(summary.output), *filesystem(summary.output)
    place.create_dir(f"{root}/report/pictures", recursive=True)
    cut = sink if isinstance(sink, Instances) else masks
    known = Output(str(cut.path)) if cut is not None else None
    shown = []
    for number, row in enumerate(sample(output.table, SAMPLES)):
        pictures = _pictures(output, row, known, cut)
        if pictures:
            file = f"pictures/{number:03d}.jpg"
            put(
                place,
                f"{root}/report/{file}",
                codecs.encode_jpeg(contact_sheet([fit(p, WIDTH) for p in pictures], columns=4), 88),
            )
            shown.append(
                {
                    "file": file,
                    "name": row["frame_id"],
                    "scores": RECORD["segment_scores"].written(row.get("segment_scores")) or "",
                }
            )
    found = sink.figures()
    figures = [
        (name, form.format(found[key]), wish) for key, (name, form, wish) in EXPECTED.items() if key in found
    ]
    template = files("animelayers.report").joinpath("reprocessed.html")
    summary = replace(summary, output=dataset.public_path(sink.store, summary.output))
    html = render(
        template, summary=summary, figures=figures, samples=shown, stages=stages(summary), counts=found
    )
    put(place, f"{root}/report/index.html", html)


def _pictures(
    output: Output, row: dict[str, Any], known: Output | None, cut: Instances | None
) -> list[np.ndarray]:
    """The cut-outs of a frame in their places, their masks, and the background, as far as there is any."""
    made: list[np.ndarray] = []
    if known is not None and cut is not None and row["frame_id"] in known:
        made += _instances(known.row(row["frame_id"]), cut)
    if "background" in output.layers:
        made.append(output.layer(row["frame_id"], "background"))
    return made


def _instances(row: dict[str, Any], cut: Instances) -> list[np.ndarray]:
    canvas = np.zeros((row["height"], row["width"], 4), np.uint8)
    labels = np.zeros(canvas.shape[:2], np.uint8)
    for k, (name, box) in enumerate(zip(row["cutouts"], row["segment_boxes"], strict=True), 1):
        x, y, w, h = Box(**box)
        data = cut.store.read(name)
        if data is None:  # taken away by hand
            continue
        picture = codecs.decode(data)
        if picture.shape != (h, w, 4):
            raise SinkError(
                cut.store.path(name),
                f"is {picture.shape}, not {(h, w, 4)}",
                "run step=instances into a new output",
            )
        canvas[y : y + h, x : x + w][picture[..., 3] > 0] = picture[picture[..., 3] > 0]
        labels[y : y + h, x : x + w][picture[..., 3] > 0] = k
    hues = cv2.applyColorMap((labels.astype(np.uint16) * 67 % 256).astype(np.uint8), cv2.COLORMAP_HSV)[
        ..., ::-1
    ]
    return [canvas, np.where(labels[..., None] > 0, hues, 0).astype(np.uint8)]
