"""ProPainter (Zhou et al., ICCV 2023) by the nets of pytorchcv: what other drawings show follows a completed
flow, a transformer paints the rest.
"""

from __future__ import annotations

import importlib
import pickle
from collections.abc import Callable, Sequence
from typing import Any

import cv2
import numpy as np

from animelayers.models.constants import MIDDLE, SAID
from animelayers.models.net import Device, Net, bucket
from animelayers.models.protocols import Inpainter, Video
from animelayers.options import Named, Side
from animelayers.weights import WeightsError, find

_LEAST = 128  # pixels of the shorter side, below which RAFT's pyramid has no level left
_STEP = 8  # sides are multiples of it
_TURNS = 20  # of RAFT, as the paper's code has it and pytorchcv's insists


class ProPainter:
    """Fills the holes of a shot's drawings together, by the paper's own nets. For a GPU, and not for
    commercial use.

    ``weights``, ``completion`` and ``flow``: the painter, the net that completes the flow behind the holes
    and RAFT, registered names or files of pytorchcv's names. ``longest``: pixels of the longer side above
    which drawings are reduced; what is painted is enlarged again, and only in the holes. ``device``: as of
    `models.net.Net`; always in fp32, as a flow in half precision misses its pixels.
    """

    def __init__(
        self,
        weights: Named = "propainter",
        completion: Named = "propainter-flow",
        flow: Named = "propainter-raft",
        *,
        longest: Side = 640,
        device: Device = "auto",
    ) -> None:
        """Raises WeightsError for files that are missing or of another net and without the package,
        ValueError for a size out of range.
        """
        if longest < _LEAST:
            raise ValueError(f"longest must be at least {_LEAST} pixels, not {longest}")
        self._longest = longest
        raft = _loaded("raft", "raft_things", flow, in_normalize=False, iters=_TURNS)
        raft.register_forward_hook(_finite)
        nets = {"flow": raft, "completion": _loaded("propainter_rfc", "propainter_rfc", completion)}
        torch: Any = importlib.import_module("torch")
        module = torch.nn.ModuleDict(nets | {"painter": _loaded("propainter", "propainter", weights)})
        self._net = Net(module, _painted, device=device, precision="fp32", batch=1)

    def __call__(
        self,
        pictures: Sequence[np.ndarray],
        holes: Sequence[np.ndarray],
        inpaint: Inpainter,
        lend: Sequence[int] = (),
    ) -> Video:
        """As `protocols.VideoInpainter`; a single drawing is filled by `inpaint`. Raises ValueError where
        pictures and holes do not fit together.
        """
        if len({p.shape for p in pictures}) > 1 or [p.shape[:2] for p in pictures] != [
            h.shape for h in holes
        ]:
            raise ValueError(
                f"{len(pictures)} pictures and {len(holes)} holes: they must be as many, and all of one size"
            )
        filled, borrowed = list(pictures), [np.zeros(hole.shape, np.uint8) for hole in holes]
        wanted = [k for k, hole in enumerate(holes) if k not in lend and hole.any()]
        if len(pictures) == 1 and wanted:
            filled = inpaint(pictures, holes)
        elif wanted:
            height, width = holes[0].shape
            scale = min(1.0, self._longest / max(height, width))
            size = (max(1, round(width * scale)), max(1, round(height * scale)))
            frames = np.stack([_padded(cv2.resize(p, size, interpolation=cv2.INTER_AREA)) for p in pictures])
            masks = np.stack([_padded(_covered(hole, size)) for hole in holes])
            painted, left = (
                plane[0, :, : size[1], : size[0]] for plane in self._net(frames[None], masks[None])
            )
            for k in wanted:
                made = cv2.resize(painted[k], (width, height), interpolation=cv2.INTER_CUBIC)
                filled[k] = np.where(
                    holes[k][..., None], np.clip(np.rint(made), 0, 255).astype(np.uint8), pictures[k]
                )
                carried = cv2.resize(left[k], (width, height), interpolation=cv2.INTER_NEAREST) == 0
                borrowed[k] = (holes[k] & carried).astype(np.uint8) * np.uint8(255)
        return Video(filled, borrowed)


def _painted(nets: Any, shots: Any, holes: Any) -> tuple[Any, Any]:
    """One shot (1, D, H, W, 3) of 0..255 with its holes (1, D, H, W) of 0 or 1 filled, and what of them no
    other drawing reached.
    """
    import torch

    stream: Any = importlib.import_module("pytorchcv.models.propainter_stream")
    frames, masks = shots[0].permute(0, 3, 1, 2).float() / MIDDLE - 1, holes[0][:, None].float()
    sides = [stream.TensorSequencer(side) for side in (frames, masks)]
    made: list[Any] = []
    left: list[Any] = []
    # the nets are where they belong
    passes = stream.ProPainterIterator(
        *sides, nets["flow"], nets["completion"], nets["painter"], use_cuda=False
    )
    for part in passes:
        start = sum(map(len, made))
        made.append(part)
        left.append(passes.prop_framemask_sequencer[start : start + len(part)][:, 3])
    return (torch.cat(made).permute(0, 2, 3, 1)[None] + 1) * MIDDLE, torch.cat(left)[None]


def _finite(_: Any, __: Any, flows: Any) -> None:
    """Raise FloatingPointError for a flow that is none: the deformable convolutions behind it would read
    outside of memory.
    """
    if not flows[-1].isfinite().all():
        raise FloatingPointError(
            "ProPainter's RAFT gave NaN or infinity: give the shot to another inpainter, model/video=propagate"
        )


def _loaded(module: str, name: str, weights: str, **options: Any) -> Any:
    try:
        make: Callable[..., Any] = getattr(importlib.import_module(f"pytorchcv.models.{module}"), name)
    except ImportError as problem:
        raise WeightsError(
            f"ProPainter needs the package's extra `propainter`: pip install 'animelayers[propainter]' ({problem})"
        ) from problem
    path, net = find(weights), make(**options)
    torch: Any = importlib.import_module("torch")
    try:
        net.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    except (RuntimeError, TypeError, EOFError, OSError, pickle.UnpicklingError) as problem:
        said = " ".join(str(problem).split())[:SAID]
        raise WeightsError(
            f"{path} is no whole {name} under pytorchcv's names, as the authors' own files are not ({said}): "
            f"bring the one that animelayers fetch_models lists"
        ) from problem
    return net


def _covered(hole: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """uint8 of `size` (width, height): 1 for every pixel that holds any of a hole."""
    return (cv2.resize(hole.astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0).view(np.uint8)


def _padded(plane: np.ndarray) -> np.ndarray:
    height, width = plane.shape[:2]
    below, right = (
        a - b
        for a, b in zip(
            bucket((max(_LEAST, height), max(_LEAST, width)), _STEP), (height, width), strict=True
        )
    )
    return cv2.copyMakeBorder(plane, 0, below, 0, right, cv2.BORDER_REPLICATE)
