"""What fills holes, by the names people know."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping

from animelayers.models.diffusion import Diffusion
from animelayers.models.inpaint import Fallback, OpenCV
from animelayers.models.lama import Lama
from animelayers.models.protocols import Inpainter

INPAINTERS: Mapping[str, Callable[[], Inpainter]] = {
    "lama": lambda: Lama("lama"),
    "lama_anime": lambda: Lama("lama-anime"),
    "opencv": lambda: OpenCV("telea"),
    "telea": lambda: OpenCV("telea"),
    "ns": lambda: OpenCV("ns"),
    **dict.fromkeys(("powerpaint", "diffusion"), lambda: Diffusion("sdxl-inpaint")),
}
"""Inpainters with their own defaults; 'powerpaint' is a diffusion model under the name that is asked for."""


def inpainter(name: str, fallback: str) -> Inpainter:
    """The inpainter of a name, and that of `fallback` where it fails on a picture. Raises ValueError for an unknown name, WeightsError."""
    for asked in (name, fallback):
        if asked not in INPAINTERS:
            near = difflib.get_close_matches(asked, INPAINTERS, 1, 0.4)
            raise ValueError(f"no inpainter is called {asked!r}: {f'did you mean {near[0]}? ' if near else ''}there are {', '.join(INPAINTERS)}")
    first = INPAINTERS[name]()
    return first if name == fallback else Fallback(first, INPAINTERS[fallback]())
