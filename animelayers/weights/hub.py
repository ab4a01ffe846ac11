"""Fetching a folder of weights from the model hub: data only, never code, put in place whole with its
manifest.
"""

from __future__ import annotations

import importlib
import os
import shutil
from pathlib import Path
from typing import Any

from animelayers.weights import folders
from animelayers.weights.records import Hub
from animelayers.weights.store import WeightsError


def fetch(source: Hub, target: Path, scratch: Path) -> None:
    """Bring the newest commit of a repository to `target`, by way of `scratch` on the same file system; what
    was there is replaced.

    Raises WeightsError: the hub's client is missing, no connection, no such repository, no consent, or
    nothing usable in it.
    """
    try:
        client: Any = importlib.import_module("huggingface_hub")
    except ImportError as error:
        raise WeightsError(
            f"{source}: needs the package huggingface_hub: install the extra models ({error})"
        ) from error
    folder = scratch / "folder"
    try:
        commit = str(client.model_info(source.repository).sha)
        client.snapshot_download(
            source.repository,
            revision=commit,
            local_dir=folder,
            cache_dir=scratch / "cache",
            allow_patterns=[*source.patterns],
        )
    except Exception as error:  # whatever its client, the connection and the file system raise
        raise WeightsError(f"{source}: {_reason(error)}") from error
    shutil.rmtree(folder / ".cache", ignore_errors=True)
    if not folders.complete(folder, source):
        raise WeightsError(
            f"{source}: no weights of a kind that is data only ({', '.join(source.patterns)}) are published there"
        )
    folders.write_manifest(folder, source, commit)
    old = scratch / "old"
    if target.exists():
        os.replace(target, old)
    try:
        os.replace(folder, target)
    except OSError:
        # otherwise another process was quicker, and its folder is as good
        if not folders.complete(target, source):
            raise


def _reason(error: Exception) -> str:
    """What went wrong, in a line."""
    kinds = {kind.__name__ for kind in type(error).__mro__}
    if "GatedRepoError" in kinds:
        return "its publisher asks for consent: agree on that page, then log in with `hf auth login` or set HF_TOKEN"
    if "RepositoryNotFoundError" in kinds:
        return "there is no such repository, or it is not shown without an account: log in with `hf auth login` or set HF_TOKEN"
    if kinds & {
        "ConnectError",
        "TimeoutException",
        "LocalEntryNotFoundError",
        "OfflineModeIsEnabled",
        "ProxyError",
    }:
        return "no connection to the model hub"
    return f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"[:300]
