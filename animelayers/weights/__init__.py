"""Pinned weights of models: which file, from where, under which licence; and the checked way to it."""

from animelayers.weights.fetch import fetch
from animelayers.weights.store import WeightsError, allowed, directory, find, locate, lookup, verify
from animelayers.weights.table import TABLE, Release, Rembg, Weights, Wheel

__all__ = [
    "TABLE",
    "Release",
    "Rembg",
    "Weights",
    "WeightsError",
    "Wheel",
    "allowed",
    "directory",
    "fetch",
    "find",
    "locate",
    "lookup",
    "verify",
]
