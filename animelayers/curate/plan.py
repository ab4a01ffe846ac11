"""What is asked of a set: the wishes, those of characters, and the strategies there are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

import numpy as np
import pyarrow as pa

from animelayers.curate.analyse import Analysis
from animelayers.curate.decide import KNOWN
from animelayers.curate.strategies import Strategy
from animelayers.curate.wishes import Wishes

_ROWS = 1000


@dataclass(frozen=True)
class Plan:
    """``own``: wishes of characters by their names. ``strategies``: the enabled ones with their options, unbuilt; ``others``: names of all,
    enabled or not, that the rules do not know.
    """

    wishes: Wishes
    own: Mapping[str, Wishes]
    strategies: Mapping[str, partial[Strategy]]
    others: tuple[str, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """All strategies there are, in the order of the decision."""
        return (*KNOWN, *self.others)

    def allowed(self, analysis: Analysis) -> np.ndarray:
        """Which strategies each frame may get, bool (N, S): the enabled ones, and of frames without a character those that need none."""
        somebody = analysis.instance_count > 0
        nobody = np.zeros(len(analysis), bool)
        return np.stack([somebody | (not _kind(self.strategies[s]).somebody) if s in self.strategies else nobody for s in self.columns], 1)

    def fits(self, table: pa.Table) -> dict[str, np.ndarray]:
        """How well the rows of a frame table suit each of `others`, float64 (N,), 0..1; 0 where it is disabled."""
        return {name: self._fits(name, table) for name in self.others}

    def _fits(self, name: str, table: pa.Table) -> np.ndarray:
        if name not in self.strategies:
            return np.zeros(len(table))
        fits = _kind(self.strategies[name]).fits
        return np.array([fits(row) for batch in table.to_batches(_ROWS) for row in batch.to_pylist()], np.float64)


def settled(nodes: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Options of strategies with ``segmentation_config`` that names another strategy put as those of its options that cut characters out."""
    made = {name: dict(node) for name, node in nodes.items()}
    for node in made.values():
        other = node.get("segmentation_config")
        if isinstance(other, str) and other in nodes:
            node["segmentation_config"] = {key: value for key, value in nodes[other].items() if key == "min_instance_size"}
    return made


def _kind(made: partial[Strategy]) -> type[Strategy]:
    return cast(type[Strategy], made.func)
