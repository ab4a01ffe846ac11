"""A small truth set made by hand, and outputs that are it but for one thing: squares before stripes, stored
through the package's own sink.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from animelayers.imaging import codecs
from animelayers.imaging.recompose import blend
from animelayers.imaging.seams import boxes
from animelayers.record.schema import RECORD
from animelayers.samples import Scene, write
from animelayers.sinks import Shards
from tests.lists import listed

Clip = dict[str, Any]
HEIGHT, WIDTH, LONG = 64, 96, 8
CAMERAS = np.tile(np.eye(3), (LONG, 1, 1))


def ground(seed: int, wide: int = WIDTH) -> np.ndarray:
    """Stripes and specks, uint8 (H, wide, 3)."""
    rng = np.random.default_rng(seed)
    return (
        80 + 40 * ((np.arange(wide) // 6 % 2)[None, :, None]) + rng.integers(0, 30, (HEIGHT, wide, 3))
    ).astype(np.uint8)


def clip(
    film: str, number: int, first: int, places: Sequence[Sequence[int]], seed: int = 0, **facts: Any
) -> Clip:
    """A shot of `LONG` frames on twos in which a square stands at each of `places` (figure -> x of every
    drawing).
    """
    drawings = np.repeat(np.arange(LONG // 2), 2).astype(np.int32)
    labels = np.zeros((LONG // 2, HEIGHT, WIDTH), np.uint8)
    for d in range(LONG // 2):
        for figure, way in enumerate(places, 1):
            labels[d, 20:50, way[d] : way[d] + 16] = figure
    alpha = np.where(labels > 0, 255, 0).astype(np.uint8)
    background = np.repeat(ground(seed)[None], LONG // 2, 0)
    colour = np.array([[0, 0, 0], [220, 40, 60], [40, 60, 220]], np.uint8)[labels]
    made = {
        "clip_id": f"{film}/scene{number:04d}/{first:06d}",
        "source": f"{film}.mkv",
        "episode": film,
        "scene_id": f"scene{number:04d}",
        "frame_index": np.arange(first, first + LONG),
        "timestamp_s": np.arange(first, first + LONG) / 24,
        "drawing": drawings,
        "character": np.concatenate([colour, alpha[..., None]], 3),
        "instances": labels,
        "effect": np.zeros((LONG // 2, HEIGHT, WIDTH, 4), np.uint8),
        "overlay": np.zeros((LONG // 2, HEIGHT, WIDTH, 4), np.uint8),
        "background": background,
        "homography": CAMERAS[: LONG // 2].copy(),
        "camera_motion": "still",
        "effect_mode": "over",
        "traits": listed("traits", "one,people"),
        "sources": listed("sources", "figure:a,background:b"),
        "transition": ["none"] * LONG,
    }
    return made | facts


def clips() -> list[Clip]:
    """Film a: one who walks, then two who cross, after a cut. Film b: nobody, fire and subtitles, and a
    dissolve into one who stays.
    """
    walk = clip("a", 0, 0, [[4, 12, 20, 28]], 0)
    cross = clip(
        "a",
        1,
        LONG,
        [[10, 26, 42, 58], [70, 52, 34, 16]],
        1,
        traits=listed("traits", "two,crossing,people"),
        transition=["cut"] + ["none"] * (LONG - 1),
    )
    empty = clip(
        "b",
        0,
        0,
        [],
        2,
        sources=listed("sources", "background:c,effect:d"),
        transition=["none"] * (LONG - 2) + ["dissolve"] * 2,
    )
    empty["traits"] = listed("traits", "empty")
    empty["effect"][:, 10:30, 40:70] = (250, 180, 40, 200)
    empty["overlay"][:, -8:] = (255, 255, 255, 255)
    stay = clip("b", 1, LONG, [[40, 40, 41, 41]], 3, sources=listed("sources", "figure:e,background:c"))
    return [walk, cross, empty, stay]


def pictures(shot: Clip) -> np.ndarray:
    """The frames of a shot, uint8 (T, H, W, 3)."""
    made = []
    for d in range(len(shot["character"])):
        picture = shot["background"][d]
        for layer in ("character", "effect", "overlay"):
            picture = blend(picture, shot[layer][d], "over")
        made.append(picture)
    return np.stack(made)[shot["drawing"]]


def films(shots: Sequence[Clip], folder: Path) -> None:
    """Their films, lossless."""
    for film in dict.fromkeys(shot["episode"] for shot in shots):
        frames = np.concatenate([pictures(shot) for shot in shots if shot["episode"] == film])
        planes = {name: np.zeros(frames.shape[:3], np.uint8) for name in ("character", "effect", "instances")}
        colours = {
            name: np.zeros((1, 1, 1, 3), np.uint8)
            for name in ("background", "character_colour", "effect_colour")
        }
        zeros = np.zeros(len(frames), np.int32)
        write(
            [
                Scene(
                    film,
                    frames,
                    **planes,
                    **colours,
                    drawing=zeros,
                    pan=zeros,
                    effect_mode=("over",) * len(frames),
                )
            ],
            film,
            folder,
        )


def store(
    shots: Sequence[Clip],
    folder: Path,
    layers: Sequence[str] = ("character", "instances", "effect", "overlay", "background"),
) -> Path:
    """An output of these clips."""
    rows = []
    for shot in shots:
        files = [codecs.encode_png(shot[name][d]) for d in range(len(shot["character"])) for name in layers]
        row = {
            key: value
            for key, value in shot.items()
            if key not in ("character", "instances", "effect", "overlay", "background")
        }
        count = len(shot["character"])
        ids = [np.unique(plane[plane > 0]) for plane in shot["instances"]]
        row |= {
            "transition": " ".join(shot["transition"]),
            "effect_mode": " ".join([shot["effect_mode"]] * count),
            "instance_ids": RECORD["instance_ids"].gather(ids),
            "instance_boxes": RECORD["instance_boxes"].gather(
                [[*boxes(plane).values()] for plane in shot["instances"]]
            ),
            "width": WIDTH,
            "height": HEIGHT,
            "layers": b"".join(files),
            "layer_names": " ".join(f"{name}.png" for name in layers),
            "layer_sizes": np.array([len(file) for file in files], np.int64).reshape(count, -1),
            "error": "",
            "error_type": "",
            "attempt": np.int32(0),
        }
        rows.append(row)
    sink = Shards(str(folder))
    with sink.open("run"):
        sink.write(rows, "run")
    return folder


def truth(folder: Path) -> Path:
    """The truth set of `clips` with its films."""
    films(clips(), folder / "films")
    return store(clips(), folder)


def changed(folder: Path, change: Callable[[list[Clip]], object]) -> Path:
    """An output that is the truth but for what `change` does to its clips."""
    shots = clips()
    change(shots)
    return store(shots, folder)
