"""Composed shots as clips of the record, with pixels or encoded."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import cv2
import numpy as np

from animelayers.imaging import codecs
from animelayers.imaging.recompose import psnr, together
from animelayers.imaging.seams import boxes
from animelayers.record.schema import RECORD, Row
from animelayers.record.values import Stacked
from animelayers.truth.described import described
from animelayers.truth.film import Composed, frames, grey
from animelayers.truth.plan import FilmPlan
from animelayers.truth.shot import Frame, Shot

Put = Callable[[np.ndarray, int], None]
"""Takes each picture of a film and its number."""


def identity(plan: FilmPlan, number: int) -> Row:
    """The columns every clip has, of a shot of a film."""
    episode, first = plan.name.lower(), sum(shot.frames - shot.start for shot in plan.shots[:number])
    scene = f"scene{number:04d}"
    names = {
        "clip_id": f"{episode}/{scene}/{first:06d}",
        "source": plan.name + plan.suffix,
        "episode": episode,
        "scene_id": scene,
    }
    return {**names, "error": "", "error_type": "", "attempt": 0, "note": ""}


def pixels(plan: FilmPlan) -> Iterator[Row]:
    """The shots of a film as clips with their pixels: frames before film and file touch them, and every true
    layer.

    Columns of the record: frames, drawing, character, effect, effect_mode, background, instances, plate,
    camera …
    """
    for number, (shot, composed) in enumerate(frames(plan)):
        kept, drawing, all_frames = _distinct(composed)
        yield {
            **identity(plan, number),
            **_facts(plan, number, shot, kept, drawing, all_frames),
            "frames": np.stack([frame.picture for frame in kept]),
            "character": np.stack([frame.seen("figure")[..., 3] for frame in kept]),
            "effect": np.stack([frame.seen("effect") for frame in kept]),
            "background": np.stack([frame.background for frame in kept]),
            "instances": np.stack([frame.labels for frame in kept]),
            "plate": _plate(plan, shot),
            "plate_seen": np.full(shot.plate.shape[:2], 255, np.uint8),
        }


def stored(plan: FilmPlan, put: Put | None = None) -> Iterator[Row]:
    """The shots of a film as clips with their layers encoded, as a sink takes them; `put` is given every
    picture of the film on the way.

    Each drawing's pixels are let go as soon as they are encoded.
    """
    for number, (shot, composed) in enumerate(frames(plan)):
        files: list[dict[str, bytes]] = []
        measures: list[tuple[Any, ...]] = []
        kept: list[Frame] = []
        drawing: list[int] = []
        all_frames: list[Composed] = []
        numbers: dict[int, int] = {}
        picture = np.zeros(0, np.uint8)
        for made in composed:
            if made.frame.shown not in numbers:
                numbers[made.frame.shown] = len(numbers)
                picture = made.frame.picture
                encoded, measured = _encoded(
                    made.frame, picture, [actor.part.name for actor in shot.plan.actors]
                )
                files.append(encoded)
                measures.append(measured)
                kept.append(_outlined(made.frame))
            if put is not None:
                put(
                    picture if numbers[made.frame.shown] == len(numbers) - 1 else made.frame.picture,
                    made.number,
                )
            drawing.append(numbers[made.frame.shown])
            all_frames.append(made._replace(frame=kept[drawing[-1]]))
        files[0]["plate.webp"] = codecs.encode_webp(_plate(plan, shot))
        names = list(dict.fromkeys(name for drawn in files for name in drawn))
        data = [drawn.get(name, b"") for drawn in files for name in names]
        yield {
            **identity(plan, number),
            **_facts(plan, number, shot, kept, drawing, all_frames),
            **{name: RECORD[name].gather([m[i] for m in measures]) for i, name in enumerate(_MEASURED)},
            "layers": b"".join(data),
            "layer_names": RECORD["layer_names"].packed(names),
            "layer_sizes": np.array([len(d) for d in data], np.int64).reshape(len(files), len(names)),
        }


_MERGED = {"figure": "character", "effect": "effect", "shadow": "shadow", "overlay": "overlay"}
"""Kinds of layers of which all together are a file, and its name."""
_MEASURED = (
    "character_bbox",
    "character_coverage",
    "instance_ids",
    "instance_boxes",
    "characters",
    "effect_coverage",
    "recompose_psnr",
    "stack",
)


def _plate(plan: FilmPlan, shot: Shot) -> np.ndarray:
    return grey(shot.plate) if plan.look.grey else shot.plate


def _outlined(frame: Frame) -> Frame:
    """A frame without its pixels, of which what is told of it needs the sums of coverage alone."""
    return frame._replace(
        base=frame.base[:0],
        layers=tuple(layer._replace(rgba=layer.rgba[..., 3:].sum(keepdims=True)) for layer in frame.layers),
    )


def _distinct(composed: Iterator[Composed]) -> tuple[list[Frame], list[int], list[Composed]]:
    kept: dict[int, Frame] = {}
    all_frames = list(composed)
    for made in all_frames:
        kept.setdefault(made.frame.shown, made.frame)
    order = list(kept)
    return list(kept.values()), [order.index(made.frame.shown) for made in all_frames], all_frames


def _facts(
    plan: FilmPlan,
    number: int,
    shot: Shot,
    kept: Sequence[Frame],
    drawing: Sequence[int],
    made: Sequence[Composed],
) -> Row:
    """What is known of a shot beside its pixels."""
    index = np.array([each.number for each in made], np.int64)
    modes = [_mode(frame) for frame in kept]
    words, sources = described(plan, number, shot)
    return {
        "frame_index": index,
        "timestamp_s": index / plan.fps,
        "drawing": np.array(drawing, np.int32),
        "width": plan.size[0],
        "height": plan.size[1],
        "homography": np.stack([frame.seat for frame in kept]),
        "camera_motion": shot.plan.camera.kind,
        "effect_mode": RECORD["effect_mode"].gather(modes),
        "flags": RECORD["flags"].gather([[] for _ in kept]),
        "transition": RECORD["transition"].packed([each.transition for each in made]),
        "traits": RECORD["traits"].packed(words),
        "sources": RECORD["sources"].packed(sources),
    }


def _mode(frame: Frame) -> str:
    """The mode of the effects of a frame as one layer: that of the largest."""
    areas: dict[str, int] = {}
    for layer in frame.layers:
        if layer.kind == "effect":
            areas[layer.mode] = areas.get(layer.mode, 0) + int(layer.rgba[..., -1].sum())
    return max(areas, key=lambda mode: areas[mode]) if areas else "none"


def _encoded(
    frame: Frame, picture: np.ndarray, cast: Sequence[str]
) -> tuple[dict[str, bytes], tuple[Any, ...]]:
    """The files of a drawing by name, and its measures as `_MEASURED` names them."""
    merged = {
        name: frame.seen(kind)
        for kind, name in _MERGED.items()
        if kind == "figure" or any(layer.kind == kind for layer in frame.layers)
    }
    character, background, plane, mode = merged["character"], frame.background, frame.labels, _mode(frame)
    half = cv2.threshold(cv2.extractChannel(character, 3), 127, 255, cv2.THRESH_BINARY)[1]
    files = {f"{name}.png": codecs.encode_png(rgba) for name, rgba in merged.items()}
    files |= {
        "mask.png": codecs.encode_png(half),
        "background.webp": codecs.encode_webp(background),
        "instances.png": codecs.encode_png(plane),
    }
    found, effect = boxes(plane), merged.get("effect")
    measures = (
        np.array(cv2.boundingRect(half), np.int32),
        np.float32(cv2.mean(character)[3] / 255),
        [*found],
        [*found.values()],
        [cast[number - 1] for number in found],
        np.float32(0 if effect is None else cv2.mean(effect)[3] / 255),
        np.float32(psnr(together(background, character, merged.get("shadow"), effect, mode), picture)),
        _stacked(frame, merged, files),
    )
    return files, measures


def _stacked(frame: Frame, merged: dict[str, np.ndarray], files: dict[str, bytes]) -> list[Stacked]:
    """The column `stack`: files of the frame, the farthest first, each with its mode; layers that no file is
    yet are added.

    Where nothing of the background stands in front of figures it is the lowest, else what lies under them.
    """
    found = [Stacked("background")]
    if any(layer.kind == "front" for layer in frame.layers):
        under = frame._replace(
            layers=tuple(layer for layer in frame.layers if layer.kind in ("plane", "prop"))
        )
        files["under.webp"] = codecs.encode_webp(under.picture)
        found = [Stacked("under")]
    for layer in frame.layers:
        if layer.kind in ("plane", "prop"):
            continue
        whole = np.zeros((*frame.base.shape[:2], 4), np.uint8)
        whole[layer.window] = layer.rgba
        name = _MERGED.get(layer.kind, "")
        if name not in merged or not np.array_equal(merged[name], whole):
            name = f"{layer.kind}{layer.number}"
            files[f"{name}.png"] = codecs.encode_png(whole)
        found.append(Stacked(name, layer.mode))
    return found
