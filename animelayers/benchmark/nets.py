"""What a picture costs each heavy net, by batch size, against the library's own call of one picture, on the device that is there.

The architectures have their real sizes and random weights, saved and loaded as checkpoints are: speed is real, quality is nobody's. The bound
is a picture's floating point operations, counted by torch, over the rate of a large matrix product measured beside it.
"""

from __future__ import annotations

import importlib
import resource
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np

from animelayers.benchmark.figures import Figure, interleave, middle
from animelayers.imaging.trimap import trimap
from animelayers.samples import scene
from animelayers.stages.effect import PROMPTS


class Sides(NamedTuple):
    """A net from both sides: ours on a list of pictures at a batch size, the library's on one picture."""

    ours: Callable[[int], Callable[[Sequence[np.ndarray]], Any]]
    library: Callable[[np.ndarray], Any]


def measure(names: Sequence[str], batches: Sequence[int], size: tuple[int, int], rounds: int, folder: Path) -> tuple[list[Figure], dict[str, Any]]:
    """Figures of the nets `names` on pictures of `size` (width, height), and their rounds; `folder` is for scratch. ValueError for another name."""
    import torch

    figures: list[Figure] = []
    everything: dict[str, Any] = {"size": list(size), "rate": rate(), "device": "cuda" if torch.cuda.is_available() else "cpu"}
    pictures = list(scene("crossing", max(batches), size).frames)
    for name in names:
        if name not in NETS:
            raise ValueError(f"nets.names={name}: there is {', '.join(NETS)}")
        sides = NETS[name](folder / name)
        ways: dict[str, Callable[[], dict[str, float]]] = {"library": _timed(lambda s=sides: s.library(pictures[0]), 1)}  # type: ignore[misc]
        for batch in batches:
            run = sides.ours(batch)
            ways[f"batch {batch}"] = _timed(lambda run=run, n=batch: run(pictures[:n]), batch)  # type: ignore[misc]
        work = flops(lambda s=sides: s.ours(1)(pictures[:1]))  # type: ignore[misc]
        interleave(ways, 1)
        made = {way: middle(found) for way, found in interleave(ways, rounds).items()}
        theirs = made["library"]["ms"]
        for batch in batches:
            ours = made[f"batch {batch}"]["ms"]
            figures.append(Figure("nets", f"{name}, batch {batch}: a picture", ours, "ms", theirs / ours, theirs))
        best = min(made[f"batch {batch}"]["ms"] for batch in batches)
        figures.append(
            Figure("nets", f"{name}: share of the bound, {work / 1e9:.0f} GFLOP a picture", None, "", work / everything["rate"] * 1000 / best)
        )
        figures.append(Figure("nets", f"{name}: peak memory of the process", memory(), "MB", memory()))
        everything[name] = {"rounds": made, "flops": work}
    return figures, everything


def rate() -> float:
    """Floating point operations a second of a large matrix product in fp32, on the device that is there."""
    import torch

    device = "cuda" if torch.cuda.is_available() else "cpu"
    side = 8192 if device == "cuda" else 2048
    a = torch.rand(side, side, device=device)
    spent = []
    for _ in range(4):
        start = time.perf_counter()
        float((a @ a)[0, 0])
        spent.append(time.perf_counter() - start)
    return 2 * side**3 / min(spent)


def flops(run: Callable[[], Any]) -> float:
    """Floating point operations of a call, counted by torch; those of matrix products and convolutions."""
    from torch.utils.flop_counter import FlopCounterMode

    with FlopCounterMode(display=False) as counter:
        run()
    return float(counter.get_total_flops())


def memory() -> float:
    """Peak of the GPU's memory, or of this process without one, in MB."""
    import torch

    if torch.cuda.is_available():
        return torch.cuda.max_memory_allocated() / 1e6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


def _timed(run: Callable[[], Any], count: int) -> Callable[[], dict[str, float]]:
    def once() -> dict[str, float]:
        start = time.perf_counter()
        run()
        return {"ms": 1000 * (time.perf_counter() - start) / count}

    return once


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
    swin = hf.SwinConfig(image_size=224, embed_dim=96, depths=[2, 2, 6, 2], num_heads=[3, 6, 12, 24], window_size=7, out_features=stages)
    names = {0: "person", **{k: f"class {k}" for k in range(1, 80)}}
    hf.Mask2FormerForUniversalSegmentation(hf.Mask2FormerConfig(backbone_config=swin, id2label=names)).save_pretrained(folder)
    hf.Mask2FormerImageProcessor(size={"shortest_edge": 384, "longest_edge": 672}).save_pretrained(folder)
    model, processor = hf.Mask2FormerForUniversalSegmentation.from_pretrained(folder), hf.Mask2FormerImageProcessor.from_pretrained(folder)
    run = _library(hf, model, processor)

    def whole(picture: np.ndarray) -> Any:
        return processor.post_process_instance_segmentation(run(picture), target_sizes=[picture.shape[:2]], return_binary_maps=True)

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
    hf.CLIPTokenizer(str(folder / "vocab.json"), str(folder / "merges.txt"), model_max_length=77).save_pretrained(folder)
    text = {"bos_token_id": 0, "eos_token_id": 1, "pad_token_id": 1, "max_position_embeddings": 77}
    config = hf.CLIPSegConfig(text_config=text, vision_config={"patch_size": 16}, use_complex_transposed_convolution=True)
    hf.CLIPSegForImageSegmentation(config).save_pretrained(folder)
    hf.ViTImageProcessor(size={"height": 352, "width": 352}).save_pretrained(folder)
    model = hf.CLIPSegForImageSegmentation.from_pretrained(folder)
    tokenizer = hf.AutoTokenizer.from_pretrained(folder, model_max_length=77)
    processor = hf.CLIPSegProcessor(hf.AutoImageProcessor.from_pretrained(folder), tokenizer)
    prompts = list(PROMPTS)
    run = _library(hf, model, processor, images=lambda picture: [picture] * len(prompts), text=prompts, padding=True)

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
    hf.VitMatteForImageMatting(hf.VitMatteConfig(backbone_config=backbone, hidden_size=384, **sizes)).save_pretrained(folder)
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


NETS: Mapping[str, Callable[[Path], Sides]] = {"mask2former": _mask2former, "clipseg": _clipseg, "vitmatte": _vitmatte}
