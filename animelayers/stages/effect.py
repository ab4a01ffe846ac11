"""Stage 2b: effects in front, un-mixed from the drawings of a shot."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np

from animelayers.imaging import cel, changing, unmix
from animelayers.imaging.motion import placed
from animelayers.imaging.window import Window, window
from animelayers.step import ClipStep

Base = tuple[np.ndarray, np.ndarray]
"""What lies under an effect, uint8 sRGB (H, W, 3), and where that is known, bool (H, W)."""
_WIDE = 5  # small pixels around an effect that its soft edges may fill
_HIDDEN = 12  # alpha of an effect from which a net's matte is not believed
_MODES_SEEN = 5  # drawings that are asked for the blend mode


class Effect(ClipStep):
    """Fire, smoke, beams and glows in front of everything, where a shot shows what lies under them.

    An effect is what neither the plate nor the figures' cels explain, changes in every drawing and gives light, or goes on as smoke. It is
    un-mixed from what is under it, in the blend mode (over, add, screen) that all drawings of the clip explain best. ``least``: share of the
    frame the smallest effect covers. ``trust``: plates trusted less are not used, and without a plate there is no effect.
    ``drawings``: a clip with fewer has none, for nothing tells what is new in each.
    In the character's matte the effect's place is given back to what the cel shows there in the other drawings.
    """

    name = "effect"
    reads = ("frames", "character")
    wants = ("camera", "plate", "plate_seen", "plate_trust", "context", "context_character", "context_camera")
    writes = ("effect", "effect_mode", "effect_intensity", "effect_coverage", "character")

    def __init__(self, least: float = 4e-4, trust: float = 0.5, drawings: int = 4) -> None:
        """Raises ValueError for a value out of range."""
        if not 0 < least < 1 or not 0 <= trust <= 1 or drawings < 2:
            raise ValueError(f"least must be above 0 and below 1, trust 0..1 and drawings 2 or more, not {least}, {trust} and {drawings}")
        self.least, self.trust, self.drawings = least, trust, drawings

    def clip(self, *columns: Any) -> tuple[Any, ...]:
        """Effect RGBA, its mode, intensity and coverage, and the character without it, of each drawing."""
        frames, alphas, cameras, plate, seen, trust, *context = columns
        count, (height, width) = len(frames), frames.shape[1:3]
        if count < self.drawings or plate is None or not plate.size or (trust is not None and trust < self.trust):
            return _nothing(frames, alphas)
        size = (min(width, changing.SIDE), max(1, round(min(width, changing.SIDE) * height / width)))
        # frames from elsewhere in the shot know what the cel looks like before the effect and after it
        there: Any = np.flatnonzero(placed(context[2])) if all(column is not None and len(column) for column in (cameras, *context)) else []
        elsewhere, others, seats = ([column[i] for i in there] for column in context) if len(there) else ([], [], [])
        small, small_context = ([cv2.resize(plane, size, interpolation=cv2.INTER_AREA) for plane in planes] for planes in (frames, elsewhere))
        before, same, after = changing.around(small, small_context)

        def shot(own: Any, context: Any) -> list[Any]:
            return [*(context[i] for i in before), *own, *(context[i] for i in after)]

        own = range(len(before), len(before) + count)
        spread = [*range(len(before)), *(own[k] for k in same), *range(own.stop, own.stop + len(after))]
        drawings, mattes, small = shot(frames, elsewhere), shot(alphas, others), shot(small, small_context)
        plates = _Plates(plate, seen, None if cameras is None else shot(cameras, seats), (width, height))
        small_mattes = [cv2.resize(plane, size, interpolation=cv2.INTER_AREA) for plane in mattes]
        found = changing.find(small, small_mattes, plates.small(size, len(drawings)), self.least, spread)
        if not any(found[k].any() for k in own):
            return _nothing(frames, alphas)
        by = cel.settled(drawings, mattes, cel.shifts(small, small_mattes) * width / size[0])
        where = _crop(found, (height, width), by)
        brush = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * _WIDE + 1,) * 2)
        masks = [mask * np.uint8(255) for mask in found]
        inside, around = ([_enlarged(m, (height, width))[where] for m in planes] for planes in (masks, [cv2.dilate(m, brush) for m in masks]))
        figure = cel.held([drawing[where] for drawing in drawings], [matte[where] for matte in mattes], by, cel.voters(found), inside)
        figure = cel.completed(figure)
        bases = {k: cel.under(figure, k, *(plane[where] for plane in plates.full(k))) for k in own if found[k].any()}
        blend = _blend([drawing[where] for drawing in drawings], bases, inside)
        effect, character = np.zeros((*frames.shape[:3], 4), np.uint8), alphas.copy()
        for k, base in bases.items():
            n = k - own[0]
            effect[n][where] = unmix.layer(frames[n][where], *base, inside[k], around[k], blend)
            hidden = effect[n][where][..., 3] > _HIDDEN
            character[n][where] = np.where(hidden, cel.moved(figure.alpha, by[k]), alphas[n][where])
        return _described(effect, [blend if k in bases else "none" for k in own], character)


class _Plates:
    """The clean plate of a shot as the cameras of its drawings show it."""

    def __init__(self, plate: np.ndarray, seen: np.ndarray | None, cameras: Sequence[np.ndarray] | None, size: tuple[int, int]) -> None:
        self._plate, self._size = plate, size
        self._seen = np.full(plate.shape[:2], 255, np.uint8) if seen is None else seen
        self._cameras = cameras

    def full(self, number: int) -> Base:
        """The plate behind drawing `number`, and where it is known."""
        return self._shown(self._plate, self._seen, self._camera(number), self._size)

    def small(self, size: tuple[int, int], count: int) -> list[Base]:
        """The same for all drawings, shrunk to `size`."""
        scale = np.diag([size[0] / self._size[0], size[1] / self._size[1], 1.0])
        scale[:2, 2] = (scale[[0, 1], [0, 1]] - 1) / 2  # centres of pixels lie at integers
        extent = [max(1, round(n * scale[i, i])) for i, n in enumerate(self._plate.shape[1::-1])]
        plate, seen = (cv2.resize(plane, extent, interpolation=cv2.INTER_AREA) for plane in (self._plate, self._seen))
        return [self._shown(plate, seen, scale @ self._camera(k) @ np.linalg.inv(scale), size) for k in range(count)]

    def _camera(self, number: int) -> np.ndarray:
        return np.eye(3) if self._cameras is None else np.asarray(self._cameras[number])

    @staticmethod
    def _shown(plate: np.ndarray, seen: np.ndarray, camera: np.ndarray, size: tuple[int, int]) -> Base:
        if np.array_equal(camera, np.eye(3)) and plate.shape[1::-1] == size:
            return plate, seen > 254
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        return cv2.warpPerspective(plate, camera, size, flags=flags), cv2.warpPerspective(seen, camera, size, flags=flags) > 254


def _enlarged(plane: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    return cv2.resize(plane, shape[::-1], interpolation=cv2.INTER_LINEAR) > 127


def _crop(found: Sequence[np.ndarray], shape: tuple[int, ...], by: np.ndarray) -> Window:
    """The part of a frame of `shape` (H, W) that holds all effects, wherever the cel behind them moves."""
    everywhere = cv2.resize(np.logical_or.reduce(found).astype(np.uint8), shape[::-1], interpolation=cv2.INTER_NEAREST)
    margin = round((_WIDE + 2) * shape[1] / found[0].shape[1] + 2 * np.abs(by).max())
    part = window(everywhere, min(margin, max(shape)))
    assert part is not None
    return part


def _blend(frames: Sequence[np.ndarray], bases: dict[int, Base], inside: Sequence[np.ndarray]) -> str:
    """The mode most of the drawings with the largest effects speak for, each with the size of its effect."""
    votes = dict.fromkeys(unmix.MODES, 0)
    for k in sorted(bases, key=lambda k: -np.count_nonzero(inside[k]))[:_MODES_SEEN]:
        base, known = bases[k]
        votes[unmix.mode(frames[k], base, inside[k] & known)] += int(np.count_nonzero(inside[k]))
    return max(votes, key=lambda name: votes[name])


def _nothing(frames: np.ndarray, alphas: np.ndarray) -> tuple[Any, ...]:
    count, blank = len(frames), np.zeros((1, *frames.shape[1:3], 4), np.uint8)
    # one blank plane seen as many: most shots have no effect
    return np.broadcast_to(blank, (count, *blank.shape[1:])), " ".join(["none"] * count), np.zeros(count), np.zeros(count), alphas


def _described(effect: np.ndarray, modes: list[str], character: np.ndarray) -> tuple[Any, ...]:
    alphas = [cv2.extractChannel(rgba, 3) for rgba in effect]
    there = [cv2.countNonZero(alpha) for alpha in alphas]
    modes = [mode if count else "none" for mode, count in zip(modes, there, strict=True)]
    total = np.array([cv2.sumElems(alpha)[0] / 255 for alpha in alphas])
    intensity = total / np.maximum(there, 1)
    return effect, " ".join(modes), intensity, total / max(1, alphas[0].size), character
