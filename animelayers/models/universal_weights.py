"""Checkpoints of mask transformers in the model hub's format, and how each wants its picture."""

from __future__ import annotations

import importlib
import json
import pickle
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, sqrt
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from animelayers.imaging.constants import TINY
from animelayers.models.constants import BYTE
from animelayers.models.portrait import shrink
from animelayers.weights import WeightsError, find

FAMILIES = {"mask2former": "Mask2FormerForUniversalSegmentation", "eomt": "EomtForUniversalSegmentation"}
"""The architectures by the name in a checkpoint's config.json, each with its class in transformers."""
_STEP = 32  # pixels that sides are multiples of where a checkpoint does not say
_PARTS = (
    "background",
    "skin",
    "face",
    "hair",
    "left eye",
    "right eye",
    "left eyebrow",
    "right eyebrow",
    "nose",
    "mouth",
    "clothes",
    "accessory",
)
_ANIMESEG = "models/anime_seg_mask2former_v*.safetensors"
_ANIMESEG_CONFIG = "models/mask2former_merged_config"
_ANIMESEG_PICTURE = {
    "size": {"height": 768, "width": 768},
    "image_mean": [0.485, 0.456, 0.406],
    "image_std": [0.229, 0.224, 0.225],
}


@dataclass(frozen=True)
class Canvas:
    """How a checkpoint wants its picture, aspect kept: ``short`` pixels of the short side, at most ``long``
    of the long one.

    A picture has ``area`` pixels instead, where that is not 0: checkpoints that give a height and a width.
    Sides are multiples of ``step``, or the picture lies in the corner of a square of ``square`` pixels where
    that is not 0. Colours times ``scale`` less ``mean`` over ``std``.
    """

    short: int
    long: int
    area: int
    step: int
    square: int
    scale: float
    mean: tuple[float, ...]
    std: tuple[float, ...]

    def used(self, height: int, width: int) -> tuple[int, int]:
        """Width and height that a picture is given."""
        low, high = min(height, width), max(height, width)
        short = sqrt(self.area * low / high) if self.area else float(self.short)
        if self.long and high / low * short > self.long:
            short = self.long * low / high
        rows, columns = (max(1, int(side * short / low + TINY)) for side in (height, width))
        if self.square:
            return min(columns, self.square), min(rows, self.square)
        return ceil(columns / self.step) * self.step, ceil(rows / self.step) * self.step

    def planes(self, pictures: Sequence[np.ndarray]) -> np.ndarray:
        """Float32 (N, 3, h, w) from pictures uint8 sRGB (H, W, 3) that are used at the same size, or lie in
        the same square.
        """
        mean, std = np.array(self.mean, np.float32), np.array(self.std, np.float32)
        laid = [_sized(p, self.used(*p.shape[:2])) for p in pictures]
        if self.square:
            laid = [
                cv2.copyMakeBorder(
                    p, 0, self.square - p.shape[0], 0, self.square - p.shape[1], cv2.BORDER_CONSTANT
                )
                for p in laid
            ]
        made = (np.stack(laid) * np.float32(self.scale) - mean) / std
        return np.ascontiguousarray(made.transpose(0, 3, 1, 2), np.float32)


def canvas(facts: Mapping[str, Any], short: int | None = None, square: int = 0) -> Canvas:
    """The canvas that a preprocessor_config.json describes; ``short`` overrules its size. Raises KeyError for
    one that gives no size or colours.
    """
    size = facts["size"]
    size = {"shortest_edge": size, "longest_edge": facts.get("max_size")} if isinstance(size, int) else size
    area = size["height"] * size["width"] if "height" in size and short is None else 0
    long = size.get("longest_edge") or 0
    least = 0 if area else short or size["shortest_edge"]
    even = facts.get("do_normalize", True)
    return Canvas(
        short=least,
        long=round(long * least / size["shortest_edge"]) if long else 0,
        area=area,
        step=facts.get("size_divisor") or facts.get("size_divisibility") or _STEP,
        square=square,
        scale=facts.get("rescale_factor", BYTE) if facts.get("do_rescale", True) else 1.0,
        mean=tuple(facts["image_mean"]) if even else (0.0, 0.0, 0.0),
        std=tuple(facts["image_std"]) if even else (1.0, 1.0, 1.0),
    )


