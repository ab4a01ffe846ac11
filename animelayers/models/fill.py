"""What fills holes, by the names people know."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping

from animelayers.models.constants import MEANT
from animelayers.models.diffusion import Diffusion
from animelayers.models.inpaint import Fallback, OpenCV
from animelayers.models.lama import Lama
from animelayers.models.net import Device
from animelayers.models.protocols import Inpainter

INPAINTERS: Mapping[str, Callable[[Device], Inpainter]] = {
    "lama": lambda device: Lama("lama", device=device),
    "lama_anime": lambda device: Lama("lama-anime", device=device),
    "opencv": lambda _: OpenCV("telea"),
    "telea": lambda _: OpenCV("telea"),
    "ns": lambda _: OpenCV("ns"),
    **dict.fromkeys(("powerpaint", "diffusion"), lambda device: Diffusion("sdxl-inpaint", device=device)),
}
"""Inpainters with their own defaults; 'powerpaint' is a diffusion model under the name that is asked for."""


def inpainter(name: str, fallback: str, device: Device = "auto") -> Inpainter:
    """The inpainter of a name, or of LaMa's file (.pt), and that of `fallback` where it fails on a picture.

    ``device``: as `Net` has it; OpenCV's run on the CPU. Raises ValueError for an unknown name, WeightsError.
    """
    first = _built(name, device)
    return first if name == fallback else Fallback(first, _built(fallback, device))


def _built(name: str, device: Device) -> Inpainter:
    if name.endswith(".pt"):
        return Lama(name, device=device)
    if name not in INPAINTERS:
        near = difflib.get_close_matches(name, INPAINTERS, 1, MEANT)
        raise ValueError(
            f"no inpainter is called {name!r}: {f'did you mean {near[0]}? ' if near else ''}there are {', '.join(INPAINTERS)}"
        )
    return INPAINTERS[name](device)
