"""Stage 2b: what is drawn on cels, from how a shot moves."""

from __future__ import annotations

from typing import Any

import numpy as np

from animelayers.imaging.cels import UNKNOWN, evidence
from animelayers.imaging.joining import creatures, palette, settle
from animelayers.imaging.motion import canvas, placed
from animelayers.imaging.plate import clean_plate
from animelayers.imaging.views import view
from animelayers.step import ClipStep

_CERTAIN = 0.93  # trust in a plate from which what moves before it may be a figure no net knows


class Cels(ClipStep):
    """The clean plate of a shot, what moves in front of it, and the characters' alpha settled with both.

    ``trust``: share of what is seen outside characters that the plate has to explain, 0..1; below it (water, crowds, parallax, a
    camera that could not be followed, a shot of one drawing) the plate is not used, and the characters are left as they are. ``still``:
    the same where the camera stands: there is no parallax to fear, and worn film explains less.
    """

    name = "cels"
    version = 2
    reads = ("frames", "character", "camera", "camera_motion")
    wants = ("context", "context_character", "context_camera")
    writes = ("character", "moving", "plate", "plate_seen", "plate_trust")

    def __init__(self, trust: float = 0.9, still: float = 0.75) -> None:
        """Raises ValueError for a trust that is no share."""
        if not (0 <= trust <= 1 and 0 <= still <= 1):
            raise ValueError(f"trust and still must be 0..1, not {trust} and {still}")
        self.trust, self.still = trust, still

    def clip(self, *columns: Any) -> tuple[Any, ...]:
        """Alpha and motion matte of each drawing, the plate, where it is seen and how well it explains the shot."""
        drawings, alphas, cameras, motion, context, context_alpha, context_camera = columns
        nothing = (alphas, np.full_like(alphas, UNKNOWN), np.zeros((0, 0, 3), np.uint8), np.zeros((0, 0), np.uint8))
        frames, seats = list(drawings), list(cameras)
        mattes = list(alphas)
        if context is not None and context_camera is not None and motion != "unknown":
            for i in np.flatnonzero(placed(context_camera)) if len(context_camera) else ():
                frames.append(context[i])
                seats.append(context_camera[i])
                given = context_alpha is not None and len(context_alpha)
                mattes.append(context_alpha[i] if given else np.full(context[i].shape[:2], UNKNOWN, np.uint8))
        if not len(drawings) or len(frames) < 2 or motion == "unknown":
            return *nothing, 0.0
        size = drawings[0].shape[1::-1]
        whole = canvas(np.stack(seats), size)
        plate = clean_plate(frames, mattes, seats, whole)
        if plate.trust < (self.still if motion == "still" else self.trust):
            return *nothing, plate.trust
        said = [evidence(f, plate, view(c, size, whole), i) for i, (f, c) in enumerate(zip(drawings, cameras, strict=True))]
        colours = palette(drawings, alphas, said)
        unknown = [None] * len(said) if colours.known or plate.trust < _CERTAIN else creatures(drawings, said)
        settled = [settle(f, a, e, colours, u) for f, a, e, u in zip(drawings, alphas, said, unknown, strict=True)]
        picture = np.where(plate.seen[..., None] > 0, plate.picture, 0).astype(np.uint8)
        return np.stack(settled), np.stack([e.moving for e in said]), picture, plate.seen, plate.trust
