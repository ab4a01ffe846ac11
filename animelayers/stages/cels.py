"""Stage 2b: what is drawn on cels, from how a shot moves."""

from __future__ import annotations

from typing import Any

import numpy as np

from animelayers.imaging.cels import UNKNOWN, Evidence, evidence
from animelayers.imaging.joining import creatures, palette, settle
from animelayers.imaging.motion import canvas, placed
from animelayers.imaging.plate import Plate, clean_plate
from animelayers.imaging.views import view
from animelayers.step import ClipStep

_HALF = 127
_FIGURE = 0.005  # share of the frame of the smallest figure whose matte may be lost
_LOST = 0.5  # share of it that a matte has that is not
_CERTAIN = 0.93  # trust in a plate from which what moves before it may be a figure no net knows


class Cels(ClipStep):
    """The clean plate of a shot, what moves in front of it, and the characters' alpha settled with both.

    ``trust``: share of what is seen outside characters that the plate has to explain, 0..1; below it (water, crowds, parallax, a
    camera that could not be followed, a shot of one drawing) the plate is not used, and the characters are left as they are. ``still``:
    the same where the camera stands: there is no parallax to fear, and worn film explains less.
    A drawing whose matte lacks most of the figure that the plate tells of lost it: the plate is made once more with what was found.
    """

    name = "cels"
    version = 3
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
        whole = canvas(np.stack(seats), drawings[0].shape[1::-1])
        least = self.still if motion == "still" else self.trust
        plate = clean_plate(frames, mattes, seats, whole)
        if plate.trust < least:
            return *nothing, plate.trust
        settled, said = _settled(list(drawings), list(alphas), cameras, plate)
        lost = [i for i, (given, found) in enumerate(zip(alphas, settled, strict=True)) if _lost(given, found)]
        if lost:
            # what a matte that dropped out left to the background would stay in the plate, and make half figures of all others
            kept = [_regained(settled[i], alphas, lost, motion) if i in lost else alpha for i, alpha in enumerate(alphas)]
            better = clean_plate(frames, [*kept, *mattes[len(kept) :]], seats, whole)
            if better.trust >= least:
                plate = better
                settled, said = _settled(list(drawings), kept, cameras, plate)
        picture = np.where(plate.seen[..., None] > 0, plate.picture, 0).astype(np.uint8)
        return np.stack(settled), np.stack([e.moving for e in said]), picture, plate.seen, plate.trust


def _settled(drawings: list[np.ndarray], alphas: list[np.ndarray], cameras: np.ndarray, plate: Plate) -> tuple[list[np.ndarray], list[Evidence]]:
    """The mattes of the drawings settled with the plate, and what it says of each drawing."""
    size, whole = drawings[0].shape[1::-1], plate.picture.shape[1::-1]
    said = [evidence(f, plate, view(c, size, whole), i) for i, (f, c) in enumerate(zip(drawings, cameras, strict=True))]
    colours = palette(drawings, alphas, said)
    unknown = [None] * len(said) if colours.known or plate.trust < _CERTAIN else creatures(drawings, said)
    return [settle(f, a, e, colours, u) for f, a, e, u in zip(drawings, alphas, said, unknown, strict=True)], said


def _lost(given: np.ndarray, found: np.ndarray) -> bool:
    """Whether a net's matte lacks most of the figure that was found."""
    there = np.count_nonzero(found > _HALF)
    return bool(there > _FIGURE * found.size and np.count_nonzero((given > _HALF) & (found > _HALF)) < _LOST * there)


def _regained(found: np.ndarray, alphas: np.ndarray, lost: list[int], motion: str) -> np.ndarray:
    """A lost matte from what was found of it, and before a camera that stands from what most others say."""
    others = np.delete(alphas, lost, axis=0)
    return np.maximum(found, np.median(others, axis=0).astype(np.uint8)) if motion == "still" and len(others) else found
