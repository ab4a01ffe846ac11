"""Stage 2b: what the camera did, and how far things moved."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, NamedTuple

import cv2
import numpy as np

from animelayers.engine.step import ClipStep
from animelayers.imaging.motion import register
from animelayers.models.protocols import Flow
from animelayers.options import Within
from animelayers.record.column import F32, F64, U8

_SMALLEST = 16  # pixels of the long side that motion can be measured at


class Made(NamedTuple):
    """What `Camera` writes."""

    homography: F64
    context_homography: F64
    camera_motion: str
    motion_magnitude: F32


class Camera(ClipStep):
    """Registers the drawings of a clip, and the context of its shot, to one plate; and measures the motion
    between successive drawings.

    ``flow``: the model of motion. ``side``: pixels of the long side at which motion is measured; its unit is
    the frame's pixel all the same.
    """

    name = "camera"
    version = 7

    def __init__(self, flow: Flow, side: Annotated[int, Within(_SMALLEST)] = 256) -> None:
        """Raises ValueError for a side below 16."""
        if side < _SMALLEST:
            raise ValueError(f"side must be {_SMALLEST} or more, not {side}")
        self.flow, self.side = flow, side

    def clip(
        self, *, frames: U8, character: U8, context: U8 | None = None, context_character: U8 | None = None
    ) -> Made:
        """The cameras of the drawings and of the context, the kind of motion and its magnitude."""
        number = len(frames)
        pictures, masks = list(frames), list(character)
        if context is not None and number:
            pictures += list(context)
            blank = np.zeros(context.shape[1:3], np.uint8)
            masks += [blank] * len(context) if context_character is None else list(context_character)
        camera = register(pictures, masks, number)
        return Made(
            camera.homographies[:number],
            camera.homographies[number:],
            camera.kind,
            self._magnitude(pictures[:number]),
        )

    def _magnitude(self, frames: list[np.ndarray]) -> F32:
        lengths = np.zeros(len(frames), np.float32)
        if len(frames) < 2:
            return lengths
        height, width = frames[0].shape[:2]
        scale = max(1.0, max(height, width) / self.side)
        size = (max(1, round(width / scale)), max(1, round(height / scale)))
        small = [cv2.resize(f, size, interpolation=cv2.INTER_AREA) for f in frames]
        flows = self.flow(list(pairwise(small)))
        lengths[1:] = [scale * float(np.linalg.norm(flow, axis=2).mean()) for flow in flows]
        return lengths
