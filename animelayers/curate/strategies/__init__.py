"""The strategies, by the names the decision gives them."""

from __future__ import annotations

from collections.abc import Mapping

from animelayers.curate.strategies.base import Made, Strategy
from animelayers.curate.strategies.enhance import EnhanceSegment
from animelayers.curate.strategies.keep_full import KeepFull
from animelayers.curate.strategies.occlusion import CreateOcclusion
from animelayers.curate.strategies.person import Person
from animelayers.curate.strategies.segment import Segment

STRATEGIES: Mapping[str, type[Strategy]] = {
    "keep_full": KeepFull,
    "segment": Segment,
    "create_occlusion": CreateOcclusion,
    "enhance_segment": EnhanceSegment,
    "person": Person,
}

__all__ = [
    "STRATEGIES",
    "CreateOcclusion",
    "EnhanceSegment",
    "KeepFull",
    "Made",
    "Person",
    "Segment",
    "Strategy",
]
