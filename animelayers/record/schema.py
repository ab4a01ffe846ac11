"""The record: every column of a clip in flight and of the frame table at rest, with dtype, axes, unit and
blank value.

A row is a clip: T consecutive frames of one shot that show D distinct drawings (D <= T); a still is a clip of
one frame. Axes are named T (frames in time), D (distinct drawings), K (context frames), H and W (pixels), P
and Q (pixels of a plate), L (files a drawing is stored in), S (stages), E (numbers of an embedding or a list,
as many as the model that made them gives). A column of dtype list holds Python's own lists of what `of` says,
see `animelayers.record.column`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from animelayers.record.column import Column
from animelayers.record.values import Box, Face, Scored, Stacked

Row = dict[str, Any]
Batch = dict[str, np.ndarray]


def _number(meaning: str, dtype: str = "float32") -> Column:
    return Column(dtype, "D", meaning, table=True)


def _text(meaning: str) -> Column:
    return Column("str", "D", meaning, table=True, free=True)


def _list(of: type, meaning: str, axes: str = "D", nothing: str = "none", between: str = ",") -> Column:
    return Column("list", axes, meaning, table=True, of=of, nothing=nothing, between=between)


_EMBEDDED = {
    "frame": "the frame",
    "character": "the character layer on grey; zeros where it is empty",
    "background": "the background",
    "instances": "each character of the clip, ids rising, one after the other; zeros for those a drawing lacks, one row of zeros for nobody",
}

ANNOTATIONS: Mapping[str, Column] = {
    "sharpness": _number("0..1, from 0.2 (blurred) over 0.5 to 0.9 (crisp line art), whatever the contrast"),
    "noise": _number("standard deviation of the grain, grey levels"),
    "contrast": _number("standard deviation of the luma, 0..1"),
    "brightness": _number("mean luma, 0..1"),
    "edge_density": _number("share of pixels on an edge, 0..1"),
    "colour_count": _number("distinct colours at 5 bits a channel", "int32"),
    "palette": Column("uint8", "D 15", "the five colours that cover most, sRGB, most first", table=True),
    "complexity": _number("how busy the picture is, 0..1"),
    "lighting": _number("how well it is lit, 0..1"),
    "occlusion": _number("how much is hidden by what stands in front or by the border, 0..1"),
    "quality": _number("sharpness, noise and resolution together, 0..1"),
    "mask_quality": _number(
        "how well the character's outline agrees with edges of the picture, 0..1; 0 for an empty layer"
    ),
    "fragments": _number("islands of the character", "int32"),
    "holes": _number("holes of the character", "int32"),
    "letterbox": Column("int32", "D 4", "x, y, w, h of the picture within black bars", table=True),
    "subtitle": _text("text burnt into the picture"),
    "perceptual_hash": Column(
        "str", "D", "64 bits in hex; pictures that look alike differ in few", table=True
    ),
    "instance_count": _number("characters", "int32"),
    "instance_unsure": _list(
        int, "per cent of each of `instance_ids` that is neither hers nor not, in their order; 100: not there"
    ),
    "shot_size": Column(
        "str", "D", "close_up, medium, full_body, long, or none where there is nobody", table=True
    ),
    **{
        f"{model}_{layer}": Column(
            "float32", "D E", f"{model} embedding of {meaning}; unit length", table=True
        )
        for model in ("visual", "clip", "dinov2")
        for layer, meaning in _EMBEDDED.items()
    },
    "scene_type": _text("what kind of place it is"),
    "scene_confidence": _number("how sure that is, 0..1"),
    "place": _text("indoor or outdoor"),
    "mood": _text("the mood of the picture"),
    "visual_style": _text("its style"),
    "characters": _list(str, "who each of `instance_ids` is, in their order: a name or unknown"),
    "characters_confidence": _number("how sure the least sure of them is, 0..1; 0 where there is nobody"),
    "action": _text("what the characters do"),
    "action_confidence": _number("how sure that is, 0..1"),
    "expression": _text("the expression of the largest face"),
    "effect_kind": _text("what kind of effect is seen"),
    "caption_frame": _text("what the frame shows"),
    "caption_character": _text("what the character layer shows"),
    "caption_background": _text("what the background shows"),
    "pose": _text("the pose in words"),
    "keypoints": Column(
        "float32",
        "D E",
        "x, y in pixels and score 0..1 of each joint of each character, one after the other",
        table=True,
    ),
    "skeleton": Column("str", "", "which joints the keypoints are: coco17, blazepose33, …", table=True),
    "face_boxes": _list(Face, "x, y, w, h and score of each face, pixels and 0..1, best first"),
}
"""What annotation adds to a finished output, per drawing."""

RECORD: Mapping[str, Column] = {
    "clip_id": Column(
        "str", "", "EPISODE/scene0003/000120: source, shot, first frame; from content alone", table=True
    ),
    "source": Column("str", "", "input path relative to the root, with '/'", table=True),
    "episode": Column("str", "", "the folder or film the clip belongs to", table=True),
    "scene_id": Column("str", "", "the shot, scene0003; unique within an episode", table=True),
    "frame_index": Column("int64", "T", "position in the source, 0-based", table=True),
    "timestamp_s": Column(
        "float64", "T", "seconds from the start of the source; NaN where nothing tells", table=True
    ),
    "drawing": Column("int32", "T", "index of the distinct drawing each frame shows"),
    "frames": Column("uint8", "D H W 3", "the distinct drawings, sRGB"),
    "context": Column(
        "uint8",
        "K H W 3",
        "a few frames of a shot that is longer than the clip, the same for all its clips: evidence, never written",
    ),
    "note": Column(
        "str",
        "",
        "what reading the input changed: orientation applied, alpha flattened, profile converted",
        table=True,
    ),
    "pixel_aspect": Column(
        "str",
        "",
        "the shape of a pixel of the frame, width:height: 1:1 unless source.aspect=stored",
        table=True,
    ),
    "caption_given": _text("the caption that lay beside the input"),
    "given": Column(
        "uint8",
        "E H W",
        "the character's alpha of each drawing as it came with the input; empty where none did; no step changes it",
    ),
    "given_effect": Column(
        "uint8",
        "E H W 4",
        "the effect in front of each drawing as it came with the input, straight RGBA; empty where none did",
    ),
    "given_mode": Column(
        "str",
        "D",
        "how that effect lies over the rest: over, add, screen; 'none' for a drawing without; '' where none came",
    ),
    "given_background": Column(
        "uint8", "E H W 3", "the background of each drawing as it came with the input; empty where none did"
    ),
    "segments": Column(
        "uint8", "D H W", "label map of the segmenter: 0 none, k the k-th best segment of the drawing"
    ),
    "segment_scores": _list(Scored, "label and score of each segment, in their order"),
    "segment_boxes": _list(Box, "x, y, w, h of each segment, in their order"),
    "character": Column("uint8", "D H W", "character alpha, 0..255 linear coverage"),
    "matte_model": Column(
        "str",
        "D",
        "the model or models whose matte was taken, joined by '+'; 'none' for an empty layer",
        table=True,
    ),
    "character_confidence": Column("float32", "D", "how sure the matte is, 0..1", table=True),
    "context_character": Column("uint8", "K H W", "character alpha of the context frames"),
    "homography": Column(
        "float64",
        "D 3 3",
        "homography from a pixel (x, y, 1) of each drawing to the plate of its shot",
        table=True,
    ),
    "context_homography": Column("float64", "K 3 3", "the same for the context frames"),
    "camera_motion": Column(
        "str",
        "",
        "still, pan, tilt, zoom, rotate or shake; 'unknown' where the shot could not be registered",
        table=True,
    ),
    "motion_magnitude": Column(
        "float32",
        "D",
        "mean length of the optical flow from the drawing before, pixels; 0 for the first",
        table=True,
    ),
    "plate": Column("uint8", "P Q 3", "the clean plate of the shot, sRGB; empty where there is none"),
    "plate_seen": Column("uint8", "P Q", "255 where some frame shows the plate, 0 where none does"),
    "plate_trust": Column(
        "float32",
        "",
        "how well the plate explains what the frames show outside characters and effects, 0..1",
        table=True,
    ),
    "instances": Column("uint8", "D H W", "label map: 0 none, k the character with id k of the clip"),
    "instance_ids": _list(int, "the ids in the label map"),
    "instance_boxes": _list(Box, "x, y, w, h of each id, in their order"),
    "effect": Column("uint8", "D H W 4", "the effect in front, sRGB and alpha, straight"),
    "effect_mode": Column(
        "str",
        "D",
        "how the effect lies over the rest: over, add or screen; 'none' for an empty layer",
        table=True,
    ),
    "frame_without_effect": Column(
        "uint8",
        "E H W 3",
        "each drawing that has an effect, in order, as it is without it; empty where that is not known",
    ),
    "effect_intensity": Column("float32", "D", "mean alpha of the effect where it is, 0..1", table=True),
    "effect_types": _list(str, "the prompts that the effect answers to, with '_' for blanks"),
    "effect_coverage": Column("float32", "D", "mean alpha of the effect over the frame, 0..1", table=True),
    "shadow": Column(
        "uint8",
        "D H W 4",
        "shadows that figures cast on the background, sRGB and alpha, straight, which it is multiplied with; empty where there is none",
    ),
    "shadow_coverage": Column("float32", "D", "mean alpha of the shadow over the frame, 0..1", table=True),
    "background": Column("uint8", "D H W 3", "what is behind characters and effects, sRGB"),
    "background_seen": Column(
        "float32", "D", "share of the background taken from the frame itself, 0..1", table=True
    ),
    "background_borrowed": Column(
        "float32", "D", "share taken from other frames of the shot, 0..1", table=True
    ),
    "background_invented": Column("float32", "D", "share filled in by an inpainter, 0..1", table=True),
    "inpainter": Column(
        "str",
        "D",
        "the inpainter or inpainters that made up what no frame shows, joined by '+'; 'none' for nothing",
        table=True,
    ),
    "inpainting_fallback": _text("why another inpainter than the one asked for made it up, '' if it did not"),
    "provenance": Column(
        "uint8",
        "D H W",
        "where each pixel of the background is from: 0 the frame, 128 another frame, 255 an inpainter",
    ),
    "width": Column("int64", "", "pixels", table=True),
    "height": Column("int64", "", "pixels", table=True),
    "character_bbox": Column(
        "int32", "D 4", "x, y, w, h in pixels of alpha above one half; zeros for an empty layer", table=True
    ),
    "character_coverage": Column("float32", "D", "mean alpha, 0..1", table=True),
    "recompose_psnr": Column(
        "float32",
        "D",
        "dB of background x shadow + character + effect in its mode against the frame, from the layers as stored; at most 100",
        table=True,
    ),
    "flags": _list(str, "what is doubtful about the layers; empty for nothing", nothing="ok"),
    "corrected": Column(
        "str",
        "D",
        "hand where a person corrected the drawing, spread where a correction of another reached it; none",
        table=True,
    ),
    "traits": _list(str, "words for what a composed shot shows and how", "", nothing=""),
    "sources": _list(
        str, "the hands the parts of a composed shot are from, figure:NAME, background:NAME …", "", nothing=""
    ),
    "transition": Column(
        "str",
        "T",
        "of a composed film: none, cut (the first frame after one), fade, or dissolve or wipe (two shots in one)",
        table=True,
    ),
    "stack": _list(
        Stacked,
        "how a composed frame's files lie on each other, the farthest first: name and mode",
        nothing="",
        between=" ",
    ),
    **ANNOTATIONS,
    "layers": Column("bytes", "", "the encoded files of all drawings, one after the other"),
    "layer_names": Column(
        "str", "L", "names of the files of one drawing: 'character.png mask.png background.jpg'"
    ),
    "layer_sizes": Column("int64", "D L", "bytes of each file in `layers`"),
    "seconds": Column(
        "float64",
        "S",
        "time each stage spent on the clip, in the order of the stages; never stored in the table",
    ),
    "computed": Column(
        "str",
        "",
        "stage:precision@device of each stage with a net, joined by blanks; never stored in the table",
    ),
    "error": Column("str", "", "empty, or `stage: what went wrong`", table=True),
    "error_type": Column("str", "", "class name of the exception, or empty", table=True),
    "attempt": Column("int32", "", "how often the failing step was tried; 0 for a good clip", table=True),
}

LISTS = frozenset(name for name, column in RECORD.items() if column.dtype == "list")
"""Columns that hold lists."""

READING = ("damaged", "interlaced", "unknown_colours", "tone_mapped", "guessed_aspect", "transition")
"""Words of `flags` that reading a frame leaves there, in their order: not whole, still combed, colours nobody
declared, brought down from HDR, a shape of pixels that is not known, between two shots."""

GIVEN = ("given", "given_effect", "given_mode", "given_background")
"""Columns of layers that came with the input: what a step makes of these layers gives way to them."""

IDENTITY = ("clip_id", "source", "episode", "scene_id", "error", "error_type", "attempt")
"""Columns every row has from the source to the sink."""


def blank(column: str) -> Any:
    """The blank value of a column of the record."""
    return RECORD[column].blank()


def written(row: Mapping[str, Any]) -> Row:
    """A row of the frame table with its lists as people write them: see `Column.written`."""
    return {name: RECORD[name].written(value) if name in LISTS else value for name, value in row.items()}


def unbatch(batch: Batch) -> list[Row]:
    """Split a batch of columns into rows. Arrays are views: copy before changing them."""
    size = len(next(iter(batch.values()))) if batch else 0
    return [{name: values[i] for name, values in batch.items()} for i in range(size)]


def rebatch(rows: Sequence[Row]) -> Batch:
    """Join rows into a batch of columns that Arrow stores as text, numbers, bytes or tensors, never as
    pickled objects.
    """
    batch: Batch = {}
    for name in rows[0] if rows else ():
        column, values = RECORD[name], [row[name] for row in rows]
        if column.ndim or not column.array:
            batch[name] = np.empty(len(values), object)
            for i, value in enumerate(values):
                batch[name][i] = np.asarray(value, column.dtype) if column.ndim else value
        else:
            batch[name] = np.array(values, column.dtype)
    return batch


def table_schema(columns: Sequence[str], layers: Sequence[str]) -> pa.Schema:
    """Arrow schema of the frame table for a pipeline that makes `columns` (of the record) and stores `layers`
    (file names).

    One row per frame, and one per failed clip with its frame fields null. Plain Arrow types only.
    """
    fields = [pa.field("frame_id", pa.string()), pa.field("drawing_of", pa.string())]
    fields += [pa.field("shard", pa.string()), pa.field("shard_bytes", pa.int64())]
    fields += [
        pa.field(name, RECORD[name].arrow) for name in RECORD if RECORD[name].table and name in columns
    ]
    for layer in layers:
        stem = layer.split(".")[0]
        fields += [
            pa.field(f"{stem}_file", pa.string()),
            pa.field(f"{stem}_offset", pa.int64()),
            pa.field(f"{stem}_size", pa.int64()),
        ]
        fields.append(pa.field(f"{stem}_xxh3", pa.int64()))
    return pa.schema(fields)
