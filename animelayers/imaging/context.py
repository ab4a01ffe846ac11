"""Where the frames that come from elsewhere in a shot lie: before the drawings of a clip, or after them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from animelayers.imaging.unmix import near

_SAME = 0.998  # share of a small picture that two frames of one drawing have in common


def around(
    drawings: Sequence[np.ndarray], context: Sequence[np.ndarray]
) -> tuple[list[int], list[int], list[int]]:
    """Which frames of the `context` of a shot come before its `drawings`, which drawings the others show, and
    which frames come after.
    """
    shown = [
        [k for k, drawing in enumerate(drawings) if near(drawing, other).mean() > _SAME][:1]
        for other in context
    ]
    inside = [n for n, found in enumerate(shown) if found]
    first, last = (inside[0], inside[-1]) if inside else (len(context), len(context))
    return list(range(first)), [k for found in shown for k in found], list(range(last + 1, len(context)))
