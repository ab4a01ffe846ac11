"""The clean plate of each shot: one picture, and where every frame lies on it. Joined from the plates of the
clips a long shot was cut into.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator, Mapping
from functools import lru_cache, partial
from pathlib import PurePosixPath
from typing import Any

import cv2
import numpy as np
import pyarrow as pa
from tqdm import tqdm

from animelayers.dataset.output import PLATES, Output, Spread
from animelayers.imaging import codecs
from animelayers.imaging.panorama import Canvas, lay, paint
from animelayers.imaging.views import view
from animelayers.record.layers import names
from animelayers.sinks import parquet
from animelayers.sinks.store import SinkError, Store

log = logging.getLogger(__name__)

FOLDER = "plates"
SCHEMA = pa.schema(
    {
        "episode": pa.string(),
        "scene_id": pa.string(),
        "frame_id": pa.string(),
        "plate": pa.string(),  # path below the output
        # from a pixel (x, y, 1) of the frame to that picture, row by row
        "homography": pa.list_(pa.float64(), 9),
        "made_from": pa.string(),  # a digest of the clips' plates and cameras
    }
)
_ASKED = 12  # drawings of a clip that are asked what they show of its plate
_SCALE = 0.25  # of the plate, at which that is counted
_ENCODE = {".png": codecs.encode_png, ".jpg": codecs.encode_jpeg, ".webp": codecs.encode_webp}
Clip = list[dict[str, Any]]
"""Rows of the frame table, in the order of time."""


def write(output: Output, spread: Spread = map) -> int:
    """Write OUT/plates/EPISODE_sceneNNNN.jpg of every shot and OUT/plates.parquet (`SCHEMA`), a row per frame
    that has a plate; gives their number.

    A shot that could not be registered as a whole has several: EPISODE_sceneNNNN_2.jpg. What is there and
    would be the same is left alone. The suffix is that of the clips' plates; a plate of one clip is copied
    byte for byte. Nothing is written where no clip has one; a shot whose plates cannot be read is left out
    with a warning.
    """
    store, now = Store(output.path), set[str]()
    before = _named(store)
    for name in before:
        store.path(name)  # refuses what leads outside, before anything is undone
    with tqdm(unit="episode", desc="plates", dynamic_ncols=True, leave=False, disable=None) as bar:

        def made() -> Iterator[pa.Table]:
            for table, problems in spread(_of_episode, output.episodes()):
                bar.update()
                for problem in problems:
                    log.warning("%s", problem)
                now.update(table["plate"].unique().to_pylist())
                yield table

        count = parquet.put(store, PLATES, "plates", made(), SCHEMA)
    for name in before - now:
        store.remove(name)
    return count


def _named(store: Store) -> set[str]:
    """The pictures that are told of."""
    if not store.exists(PLATES):
        return set()
    return {
        name
        for piece in parquet.pieces(store, PLATES, ["plate"])
        for name in piece["plate"].unique().to_pylist()
    }


def _of_episode(output: Output) -> tuple[pa.Table, list[str]]:
    """The rows of an episode's plates, and what went wrong; those that are not there yet are made."""
    store, rows, problems = Store(output.path), Clip(), list[str]()
    known: dict[tuple[str, str], Clip] | None = None
    for shot, clips in _shots(output.table):
        if known is None:
            known = {}
            for row in parquet.selected(store, PLATES, "episode", shot[0]):
                known.setdefault((row["episode"], row["scene_id"]), []).append(row)
        made_from = _digest(clips)
        old = known.get(shot, [])
        if (
            old
            and {row["made_from"] for row in old} == {made_from}
            and all(store.exists(name) for name in {row["plate"] for row in old})
        ):
            rows += old
            continue
        try:
            made = list(_merged(output, clips))
        except (OSError, ValueError, SinkError) as problem:
            problems.append(
                f"{shot[0]}/{shot[1]}: no plate of the whole shot, its clips keep theirs: {problem}"
            )
            continue
        for number, (laid, data, suffix) in enumerate(made, start=1):
            name = f"{FOLDER}/{shot[0]}_{shot[1]}{f'_{number}' if number > 1 else ''}{suffix}"
            store.folder(FOLDER)
            store.put(name, "plates", data)
            told = {"episode": shot[0], "scene_id": shot[1], "plate": name, "made_from": made_from}
            for k, place in zip(laid.pieces, laid.places, strict=True):
                rows += [
                    {
                        **told,
                        "frame_id": row["frame_id"],
                        "homography": (place @ _camera(row)).ravel().tolist(),
                    }
                    for row in clips[k]
                ]
    return pa.Table.from_pylist(rows, SCHEMA), problems


