"""Strategy C: the frame with something in front of the character."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from animelayers.curate.captions import caption
from animelayers.curate.strategies.base import Made, Strategy
from animelayers.curate.strategies.cutouts import Cutouts
from animelayers.curate.strategies.segment import stored
from animelayers.imaging.occlude import SIDES, Occluded, edge_blur, hidden, in_front, veil, visible
from animelayers.options import Share

TYPES = ("edge_blur", "overlay", "occluder")
"""A side out of focus, soft half transparent shapes, and a character of another clip."""
_NOTICED = 0.02  # share of the character that must be hidden or blurred for the caption to say so


class CreateOcclusion(Strategy):
    """occ0, occ1 … from one frame, each with the mask of what is still seen of the character.

    ``variations_per_image`` are shared out among ``occlusion_types`` in their order. Everything is drawn from
    the frame's id in the output and the number of the variation, so a frame always gets the same ones.
    ``blur_radius``: pixels of the blur of an edge and of the fading edges of an overlay; ``blur_positions``:
    sides in turn, from one that the frame's id tells. ``overlay_opacity``: 0..1. ``occluders``: the output
    whose characters stand in front for type 'occluder'. ``occlusion_descriptions``: what the caption ends
    with, one per type in the order edge_blur, overlay, occluder, where the character is in fact less seen;
    none with ``add_occlusion_tags`` false.
    """

    somebody = True

    def __init__(
        self,
        *,
        occlusion_types: Sequence[str] = ("edge_blur", "overlay"),
        blur_radius: float = 15,
        blur_positions: Sequence[str] = SIDES,
        overlay_opacity: Share = 0.3,
        occluders: str | None = None,
        variations_per_image: int = 3,
        save_masks: bool = True,
        generate_captions: bool = True,
        trigger: str = "",
        caption_prefix: str = "",
        add_occlusion_tags: bool = True,
        occlusion_descriptions: Sequence[str] = (
            "partially obscured",
            "with foreground elements",
            "partially hidden behind object",
        ),
    ) -> None:
        """Raises ValueError for an unknown type or position, a value out of range, or type 'occluder' without
        ``occluders``.
        """
        unknown = [f"occlusion_types: {name}" for name in occlusion_types if name not in TYPES]
        unknown += [f"blur_positions: {name}" for name in blur_positions if name not in SIDES]
        if unknown or not occlusion_types or not blur_positions:
            raise ValueError(
                f"strategies.create_occlusion: types are of {', '.join(TYPES)}, positions of {', '.join(SIDES)}; unknown: {unknown}"
            )
        if variations_per_image < 1 or blur_radius <= 0 or not 0 < overlay_opacity <= 1:
            raise ValueError(
                "strategies.create_occlusion: variations_per_image is 1 or more, blur_radius above 0 and overlay_opacity in (0, 1]"
            )
        if ("occluder" in occlusion_types) != (occluders is not None):
            raise ValueError(
                "strategies.create_occlusion: type 'occluder' and occluders=OUTPUT, whose characters stand in front, go together"
            )
        if add_occlusion_tags and not occlusion_descriptions:
            raise ValueError("strategies.create_occlusion: add_occlusion_tags needs occlusion_descriptions")
        count, several = variations_per_image, len(occlusion_types)
        self._types = [
            occlusion_types[n * several // count] if several <= count else occlusion_types[n]
            for n in range(count)
        ]
        self._radius, self._sides, self._opacity = float(blur_radius), tuple(blur_positions), overlay_opacity
        self._cutouts = None if occluders is None else Cutouts(occluders)
        self._masks, self._captions = save_masks, generate_captions
        self._told = {"trigger": trigger, "prefix": caption_prefix}
        self._said = tuple(occlusion_descriptions) if add_occlusion_tags else ()

    def __call__(self, layers: Mapping[str, np.ndarray], row: Mapping[str, Any]) -> list[Made]:
        """The variations. Raises ValueError for a layer that the output lacks, or where no other clip has a
        character.
        """
        alpha = np.ascontiguousarray(stored(layers, "character")[..., 3])
        made = []
        for number, kind in enumerate(self._types):
            (picture, cover), shown = self._occluded(kind, number, layers["frame"], alpha, row)
            said = self._description(kind) if hidden(alpha, cover) >= _NOTICED else ""
            text = caption(shown, "frame", suffix=said, **self._told) if self._captions else None
            # what is out of focus is still there to be seen
            seen = (alpha if kind == "edge_blur" else visible(alpha, cover)) if self._masks else None
            made.append(Made(f"occ{number}", picture, text, mask=seen))
        return made

    def _occluded(
        self, kind: str, number: int, frame: np.ndarray, alpha: np.ndarray, row: Mapping[str, Any]
    ) -> tuple[Occluded, Mapping[str, Any]]:
        """A variation, and the row with as many characters as are to be seen in it."""
        dice = np.random.default_rng([_seed(row), number])
        if kind == "edge_blur":
            side = self._sides[(_seed(row) + self._types[:number].count(kind)) % len(self._sides)]
            return edge_blur(frame, alpha, side, self._radius, dice), row
        if kind == "overlay":
            return veil(frame, alpha, self._opacity, self._radius, dice), row
        cutout = self._cutouts(row, dice) if self._cutouts else None
        if cutout is None:
            raise ValueError(
                "no other clip of the output has a character to stand in front: leave 'occluder' out of occlusion_types"
            )
        before = row.get("instance_count")
        count = None if before is None or cutout.people is None else before + cutout.people
        return in_front(frame, alpha, cutout.figure, dice), {**row, "instance_count": count}

    def _description(self, kind: str) -> str:
        return self._said[TYPES.index(kind) % len(self._said)] if self._said else ""


def _seed(row: Mapping[str, Any]) -> int:
    return int.from_bytes(hashlib.sha256(str(row["frame_id"]).encode()).digest()[:4], "big")
