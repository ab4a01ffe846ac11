"""A small output of drawn layers: two shots of a film and a still, held drawings, an effect, two characters."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from animelayers import Output
from animelayers.imaging import codecs
from animelayers.imaging.recompose import recompose
from animelayers.record.schema import RECORD
from animelayers.sinks import Columns, Shards
from tests.sinks.clips import clip

RUN = "0" * 32
H, W = 48, 64


def drawn(seed: int, kind: str) -> dict[str, np.ndarray]:
    """Layers of a drawing: a disc on noise, an effect and a second character where `kind` says so, nobody
    where it says 'empty'.
    """
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:H, :W]
    alpha = np.clip((12 - np.hypot(y - 24, x - 20 - seed)) * 120, 0, 255).astype(np.uint8) * (kind != "empty")
    character = np.dstack(
        [np.full((H, W, 3), (200, 60, 30 * (seed % 8)), np.uint8) * (alpha > 0)[..., None], alpha]
    )
    background = np.repeat(np.repeat(rng.integers(40, 200, (H // 8, W // 8, 3), np.uint8), 8, 0), 8, 1)
    effect = np.zeros((H, W, 4), np.uint8)
    if kind == "effect":
        effect[5:15, 40:60] = (255, 220, 90, 140)
    labels = np.where(alpha > 127, np.where(x < 20 + seed, 1, 2) if kind == "two" else 1, 0).astype(np.uint8)
    layers = {
        "character": character,
        "mask": (alpha > 127) * np.uint8(255),
        "background": background,
        "effect": effect,
    }
    if kind == "shadow":
        layers["shadow"] = np.zeros((H, W, 4), np.uint8)
        layers["shadow"][34:42, 10:50] = (90, 80, 120, 150)
    return layers | ({"instances": labels} if kind == "two" else {})


def row(
    clip_id: str, drawing: list[int], kind: str, first: int = 0, **columns: Any
) -> tuple[dict[str, Any], list[dict[str, np.ndarray]]]:
    """A clip with what the stages tell of it."""
    layers = [drawn(first + d, kind) for d in range(max(drawing) + 1)]
    names = " ".join(f"{name}.png" for name in layers[0] if name != "effect" or kind == "effect")
    files = [
        codecs.encode_png(a)
        for each in layers
        for name, a in each.items()
        if name != "effect" or kind == "effect"
    ]
    made = clip(clip_id, drawing, files, names=names, first=first, source=columns.pop("source", ""))
    boxes = [np.argwhere(each["character"][..., 3] > 127) for each in layers]
    told = {
        "width": np.int64(W), "height": np.int64(H),
        "character_bbox": np.array([[*b.min(0)[::-1], *(np.ptp(b, axis=0) + 1)[::-1]] if len(b) else [0] * 4 for b in boxes], np.int32),
        "character_coverage": np.array([each["character"][..., 3].mean() / 255 for each in layers], np.float32),
        "effect_mode": " ".join(["screen" if kind == "effect" else "none"] * len(layers)),
        "effect_types": RECORD["effect_types"].gather([["fire", "light_beam"] if kind == "effect" else []] * len(layers)),
        "instance_ids": RECORD["instance_ids"].gather([{"two": [1, 2], "empty": []}.get(kind, [1])] * len(layers)),
        "background_invented": np.full(len(layers), 0.25, np.float32),
        "motion_magnitude": np.arange(len(layers), dtype=np.float32),
    }  # fmt: skip
    return {**made, **told, **columns}, layers


@pytest.fixture(scope="session")
def clips() -> list[tuple[dict[str, Any], list[dict[str, np.ndarray]]]]:
    return [
        row("film/scene0000/000000", [0, 0, 1, 1, 2, 2], "effect"),
        row("film/scene0001/000006", [0, 0, 1, 2, 3], "two", first=6),
        row("film/scene0002/000011", [0], "empty", first=11),
        row("stills/scene0000/000020", [0], "plain", first=20, source="Bilder/Ä 絵.png"),
    ]


@pytest.fixture
def output(tmp_path: Path, clips: list[tuple[dict[str, Any], Any]]) -> Output:
    """Without annotations."""
    sink = Shards(str(tmp_path / "out"))
    with sink.open(RUN):
        sink.write([made for made, _ in clips], RUN)
    return Output(str(tmp_path / "out"))


@pytest.fixture
def annotated(output: Output, clips: list[tuple[dict[str, Any], Any]]) -> Output:
    """With captions, a mood, a quality and embeddings."""
    columns = [
        "caption_frame",
        "caption_character",
        "caption_background",
        "mood",
        "quality",
        "clip_frame",
        "visual_character",
    ]
    rows = []
    for made, layers in clips:
        count = len(layers)
        text = {
            name: RECORD[name].gather([f'{name[8:]} "{d}" 青い, Straße' for d in range(count)])
            for name in columns[:3]
        }
        text["mood"] = RECORD["mood"].gather(["calm", *[""] * (count - 1)])
        unit = np.eye(count, 8, dtype=np.float32)
        rows.append(
            {
                **made,
                **text,
                "quality": np.linspace(0.3, 1, count, dtype=np.float32),
                "clip_frame": unit,
                "visual_character": unit * 2,
            }
        )
    sink = Columns(output.path, "told", columns)
    with sink.open(RUN):
        sink.write(rows, RUN)
    return Output(output.path)


@pytest.fixture
def truth(
    clips: list[tuple[dict[str, Any], list[dict[str, np.ndarray]]]],
) -> dict[str, dict[str, np.ndarray]]:
    """The layers of each distinct drawing by frame id."""
    found = {}
    for made, layers in clips:
        episode, scene = made["clip_id"].split("/")[:2]
        for d, each in enumerate(layers):
            first = int(np.flatnonzero(made["drawing"] == d)[0])
            found[f"{episode}/{scene}_frame{made['frame_index'][first]:06d}"] = each
    return found


@pytest.fixture
def over() -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """A cut-out over a picture."""
    return recompose


def contents(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Bytes and time of every file below a folder."""
    return {
        str(p.relative_to(folder)): (p.read_bytes(), p.stat().st_mtime_ns)
        for p in sorted(folder.rglob("*"))
        if p.is_file()
    }
