"""Which strategy each frame gets: the rules frame by frame, or the whole set at once so that its mix meets
the targets.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from animelayers.curate.analyse import Analysis
from animelayers.curate.assign import assign, counts
from animelayers.curate.goals import NEEDS, THRESHOLDS, GoalError, Goals

KNOWN = ("keep_full", "segment", "create_occlusion", "enhance_segment")
"""Strategies the rules know, in the order of the columns of every score."""

_WIDTH = 0.05  # of a threshold's soft edge: a value that much beyond it is 73 % sure
_BONUS = 0.25  # what a need of 1 adds to a score
_NEEDED = 0.5  # need of occlusion above which the rules make some
_ROUNDS = 3  # in which neighbours of a shot are told apart
_LACKS = {
    "keep_full": ("are plain, well lit and hidden by nothing", ""),
    "segment": ("have several characters or a busy background", ": nothing to take apart"),
    "create_occlusion": ("are clear and sharp enough to be covered", ""),
    "enhance_segment": ("are of low quality or blurred", ": nothing to enhance"),
}
"""What drawings are that fit a strategy, and what follows where there are none."""
_STEP = 0.1  # by which the what-if report moves a threshold


@dataclass(frozen=True)
class Decisions:
    """One strategy per frame of an analysis.

    ``strategies``: names of the columns. ``chosen`` int64 (N,): a column, -1 for a frame that fits none.
    ``fits`` float64 (N, S): how well each frame fits each strategy, 0..1; a threshold met exactly is 0.5.
    ``scores``: the same and what the needs add. ``allowed`` bool (N, S). ``ruled`` int64 (N,): what the rules
    alone would choose.
    """

    strategies: Sequence[str]
    chosen: np.ndarray
    fits: np.ndarray
    scores: np.ndarray
    allowed: np.ndarray
    ruled: np.ndarray

    @property
    def confidence(self) -> np.ndarray:
        """How well each frame fits its strategy, 0..1; 0 for none."""
        at = np.maximum(self.chosen, 0)
        return np.where(self.chosen < 0, 0.0, np.take_along_axis(self.fits, at[:, None], 1)[:, 0])

    @property
    def margin(self) -> np.ndarray:
        """By how much the score of each frame's strategy is above that of its next best one; below 0 where
        the mix asked for another.
        """
        scores = np.where(self.allowed, self.scores, -np.inf)
        at = np.maximum(self.chosen, 0)[:, None]
        mine = np.take_along_axis(scores, at, 1)[:, 0]
        np.put_along_axis(scores, at, -np.inf, 1)
        none = self.chosen < 0
        return np.where(none, 0.0, mine - np.where(none, 0.0, scores.max(1)))

    def mix(self) -> dict[str, int]:
        """Frames of each strategy."""
        return mix(self.chosen, self.strategies)


def mix(chosen: np.ndarray, strategies: Sequence[str]) -> dict[str, int]:
    """Frames of each strategy among chosen columns."""
    return {name: int(np.count_nonzero(chosen == s)) for s, name in enumerate(strategies)}


def limits(analysis: Analysis, goals: Goals, own: Mapping[str, Goals]) -> dict[str, np.ndarray]:
    """The thresholds of each frame, float64 (N,): those of `goals`, or of the first by name of the
    characters in it that has its own.

    Raises `GoalError` where characters have their own and nothing tells who is in the frames.
    """
    if own and analysis.who is None:
        raise GoalError(
            f"thresholds for {', '.join(own)}, and the output does not say who is in its frames: run animelayers cluster_characters"
        )
    found = {key: np.full(len(analysis), goals.thresholds[key]) for key in THRESHOLDS}
    for name in sorted(own, reverse=True):
        here = np.array([name in who for who in analysis.who or ()], bool)
        if not here.any():
            known = sorted(frozenset[str]().union(*(analysis.who or ())))
            raise GoalError(
                f"thresholds for {name}, who is in no frame: there is {', '.join(filter(None, known)) or 'nobody'}"
            )
        for key in THRESHOLDS:
            found[key][here] = own[name].thresholds[key]
    return found


def rules(
    a: Analysis, t: Mapping[str, np.ndarray], needs: Mapping[str, float], allowed: np.ndarray
) -> np.ndarray:
    """The rules: the first of them that holds and is allowed, columns of `KNOWN` as int64 (N,).

    A frame whose strategies are all forbidden but others gets the first of those that is allowed, and -1
    where none is.
    """
    keep = (
        (a.complexity < t["simple_background"])
        & (a.lighting > t["good_lighting"])
        & (a.occlusion < t["low_occlusion"])
    )
    busy = (a.instance_count >= t["multi_character"]) | (a.complexity > t["simple_background"])
    poor = (a.quality < t["poor_quality"]) | (a.sharpness < t["low_sharpness"])
    hide = np.full(len(a), needs["occlusion"] > _NEEDED)
    anyhow = np.ones(len(a), bool)
    chosen = np.full(len(a), -1)
    order = [
        (0, keep),
        (1, busy),
        (3, poor),
        (2, hide),
        (1, anyhow),
        *((s, anyhow) for s in range(allowed.shape[1])),
    ]
    for s, holds in order:
        chosen[(chosen < 0) & holds & allowed[:, s]] = s
    return chosen


def fits(a: Analysis, t: Mapping[str, np.ndarray], needs: Mapping[str, float]) -> np.ndarray:
    """How well each frame fits each of `KNOWN`, 0..1, float64 (N, 4): the rules with soft edges.

    What must hold together is as sure as the least sure of it, what may hold instead as the surest. A good
    source of occlusion examples is a clear and sharp frame that nothing hides yet, as far as the set lacks
    them.
    """
    simple, lit = _above(t["simple_background"] - a.complexity), _above(a.lighting - t["good_lighting"])
    clear = _above(t["low_occlusion"] - a.occlusion)
    several = _above((a.instance_count - t["multi_character"] + 0.5) / 5)
    good, sharp = _above(a.quality - t["poor_quality"]), _above(a.sharpness - t["low_sharpness"])
    keep = np.minimum(np.minimum(simple, lit), clear)
    segment = np.maximum(several, 1 - simple)
    occlude = needs["occlusion"] * np.minimum(np.minimum(good, sharp), clear)
    return np.stack([keep, segment, occlude, np.maximum(1 - good, 1 - sharp)], 1)


def needed(a: Analysis, t: Mapping[str, np.ndarray], needs: Mapping[str, float]) -> np.ndarray:
    """What the needs add to the scores of `KNOWN`, float64 (N, 4): frames that show what the set lacks serve
    it where their scene stays.
    """
    shown = {
        "multi_character": a.instance_count >= t["multi_character"],
        "long_shot": a.shot_size == "long",
        "complex_bg": a.complexity > t["simple_background"],
    }
    bonus = _BONUS * np.max([needs[name] * here for name, here in shown.items()], axis=0, initial=0)
    return np.stack([bonus, np.zeros(len(a)), bonus, np.zeros(len(a))], 1)


def decide(
    a: Analysis,
    goals: Goals,
    allowed: np.ndarray,
    own: Mapping[str, Goals] | None = None,
    others: Mapping[str, np.ndarray] | None = None,
    whole: bool = True,
    min_fit: float = 0.0,
    variety: float = 0.0,
) -> Decisions:
    """A strategy for every frame: for the `whole` set at once, or by the rules alone.

    ``min_fit``: no frame gets a strategy that it fits less than that for the sake of a target, only where the
    rules themselves choose it. ``variety``: what a strategy loses of its score in a frame whose neighbours in
    the shot have it.

    ``allowed`` bool (N, S): which strategies a frame may get, in the order of `KNOWN` and then of ``others``,
    strategies the rules do not know, with how well each frame fits them, 0..1. ``own``: goals of characters
    whose thresholds differ.
    """
    t, others = limits(a, goals, own or {}), others or {}
    more = np.stack([*others.values()], 1) if others else np.zeros((len(a), 0))
    fit = np.concatenate([fits(a, t, goals.needs), more], 1)
    scores = fit + np.concatenate([needed(a, t, goals.needs), np.zeros_like(more)], 1)
    ruled = rules(a, t, goals.needs, allowed)
    strategies = (*KNOWN, *others)
    chosen = ruled
    if whole:
        allowed = allowed & ((fit >= min_fit) | (ruled[:, None] == np.arange(len(strategies))))
        wanted = counts(allowed, np.array([goals.targets[name] for name in strategies]))
        chosen = assign(scores, allowed, wanted)
        for _ in range(_ROUNDS if variety else 0):
            chosen = assign(scores - variety * _beside(a, chosen, len(strategies)), allowed, wanted)
    return Decisions(strategies, chosen, fit, scores, allowed, ruled)


def _beside(a: Analysis, chosen: np.ndarray, size: int) -> np.ndarray:
    """The share of a frame's two neighbours in its shot that have each strategy, float64 (N, S); frames are
    in the order of their ids.
    """
    shot = (
        np.unique([frame.rpartition("_frame")[0] for frame in a.frame_id], return_inverse=True)[1]
        if len(a)
        else np.zeros(0, np.int64)
    )
    has = (chosen[:, None] == np.arange(size)).astype(float)
    found: np.ndarray = np.zeros_like(has)
    same = (shot[1:] == shot[:-1])[:, None]
    found[1:] += 0.5 * has[:-1] * same
    found[:-1] += 0.5 * has[1:] * same
    return found


def unmet(decisions: Decisions, goals: Goals, min_fit: float) -> dict[str, str]:
    """Why a strategy has less of the set than its target asks for, by its name; strategies that have enough
    are left out.
    """
    total, told = len(decisions.chosen), dict[str, str]()
    for s, name in enumerate(decisions.strategies):
        has, target = int(np.count_nonzero(decisions.chosen == s)), goals.targets[name]
        if has >= int(target * total) or (
            not decisions.allowed[:, s].any() and not decisions.fits[:, s].any()
        ):
            continue
        fit = int(np.count_nonzero(decisions.fits[:, s] >= min_fit))
        what, end = _LACKS.get(name, ("fit it", ""))
        why = (
            f"{fit} of {total} drawings {what}{end if not fit else ''}"
            if fit <= target * total
            else f"the {fit} drawings that {what} are wanted elsewhere"
        )
        told[name] = f"{target:.0%} asked, {has / max(1, total):.1%} there: {why}"
    return told


def what_if(
    a: Analysis, goals: Goals, allowed: np.ndarray, own: Mapping[str, Goals] | None = None
) -> list[tuple[str, float, dict[str, int]]]:
    """The mix of the rules after each change of one goal by ±0.1, or one character: (key, new value, frames
    of each of `KNOWN`).
    """
    made = []
    for key in THRESHOLDS:
        step, most = (1.0, np.inf) if key == "multi_character" else (_STEP, 1.0)
        for value in (goals.thresholds[key] - step, goals.thresholds[key] + step):
            if (value >= 1 if key == "multi_character" else value > -_STEP / 2) and value < most + _STEP / 2:
                value = round(max(0.0, min(most, value)), 6)
                made.append((key, value, replace(goals, thresholds={**goals.thresholds, key: value})))
    for value in (goals.needs["occlusion"] - _STEP, goals.needs["occlusion"] + _STEP):
        value = round(max(0.0, min(1.0, value)), 6)
        made.append((f"need of {NEEDS[0]}", value, replace(goals, needs={**goals.needs, "occlusion": value})))
    return [
        (key, value, mix(rules(a, limits(a, w, own or {}), w.needs, allowed), KNOWN))
        for key, value, w in made
    ]


def _above(margin: np.ndarray) -> np.ndarray:
    """How sure it is that a margin is above 0."""
    sure: np.ndarray = 1 / (1 + np.exp(-np.clip(margin / _WIDTH, -50, 50)))
    return sure
