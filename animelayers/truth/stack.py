"""A composed frame put together again from its stored files."""

from __future__ import annotations

import numpy as np

from animelayers.dataset.output import Output
from animelayers.truth.layer import Layer, compose


def recomposed(output: Output, frame_id: str) -> np.ndarray:
    """The picture uint8 (H, W, 3) of a frame of a truth set, from the files its column `stack` names, in
    their order and modes.

    Raises KeyError for a frame that there is not, and for a set without stacks.
    """
    base, *above = output.row(frame_id)["stack"]
    layers = [Layer("layer", 1, (0, 0), output.layer(frame_id, each["name"]), each["mode"]) for each in above]
    return compose(output.layer(frame_id, base["name"]), layers)
