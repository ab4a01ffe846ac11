"""Why a frame gets its strategy, in a sentence with the numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from animelayers.curate.analyse import Analysis
from animelayers.curate.decide import Decisions

NOBODY = "no enabled strategy fits this frame"


def reasons(
    a: Analysis, t: Mapping[str, np.ndarray], needs: Mapping[str, float], decisions: Decisions
) -> list[str]:
    """A sentence per frame of an analysis, parts joined by ' | '; `t` its thresholds as `limits` gives them.

    What decided for the strategy comes first: "Simple background (complexity=0.18) | Good lighting
    (quality=0.85) | Low occlusion (level=0.05)". Where the mix of the whole set asked for another strategy
    than the rules do, it says so.
    """
    names = decisions.strategies
    said = []
    for i, (s, ruled) in enumerate(zip(decisions.chosen.tolist(), decisions.ruled.tolist(), strict=True)):
        if s < 0:
            said.append(f"{NOBODY} (characters={a.instance_count[i]:.0f})")
            continue
        parts = list(_parts(names[s], a, {key: values[i] for key, values in t.items()}, needs, i))
        if s != ruled:
            parts.append(f"Chosen for the mix of the set (the rules alone: {names[ruled]})")
        said.append(" | ".join(parts))
    return said


def _parts(
    strategy: str, a: Analysis, t: Mapping[str, float], needs: Mapping[str, float], i: int
) -> Iterator[str]:
    complexity, quality, sharpness = a.complexity[i], a.quality[i], a.sharpness[i]
    simple, count = complexity < t["simple_background"], a.instance_count[i]
    scene = f"{'Simple' if simple else 'Complex'} background (complexity={complexity:.2f})"
    clear = (
        f"{'Low' if a.occlusion[i] < t['low_occlusion'] else 'High'} occlusion (level={a.occlusion[i]:.2f})"
    )
    if strategy == "keep_full":
        yield scene
        yield f"{'Good' if a.lighting[i] > t['good_lighting'] else 'Poor'} lighting (quality={a.lighting[i]:.2f})"
        yield clear
        if not count:
            yield "Nobody to cut out (characters=0)"
    elif strategy == "segment":
        if count >= t["multi_character"]:
            yield f"Multiple characters (count={count:.0f})"
        yield scene
        if simple and count < t["multi_character"]:
            yield "Safe default"
    elif strategy == "enhance_segment":
        yield f"{'Poor' if quality < t['poor_quality'] else 'Fair'} quality (score={quality:.2f})"
        yield f"{'Low' if sharpness < t['low_sharpness'] else 'Fair'} sharpness (level={sharpness:.2f})"
    elif strategy == "create_occlusion":
        yield f"Occlusion examples needed (need={needs['occlusion']:.2f})"
        yield clear
    else:
        yield scene
