"""The picture an export writes of a layer: with its alpha, or on one of the backdrops that trainers without
alpha need.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from animelayers.dataset.output import Output
from animelayers.imaging import backdrop, codecs
from animelayers.imaging.recompose import together
from animelayers.options import Level
from animelayers.record.schema import Row

LAYERS = ("frame", "character", "effect", "background")
BACKDROPS = ("alpha", "solid", "blur", "inpainted", "other_scene")
_NEEDS = {
    "frame": {"character", "background"},
    "blur": {"background"},
    "inpainted": {"background"},
    "other_scene": {"background"},
}

Places = Sequence[tuple[tuple[str, str], Row]]
"""Per shot its (episode, scene) and a row whose background stands for it."""


@dataclass(frozen=True)
class Picture:
    """Which layers, and what a cut-out stands on.

    ``layers``: of frame (all layers put together), character, effect, background; None: what the form is for.
    A layer that is empty in a frame is left out. ``background``: alpha (as stored: straight), solid (one of a
    few flat colours, named in the caption), blur (its own place out of focus), inpainted (its own place as it
    is), other_scene (the place of another shot); None: what the form is for. ``shadow``: cut-outs of
    characters come with the shadow they cast; without a backdrop it is black of as much alpha as it takes of
    the light. ``mask_dilate`` pixels that loss masks are grown by, ``mask_least`` 0..255 their least value.
    """

    layers: Sequence[Literal["frame", "character", "effect", "background"]] | None = None
    background: Literal["alpha", "solid", "blur", "inpainted", "other_scene"] | None = None
    shadow: bool = False
    mask_dilate: int = 8
    mask_least: Level = 0

    def __post_init__(self) -> None:
        """Raises ValueError for a value that is none of those named."""
        for option, values, there in (
            ("layers", self.layers or (), LAYERS),
            ("background", filter(None, [self.background]), BACKDROPS),
        ):
            if unknown := [value for value in values if value not in there]:
                raise ValueError(f"picture.{option}: {unknown[0]} is none of {', '.join(there)}")
        if self.mask_dilate < 0 or not 0 <= self.mask_least <= 255:
            raise ValueError("picture.mask_dilate must be 0 or more pixels, picture.mask_least 0..255")


def check(output: Output, layers: Sequence[str], kind: str) -> None:
    """Raise ValueError where an output lacks what pictures of `layers` on the backdrop `kind` are made of."""
    if curated(output):
        if kind in ("blur", "inpainted", "other_scene"):
            raise ValueError(
                f"picture.background={kind}: a set holds no places behind its cut-outs; choose alpha or solid, or curate with crops"
            )
        if other := sorted({*layers} - {"frame"}):
            raise ValueError(
                f"{output.path} is a training set, whose pictures are its layer frame; {', '.join(other)} are layers of its source"
            )
        return
    wanted = set().union(*(_NEEDS.get(layer, {layer}) for layer in layers)) | (
        _NEEDS.get(kind, set()) if {"character", "effect"} & {*layers} else set()
    )
    if lost := sorted(wanted - {*output.layers} - {"effect"}):
        raise ValueError(
            f"{output.path} has no layer {', '.join(lost)}, which these pictures are made of: choose picture.layers of {output.layers}"
        )


def curated(output: Output) -> bool:
    """Whether an output is a training set: a row per picture, which is its layer `frame`."""
    return {"origin", "frame_file"} <= {*output.table.column_names}


def whole(output: Output) -> None:
    """Raise ValueError for a training set: it holds single pictures, and no shots that films and episodes
    could be made of.
    """
    if curated(output):
        raise ValueError(
            f"{output.path} is a training set of single pictures; films, sequences and episodes are made of its source"
        )


def cut(row: Row, layer: str) -> bool:
    """Whether a layer of a frame, or a picture of a set, is a cut-out with an alpha of its own."""
    return layer in ("character", "effect") or bool(row.get("cutout"))


def shows(row: Row, layer: str) -> bool:
    """Whether there is anything on a layer of a frame."""
    if layer == "character":
        return bool(row.get("character_file")) and not (
            row.get("character_bbox") and row["character_bbox"][2] == 0
        )
    if layer == "effect":
        return bool(row.get("effect_file")) and row.get("effect_mode") not in (None, "none")
    return layer == "frame" or bool(row.get(f"{layer}_file"))


def stored(output: Output, row: Row, layer: str) -> np.ndarray:
    """A layer as it is stored, or the frame: all layers put together, uint8 sRGB. Raises KeyError and
    ValueError where that fails.
    """
    if layer != "frame" or row.get("frame_file"):
        return codecs.decode(output.stored(row, layer))
    there = [
        name if row.get(f"{name}_file") and (name != "effect" or shows(row, name)) else ""
        for name in ("character", "shadow", "effect")
    ]
    character, shadow, effect = (stored(output, row, name) if name else None for name in there)
    return together(
        stored(output, row, "background"), character, shadow, effect, row.get("effect_mode") or "none"
    )


def words(row: Row, layer: str, kind: str) -> str:
    """What a caption says of the backdrop of a cut-out."""
    return f"simple {_colour(row, layer)} background" if kind == "solid" and cut(row, layer) else ""


def placed(
    output: Output, row: Row, layer: str, kind: str, places: Places = (), shadow: bool = False
) -> np.ndarray:
    """The picture of a layer: uint8 (H, W, 4) for a cut-out with its alpha, (H, W, 3) on a backdrop and for
    what has none.

    ``shadow``: a character comes with the shadow it casts.
    """
    picture = stored(output, row, layer)
    dark = (
        stored(output, row, "shadow") if shadow and layer == "character" and row.get("shadow_file") else None
    )
    if kind == "alpha" and row.get("origin") and row.get("mask_file") and picture.shape[2] == 3:
        return np.dstack([picture, stored(output, row, "mask")])
    if kind == "alpha" or picture.ndim != 3 or picture.shape[2] != 4:
        return picture if dark is None else _with_shadow(picture, dark)
    size = (picture.shape[0], picture.shape[1])
    if kind == "solid":
        return together(backdrop.flat(size, _colour(row, layer)), picture, dark)
    others = (
        [other for shot, other in places if shot != (row["episode"], row["scene_id"])]
        if kind == "other_scene"
        else []
    )
    place = others[backdrop.drawn(str(row["frame_id"]), len(others))] if others else row
    below = backdrop.fitted(stored(output, place, "background"), size)
    return together(backdrop.blurred(below) if kind == "blur" else below, picture, dark)


def _with_shadow(character: np.ndarray, shadow: np.ndarray) -> np.ndarray:
    """A character over black of as much alpha as its shadow takes of white: what no backdrop is there to be
    multiplied with.
    """
    light = shadow[..., :3].mean(2) / 255
    dark, own = shadow[..., 3] / 255 * (1 - light), character[..., 3] / 255
    alpha = own + dark * (1 - own)
    colour = character[..., :3] * (own / np.maximum(alpha, 1 / 510))[..., None]
    return np.asarray(np.rint(np.dstack([colour, 255 * alpha])), np.uint8)


def trained(output: Output, row: Row) -> np.ndarray:
    """What of a set's picture trains, uint8 (H, W): its mask, or its alpha."""
    return (
        stored(output, row, "mask")
        if row.get("mask_file")
        else np.ascontiguousarray(stored(output, row, "frame")[..., 3])
    )


