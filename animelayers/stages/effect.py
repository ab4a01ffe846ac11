"""Stage 2b: effects in front, un-mixed from the drawings of a shot, and named by words where a model is asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np

from animelayers.imaging import changing, claims, veil
from animelayers.imaging.beneath import Plates, shrunk, small_size
from animelayers.imaging.front import Front, Shot, alone, separated, veiled
from animelayers.imaging.motion import placed
from animelayers.models.protocols import Proposer
from animelayers.rules import left_out
from animelayers.schema import blank
from animelayers.step import ClipStep

PROMPTS = (
    "glowing energy effect", "fire and flames", "light beam attack", "light beam", "magical sparkles", "explosion effect",
    "energy aura around character", "magical transformation effect", "summon circle glowing", "glowing aura", "fire effect",
)  # fmt: skip
"""What is asked for unless other words are given."""
_SHORT = 576  # pixels of the short side that pictures are handed over at
_AT_ONCE = 8  # pictures whose maps are held at that size


class Effect(ClipStep):
    """Fire, smoke, beams and glows in front of everything.

    An effect is what neither the plate nor the figures' cels explain, changes in every drawing and gives light, or goes on as smoke. It is
    un-mixed from what is under it, in the blend mode (over, add, screen) that all drawings of the clip explain best. A flash over the whole
    frame is one too, see `imaging.veil`. Where light never rests (`imaging.burning`) the plate is made anew from the darkest that is shown,
    and stored as unseen where that is light as well. ``bare`` is what is left without the effects. ``least``: share of the frame the
    smallest effect covers. ``trust``: plates trusted less are not used. ``drawings``: a clip with fewer is not searched, for nothing tells
    what is new in each.

    ``proposer``: finds what ``effect_prompts`` say, where a probability is at least ``effect_threshold``, 0..1. Its proposals name the
    effects (`effect_types`), and add what motion cannot tell: a flame that burns in every drawing (the plate is painted over there and
    stored as unseen), a glow that stays; without a plate they are all there is, un-mixed from what is around them.

    Who has a pixel. Where an effect is found by un-mixing, the character has the alpha that its cel shows there in the other drawings;
    everywhere else it keeps its matte. A proposal in front of a figure counts only where the frame differs from the cel, gives light and
    is none of the figures' paint; without a plate it lies around the figures, and both alphas add up to at most one.

    ``without``: rules left out. veils: flashes over the whole frame; burning: light that never rests; cels: the character's alpha from its cel.
    """

    name = "effect"
    version = 4
    reads = ("frames", "character")
    wants = ("camera", "plate", "plate_seen", "plate_trust", "context", "context_character", "context_camera")
    writes = ("effect", "effect_mode", "effect_types", "effect_intensity", "effect_coverage", "character", "plate", "plate_seen", "bare")
    rules = ("veils", "burning", "cels")

    def __init__(
        self,
        least: float = 4e-4,
        trust: float = 0.9,
        drawings: int = 4,
        proposer: Proposer | None = None,
        effect_prompts: Sequence[str] = PROMPTS,
        effect_threshold: float = 0.5,
        without: Sequence[str] = (),
    ) -> None:
        """Raises ValueError for a value out of range, and for an unknown rule."""
        if not 0 < least < 1 or not 0 <= trust <= 1 or drawings < 2:
            raise ValueError(f"least must be above 0 and below 1, trust 0..1 and drawings 2 or more, not {least}, {trust} and {drawings}")
        if not 0 < effect_threshold < 1:
            raise ValueError(f"effect_threshold must be above 0 and below 1, not {effect_threshold}")
        if isinstance(effect_prompts, str) or not all(isinstance(p, str) and p.strip() and "," not in p for p in effect_prompts):
            raise ValueError(f"effect_prompts must be a list of words without commas, like [fire and flames, smoke], not {effect_prompts!r}")
        if proposer and not effect_prompts:
            raise ValueError("a proposer needs effect_prompts: name what to look for, or choose model/effect=none")
        self.least, self.trust, self.drawings = least, trust, drawings
        self.proposer, self.prompts, self.threshold = proposer, list(effect_prompts), effect_threshold
        self.without = left_out(without, self.rules)

    def clip(self, *columns: Any) -> tuple[Any, ...]:
        """Effect RGBA, its mode, types, intensity and coverage, the character without it, the plate and where it is seen, and the bare drawings."""
        frames, alphas, cameras, plate, seen, trust, *context = columns
        plated = plate is not None and plate.size > 0 and (trust is None or trust >= self.trust) and len(frames) >= self.drawings
        painted = blank("plate") if plate is None else plate
        kept = blank("plate_seen") if plate is None else np.full(plate.shape[:2], 255, np.uint8) if seen is None else seen
        if not len(frames) or not (plated or self.proposer):
            return _nothing(frames, alphas, (painted, kept))
        if not plated:
            maps = self._maps(frames)
            front = alone(frames, alphas, self._asked(maps), self.least)
            return _nothing(frames, alphas, (painted, kept)) if front is None else self._described(front, maps, (painted, kept))
        # frames from elsewhere in the shot know what the cel looks like before the effect and after it
        there: Any = np.flatnonzero(placed(context[2])) if all(column is not None and len(column) for column in (cameras, *context)) else []
        elsewhere = [column[there] for column in context] if len(there) else [frames[:0], alphas[:0], None]
        extent = (frames.shape[2], frames.shape[1])
        sought = "veils" not in self.without
        clip, rest = (
            veil.bare(shown, mattes, Plates(plate, seen, seats, extent), sought) for shown, mattes, seats in ((frames, alphas, cameras), elsewhere)
        )
        before, same, after = changing.around(clip.small, rest.small)

        def shot(own: Any, context: Any) -> list[Any]:
            return [*(context[i] for i in before), *own, *(context[i] for i in after)]

        own = range(len(before), len(before) + len(clip.drawings))
        spread = [*range(len(before)), *(own[k] for k in same), *range(own.stop, own.stop + len(after))]
        drawings, small, mattes, seats = (shot(one, other) for one, other in zip(clip[:4], rest[:4], strict=True))
        plates = Plates(plate, seen, seats, extent)
        maps = self._maps(drawings) if self.proposer else []
        asked = self._asked(maps) if self.proposer else None
        rules = {"lights": "burning" not in self.without, "cels": "cels" not in self.without}
        front, over = separated(Shot(drawings, mattes, plates, own, spread, asked), small, self.least, **rules) if own else (None, plates.seen == 0)
        front = veiled(front, frames, alphas, clip.veils)
        kept = np.where(over, np.uint8(0), plates.seen)
        named = iter([maps[k] for k in own] if maps else [])
        words = [None if veil and veil.hides else next(named, None) for veil in clip.veils]
        return _nothing(frames, alphas, (painted, kept)) if front is None else self._described(front, words, (plates.plate, kept))

    def _maps(self, pictures: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Small maps of the prompts, float32 (P, h, w) for each picture."""
        assert self.proposer is not None
        width, height = small_size(pictures[0].shape)
        scale = min(1.0, _SHORT / min(pictures[0].shape[:2]))
        handed = (round(pictures[0].shape[1] * scale), round(pictures[0].shape[0] * scale))
        maps = []
        for start in range(0, len(pictures), _AT_ONCE):
            for found in self.proposer(shrunk(pictures[start : start + _AT_ONCE], handed), self.prompts):
                maps.append(np.stack(shrunk(list(found), (width, height))))
        return maps

    def _asked(self, maps: Sequence[np.ndarray]) -> list[np.ndarray]:
        return [found.max(axis=0) >= self.threshold for found in maps]

    def _described(self, front: Front, maps: Sequence[np.ndarray | None], plate: tuple[np.ndarray, np.ndarray]) -> tuple[Any, ...]:
        alphas = [cv2.extractChannel(rgba, 3) for rgba in front.effect]
        there = [cv2.countNonZero(alpha) for alpha in alphas]
        modes = [mode if count else "none" for mode, count in zip(front.modes, there, strict=True)]
        total = np.array([cv2.sumElems(alpha)[0] / 255 for alpha in alphas])
        types = ["none"] * len(alphas)
        for k, (found, alpha) in enumerate(zip(maps, alphas, strict=True)):
            words = [] if found is None else claims.named(found, shrunk([alpha], found.shape[:0:-1])[0], self.prompts, self.threshold)
            types[k] = ",".join("_".join(word.split()) for word in words) or "none"
        covered = [k for k, mode in enumerate(modes) if mode != "none"]
        bare = np.stack([front.bare[k] for k in covered]) if covered and all(k in front.bare for k in covered) else blank("bare")
        intensity = total / np.maximum(there, 1)
        return front.effect, " ".join(modes), " ".join(types), intensity, total / max(1, alphas[0].size), front.character, *plate, bare


def _nothing(frames: np.ndarray, alphas: np.ndarray, plate: tuple[np.ndarray, np.ndarray]) -> tuple[Any, ...]:
    count, none = len(frames), np.zeros((1, *frames.shape[1:3], 4), np.uint8)
    # one blank plane seen as many: most shots have no effect
    words = " ".join(["none"] * count)
    return np.broadcast_to(none, (count, *none.shape[1:])), words, words, np.zeros(count), np.zeros(count), alphas, *plate, blank("bare")
