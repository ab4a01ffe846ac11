from __future__ import annotations

import os
from pathlib import Path

import psutil
import ray  # before our own Ray is started, as a notebook may do

from animelayers.placement import Resources


def test_a_ray_of_our_own_has_a_token_of_its_own_whoever_imported_ray_before(ray_here: Resources) -> None:
    token = os.environ["RAY_AUTH_TOKEN"]
    servers = [p for p in psutil.Process().children(recursive=True) if p.name() in ("gcs_server", "raylet")]
    assert ray.is_initialized() and {server.name() for server in servers} == {"gcs_server", "raylet"}
    assert all(server.environ()["RAY_AUTH_MODE"] == "token" and server.environ()["RAY_AUTH_TOKEN"] == token for server in servers)
    kept = Path.home() / ".ray" / "auth_token"
    assert len(token) == 64 and (not kept.exists() or kept.read_text() != token), "not the one of the home directory"
