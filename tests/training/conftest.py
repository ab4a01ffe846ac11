"""Small packs, from the package's own drawn parts alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from omegaconf import OmegaConf

from animelayers import job
from animelayers.training import pack
from animelayers.truth import Recipe

SIZE = (96, 64)


@pytest.fixture(scope="session")
def small() -> Callable[..., Recipe]:
    """A recipe as conf/recipe/animation.yaml has it, of small films of one shot, with other values where
    asked for.
    """

    def made(**changes: Any) -> Recipe:
        stated: Any = OmegaConf.to_container(job.compose("compose", ["output=unused"]).truth)
        del stated["_target_"]
        return Recipe(
            **{**stated, "size": [192, 128], "frames": [5, 8], "shots": 1, "transition": "cut", **changes}
        )

    return made


@pytest.fixture(scope="session")
def still(small: Callable[..., Recipe]) -> pack.Shot:
    """A shot of a standing camera with one figure that crosses it, and nothing else."""
    plain = {
        "parallax": 0,
        "props": 0,
        "fronts": 0,
        "effects": 0,
        "overlay": "none",
        "film": "clean",
        "shadow": "none",
    }
    (shot,) = pack.shots(
        small(camera="still", figures=1, movement="slide", exposure=1, who="person", **plain), 5, 0, SIZE
    )
    return shot


@pytest.fixture(scope="session")
def packed(small: Callable[..., Recipe], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pack of a few shots, and of other hands in `val` below it."""
    folder = tmp_path_factory.mktemp("pack")
    (folder / "val").mkdir()
    for split, where, films in (("train", folder, 12), ("val", folder / "val", 4)):
        recipe = small(split=split, figures=[1, 2], effects=[0, 1])
        for number in range(films):
            for shot in pack.shots(recipe, 3, number, SIZE, 5):
                pack.write(shot, where / f"{recipe.named(3, number)}-00.shot")
    return folder
