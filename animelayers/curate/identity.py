"""Who is the same person: tracks grouped by how alike they are, never two that are in one frame together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform

from animelayers.imaging.vectors import unit

UNKNOWN = "unknown"
METHODS = ("agglomerative", "hdbscan", "kmeans")

_APART = 1e9  # farther than any two tracks: not even the mean with many near ones comes below what is cut
_FAR = 2.5  # farther than any two tracks that may be joined; opposite vectors have 2


class Decision(NamedTuple):
    """For each track a group: int (N,), -1 for one that belongs nowhere; those below the number of given
    names are these. And how sure, 0..1.
    """

    group: np.ndarray
    confidence: np.ndarray


class Evidence(NamedTuple):
    """What is known of tracks by one kind of evidence: ``vectors`` float32 (N, E) of unit length, zeros where nothing
    is known, and its ``weight``; or (N, W, E), the same looked at in W ways. ``across``: whether one way of the one
    may be compared with another of the other, as a close-up with the upper half of a figure.
    """

    vectors: np.ndarray
    weight: float
    across: bool = False


def alike(evidence: Sequence[Evidence]) -> np.ndarray:
    """How alike tracks are, float32 (N, N), at most 1: the weighted mean over kinds of evidence of the
    products of their vectors. Of ways that count in which two are most alike.

    Two tracks of which no kind is known of both are as unlike as can be, -1.
    """
    count = len(evidence[0].vectors)
    total, weights = np.zeros((count, count), np.float32), np.zeros((count, count), np.float32)
    for vectors, weight, across in evidence:
        ways = vectors[:, None] if vectors.ndim == 2 else vectors
        known: np.ndarray = (ways != 0).any(axis=(1, 2)).astype(np.float32)
        every = range(ways.shape[1])
        pairs = [(one, other) for one in every for other in every if across or one == other]
        total += np.float32(weight) * np.max(
            [ways[:, one] @ ways[:, other].T for one, other in pairs], axis=0
        )
        weights += np.float32(weight) * known[:, None] * known
    made: np.ndarray = np.divide(total, weights, out=np.full_like(total, -1), where=weights > 0)
    np.minimum(made, 1, out=made)
    return made


def decide(
    similar: np.ndarray,
    apart: np.ndarray,
    given: np.ndarray | None = None,
    min_similarity: float = 0.72,
    method: str = "agglomerative",
    count: int | None = None,
) -> Decision:
    """Group tracks by how alike they are, (N, N) as from `alike`; `apart` int (M, 2) are pairs that are never
    put together.

    ``given``: int (N,), the groups of those that are decided already, numbered from 0, -1 for the others:
    these are put to the group they are most like, if by `min_similarity` on average, and what is left is
    grouped by itself. ``method``: agglomerative (average linkage until groups are less alike than
    `min_similarity`), hdbscan (Campello et al. 2013; groups of two tracks at least, others belong nowhere) or
    kmeans with `count` groups. Confidence: how much more alike a track is to its own group than to the next
    (a silhouette, Rousseeuw 1987). Raises ValueError for an unknown method or a share that is none.
    """
    if method not in METHODS:
        raise ValueError(f"method={method}: there is {', '.join(METHODS)}")
    if not -1 < min_similarity < 1:
        raise ValueError(f"min_similarity must be between -1 and 1, not {min_similarity}")
    group = np.full(len(similar), -1) if given is None else np.array(given, int)
    if method == "kmeans" and (count is None or count < 1):
        raise ValueError("method=kmeans needs count, the number of characters")
    _link(similar, apart, group, min_similarity)
    rest = np.flatnonzero(group < 0)
    if len(rest):
        place = np.full(len(similar), -1)
        place[rest] = np.arange(len(rest))
        pairs = place[apart][(place[apart] >= 0).all(axis=1)] if len(apart) else apart
        found = _grouped(similar[np.ix_(rest, rest)], pairs, min_similarity, method, count)
        group[rest] = np.where(found >= 0, found + group.max(initial=-1) + 1, -1)
    return Decision(group, sureness(similar, group, min_similarity))


def sureness(similar: np.ndarray, group: np.ndarray, min_similarity: float = 0.72) -> np.ndarray:
    """How sure each track's group is, float32 (N,), 0..1: one half where the next group suits as well, 0 for
    those that belong nowhere.
    """
    sure = np.zeros(len(group), np.float32)
    known = [np.flatnonzero(group == k) for k in range(group.max(initial=-1) + 1)]
    total = (
        np.stack([similar[:, m].sum(axis=1) for m in known], axis=1) if known else np.zeros((len(group), 0))
    )
    sizes = np.array([len(m) for m in known])
    for i in np.flatnonzero(group >= 0):
        own = group[i]
        others = [total[i, k] / sizes[k] for k in range(len(known)) if k != own and sizes[k]]
        # Alone, or with nobody to be taken for, the bound that joins two stands for what is missing.
        inside = 1 - (
            (total[i, own] - similar[i, i]) / (sizes[own] - 1) if sizes[own] > 1 else min_similarity
        )
        outside = 1 - max([*others, 2 * min_similarity - 1])
        sure[i] = np.clip(0.5 + 0.5 * (outside - inside) / max(outside, inside, 1e-9), 0, 1)
    return sure


def _link(similar: np.ndarray, apart: np.ndarray, group: np.ndarray, min_similarity: float) -> None:
    """Put those without a group to the given ones they are most like, the surest first."""
    names = range(group.max(initial=-1) + 1)
    if not names:
        return
    foes: dict[int, set[int]] = {}
    for a, b in apart.tolist():
        foes.setdefault(a, set()).add(b)
        foes.setdefault(b, set()).add(a)
    near = np.stack(
        [
            similar[:, group == k].mean(axis=1) if (group == k).any() else np.full(len(group), -1.0)
            for k in names
        ],
        axis=1,
    )
    near[group >= 0] = -1
    for flat in np.argsort(-near, axis=None, kind="stable").tolist():
        i, k = divmod(flat, near.shape[1])
        if near[i, k] < min_similarity:
            break
        if group[i] < 0 and all(group[foe] != k for foe in foes.get(i, ())):
            group[i] = k


def _grouped(
    similar: np.ndarray, apart: np.ndarray, min_similarity: float, method: str, count: int | None
) -> np.ndarray:
    distance = np.clip(1 - (similar + similar.T).astype(np.float64) / 2, 0, None)
    np.fill_diagonal(distance, 0)
    if method == "agglomerative" or len(distance) < 2:
        return _linked(distance, apart, 1 - min_similarity)
    from sklearn.cluster import HDBSCAN, KMeans  # takes a second to import

    if method == "hdbscan":
        found = HDBSCAN(min_cluster_size=2, metric="precomputed", copy=True).fit_predict(distance)
    else:
        # Tracks are points by how alike they are to all others.
        found = KMeans(min(count or 1, len(distance)), n_init=10, random_state=0).fit_predict(
            unit(1 - distance)
        )
    made = np.full(len(found), -1)
    for k in range(found.max(initial=-1) + 1):
        inside = np.flatnonzero(found == k)
        place = np.full(len(found), -1)
        place[inside] = np.arange(len(inside))
        pairs = place[apart][(place[apart] >= 0).all(axis=1)] if len(apart) else apart
        made[inside] = _linked(distance[np.ix_(inside, inside)], pairs, _FAR) + made.max(initial=-1) + 1
    return made


def _linked(distance: np.ndarray, apart: np.ndarray, cut: float) -> np.ndarray:
    """Average linkage of points by their distances (N, N), float64, until groups are farther than `cut`;
    groups from 0 on by first member.
    """
    distance = distance.copy()
    distance[apart[:, 0], apart[:, 1]] = distance[apart[:, 1], apart[:, 0]] = _APART
    if len(distance) < 2:
        return np.zeros(len(distance), int)
    found = fcluster(linkage(squareform(distance, checks=False), "average"), cut, "distance")
    _, first, which = np.unique(found, return_index=True, return_inverse=True)
    number: np.ndarray = np.argsort(np.argsort(first))[which]
    return number
