"""Clips as the encode stage hands them to a sink."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from PIL import Image

from animelayers.record.schema import Row

NAMES = "character.png mask.png background.jpg"


def clip(
    clip_id: str,
    drawing: list[int],
    files: list[bytes] | None = None,
    *,
    names: str = NAMES,
    error: str = "",
    source: str = "",
    first: int = 0,
) -> Row:
    """A clip that shows `drawing` and holds `files` (of drawing 0 first); by default a few bytes that tell
    where they belong.
    """
    episode, scene = clip_id.split("/")[:2]
    count = 0 if error else max(drawing, default=-1) + 1
    drawing = [] if error else drawing
    width = len(names.split())
    if files is None:
        files = [f"{clip_id} {d} {name}".encode() * (d + 1) for d in range(count) for name in names.split()]
    return {
        "clip_id": clip_id,
        "source": source or f"{episode}.mp4",
        "episode": episode,
        "scene_id": scene,
        "frame_index": np.arange(first, first + len(drawing)),
        "timestamp_s": np.arange(first, first + len(drawing)) / 24,
        "drawing": np.array(drawing, np.int32),
        "note": "",
        "matte_model": " ".join(f"m{d}" for d in range(count)),
        "character_bbox": np.arange(count * 4, dtype=np.int32).reshape(count, 4),
        "character_coverage": np.linspace(0, 1, count, dtype=np.float32),
        "width": np.int64(0 if error else 64),
        "height": np.int64(0 if error else 48),
        "layers": b"" if error else b"".join(files),
        "layer_names": "" if error else names,
        "layer_sizes": np.array([] if error else [len(f) for f in files], np.int64).reshape(
            count, width if count else 0
        ),
        "error": error,
        "error_type": "ValueError" if error else "",
        "attempt": np.int32(bool(error)),
    }


def pictures(clip_id: str, drawing: list[int], **kwargs: object) -> tuple[Row, list[dict[str, np.ndarray]]]:
    """A clip of real PNG files, and the layers in them, per drawing."""
    rng = np.random.default_rng(len(clip_id) + len(drawing))
    shapes = {"character": (48, 64, 4), "mask": (48, 64), "background": (48, 64, 3)}
    layers = [
        {name: rng.integers(0, 256, shape, np.uint8) for name, shape in shapes.items()}
        for _ in range(max(drawing) + 1)
    ]
    files = [png(a) for drawn in layers for a in drawn.values()]
    return clip(clip_id, drawing, files, names="character.png mask.png background.png", **kwargs), layers  # type: ignore[arg-type]


def png(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(array).save(buffer, "PNG")
    return buffer.getvalue()


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder but its lock."""
    return {
        str(p.relative_to(folder)): p.read_bytes()
        for p in sorted(folder.rglob("*"))
        if p.is_file() and p.name != "run.lock"
    }
