"""Which of many frames make a small set: the best seen, none twice, shot sizes and shots in balance."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

_NEAR = 24  # frames within which two pictures of a shot tell much the same


def choose(
    worth: np.ndarray,
    shot: Sequence[str],
    place: np.ndarray,
    kinds: Sequence[Sequence[str]],
    count: int | None = None,
) -> np.ndarray:
    """The chosen of N frames, bool (N,): `count` of them, or all that are worth anything.

    ``worth`` float (N,), 0 for those that may not be chosen. ``shot``: the shot each is of, ``place`` int
    (N,) its frame's number there. ``kinds``: what is to be balanced, each N words: shot sizes, outfits. One
    after the other the frame is taken whose worth counts most, divided by how many of its shot, of its
    neighbourhood and of each of its kinds are taken already.
    """
    chosen = np.zeros(len(worth), bool)
    if count is None or count >= np.count_nonzero(worth > 0):
        return worth > 0
    words = [np.unique(np.asarray(list(words), str), return_inverse=True)[1] for words in (shot, *kinds)]
    # per frame: how many of the same word, and how many near it
    taken = [np.zeros(len(worth)) for _ in range(len(words) + 1)]
    share = [len(np.unique(word)) for word in words]
    for _ in range(count):
        value = np.where(chosen, 0.0, worth)
        for often, sorts in zip(taken[:-1], share, strict=True):
            value = value / (1 + often * sorts / max(1, count))
        value = value / (1 + taken[-1])
        best = int(value.argmax())
        chosen[best] = True
        for often, word in zip(taken[:-1], words, strict=True):
            often += word == word[best]
        near = np.maximum(0, 1 - np.abs(place - place[best]) / _NEAR) ** 2
        taken[-1] += (words[0] == words[0][best]) * near
    return chosen
