"""A small finished output of a film of two shots: two characters that touch and hold drawings, and a glow
that adds light.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pyarrow as pa

from animelayers.imaging.recompose import blend, recompose
from animelayers.record.schema import RECORD, Row
from animelayers.sinks import Shards, Sink, Tree
from animelayers.stages.encode import Encode
from animelayers.stages.quality import Quality

SIZE = (64, 96)
RUN = "run"


def film(folder: Path, background: str = "jpeg", size: tuple[int, int] = SIZE, form: str = "shards") -> Path:
    """The output, of shards or a tree: clips film/scene0000/000000 and 000006 in one commit,
    film/scene0001/000012 in another.
    """
    sink = Tree(str(folder)) if form == "tree" else Shards(str(folder))
    clips = [
        clip(0, 0, [0, 0, 1, 2, 2, 2], size),
        clip(0, 6, [0, 1], size),
        clip(1, 12, [0, 1, 1], size, glow=True),
    ]
    return store(sink, [encoded(row, background) for row in clips], background)


def store(sink: Sink, clips: list[Row], background: str = "jpeg") -> Path:
    """The first clips of a film in one commit, the last in another."""
    with sink.open(RUN):
        if isinstance(sink, Tree):  # names its files by the plan
            sink.save_plan(pa.table({"source": ["film.mkv"], "episode": ["film"], "kind": ["video"]}))
        sink.write([_kept(sink, row) for row in clips[:-1]], RUN)
        sink.write([_kept(sink, clips[-1])], RUN)
        step = {"_target_": "animelayers.stages.encode.Encode", "background": background, "mask": "binary"}
        sink.describe({"config": {"stages": {"encode": {"step": step}}}, "fingerprints": {}, "models": []})
    return Path(str(sink.path))


def encoded(row: Row, background: str = "jpeg") -> Row:
    """A clip with the files of its layers."""
    for step in (Encode(background=background), Quality()):  # type: ignore[arg-type]
        (row,) = step.run([row])
    assert not row["error"], row["error"]
    return row


def clip(scene: int, first: int, drawing: list[int], size: tuple[int, int] = SIZE, glow: bool = False) -> Row:
    """A clip before it is encoded."""
    count, (height, width) = max(drawing) + 1, size
    y, x = np.mgrid[:height, :width]
    paper = np.stack([40 + x * 150 // width, 60 + y * 120 // height, 90 + (x + y) % 32], 2).astype(np.uint8)
    alphas, labels, frames, effects = [], [], [], []
    for d in range(count):
        one, two = (
            _disc(size, (width * at // 12 + 2 * d + first % 5, height // 2), height // 4) for at in (4, 7)
        )
        alpha = cv2.max(one, two)
        label = np.where(one > two, 1, 2).astype(np.uint8) * (alpha > 127)
        ink = np.where((x < width * 11 // 24 + 2 * d)[..., None], [200, 40, 30], [30, 70, 220]).astype(
            np.uint8
        )
        below = recompose(np.dstack([ink, alpha]), paper)
        effect = np.dstack(
            [
                np.full((*size, 3), (250, 210, 90), np.uint8),
                _disc(size, (width // 2, height // 4 + d), height // 8) // 2,
            ]
        )
        alphas.append(alpha)
        labels.append(label)
        effects.append(effect if glow else np.zeros_like(effect))
        frames.append(blend(below, effect, "add") if glow else below)
    boxes = [cv2.boundingRect((labels[0] == k).astype(np.uint8)) for k in (1, 2)]
    index = np.arange(first, first + len(drawing))
    return {
        "clip_id": f"film/scene{scene:04d}/{first:06d}", "source": "film.mkv", "episode": "film", "scene_id": f"scene{scene:04d}",
        "frame_index": index, "timestamp_s": index / 12, "drawing": np.array(drawing, np.int32), "note": "",
        "frames": np.stack(frames), "character": np.stack(alphas), "matte_model": " ".join(["net"] * count),
        "character_confidence": np.full(count, 0.9, np.float32),
        "background": np.stack([paper] * count), "background_seen": np.full(count, 0.7, np.float32),
        "background_borrowed": np.full(count, 0.1, np.float32), "background_invented": np.full(count, 0.2, np.float32),
        "instances": np.stack(labels), "instance_ids": RECORD["instance_ids"].gather([[1, 2]] * count),
        "instance_boxes": RECORD["instance_boxes"].gather([boxes] * count),
        "effect": np.stack(effects), "effect_mode": " ".join(["add" if glow else "none"] * count),
        "effect_intensity": np.array([_mean(e[..., 3], True) for e in effects], np.float32),
        "effect_coverage": np.array([_mean(e[..., 3], False) for e in effects], np.float32),
        "error": "", "error_type": "", "attempt": 0,
    }  # fmt: skip


def _kept(sink: Sink, row: Row) -> Row:
    return {name: value for name, value in row.items() if name in sink.takes}


def _disc(size: tuple[int, int], centre: tuple[int, int], radius: int) -> np.ndarray:
    drawn = cv2.circle(np.zeros(size, np.uint8), centre, radius, 255, -1)
    soft: np.ndarray = cv2.GaussianBlur(drawn, (0, 0), 1.0)
    return soft


def _mean(alpha: np.ndarray, within: bool) -> float:
    count = np.count_nonzero(alpha) if within else alpha.size
    return float(alpha.sum() / 255 / count) if count else 0.0
