"""Loads checkpoints of torch, and models of the transformers package from a folder; refuses what would not be
the model asked for.
"""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

from animelayers.models.constants import SAID
from animelayers.weights import WeightsError, find


def state(path: Path, of: str, place: Any = "cpu") -> Any:
    """What torch saved in a file, tensors only, on a device. Raises WeightsError where it is no such file;
    `of` names what it should be.
    """
    import torch

    try:
        return torch.load(path, map_location=place, weights_only=True)
    # of pickle, zip, EOF or torch, as the file is damaged here or there; what torch advises is to trust it
    except Exception as error:
        raise WeightsError(
            f"{path} is no checkpoint of {of}: torch cannot read it ({type(error).__name__}); bring the file again"
        ) from error


def fill(net: Any, weights: Any, path: Path, of: str) -> None:
    """Give a torch module all its weights from a state dict. Raises WeightsError where one is missing, left
    over or of another shape.
    """
    try:
        net.load_state_dict(weights)
    except (RuntimeError, TypeError, AttributeError) as error:
        said = [line.strip() for line in str(error).splitlines() if line.strip()]
        raise WeightsError(
            f"{path} is no checkpoint of {of}: {said[min(1, len(said) - 1)][:SAID]}"
        ) from error


def folder(weights: str, kinds: tuple[str, ...]) -> Path:
    """The folder of registered weights or of a path, whose `config.json` says that it holds one of `kinds`
    (transformers' model types).

    Raises WeightsError for weights that are not here, are no such folder, or hold another architecture.
    """
    path = find(weights)
    found = kind(path)
    if found not in kinds:
        raise WeightsError(
            f"{path} holds a model of type {found!r}, wanted is {' or '.join(kinds)}: name a folder that holds one"
        )
    return path


def kind(path: Path) -> str:
    """The model type that the `config.json` of a folder names. Raises WeightsError where it cannot be read."""
    try:
        return str(json.loads((path / "config.json").read_text())["model_type"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise WeightsError(
            f"{path} is no folder of a transformers model: its config.json cannot be read or names no model_type ({error})"
        ) from error


def model(name: str, path: Path) -> Any:
    """The transformers model class `name` with the weights of a folder, every one of them: none is ever left
    random.

    Raises WeightsError for missing or broken files, and for weights of another shape.
    """
    transformers: Any = importlib.import_module("transformers")
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    try:
        made, info = getattr(transformers, name).from_pretrained(
            path, local_files_only=True, use_safetensors=True, output_loading_info=True
        )
    except Exception as error:
        raise WeightsError(
            f"{path} cannot be loaded as {name} ({_first(error)}): it must hold config.json and model.safetensors"
        ) from error
    if lacking := sorted(info["missing_keys"]):
        raise WeightsError(
            f"{path} is no whole {name}: {len(lacking)} weights are missing, the first is {lacking[0]}; bring the checkpoint again"
        )
    return made


def processor(name: str, path: Path) -> Any:
    """The transformers class `name` (a processor or tokenizer, 'AutoTokenizer') with the settings stored
    beside the weights.

    Raises WeightsError where they are missing: a library's own defaults are not those of a checkpoint.
    """
    transformers: Any = importlib.import_module("transformers")
    wanted = (
        ["tokenizer.json", "vocab.json", "vocab.txt"]
        if "Tokenizer" in name
        else ["preprocessor_config.json", "processor_config.json"]
    )
    if not any((path / file).is_file() for file in wanted):
        raise WeightsError(
            f"{path} has none of {', '.join(wanted)} beside its weights: bring the whole folder of the checkpoint"
        )
    try:
        return getattr(transformers, name).from_pretrained(path, local_files_only=True)
    except Exception as error:
        raise WeightsError(
            f"the {name} of {path} cannot be loaded ({_first(error)}): bring the whole folder of the checkpoint"
        ) from error


def _first(error: Exception) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
