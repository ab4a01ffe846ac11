"""What the tests of the sources share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from animelayers.record.schema import Row
from animelayers.sources import Files


@pytest.fixture
def read() -> Callable[..., list[Row]]:
    """Everything of a path: list, scan, read."""

    def run(path: Path | str, **options: Any) -> list[Row]:
        files = Files(str(path), **options)
        return list(files.read(files.limited(files.scan(files.inputs()))))

    return run


@pytest.fixture
def one(read: Callable[..., list[Row]]) -> Callable[..., tuple[np.ndarray, str]]:
    """The pixels and the note of a single still picture."""

    def run(path: Path, **options: Any) -> tuple[np.ndarray, str]:
        (row,) = read(path, **options)
        assert row["error"] == ""
        return row["frames"][0], row["note"]

    return run
