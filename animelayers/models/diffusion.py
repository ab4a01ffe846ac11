"""Inpainting by diffusion (Rombach et al., 2022; Podell et al., SDXL, 2023), through diffusers: the role of
PowerPaint.
"""

from __future__ import annotations

import importlib
import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from animelayers.imaging.crops import Cut
from animelayers.models.net import Device, Precision, clear, out_of_memory, pick
from animelayers.models.patches import fill
from animelayers.options import Batch, Count, Share, Side, Weighted
from animelayers.weights import WeightsError, find

log = logging.getLogger(__name__)

KINDS = {"fp32": "float32", "fp16": "float16", "bf16": "bfloat16"}
_ENLARGE = 8  # times; these models draw only near the size they learned at


class Diffusion:
    """A diffusion pipeline that draws what is missing, told in words what is there; every checkpoint that
    diffusers takes for inpainting.

    ``weights``: `sdxl-inpaint`, or a folder in the format of diffusers. ``prompt``: what the background
    shows; ``negative_prompt``: what it must not. ``steps`` of denoising; ``guidance``: how closely the words
    are followed; ``strength``, 0..1: how little of the picture under the hole is kept; ``seed``: of each
    crop's own noise, so that a picture is filled the same in every batch. ``context``, ``share`` and
    ``seam_width``: as of `imaging.crops.Cut`; ``longest``: pixels of the longer side that every crop is
    brought to, as the model learned it. ``device`` and ``precision``: as of `models.net.Net`; ``batch``:
    crops at once, halved where memory does not suffice. ``required``: as of `lama.Lama`.
    """

    def __init__(
        self,
        weights: Weighted = "sdxl-inpaint",
        *,
        prompt: str = "empty painted background of an animation, scenery, nobody there",
        negative_prompt: str = "person, character, face, animal, text, watermark",
        steps: Count = 30,
        guidance: float = 7.5,
        strength: Share = 0.99,
        seed: int = 0,
        context: int = 64,
        share: float = 0.5,
        longest: Side = 1024,
        seam_width: int = 4,
        device: Device = "auto",
        precision: Precision = "auto",
        batch: Batch = 1,
        required: bool = True,
    ) -> None:
        """Raises WeightsError for weights or a package that are missing or of another kind, ValueError for an
        option out of range.
        """
        if not 0 < strength <= 1 or steps * strength < 1 or batch < 1:
            raise ValueError(
                f"strength must be 0..1 with at least one step left and batch at least 1, not {strength}, {steps} steps and {batch}"
            )
        if precision not in (*KINDS, "auto"):
            raise ValueError(f"precision {precision!r} is unknown: auto, {', '.join(KINDS)}")
        self._cut = Cut(context, share, longest, _ENLARGE, seam_width)
        self._words = {"prompt": prompt, "negative_prompt": negative_prompt}
        self._options = {"num_inference_steps": steps, "guidance_scale": guidance, "strength": strength}
        self._seed, self._batch, self._device = seed, batch, pick(device)
        self._problem: WeightsError | None = None
        try:
            self._pipeline = pipeline(find(str(weights)), self._device, precision)
            self.precision = next(
                name for name, kind in KINDS.items() if str(self._pipeline.dtype).endswith(kind)
            )
        except WeightsError as problem:
            if required:
                raise
            self._problem = problem

    def __call__(self, pictures: Sequence[np.ndarray], holes: Sequence[np.ndarray]) -> list[np.ndarray]:
        """As `protocols.Inpainter`. Raises RuntimeError where the checkpoint's own checker blackened a
        picture, and as `lama.Lama`.
        """
        if self._problem is not None:
            raise self._problem
        return fill(pictures, holes, self._all, self._cut)

    def _all(self, pictures: np.ndarray, holes: np.ndarray) -> np.ndarray:
        made: list[np.ndarray] = []
        while sum(map(len, made)) < len(pictures):
            start = sum(map(len, made))
            part = slice(start, start + self._batch)
            try:
                made.append(self._some(pictures[part], holes[part]))
            except Exception as problem:
                if not out_of_memory(problem) or self._batch == 1:
                    raise
                self._batch //= 2
                log.warning("out of memory on %s: %d crops at once from now on", self._device, self._batch)
                clear(self._device)
        return np.concatenate(made)

    def _some(self, pictures: np.ndarray, holes: np.ndarray) -> np.ndarray:
        import torch
        from PIL import Image

        images = [Image.fromarray(picture) for picture in pictures]
        masks = [Image.fromarray(255 * hole) for hole in holes]
        words: dict[str, Any] = {name: [text] * len(images) for name, text in self._words.items()}
        noise = [torch.Generator().manual_seed(self._seed) for _ in images]
        height, width = pictures.shape[1:3]
        with torch.inference_mode():
            answer = self._pipeline(
                **words,
                image=images,
                mask_image=masks,
                height=height,
                width=width,
                generator=noise,
                output_type="np",
                **self._options,
            )
        if any(getattr(answer, "nsfw_content_detected", None) or ()):
            raise RuntimeError("the checkpoint's safety checker blackened the picture")
        return np.asarray(answer.images, np.float32) * 255


def pipeline(folder: Path, device: str, precision: Precision = "auto") -> Any:
    """The inpainting pipeline of a folder in the format of diffusers, on a device.

    Raises WeightsError for a missing package, a folder of another kind, and a checkpoint that lacks some of
    the weights of its nets.
    """
    try:
        import torch

        diffusers: Any = importlib.import_module("diffusers")
        transformers: Any = importlib.import_module("transformers")
    except ImportError as problem:
        raise WeightsError(
            "inpainting by diffusion needs the package's extra `diffusion`: pip install 'animelayers[diffusion]'"
        ) from problem
    for package in (diffusers, transformers):
        package.logging.set_verbosity_error()
        package.logging.disable_progress_bar()
    half = device == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)
    kind = getattr(torch, KINDS[precision] if precision != "auto" else "bfloat16" if half else "float32")
    try:
        parts = json.loads((folder / "model_index.json").read_text())
        nets = {
            name: _net(folder / name, where[0], where[1], kind)
            for name, where in parts.items()
            if _weighs(folder / name, where)
        }
        made = diffusers.AutoPipelineForInpainting.from_pretrained(
            str(folder), local_files_only=True, use_safetensors=True, torch_dtype=kind, **nets
        )
    except (OSError, ValueError, AttributeError) as problem:
        raise WeightsError(
            f"{folder} is no folder of an inpainting pipeline of diffusers: {str(problem).strip().splitlines()[0]}"
        ) from problem
    made.set_progress_bar_config(disable=True)
    return made.to(device)


def _weighs(folder: Path, where: Any) -> bool:
    """Whether an entry of `model_index.json` is a net of diffusers or transformers, with weights."""
    return (
        isinstance(where, list)
        and where[0] in ("diffusers", "transformers")
        and any(folder.glob("*.safetensors"))
    )


def _net(folder: Path, package: str, name: str, kind: Any) -> Any:
    """A net of the pipeline, loaded by itself, since a pipeline only warns of weights that are not in the
    file and draws them at random.
    """
    loader = getattr(importlib.import_module(package), name).from_pretrained
    dtype = "torch_dtype" if package == "diffusers" else "dtype"
    net, told = loader(
        str(folder), local_files_only=True, use_safetensors=True, output_loading_info=True, **{dtype: kind}
    )
    lacking = sorted(told["missing_keys"])
    if lacking:
        raise WeightsError(
            f"{folder} lacks {len(lacking)} weights of {name}, the first is {lacking[0]}: bring the whole checkpoint again"
        )
    return net
