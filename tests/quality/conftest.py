from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from animelayers.quality.score import score
from animelayers.quality.truth_set import TruthSet
from tests.quality import sets

Row = dict[str, Any]
Scored = Callable[[Callable[[list[sets.Clip]], object]], dict[tuple[str, int], Row]]


@pytest.fixture(scope="session")
def truth_set(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A truth set of two films of two shots."""
    return sets.truth(tmp_path_factory.mktemp("truth") / "set")


@pytest.fixture
def scored(truth_set: Path, tmp_path: Path) -> Scored:
    """Scores the truth but for a change, and gives the rows by film and shot."""

    def call(change: Callable[[list[sets.Clip]], object]) -> dict[tuple[str, int], Row]:
        rows, _ = score(partial(TruthSet, truth_set), {"x": str(sets.changed(tmp_path / "out", change))})
        return {(row["film"], row["shot"]): row for row in rows}

    return call