def mask(output: Output, row: Row, layer: str, picture: Picture) -> np.ndarray:
    """The loss mask of a layer, uint8 (H, W): its alpha grown, and white all over for what has none."""
    if row.get("origin") and row.get("mask_file"):
        return backdrop.loss_mask(trained(output, row), picture.mask_dilate, picture.mask_least)
    if not cut(row, layer):
        return np.full((row["height"], row["width"]), 255, np.uint8)
    return backdrop.loss_mask(
        np.ascontiguousarray(stored(output, row, layer)[..., 3]), picture.mask_dilate, picture.mask_least
    )


def labels(output: Output, row: Row) -> np.ndarray:
    """The label map of a frame's characters, uint8 (H, W), 0 for none: as stored, or of the one character
    there is, alpha from one half on.
    """
    if row.get("instances_file"):
        return stored(output, row, "instances")
    ids = [1] if row.get("instance_ids") is None else row["instance_ids"]
    alpha = stored(output, row, "character")[..., 3]
    return (alpha > 127) * np.uint8(next(iter(ids), 0))


def facts(row: Row) -> Mapping[str, object]:
    """What the frame table says of a frame, without where its files lie and how the run went."""
    return {name: value for name, value in row.items() if not internal(name)}


def internal(column: str) -> bool:
    """Whether a column of the frame table is about files and the run, not about the frame."""
    return column in ("shard", "shard_bytes", "error", "error_type", "attempt") or (
        column.endswith(("_file", "_offset", "_size", "_xxh3")) and column != "shot_size"
    )


def _colour(row: Row, layer: str) -> str:
    return backdrop.colour_word(f"{row['frame_id']} {layer}")
