"""Near-duplicates: frames whose pictures differ in next to nothing, and which of them to keep."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, pairwise
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

# of 16 bits: hashes that differ in at most 3 bits agree in one of them, those with up to 7 differ in one by
# at most one bit
_PARTS = 4
_BITS = 16
_AT_ONCE = 2_000_000  # pairs that are compared at a time
_RANKS = ("quality", "character_confidence")


class Duplicates(NamedTuple):
    """``group``: int64 (N,), frames of one group look alike; ``kept``: bool (N,), one of each group."""

    group: np.ndarray
    kept: np.ndarray


def duplicates(
    table: pa.Table, bits: int = 4, embedding: str | None = None, min_similarity: float = 0.98
) -> Duplicates:
    """Groups of frames of a frame table that are chained by near-duplicates, and the one of each to keep.

    Two frames are near-duplicates where at most `bits` (0..7) of the 64 of column perceptual_hash differ
    (Manku et al. 2007) and, with `embedding` (a column of unit vectors: visual_frame …), the cosine is
    `min_similarity` or more as well. Kept is the one with the highest quality, then character_confidence,
    then the lowest frame_id; what was not measured counts least. A frame without a hash is alike nothing.
    Raises ValueError where a column is missing or an option is out of range.
    """
    if not 0 <= bits <= 7:
        raise ValueError(f"bits must be 0..7, not {bits}")
    if not -1 <= min_similarity <= 1:
        raise ValueError(f"min_similarity must be -1..1, not {min_similarity}")
    for column, stage in (("perceptual_hash", "metrics"), (embedding, "embed")):
        if column and column not in table.column_names:
            raise ValueError(
                f"the frame table has no {column}: run animelayers annotate with stage {stage} first"
            )
    words = table["perceptual_hash"].to_pylist()
    at = np.array([i for i, word in enumerate(words) if word], np.int64)
    hashes, which = np.unique(
        np.array([int(words[i], 16) for i in at.tolist()], np.uint64), return_inverse=True
    )
    one = at[np.unique(which, return_index=True)[1]]  # of each hash
    if embedding is None:
        links = chain([(at, one[which])], ((one[a], one[b]) for a, b in _near(hashes, bits)))
    else:
        vectors = (
            np.stack(table[embedding].to_numpy(zero_copy_only=False)[at]).astype(np.float32)
            if len(at)
            else np.zeros((0, 1), np.float32)
        )
        links = chain((at[a], at[b]) for a, b in _alike(hashes, which, vectors, bits, min_similarity))
    group = _merged(links, len(words))
    return Duplicates(group, _kept(table, group))


def _near(hashes: np.ndarray, bits: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Pairs (a < b) of different hashes uint64 (N,) that differ in at most `bits` bits, some twice."""
    flips = [0] if bits < _PARTS else [0, *(1 << k for k in range(_BITS))]
    for part in range(_PARTS):
        key = ((hashes >> np.uint64(_BITS * part)) & np.uint64(0xFFFF)).astype(np.int64)
        order = np.argsort(key, kind="stable")
        start = np.searchsorted(key[order], np.arange((1 << _BITS) + 1))
        for flip in flips:
            low, high = start[key ^ flip], start[(key ^ flip) + 1]
            yield from _within(hashes, order, low, high, bits)


def _within(
    hashes: np.ndarray, order: np.ndarray, low: np.ndarray, high: np.ndarray, bits: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    many = high - low
    edges = (
        np.searchsorted(
            np.cumsum(many), np.arange(_AT_ONCE, int(many.sum()) + _AT_ONCE, _AT_ONCE), side="left"
        )
        + 1
    )
    begin = 0
    for end in np.unique(np.minimum(edges, len(hashes))).tolist():
        count = many[begin:end]
        a = np.repeat(np.arange(begin, end), count)
        b = order[
            np.arange(len(a)) - np.repeat(np.cumsum(count) - count, count) + np.repeat(low[begin:end], count)
        ]
        near = (a < b) & (np.bitwise_count(hashes[a] ^ hashes[b]) <= bits)
        yield a[near], b[near]
        begin = end


def _alike(
    hashes: np.ndarray, which: np.ndarray, vectors: np.ndarray, bits: int, min_similarity: float
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """The same for frames (of hash `which`) whose vectors have a cosine of `min_similarity` or more as well."""
    order = np.argsort(which, kind="stable")
    start = np.searchsorted(which[order], np.arange(len(hashes) + 1))
    members = [order[a:b] for a, b in pairwise(start)]

    def close(one: np.ndarray, other: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        a, b = np.nonzero(vectors[one] @ vectors[other].T >= min_similarity)
        return one[a], other[b]

    for own in members:
        for k in range(0, len(own), 1000):
            yield close(own[k : k + 1000], own)
    for a, b in _near(hashes, bits):
        for one, other in zip(a.tolist(), b.tolist(), strict=True):
            for k in range(0, len(members[one]), 1000):
                yield close(members[one][k : k + 1000], members[other])


def _merged(links: Iterable[tuple[np.ndarray, np.ndarray]], count: int) -> np.ndarray:
    """Connected groups of `count` frames, numbered by their first. Links are folded as they come, so that
    memory stays bounded.
    """
    first = np.arange(count)
    waiting: list[tuple[np.ndarray, np.ndarray]] = []
    for link in links:
        waiting.append(link)
        if sum(len(a) for a, _ in waiting) > _AT_ONCE:
            first, waiting = _folded(first, waiting), []
    return np.unique(_folded(first, waiting), return_inverse=True)[1]


def _folded(first: np.ndarray, links: list[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    """The first frame of each frame's group, after some more links."""
    a, b = (
        np.concatenate([np.arange(len(first)) if k else first, *(pair[k] for pair in links)]) for k in (0, 1)
    )
    found = connected_components(
        coo_array((np.ones(len(a), bool), (a, b)), shape=(len(first),) * 2), directed=False
    )[1]
    return np.unique(found, return_index=True)[1][np.unique(found, return_inverse=True)[1]]


def _kept(table: pa.Table, group: np.ndarray) -> np.ndarray:
    ids = np.array(table["frame_id"].to_pylist(), object).astype(str)
    keys: list[np.ndarray] = [ids]
    for column in reversed(_RANKS):
        known = column in table.column_names
        value = (
            np.asarray(table[column].to_numpy(zero_copy_only=False), np.float64)
            if known
            else np.zeros(len(ids))
        )
        keys.append(-np.nan_to_num(value, nan=-1.0))
    order = np.lexsort([*keys, group])
    kept = np.zeros(len(ids), bool)
    kept[order[np.unique(group[order], return_index=True)[1]]] = True
    return kept
