"""Recipes of small frames, from the package's own parts alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from omegaconf import OmegaConf

from animelayers import job
from animelayers.truth import Recipe


@pytest.fixture(scope="session")
def small() -> Callable[..., Recipe]:
    """A recipe as conf/recipe/animation.yaml has it, of small and few frames, with other values where asked
    for.
    """

    def made(**changes: Any) -> Recipe:
        stated: Any = OmegaConf.to_container(job.compose("compose", ["output=unused"]).truth)
        del stated["_target_"]
        return Recipe(**{**stated, "size": [160, 96], "frames": [3, 5], **changes})

    return made
