"""The tiny checkpoints of `tiny_sam2` with a louder decoder: masks that differ from point to point, and sure
enough to pass thresholds.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.models import tiny_sam2

LOUDER = {"cross_attn": 10.0, "final_attn": 10.0, "hypernetworks_mlps": 40.0, "iou_prediction_head": 12.0}


def package(path: Path) -> None:
    """A checkpoint of the `sam2` package in the shape of `tiny_sam2.SMALL`."""
    import torch

    tiny_sam2.package(path)
    state = torch.load(path, weights_only=True)["model"]
    torch.save({"model": _louder(state, ("q_proj", "k_proj", "layers.2"))}, path)


def folder(path: Path) -> None:
    """A folder of the transformers package, as the hub holds SAM 2: the video model with its processor."""
    import transformers as hf

    tiny_sam2.folder(path, "sam2")
    model = hf.Sam2VideoModel.from_pretrained(path)
    model.load_state_dict(_louder(model.state_dict(), ("q_proj", "k_proj", "proj_out")))
    model.save_pretrained(path)


def _louder(state: dict[str, Any], layers: tuple[str, ...]) -> dict[str, Any]:
    def factor(name: str) -> float:
        chosen = "mask_decoder" in name and any(layer in name for layer in layers)
        return next((times for part, times in LOUDER.items() if chosen and part in name), 1.0)

    return {name: factor(name) * value for name, value in state.items()}
