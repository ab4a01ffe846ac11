"""LaMa on a frame with small holes: our crops against simple-lama-inpainting's call on the whole frame, with
one TorchScript.

Without LaMa's own file both run a TorchScript of its interface and of its cost, with random weights: the
ResNet generator's plain convolutions, 442 GFLOP at 512 x 512 and as much per pixel elsewhere as LaMa was
counted to take. Its pictures mean nothing.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image

from animelayers.benchmark.figures import Figure, interleave, middle
from animelayers.models.lama import Lama
from animelayers.samples import scene

_WIDTHS = (64, 128, 256, 512)  # channels at 1, 1/2, 1/4 and 1/8 of the size
_DEEP = 19  # convolutions at 1/8: with the rest 442 GFLOP at 512 x 512
_PLACES = ((0.2, 0.3), (0.55, 0.75))  # of the middle of each hole, as shares of height and width
_HIGH = 0.12  # of the frame, a hole


def measure(
    script: Path, picture: Path | None, size: tuple[int, int], rounds: int, cores: int
) -> tuple[list[Figure], dict[str, Any]]:
    """The figures of one frame of `size` (width, height), drawn or read from the file `picture`, and their
    rounds.

    ``script``: LaMa's own file, or one that `costly` wrote. The environment variable LAMA_MODEL names it from
    then on, for the peer.
    """
    import torch
    from simple_lama_inpainting import SimpleLama

    torch.set_num_threads(cores)
    frame = (
        np.asarray(Image.open(picture).convert("RGB").resize(size))
        if picture
        else scene("crossing", 1, size).frames[0]
    )
    hole = holes(frame.shape[:2])
    os.environ["LAMA_MODEL"] = str(script)
    simple = SimpleLama(torch.device("cpu"))
    ours = Lama(script, device="cpu", trust_own_file=True)
    image, mask = Image.fromarray(frame), Image.fromarray(255 * hole.view(np.uint8))
    sides = {"peer": _timed(lambda: simple(image, mask)), "ours": _timed(lambda: ours([frame], [hole]))}
    sides["ours"]()  # the peer's first call costs no more than its others
    made = interleave(sides, rounds)
    theirs, mine = (middle(made[side])["seconds"] for side in ("peer", "ours"))
    what = f"{size[0]} x {size[1]}, {len(_PLACES)} holes, {100 * hole.mean():.1f} % of the frame"
    return [Figure("lama", what, mine, "s", theirs / max(mine, 1e-9), theirs, 5)], {"rounds": made}


def holes(shape: tuple[int, ...]) -> np.ndarray:
    """bool (H, W): two ellipses, as figures far away."""
    plane = np.zeros(shape, np.uint8)
    half = round(_HIGH * shape[0] / 2)
    for y, x in _PLACES:
        cv2.ellipse(
            plane, (round(x * shape[1]), round(y * shape[0])), (max(1, half // 2), half), 0, 0, 360, 1, -1
        )
    return plane > 0


def costly(path: Path, widths: tuple[int, ...] = _WIDTHS, deep: int = _DEEP) -> Path:
    """Write a TorchScript of LaMa's interface: down by 2 from width to width, `deep` convolutions there, up
    again.
    """
    import torch
    from torch import nn

    down = [layer for a, b in pairwise(widths) for layer in (nn.Conv2d(a, b, 3, 2, 1), nn.ReLU())]
    core = [layer for _ in range(deep) for layer in (nn.Conv2d(widths[-1], widths[-1], 3, 1, 1), nn.ReLU())]
    up = [
        layer
        for b, a in pairwise(reversed(widths))
        for layer in (nn.ConvTranspose2d(b, a, 3, 2, 1, 1), nn.ReLU())
    ]
    torch.manual_seed(0)
    net = nn.Sequential(
        nn.Conv2d(4, widths[0], 7, 1, 3), *down, *core, *up, nn.Conv2d(widths[0], 3, 7, 1, 3), nn.Sigmoid()
    ).requires_grad_(False)
    shape = (1, 3, 64, 64)

    def painted(image: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        made: torch.Tensor = net(torch.cat([image * (1 - mask), mask.to(image.dtype)], 1))
        return mask * made + (1 - mask) * image

    jit: Any = torch.jit
    jit.trace(painted, (torch.rand(shape), torch.ones(shape)[:, :1]), check_trace=False).save(str(path))
    return path


def _timed(call: Callable[[], object]) -> Callable[[], dict[str, float]]:
    def round_() -> dict[str, float]:
        start = time.perf_counter()
        call()
        return {"seconds": time.perf_counter() - start}

    return round_
