"""LaMa (Suvorov et al., Resolution-robust Large Mask Inpainting with Fourier Convolutions, WACV 2022), by the
file of simple-lama-inpainting.
"""

from __future__ import annotations

import hashlib
import importlib
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from animelayers.imaging.crops import Cut
from animelayers.models.net import Device, Net, Precision
from animelayers.models.patches import fill
from animelayers.options import Batch, Side, Weighted
from animelayers.weights import TABLE, WeightsError, find

_PROBE = 64  # pixels of the picture a file is tried on


class Lama:
    """A TorchScript that fills holes, called on crops around them, many at once.

    ``weights``: `lama`, `lama-anime`, or the path of a file with their interface: RGB 0..1 (N, 3, H, W) and 1
    where the hole is (N, 1, H, W), sides multiples of 8. TorchScript is a program: a file of one's own runs
    only if its digest is a pinned one, or with ``trust_own_file``. ``context``, ``share``, ``longest`` and
    ``seam_width``: as of `imaging.crops.Cut`. ``device``, ``precision`` and ``batch`` (crops of one shape at
    once): as of `models.net.Net`; fp32 unless told otherwise, as half precision has no Fourier transforms of
    most sizes and too few levels for a picture. ``required``: false puts the error for missing weights off to
    the first hole, where `inpaint.Fallback` hears it.
    """

    def __init__(
        self,
        weights: Weighted = "lama",
        *,
        context: int = 64,
        share: float = 0.5,
        longest: Side = 768,
        seam_width: int = 4,
        device: Device = "auto",
        precision: Precision = "fp32",
        batch: Batch = 8,
        trust_own_file: bool = False,
        required: bool = True,
    ) -> None:
        """Raises WeightsError for a file that is missing, not trusted or not LaMa's, ValueError for an option
        out of range.
        """
        self._cut = Cut(context, share, longest, seam_width=seam_width)
        self._problem: WeightsError | None = None
        try:
            module = script(trusted(weights, trust_own_file))
        except WeightsError as problem:
            if required:
                raise
            self._problem = problem
            return
        self._net = Net(module, _called, device=device, precision=precision, batch=batch)
        self._try(weights)

    def __call__(self, pictures: Sequence[np.ndarray], holes: Sequence[np.ndarray]) -> list[np.ndarray]:
        """As `protocols.Inpainter`. Raises FloatingPointError for NaN, WeightsError where weights are missing
        that were not required.
        """
        if self._problem is not None:
            raise self._problem
        return fill(pictures, holes, lambda seen, masks: self._net(seen, masks)[0], self._cut)

    def _try(self, weights: str | Path) -> None:
        shape = (1, _PROBE, _PROBE)
        try:
            (made,) = self._net(np.zeros((*shape, 3), np.uint8), np.ones(shape, np.uint8))
        except Exception as problem:
            raise WeightsError(
                f"{weights} does not take pictures and holes as LaMa does: {str(problem).strip().splitlines()[-1]}"
            ) from problem
        if made.shape != (*shape, 3):
            raise WeightsError(
                f"{weights} does not fill pictures as LaMa does: of (1, 3, {_PROBE}, {_PROBE}) it makes {made.shape}, channels last"
            )


def trusted(weights: str | Path, trust_own_file: bool = False) -> Path:
    """The file of weights that may be run. Raises WeightsError for one that is missing, or whose digest is
    not in the table of weights.
    """
    path = find(str(weights))
    if not path.is_file():
        raise WeightsError(f"{path} is no file: name lama, lama-anime or a TorchScript file of your own")
    if str(weights) in TABLE or trust_own_file:
        return path
    for known in (known for known in TABLE.values() if known.name.startswith("lama")):
        algorithm, pinned = known.digest.split(":")
        with path.open("rb") as file:
            if hashlib.file_digest(file, algorithm).hexdigest() == pinned:
                return path
    raise WeightsError(
        f"{path} is refused: a TorchScript file is a program, and this one has not the pinned digest of lama or lama-anime. "
        f"Set trust_own_file=true if it is yours, or name weights=lama"
    )


def script(path: Path) -> Any:
    """A list of one module, the TorchScript of a file, on the CPU. Raises WeightsError for another kind of
    file.
    """
    try:
        torch: Any = importlib.import_module("torch")
    except ImportError as problem:
        raise WeightsError(
            "LaMa needs the package's extra `models`: pip install 'animelayers[models]'"
        ) from problem
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the format is deprecated, its files are what there is
        try:
            # within a module, as a script alone refuses some of what modules do
            return torch.nn.ModuleList([torch.jit.load(str(path), map_location="cpu")])
        except RuntimeError as problem:
            raise WeightsError(
                f"{path} is no TorchScript file, as LaMa's is: {str(problem).strip().splitlines()[0]}"
            ) from problem


def _called(module: Any, pictures: Any, holes: Any) -> Any:
    made = module[0](pictures.permute(0, 3, 1, 2).float() / 255, holes[:, None].float())
    return made.float().permute(0, 2, 3, 1) * 255
