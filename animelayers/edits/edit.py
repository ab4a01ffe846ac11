"""An edit of a drawing, and how what was changed in a layer becomes one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from animelayers.exports.stack import Layer, off_black
from animelayers.imaging.edited import NOISE, differs, merged, painted

MODES = ("over", "add", "screen")


@dataclass
class Edit:
    """What was changed of a drawing, named by the frame its layers are stored under.

    ``character`` RGBA uint8 (H, W, 4), with ``colours`` bool (H, W) where its colour is the hand's own and
    not to be solved; ``whose`` uint8 (H, W), the id of the character each changed pixel belongs to, 0 where
    that is not told; ``background`` uint8 (H, W, 3); ``shadow`` RGBA uint8 (H, W, 4), ``effect`` RGBA and its
    ``mode``. None, or '', is what was left alone. ``files``: where it was found. ``by``: 'hand', or 'spread'
    where a correction of another drawing reached this one.
    """

    frame_id: str
    files: list[str] = field(default_factory=list)
    character: np.ndarray | None = None
    colours: np.ndarray | None = None
    whose: np.ndarray | None = None
    background: np.ndarray | None = None
    shadow: np.ndarray | None = None
    effect: np.ndarray | None = None
    mode: str = ""
    by: str = "hand"

    @property
    def layers(self) -> list[str]:
        """Names of what was changed."""
        found = [
            name
            for name in ("character", "background", "shadow", "effect")
            if getattr(self, name) is not None
        ]
        found += ["ids"] if self.whose is not None and self.character is None else []
        return [*found, *(["effect_mode"] if self.mode and "effect" not in found else [])]


def take_characters(edit: Edit, whole: np.ndarray, parts: list[tuple[Layer, Layer]]) -> None:
    """Take the characters of a drawing, RGBA `whole`, from its layers before and after."""
    changed = np.logical_or.reduce([differs(before.picture, after.picture) for before, after in parts])
    if changed.any():
        made, place = merged([after.picture for _, after in parts])
        ids = np.array(
            [
                int(before.name.rpartition(" ")[2]) if before.name.rpartition(" ")[2].isdigit() else 0
                for before, _ in parts
            ],
            np.uint8,
        )
        edit.character = np.where(changed[..., None], made, whole)
        edit.colours = np.logical_or.reduce(
            [painted(before.picture, after.picture) for before, after in parts]
        )
        edit.whose = np.where(changed, ids[place], 0).astype(np.uint8)


def take_background(edit: Edit, before: np.ndarray, after: np.ndarray) -> None:
    """Take an edited background; where it was made transparent the old one shows."""
    share = after[..., 3:] / 255.0 if after.shape[2] == 4 else 1.0
    made = np.rint(after[..., :3] * share + before * (1 - share)).astype(np.uint8)
    if (np.abs(made.astype(np.int16) - before) > NOISE).any():
        edit.background = made


def take_shadow(edit: Edit, before: np.ndarray, after: np.ndarray) -> None:
    """Take an edited shadow, RGBA uint8 (H, W, 4)."""
    if differs(before, after).any():
        edit.shadow = after


def take_effect(edit: Edit, before: Layer | None, after: Layer, straight: bool = True) -> None:
    """Take an edited effect, or its new mode. Raises ValueError for a blend mode that is none of `MODES`."""
    if after.mode not in MODES:
        raise ValueError(f"effect has the blend mode {after.mode}: one of {', '.join(MODES)}")
    if before is None or before.mode != after.mode:
        edit.mode = after.mode
    if before is None or edit.mode or differs(before.picture, after.picture).any():
        lit = not straight and (before or after).mode == "add"
        edit.effect = off_black(after.picture) if lit else after.picture


def keep(edits: dict[str, Edit], edit: Edit) -> Iterator[str]:
    """Add an edit to those of its drawing; gives a line for a layer that another file changed otherwise."""
    there = edits.get(edit.frame_id)
    if there is None:
        if edit.layers:
            edits[edit.frame_id] = edit
        return
    for name in edit.layers:
        layer = {"effect_mode": "mode", "ids": "whose"}.get(name, name)
        old, new = getattr(there, layer), getattr(edit, layer)
        if old is None or (isinstance(old, str) and not old) or (layer == "whose" and not old.any()):
            fields = {"character": ("character", "colours", "whose"), "effect": ("effect", "mode")}.get(
                layer, (layer,)
            )
            for part in fields:
                setattr(there, part, getattr(edit, part))
            there.files += edit.files
            there.by = "hand" if "hand" in (there.by, edit.by) else edit.by
        elif not np.array_equal(old, new):
            yield f"changes the {layer} otherwise than {there.files[0]}, which is taken"
