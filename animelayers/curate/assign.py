"""The transport problem behind a balanced set: every frame one strategy, every strategy its count, the sum of
the scores the highest there is.
"""

from __future__ import annotations

from heapq import heapify, heappop, heappush
from itertools import pairwise
from math import inf

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import coo_array, vstack

_TRIAL = 1000  # frames from which the first prices are told
_ROUND = 1e-4  # differences of score that mean nothing
_NEVER = -(10**9)  # in units of _ROUND


def counts(allowed: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """How many frames each strategy gets, int64 (S,): `targets` (shares, float (S,)) of them as nearly as
    `allowed` (bool (N, S)) permits.

    The frames in wrong strategies are the fewest there can be, then the largest share by which one misses its
    target is. Targets of strategies that no frame may get are given to the others in proportion. Frames that
    may get none are not counted.
    """
    kinds, number = np.unique(allowed[allowed.any(1)], axis=0, return_counts=True)
    targets = np.where(kinds.any(0) if len(kinds) else False, targets, 0.0)
    if not len(kinds):
        return np.zeros(len(targets), np.int64)
    if not targets.sum():  # only strategies nobody asked for are left
        targets = kinds.any(0).astype(float)
    wanted = apportion(targets, int(number.sum()))
    p, s = np.nonzero(kinds)
    cells, size = len(p), len(targets)
    # variables: flow of each cell, too few and too many of each strategy, the largest share of either
    rows = coo_array((np.ones(cells), (p, np.arange(cells))), shape=(len(kinds), cells + 2 * size + 2))
    at, eye = np.arange(size), np.ones(size)
    places = np.concatenate([s, at, at]), np.concatenate([np.arange(cells), cells + at, cells + size + at])
    columns = coo_array(
        (np.concatenate([np.ones(cells), eye, -eye]), places), shape=(size, cells + 2 * size + 2)
    )
    equal, amounts = vstack([rows, columns]), np.concatenate([number, wanted])
    missed = np.concatenate([np.zeros(cells), np.ones(2 * size), [0, 0]])
    first = linprog(missed, A_eq=equal, b_eq=amounts, method="highs-ds")
    worst = np.zeros((2 * size, cells + 2 * size + 2))
    worst[np.arange(2 * size), cells + np.arange(2 * size)] = 1
    worst[:size, -2], worst[size:, -1] = -wanted, -np.maximum(wanted, 1)
    second = linprog(
        np.concatenate([np.zeros(cells + 2 * size), [1, 1]]),
        A_ub=np.vstack([worst, missed]), b_ub=np.append(np.zeros(2 * size), first.fun + 1e-6), A_eq=equal, b_eq=amounts, method="highs-ds",
    )  # fmt: skip
    flow = np.zeros(kinds.shape)
    flow[p, s] = (second if second.status == 0 else first).x[:cells]
    total: np.ndarray = np.sum(
        [apportion(share, int(n)) for share, n in zip(flow, number, strict=True)], axis=0
    )
    return total


def apportion(shares: np.ndarray, total: int) -> np.ndarray:
    """Whole numbers int64 (S,) in proportion to shares float (S,) that sum to `total`: those with the largest
    remainders are rounded up.
    """
    exact = shares / shares.sum() * total
    exact = np.where(np.abs(exact - np.round(exact)) < 1e-6, np.round(exact), exact)
    low: np.ndarray = np.floor(exact).astype(np.int64)
    low[np.argsort(low - exact, kind="stable")[: total - low.sum()]] += 1
    return low


def assign(scores: np.ndarray, allowed: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """The column of `scores` (float64 (N, S)) each row gets, int64 (N,), so that column s is had by `wanted`
    (int (S,)) rows and the sum is highest.

    -1 for rows without an allowed column. `wanted` must be possible, as `counts` gives it. Scores count to
    0.0001; of rows that serve equally the first moves first. The prices of a linear programme over some rows
    settle nearly all of them; the counts are then made exact by moving rows along shortest paths between the
    columns (successive shortest paths, Ahuja, Magnanti and Orlin, Network Flows, ch. 9), which keeps the sum
    the highest there is for the counts at every step.
    """
    chosen = np.full(len(scores), -1)
    rows = np.flatnonzero(allowed.any(1))
    if len(rows):
        worth = np.where(allowed[rows], np.rint(scores[rows] / _ROUND), _NEVER).astype(np.int64)
        chosen[rows] = _balanced(worth, (worth - _prices(worth, wanted)).argmax(1), wanted)
    return chosen


def _balanced(worth: np.ndarray, chosen: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """The best columns for these counts, from those that are the best for their own."""
    size, n = worth.shape[1], len(worth)
    surplus = np.bincount(chosen, minlength=size) - wanted

    def queue(a: int, b: int) -> list[int]:
        here = np.flatnonzero((chosen == a) & (worth[:, b] > _NEVER)) if a != b else np.zeros(0, np.int64)
        # what moving a row loses, then the row
        made: list[int] = ((worth[here, a] - worth[here, b]) * n + here).tolist()
        heapify(made)
        return made

    queues = [[queue(a, b) for b in range(size)] for a in range(size)]
    while surplus.any():
        path = _path(_losses(queues, chosen, n), surplus)
        for a, b in pairwise(path):
            row = queues[a][b][0] % n
            chosen[row] = b
            for c in range(size):
                if c != b and worth[row, c] > _NEVER:
                    heappush(queues[b][c], int(worth[row, b] - worth[row, c]) * n + row)
        surplus[path[0]] -= 1
        surplus[path[-1]] += 1
    return chosen


def _losses(queues: list[list[list[int]]], chosen: np.ndarray, n: int) -> list[list[float]]:
    """What the cheapest move from each column to each other loses; inf where there is none."""
    for a, row in enumerate(queues):
        for queue in row:
            while queue and chosen[queue[0] % n] != a:
                heappop(queue)
    return [[queue[0] // n if queue else inf for queue in row] for row in queues]


def _path(losses: list[list[float]], surplus: np.ndarray) -> list[int]:
    """The columns along the cheapest way from one with too many rows to one with too few (Bellman-Ford)."""
    size = len(losses)
    cost = [0.0 if surplus[s] > 0 else inf for s in range(size)]
    before = [-1] * size
    for _ in range(size - 1):
        for a in range(size):
            for b in range(size):
                if cost[a] + losses[a][b] < cost[b]:
                    cost[b], before[b] = cost[a] + losses[a][b], a
    end = min((s for s in range(size) if surplus[s] < 0), key=lambda s: cost[s])
    if cost[end] == inf:
        raise ValueError(f"these counts are not possible: {surplus.tolist()} rows too many")
    path = [end]
    while before[path[0]] >= 0:
        path.insert(0, before[path[0]])
    return path


def _prices(worth: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """What each column costs, int64 (S,), so that rows which take the column of most worth above its price
    share nearly as `wanted`.
    """
    worth = worth[:: -(-len(worth) // _TRIAL)]
    g, s = np.nonzero(worth > _NEVER)
    cells = np.arange(len(g))
    sums = [
        coo_array((np.ones(len(g)), (at, cells)), shape=(n, len(g)))
        for at, n in ((g, len(worth)), (s, len(wanted)))
    ]
    amounts = np.concatenate([np.ones(len(worth)), counts(worth > _NEVER, wanted / wanted.sum())])
    found = linprog(-worth[g, s], A_eq=vstack(sums).tocsc(), b_eq=amounts, method="highs-ipm")
    prices: np.ndarray = (
        np.rint(-found.eqlin.marginals[len(worth) :]).clip(_NEVER // 10, -_NEVER // 10).astype(np.int64)
    )
    return prices
