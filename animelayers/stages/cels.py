"""Stage 2b: what is drawn on cels, from how a shot moves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from animelayers.imaging.cels import UNKNOWN, Evidence, Palette, evidence
from animelayers.imaging.joining import creatures, palette, settle
from animelayers.imaging.motion import canvas, placed
from animelayers.imaging.plate import Plate, clean_plate
from animelayers.imaging.views import view
from animelayers.rules import left_out
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
    ``without``: rules left out. settling: all of what follows, the mattes stay as they are; moving: what differs from the plate; claims: the mean
    matte of a figure that stays; gaps: in that; palettes: the colours of the figures; creatures: figures no net knows; outlines: solved
    against the plate; regained: mattes that were lost.
    """

    name = "cels"
    version = 3
    reads = ("frames", "character", "camera", "camera_motion")
    wants = ("context", "context_character", "context_camera")
    writes = ("character", "moving", "plate", "plate_seen", "plate_trust")
    rules = ("settling", "moving", "claims", "gaps", "palettes", "creatures", "outlines", "regained")

    def __init__(self, trust: float = 0.9, still: float = 0.75, without: Sequence[str] = ()) -> None:
        """Raises ValueError for a trust that is no share, and for an unknown rule."""
        if not (0 <= trust <= 1 and 0 <= still <= 1):
            raise ValueError(f"trust and still must be 0..1, not {trust} and {still}")
        self.trust, self.still, self.without = trust, still, left_out(without, self.rules)

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
        settled, said = self._settled(list(drawings), list(alphas), cameras, plate)
        lost = [i for i, (given, found) in enumerate(zip(alphas, settled, strict=True)) if _lost(given, found)]
        if lost and "regained" not in self.without:
            # what a matte that dropped out left to the background would stay in the plate, and make half figures of all others
            kept = [_regained(settled[i], alphas, lost, motion) if i in lost else alpha for i, alpha in enumerate(alphas)]
            better = clean_plate(frames, [*kept, *mattes[len(kept) :]], seats, whole)
            if better.trust >= least:
                plate = better
                settled, said = self._settled(list(drawings), kept, cameras, plate)
        picture = np.where(plate.seen[..., None] > 0, plate.picture, 0).astype(np.uint8)
        return np.stack(settled), np.stack([e.moving for e in said]), picture, plate.seen, plate.trust

    def _settled(
        self, drawings: list[np.ndarray], alphas: list[np.ndarray], cameras: np.ndarray, plate: Plate
    ) -> tuple[list[np.ndarray], list[Evidence]]:
        """The mattes of the drawings settled with the plate, and what it says of each drawing."""
        size, whole = drawings[0].shape[1::-1], plate.picture.shape[1::-1]
        said = [evidence(f, plate, view(c, size, whole), i) for i, (f, c) in enumerate(zip(drawings, cameras, strict=True))]
        if "settling" in self.without:
            return alphas, said
        if "moving" in self.without:
            said = [e._replace(moving=np.full_like(e.moving, UNKNOWN)) for e in said]
        if "claims" in self.without:
            said = [e._replace(claim=a) for e, a in zip(said, alphas, strict=True)]
        colours = palette(drawings, alphas, said)
        wanted = not colours.known and plate.trust >= _CERTAIN and "creatures" not in self.without
        unknown = creatures(drawings, said) if wanted else [None] * len(said)
        if "palettes" in self.without:
            colours = Palette((), (), ())
        rules = {"gaps": "gaps" not in self.without, "outlines": "outlines" not in self.without}
        return [settle(f, a, e, colours, u, **rules) for f, a, e, u in zip(drawings, alphas, said, unknown, strict=True)], said


def _lost(given: np.ndarray, found: np.ndarray) -> bool:
    """Whether a net's matte lacks most of the figure that was found."""
    there = np.count_nonzero(found > _HALF)
    return bool(there > _FIGURE * found.size and np.count_nonzero((given > _HALF) & (found > _HALF)) < _LOST * there)


def _regained(found: np.ndarray, alphas: np.ndarray, lost: list[int], motion: str) -> np.ndarray:
    """A lost matte from what was found of it, and before a camera that stands from what most others say."""
    others = np.delete(alphas, lost, axis=0)
    return np.maximum(found, np.median(others, axis=0).astype(np.uint8)) if motion == "still" and len(others) else found
