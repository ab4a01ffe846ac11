"""The heavy nets from both sides: ours on a list of pictures, the library's own call on one.

The architectures have their real sizes and random weights, saved and loaded as checkpoints are: speed is
real, quality is nobody's.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np

from animelayers.imaging.trimap import trimap
from animelayers.stages.layers import PROMPTS


class Sides(NamedTuple):
    """A net from both sides: ours on a list of pictures at a batch size, the library's on one picture."""

    ours: Callable[[int], Callable[[Sequence[np.ndarray]], Any]]
    library: Callable[[np.ndarray], Any]


def _library(hf: Any, model: Any, processor: Any, **fixed: Any) -> Callable[[np.ndarray], Any]:
    import torch

    device = "cuda" if torch.cuda.is_available() else "cpu"
    model = model.eval().to(device)

    def one(picture: np.ndarray) -> Any:
        given = {name: value(picture) if callable(value) else value for name, value in fixed.items()}
        inputs = processor(**({"images": picture} | given), return_tensors="pt")
        with torch.inference_mode():
            return model(**{name: value.to(device) for name, value in inputs.items()})

    return one


def _mask2former(folder: Path) -> Sides:
    import torch

    hf: Any = importlib.import_module("transformers")

    from animelayers.models.universal import Universal

    torch.manual_seed(0)
    stages = [f"stage{k}" for k in range(1, 5)]
    swin = hf.SwinConfig(
        image_size=224,
        embed_dim=96,
        depths=[2, 2, 6, 2],
        num_heads=[3, 6, 12, 24],
        window_size=7,
        out_features=stages,
    )
    names = {0: "person", **{k: f"class {k}" for k in range(1, 80)}}
    hf.Mask2FormerForUniversalSegmentation(
        hf.Mask2FormerConfig(backbone_config=swin, id2label=names)
    ).save_pretrained(folder)
    hf.Mask2FormerImageProcessor(size={"shortest_edge": 384, "longest_edge": 672}).save_pretrained(folder)
    model, processor = (
        hf.Mask2FormerForUniversalSegmentation.from_pretrained(folder),
        hf.Mask2FormerImageProcessor.from_pretrained(folder),
    )
    run = _library(hf, model, processor)

    def whole(picture: np.ndarray) -> Any:
        return processor.post_process_instance_segmentation(
            run(picture), target_sizes=[picture.shape[:2]], return_binary_maps=True
        )

    return Sides(lambda batch: Universal(folder, batch=batch), whole)


def _clipseg(folder: Path) -> Sides:
    import json

    import torch

    hf: Any = importlib.import_module("transformers")

    from animelayers.models.clipseg import ClipSeg

    torch.manual_seed(0)
    folder.mkdir(parents=True)
    letters = "abcdefghijklmnopqrstuvwxyz"
    words = ["<|startoftext|>", "<|endoftext|>", *letters, *(f"{letter}</w>" for letter in letters)]
    (folder / "vocab.json").write_text(json.dumps({word: i for i, word in enumerate(words)}))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    hf.CLIPTokenizer(
        str(folder / "vocab.json"), str(folder / "merges.txt"), model_max_length=77
    ).save_pretrained(folder)
    text = {"bos_token_id": 0, "eos_token_id": 1, "pad_token_id": 1, "max_position_embeddings": 77}
    config = hf.CLIPSegConfig(
        text_config=text, vision_config={"patch_size": 16}, use_complex_transposed_convolution=True
    )
    hf.CLIPSegForImageSegmentation(config).save_pretrained(folder)
    hf.ViTImageProcessor(size={"height": 352, "width": 352}).save_pretrained(folder)
    model = hf.CLIPSegForImageSegmentation.from_pretrained(folder)
    tokenizer = hf.AutoTokenizer.from_pretrained(folder, model_max_length=77)
    processor = hf.CLIPSegProcessor(hf.AutoImageProcessor.from_pretrained(folder), tokenizer)
    prompts = list(PROMPTS)
    run = _library(
        hf, model, processor, images=lambda picture: [picture] * len(prompts), text=prompts, padding=True
    )

    def whole(picture: np.ndarray) -> Any:
        maps = run(picture).logits.sigmoid().cpu().numpy()
        return [cv2.resize(plane, picture.shape[1::-1]) for plane in maps]

    def ours(batch: int) -> Callable[[Sequence[np.ndarray]], Any]:
        net = ClipSeg(str(folder), batch=batch)
        return lambda pictures: net(pictures, prompts)

    return Sides(ours, whole)


def _vitmatte(folder: Path) -> Sides:
    import torch

    hf: Any = importlib.import_module("transformers")

    from animelayers.models.vitmatte import VitMatte

    torch.manual_seed(0)
    backbone = hf.VitDetConfig(
        image_size=512, hidden_size=384, num_attention_heads=6, num_channels=4, num_hidden_layers=12, window_size=14,
        window_block_indices=[0, 1, 3, 4, 6, 7, 9, 10], residual_block_indices=[2, 5, 8, 11], out_features=["stage12"],
        use_relative_position_embeddings=True, drop_path_rate=0.0,
    )  # fmt: skip
    sizes = {"fusion_hidden_sizes": [256, 128, 64, 32], "convstream_hidden_sizes": [48, 96, 192]}
    hf.VitMatteForImageMatting(
        hf.VitMatteConfig(backbone_config=backbone, hidden_size=384, **sizes)
    ).save_pretrained(folder)
    model = hf.VitMatteForImageMatting.from_pretrained(folder)

    def band(picture: np.ndarray) -> np.ndarray:
        alpha = np.zeros(picture.shape[:2], np.uint8)
        height, width = picture.shape[0], picture.shape[1]
        cv2.ellipse(alpha, (width // 2, height // 2), (width // 8, height // 3), 0, 0, 360, 255, -1)
        return trimap(alpha)

    def ours(batch: int) -> Callable[[Sequence[np.ndarray]], Any]:
        net = VitMatte(str(folder), batch=batch)
        return lambda pictures: net(pictures, [band(picture) for picture in pictures])

    return Sides(ours, _library(hf, model, hf.VitMatteImageProcessor(), trimaps=band))


NETS: Mapping[str, Callable[[Path], Sides]] = {
    "mask2former": _mask2former,
    "clipseg": _clipseg,
    "vitmatte": _vitmatte,
}
"""The nets there are: each makes its checkpoint in a folder."""
