"""What is asked of a set: the goals, those of characters, and the strategies there are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

import numpy as np
import pyarrow as pa

from animelayers.curate.analyse import Analysis
from animelayers.curate.decide import KNOWN
from animelayers.curate.goals import Goals
from animelayers.curate.strategies import Strategy
from animelayers.record.schema import LISTS

_ROWS = 1000
_ROW = 64  # numbers in a list that is an embedding


@dataclass(frozen=True)
class CurationPlan:
    """``own``: goals of characters by their names. ``strategies``: the enabled ones with their options,
    unbuilt; ``others``: names of all, enabled or not, that the rules do not know.
    """

    goals: Goals
    own: Mapping[str, Goals]
    strategies: Mapping[str, partial[Strategy]]
    others: tuple[str, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """All strategies there are, in the order of the decision."""
        return (*KNOWN, *self.others)

    def allowed(self, analysis: Analysis, fits: Mapping[str, np.ndarray]) -> np.ndarray:
        """Which strategies each frame may get, bool (N, S): the enabled ones, of frames without a character
        those that need none, and of those in `fits` where they can be made at all."""
        somebody = analysis.instance_count > 0
        nobody = np.zeros(len(analysis), bool)
        may = {s: somebody | (not _kind(made).somebody) for s, made in self.strategies.items()}
        return np.stack(
            [may[s] & (fits[s] > 0 if s in fits else True) if s in may else nobody for s in self.columns], 1
        )

    def fits(self, table: pa.Table) -> dict[str, np.ndarray]:
        """How well the rows of a frame table suit each of `others`, float64 (N,), 0..1; 0 where it is
        disabled.
        """
        return {name: self._fits(name, table) for name in self.others}

    def left_out(self, table: pa.Table) -> list[str]:
        """Why a frame suits none of the strategies, '' where it suits one: never so where one of the rules'
        own is enabled.
        """
        if not self.strategies.keys().isdisjoint(KNOWN):
            return [""] * len(table)
        told = [self._asked(name, "why", table) for name in self.strategies]
        return ["" if not all(each) else each[0] for each in zip(*told, strict=True)]

    def balanced(self, table: pa.Table) -> list[list[str]]:
        """What is to be balanced in a small set, the words of each row: of the strategy where there is one
        alone, else the shot size.
        """
        if len(self.strategies) == 1:
            return [
                list(words)
                for words in zip(*self._asked(next(iter(self.strategies)), "balanced", table), strict=True)
            ]
        return [[str(word or "none") for word in table["shot_size"].to_pylist()]]

    def _fits(self, name: str, table: pa.Table) -> np.ndarray:
        return np.array(
            self._asked(name, "fits", table) if name in self.strategies else np.zeros(len(table)), np.float64
        )

    def _asked(self, name: str, what: str, table: pa.Table) -> list[Any]:
        """What a strategy says of each row of a frame table, with its options."""
        made = self.strategies[name]
        ask = getattr(_kind(made), what)
        return [
            ask(row, **made.keywords)
            for batch in _short(table).to_batches(_ROWS)
            for row in batch.to_pylist()
        ]


def resolved(nodes: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Options of strategies with ``segmentation_config`` that names another strategy put as those of its
    options that cut characters out.
    """
    made = {name: dict(node) for name, node in nodes.items()}
    for node in made.values():
        other = node.get("segmentation_config")
        if isinstance(other, str) and other in nodes:
            node["segmentation_config"] = {
                key: value for key, value in nodes[other].items() if key == "min_instance_size"
            }
    return made


def _short(table: pa.Table) -> pa.Table:
    """A frame table without embeddings."""
    return table.select(
        [
            field.name
            for field in table.schema
            if field.name in LISTS or not (pa.types.is_list(field.type) or _long(field.type))
        ]
    )


def _long(kind: pa.DataType) -> bool:
    return bool(pa.types.is_fixed_size_list(kind) and kind.list_size > _ROW)


def _kind(made: partial[Strategy]) -> type[Strategy]:
    return cast(type[Strategy], made.func)