def listed(output: Output) -> list[dict[str, Any]]:
    """The plates of an output: `plate` (path below it), `episode`, `scene_id` and `frames` (how many lie on
    it), by path.
    """
    store = Store(output.path)
    if not store.exists(PLATES):
        return []
    found = (
        parquet.read(store, PLATES)
        .group_by(["plate", "episode", "scene_id"])
        .aggregate([("frame_id", "count")])
        .to_pylist()
    )
    told = [
        {name: row[name] for name in ("plate", "episode", "scene_id")} | {"frames": row["frame_id_count"]}
        for row in found
    ]
    return sorted(told, key=lambda row: str(row["plate"]))


def _shots(table: pa.Table) -> Iterator[tuple[tuple[str, str], list[Clip]]]:
    """The clips with a plate of each shot."""
    if not {"plate_file", "homography"} <= set(table.column_names):
        return
    there = [
        part
        for layer in ("plate", *names("covers"))
        for part in (f"{layer}_file", f"{layer}_offset", f"{layer}_size", f"{layer}_xxh3")
    ]
    columns = [
        "episode",
        "scene_id",
        "source",
        "frame_index",
        "clip_id",
        "frame_id",
        "drawing_of",
        "shard",
        "homography",
        "width",
        "height",
        "effect_mode",
    ]
    order = [(name, "ascending") for name in ("episode", "scene_id", "source", "frame_index")]
    shots: dict[tuple[str, str], dict[str, Clip]] = {}
    for row in (
        table.select([name for name in [*columns, *there] if name in table.column_names])
        .sort_by(order)
        .to_pylist()
    ):
        if row["plate_file"] and row["homography"]:
            shots.setdefault((row["episode"], row["scene_id"]), {}).setdefault(row["clip_id"], []).append(row)
    yield from ((shot, list(clips.values())) for shot, clips in shots.items())


def _digest(clips: list[Clip]) -> str:
    facts = [
        [
            row["frame_id"],
            row["shard"],
            row["plate_file"],
            row["plate_offset"],
            row["plate_size"],
            row["homography"],
        ]
        for clip in clips
        for row in clip
    ]
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:16]


def _merged(output: Output, clips: list[Clip]) -> Iterator[tuple[Canvas, bytes, str]]:
    """The canvases of a shot with their pictures' bytes and suffixes."""
    load = lru_cache(maxsize=2)(lambda k: codecs.decode(output.stored(clips[k][0], "plate")))
    size = (int(clips[0][0]["width"]), int(clips[0][0]["height"]))
    for laid in lay(load, [np.array([_camera(row) for row in clip]) for clip in clips], size):
        first = clips[laid.pieces[0]][0]
        suffix = PurePosixPath(first["plate_file"]).suffix
        if len(laid.pieces) == 1:
            yield laid, output.stored(first, "plate"), suffix
        else:
            yield laid, _ENCODE[suffix](paint(load, partial(_shown, output, clips, load), laid)), suffix


def _shown(output: Output, clips: list[Clip], load: Any, k: int) -> np.ndarray:
    """How many of some drawings of a clip show each pixel of its plate free of characters and effects, uint8
    (P, Q).
    """
    drawings = [row for row in clips[k] if not row["drawing_of"]] or clips[k][:1]
    drawings = drawings[:: -(-len(drawings) // _ASKED)]
    height, width = load(k).shape[:2]
    small = (max(1, round(width * _SCALE)), max(1, round(height * _SCALE)))
    count = np.zeros(small[::-1], np.uint8)
    for row in drawings:
        registration = view(_camera(row), (int(row["width"]), int(row["height"])), (width, height), _SCALE)
        count[registration.window] += registration.onto(_free(output, row, registration.size), smooth=False)
    return cv2.resize(count, (width, height), interpolation=cv2.INTER_NEAREST)


def _free(output: Output, row: Mapping[str, Any], size: tuple[int, int]) -> np.ndarray:
    """uint8 plane of `size` (width, height), 1 where a drawing shows the background."""
    free = np.ones(size[::-1], np.uint8)
    for layer in names("covers"):
        if row.get(f"{layer}_file") and (layer != "effect" or row.get("effect_mode", "none") != "none"):
            cover = codecs.decode(output.stored(dict(row), layer))
            cover = cover if cover.ndim == 2 else np.ascontiguousarray(cover[..., 3])
            free[
                cv2.dilate(cv2.resize(cover, size, interpolation=cv2.INTER_AREA), np.ones((3, 3), np.uint8))
                > 0
            ] = 0
    return free


def _camera(row: Mapping[str, Any]) -> np.ndarray:
    return np.array(row["homography"], np.float64).reshape(3, 3)
