"""How good a net is while it is trained: on shots held back, by source."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from animelayers.training.pack import Shot
from animelayers.training.views import Doubts, View, views

_SIZE = (256, 144)
_DRAWINGS = 3
_LEAST = 40  # pixels of a layer that is counted
# coverage from which a layer is there: a shadow is never whole
_THERE = {"character": 0.5, "effect": 0.5, "shadow": 0.2}


class Judged(NamedTuple):
    """Means over shots; what no shot shows is not a number.

    The overlap (IoU) of figures, effects and shadows, the first two with evidence and for a still; what is
    claimed where nothing is, in shares of the frame; how much errors differ between neighbours of a standing
    camera, times a thousand; and the figures' overlap by the hands they are from.
    """

    character: float
    effect: float
    shadow: float
    character_still: float
    effect_still: float
    false_character: float
    false_effect: float
    flicker: float
    sources: dict[str, float]


def judge(labels: Callable[[View], np.ndarray], shots: Sequence[Shot]) -> Judged:
    """Judge what `labels` makes of views: float32 (K, 3, H, W), coverage by figures, effects and shadows."""
    sums: dict[str, list[float]] = defaultdict(list)
    sources: dict[str, list[float]] = defaultdict(list)
    for number, shot in enumerate(shots):
        for name, doubts in (("", Doubts(none=0.0)), ("_still", Doubts(none=1.0))):
            view = views(shot, _SIZE, np.random.default_rng(number), _DRAWINGS, doubts)
            alpha, truth = labels(view), np.moveaxis(view.layers, -1, 1) / 255.0
            for layer, (kind, least) in enumerate(_THERE.items()):
                score = overlap(alpha[:, layer] > least, truth[:, layer] > least)
                if score is not None:
                    sums[kind + name].append(score)
                    if kind == "character" and not name:
                        for source in {s for s in shot.sources.split(",") if s.startswith("figure:")}:
                            sources[source.removeprefix("figure:")].append(score)
                elif not name and not (truth[:, layer] > 0.02).any():
                    sums[f"false_{kind}"].append(float((alpha[:, layer] > least).mean()))
            if view.steady and not name and len(alpha) > 1:
                drift = (alpha[:, 0] - truth[:, 0])[1:] - (alpha[:, 0] - truth[:, 0])[:-1]
                sums["flicker"].append(1000 * float(np.abs(drift).mean()))
    means = {
        name: round(float(np.mean(sums[name])), 4) if name in sums else float("nan")
        for name in Judged._fields[:-1]
    }
    by = {source: round(float(np.mean(values)), 3) for source, values in sorted(sources.items())}
    return Judged(**means, sources=by)  # type: ignore[arg-type]


def overlap(found: np.ndarray, true: np.ndarray) -> float | None:
    """IoU over all drawings; None where the truth has none of it."""
    if np.count_nonzero(true) < _LEAST:
        return None
    return float(np.count_nonzero(found & true) / np.count_nonzero(found | true))
