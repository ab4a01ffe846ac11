"""Segments to files: each thing of a drawing cut out, and its mask."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from animelayers.engine.step import ClipStep
from animelayers.imaging import codecs
from animelayers.record.column import F32, I64, U8
from animelayers.record.values import Box


class Made(NamedTuple):
    """What `CutOuts` writes."""

    layers: bytes
    layer_names: list[str]
    layer_sizes: I64
    width: int
    height: int
    segment_boxes: list[list[Box]]
    character_coverage: F32


class CutOuts(ClipStep):
    """Files of each segment of a drawing, k from 1: instanceKKK.png, RGBA, and maskKKK.png, L, 255 where the
    segment is.

    A cut-out is as large as the segment's box and transparent around it, black under alpha 0; a mask has the
    size of the frame. ``segment_boxes`` tells where the cut-outs are from, ``character_coverage`` what share
    of the frame all segments cover.
    """

    name = "cutouts"

    def clip(self, *, frames: U8, segments: U8) -> Made:
        """Files, their names and sizes, and the measures of every drawing of a clip."""
        count, (height, width) = len(frames), frames.shape[1:3]
        most = int(segments.max(initial=0))
        files, boxes = [], []
        for frame, labels in zip(frames, segments, strict=True):
            drawn, places = _cut(frame, labels)
            files += drawn + [b""] * (2 * most - len(drawn))
            boxes.append(places)
        names = [f"{kind}{k:03d}.png" for k in range(1, most + 1) for kind in ("instance", "mask")]
        sizes = np.array([len(data) for data in files], np.int64).reshape(count, len(names))
        covered = np.array([np.count_nonzero(labels) / labels.size for labels in segments], np.float32)
        return Made(b"".join(files), names, sizes, width, height, boxes, covered)


def _cut(frame: np.ndarray, labels: np.ndarray) -> tuple[list[bytes], list[Box]]:
    """Cut-out and mask of each label from 1 on, and their boxes. Raises ValueError where a label up to the
    greatest is missing.
    """
    files, places = [], []
    for k in range(1, int(labels.max(initial=0)) + 1):
        mask = (labels == k) * np.uint8(255)
        x, y, w, h = cv2.boundingRect(mask)
        if not w:
            raise ValueError(f"label {k} of {int(labels.max())} is not in the map")
        part = np.ascontiguousarray(mask[y : y + h, x : x + w])
        colour = cv2.copyTo(frame[y : y + h, x : x + w], part)
        files += [codecs.encode_png(np.dstack([colour, part])), codecs.encode_png(mask)]
        places.append(Box(x, y, w, h))
    return files, places
