"""Filling holes by a net that sees crops: from any pictures to batches of one shape and back."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from animelayers.imaging.crops import Cut, crops
from animelayers.imaging.paste import cut_hole, cut_picture, matched, paste, widened

Fill = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""From pictures uint8 sRGB (N, H, W, 3) and holes uint8 (N, H, W), 1 to be filled, to float32 (N, H, W, 3),
0..255.
"""
_AT_ONCE = 32  # crops held in memory


def fill(
    pictures: Sequence[np.ndarray], holes: Sequence[np.ndarray], net: Fill, cut: Cut
) -> list[np.ndarray]:
    """N pictures, uint8 sRGB (H, W, 3), with their holes, bool (H, W), filled by `net`; outside its hole each
    is the input, bit for bit.

    Raises FloatingPointError where the net gives NaN or infinity.
    """
    made = [picture.copy() for picture in pictures]
    found = [(i, crop) for i, hole in enumerate(holes) for crop in crops(hole, cut)]
    for shape in dict.fromkeys(crop.shape for _, crop in found):
        same = [(i, crop) for i, crop in found if crop.shape == shape]
        for start in range(0, len(same), _AT_ONCE):
            part = same[start : start + _AT_ONCE]
            seen = np.stack([cut_picture(pictures[i], crop) for i, crop in part])
            tight = [cut_hole(holes[i], crop) for i, crop in part]
            wide = np.stack([widened(hole, cut.seam_width) for hole in tight])
            answers = net(seen, wide)
            if not np.isfinite(answers).all():
                raise FloatingPointError("the inpainter gave NaN or infinity")
            for (i, crop), picture, inner, outer, answer in zip(
                part, seen, tight, wide, answers, strict=True
            ):
                paste(made[i], holes[i], crop, matched(answer, picture, outer > inner))
    return made
