"""Pinned weights of models: which file, from where, under which licence; and the checked way to it."""

from animelayers.weights.fetch import fetch
from animelayers.weights.licences import allowed
from animelayers.weights.records import Hub, Release, Rembg, Weights, Wheel
from animelayers.weights.store import (
    WeightsError,
    digest,
    directory,
    find,
    is_pinned,
    locate,
    lookup,
    own,
    size,
    verify,
)
from animelayers.weights.table import TABLE

__all__ = [
    "TABLE",
    "Hub",
    "Release",
    "Rembg",
    "Weights",
    "WeightsError",
    "Wheel",
    "allowed",
    "digest",
    "directory",
    "fetch",
    "find",
    "is_pinned",
    "locate",
    "lookup",
    "own",
    "size",
    "verify",
]
