"""A strategy_configs.yaml of the user's own: what it says of strategies, model paths and processing, in this
project's settings.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from animelayers.curate.goals import GoalError, known, mapping
from animelayers.models.upscale import NAMES

SECTIONS = ("strategies", "model_paths", "processing")
PATHS = ("sam2_hiera_large", "lama", "realesrgan", "codeformer", "qwen2_vl")
"""Keys of `model_paths`."""
PROCESSING: Mapping[str, str] = {
    "batch_size": "batch_size", "num_workers": "num_workers", "device": "device", "skip_existing": "skip_existing",
    "create_visualization": "report", "save_metadata": "",
}  # fmt: skip
"""Keys of `processing`, and what the settings of the job call them; what was decided and done is always kept.
"""
_FILES = (".pt", ".pth", ".safetensors", ".ckpt")


class Configs(NamedTuple):
    """``settings`` of `animelayers curate` that count instead of its own, and ``notes``: a line about each
    thing that cannot be as the file says.
    """

    settings: dict[str, Any]
    notes: list[str]


def configs(path: str, strategies: Mapping[str, Iterable[str]], made_by: Iterable[str]) -> Configs:
    """Read a file with any of `SECTIONS`.

    ``strategies``: the options of each there is. ``made_by``: names of the models that made the layers and
    their captions. Paths of models are looked for below the working directory, then beside the file. Raises
    `GoalError` for a file that cannot be read, and for a section, a strategy, an option or a key of
    processing that there is not.
    """
    found, notes = mapping(path), list[str]()
    known(found, SECTIONS, path)
    given = {name: _mapping(found, name, path) for name in SECTIONS}
    known(given["strategies"], strategies, f"{path}: strategies")
    known(given["processing"], PROCESSING, f"{path}: processing")
    nodes = {name: _mapping(given["strategies"], name, f"{path}: strategies") for name in given["strategies"]}
    for name, node in nodes.items():
        known(node, strategies[name], f"{path}: strategies.{name}")
    for name in given["model_paths"]:
        if name not in PATHS:
            notes.append(f"model_paths.{name} is used by no strategy")
    if "segment" in nodes:
        notes += _segment(nodes["segment"], given["model_paths"].get("lama"), path, set(made_by))
    if "keep_full" in nodes:
        notes += captions(nodes["keep_full"].get("caption_model"), made_by)
    if "enhance_segment" in nodes:
        notes += _enhance(nodes["enhance_segment"], given["model_paths"].get("realesrgan"), path)
    settings = {PROCESSING[key]: value for key, value in given["processing"].items() if PROCESSING[key]}
    if given["processing"].get("device") == "cuda":
        notes.append("processing.device=cuda: workers see a GPU with gpus=1 on the command line")
    if given["processing"].get("save_metadata") is False:
        notes.append("processing.save_metadata=false: decisions.parquet is written all the same")
    return Configs({**settings, **({"strategies": nodes} if nodes else {})}, notes)


def captions(model: str | None, made_by: Iterable[str]) -> list[str]:
    """A line if the captions of the frame table are not by this model, of a family's name such as qwen2_vl."""
    if not model or _is_of(model, made_by):
        return []
    return [
        f"keep_full.caption_model={model}: nothing says that it wrote the captions; animelayers annotate model/caption={model} lets it"
    ]


def _segment(node: dict[str, Any], lama: Any, path: str, made_by: set[str]) -> list[str]:
    notes, model, points = [], node.get("segmentation_model", "layers"), node.pop("points_per_side", None)
    if model != "layers":
        node["segmentation_model"] = "layers"
        if not _is_of(model, made_by):
            grid = f" with points_per_side={points}" if points is not None else ""
            family = str(model).partition("_")[0]
            notes.append(
                f"segment.segmentation_model={model}{grid}: the layers stay as they are; animelayers decompose model/segment={family} makes others"
            )
    if node.get("inpainting_model") == "lama" and lama is not None:
        if (there := _there(lama, path)) is not None and there.endswith(".pt"):
            node["inpainting_model"] = there
        else:
            notes.append(
                f"model_paths.lama: no TorchScript {lama} (.pt); the weights of animelayers fetch_models are taken"
            )
    return notes


def _enhance(node: dict[str, Any], weights: Any, path: str) -> list[str]:
    notes = []
    if "face_enhance" in (node.get("enhancement_steps") or []):
        node["enhancement_steps"] = [step for step in node["enhancement_steps"] if step != "face_enhance"]
        notes.append(
            "enhance_segment: face_enhance is left out: CodeFormer redraws animated faces, and its weights are for no commercial use"
        )
    node |= {key: None for key in ("face_enhance_model", "face_enhance_fidelity") if key in node}
    if weights is not None and node.get("upscale_model", "RealESRGAN_x4plus_anime_6B") in NAMES:
        if (there := _there(weights, path)) is not None and there.endswith(_FILES):
            node["upscale_model"] = there
        else:
            notes.append(
                f"model_paths.realesrgan: no file {weights}; the weights of animelayers fetch_models are taken"
            )
    return notes


def _there(name: Any, path: str) -> str | None:
    """The path of a model that is there."""
    places = [Path(str(name)), Path(path).parent / str(name)] if name else []
    return next((str(place) for place in places if place.exists()), None)


def _is_of(model: str, made_by: Iterable[str]) -> bool:
    """Whether a model of this name's family, its letters and first digits, is among others: sam2_hiera_large
    is of sam2.1-large's.
    """
    family = "".join(re.findall(r"^[a-z]+\d*", model.casefold()))
    return bool(family) and any(name.casefold().startswith(family) for name in made_by)


def _mapping(found: Mapping[str, Any], name: str, where: str) -> dict[str, Any]:
    node = found.get(name) or {}
    if not isinstance(node, Mapping):
        raise GoalError(f"{where}: {name} is {node!r}, not a mapping of names to values")
    return {str(key): value for key, value in node.items()}
