from __future__ import annotations

import faulthandler
import os
import re
import sys

os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
# The nets of the tests are tiny: threads only wait for each other there, for milliseconds at every layer
# where other processes run as well.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# pymatting compiles all of itself where it is first imported: more than a minute, for tests that solve a few
# thousand pixels.
os.environ.setdefault("NUMBA_DISABLE_JIT", "1")

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from animelayers.engine.cluster import calm, connect
from animelayers.engine.placement import Resources

# A busy machine makes every draw slow.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")
STDERR = pytest.StashKey[int]()
"""The real one, whatever is captured."""
DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The jobs come first, and those on Ray before all: they take longest, and what is short fills the end."""
    items.sort(key=lambda item: (not on_ray(item.path), "jobs" not in item.path.parts))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Where several processes share the tests (`make test`): a file's stay together, as their fixtures do,
    and so do all that start a Ray.
    """
    from xdist.scheduler import LoadFileScheduling

    class Together(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = super()._split_scope(nodeid)
            return "ray" if on_ray(config.rootpath / file) else file

    return Together(config, log)


@cache
def on_ray(file: Path) -> bool:
    """Whether a file's tests start a Ray."""
    return re.search(r"ray_here|mark\.cluster", file.read_text()) is not None


def pytest_configure(config: pytest.Config) -> None:
    config.stash[STDERR] = os.dup(sys.__stderr__.fileno())


@pytest.fixture(scope="session")
def ray_here(request: pytest.FixtureRequest) -> Iterator[Resources]:
    """Ray, started once for all tests."""
    import ray

    resources = connect(cpus=2)
    calm(16_000_000)
    # Ray takes the place of faulthandler, and at our log level it says nothing where this process crashes.
    faulthandler.disable()
    faulthandler.enable(file=request.config.stash[STDERR])
    yield resources
    ray.shutdown()


@pytest.fixture(scope="session")
def data() -> Path:
    """Real clips and pictures; tests that need them skip where they are missing."""
    if not DATA.is_dir():
        pytest.skip("the folder of real clips is not here")
    return DATA
