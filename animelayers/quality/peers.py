"""What a user would have without this package: one net, every frame for itself, holes inpainted; through the
same reader and writer.
"""

from __future__ import annotations

from collections.abc import Sequence

from animelayers.models.saliency import ZOO
from animelayers.weights import TABLE, WeightsError, allowed, locate

NETS = ("modnet", *ZOO)
"""Nets that may be peers, by their names in conf/model/matte."""


def overrides(net: str) -> list[str]:
    """The main job's overrides that make a peer of it."""
    stages = ["~stages.camera", "~stages.layers", "~stages.track"]
    return [
        f"model/matte={net}",
        *stages,
        "model/inpaint=telea",
        "source.held=false",
        "stages.character.step.radius=0",
    ]


def here(allow: Sequence[str] = ()) -> list[str]:
    """The nets whose weights are on this machine and may be used, by licence or because they are in `allow`."""
    return [net for net in NETS if _usable(net, allow)]


def _usable(net: str, allow: Sequence[str]) -> bool:
    try:
        allowed(net, False, False, allow)
    except WeightsError:
        return False
    return net in TABLE and locate(TABLE[net]) is not None