def load(weights: str | Path, short: int | None = None) -> tuple[Any, list[str], Canvas]:
    """The net, the names of its classes and its canvas, from a registered name or a folder.

    A folder holds config.json, preprocessor_config.json and the weights, as the model hub has them, or is
    laid out as that of AnimeSeg. Raises WeightsError for a folder that lacks a file, is of another
    architecture, or does not fill the whole net.
    """
    path = find(str(weights))
    transformers: Any = importlib.import_module("transformers")
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    merged = sorted(path.glob(_ANIMESEG))
    home = path / _ANIMESEG_CONFIG if merged else path
    config = _json(home / "config.json")
    kind = config.get("model_type")
    if kind not in FAMILIES:
        raise WeightsError(
            f"{home / 'config.json'} is of the architecture {kind!r}, not one of {', '.join(FAMILIES)}"
        )
    net = getattr(transformers, FAMILIES[kind])
    try:
        if merged:
            made, info = _merged(transformers, net, home, merged[-1])
            return _filled(made, info, path), list(_PARTS), canvas(_ANIMESEG_PICTURE, short)
        # Older folders have their weights only as a pickle, of which nothing but tensors is read.
        safe = any(path.glob("*.safetensors"))
        made, info = net.from_pretrained(
            path, local_files_only=True, use_safetensors=safe, weights_only=True, output_loading_info=True
        )
    except (OSError, ValueError, RuntimeError, KeyError, pickle.UnpicklingError) as error:
        raise WeightsError(
            f"{path} cannot be loaded as {FAMILIES[kind]}: {str(error).strip().splitlines()[0]}"
        ) from error
    names = [str(made.config.id2label[k]) for k in range(made.config.num_labels)]
    try:
        square = made.config.image_size if kind == "eomt" else 0
        return (
            _filled(made, info, path),
            names,
            canvas(_json(path / "preprocessor_config.json"), short, square),
        )
    except (KeyError, TypeError) as error:
        raise WeightsError(
            f"{path / 'preprocessor_config.json'} does not say how a picture is prepared: {error} is missing"
        ) from error


def _merged(transformers: Any, net: Any, home: Path, file: Path) -> tuple[Any, Any]:
    """AnimeSeg's net: one file, whose head may have no column for 'nothing'."""
    tensors = importlib.import_module("safetensors.torch").load_file(file)
    rows = tensors["class_predictor.weight"].shape[0]
    config = transformers.AutoConfig.from_pretrained(home, local_files_only=True, num_labels=rows - 1)
    tensors = {name: tensor for name, tensor in tensors.items() if not name.startswith("criterion.")}
    return net.from_pretrained(None, config=config, state_dict=tensors, output_loading_info=True)  # type: ignore[no-any-return]


def _filled(made: Any, info: Mapping[str, Any], path: Path) -> Any:
    missing = sorted(name for name in info["missing_keys"] if not name.startswith("criterion."))
    if missing:
        raise WeightsError(
            f"{path} is no whole checkpoint: {len(missing)} tensors are missing, {missing[0]} first"
        )
    return made


def _sized(picture: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    # where reduction by area would only repeat pixels
    larger = picture.shape[1] < size[0] or picture.shape[0] < size[1]
    return cv2.resize(picture, size, interpolation=cv2.INTER_LINEAR) if larger else shrink(picture, size)


def _json(path: Path) -> dict[str, Any]:
    try:
        facts = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise WeightsError(
            f"{path} is needed beside the weights and cannot be read ({error}): bring the whole folder of the checkpoint"
        ) from error
    if not isinstance(facts, dict):
        raise WeightsError(f"{path} is no JSON object")
    return facts
