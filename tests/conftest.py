from __future__ import annotations

import os

os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
# The nets of the tests are tiny: threads only wait for each other there, for milliseconds at every layer where other processes run as well.
os.environ.setdefault("OMP_NUM_THREADS", "1")

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from animelayers.cluster import calm, connect
from animelayers.placement import Resources

# A busy machine makes every draw slow.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")
DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def ray_here() -> Iterator[Resources]:
    """Ray, started once for all tests."""
    import ray

    resources = connect(cpus=2)
    calm(16_000_000)
    yield resources
    ray.shutdown()


@pytest.fixture(scope="session")
def data() -> Path:
    """Real clips and pictures; tests that need them skip where they are missing."""
    if not DATA.is_dir():
        pytest.skip("the folder of real clips is not here")
    return DATA
