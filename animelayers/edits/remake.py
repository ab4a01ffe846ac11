"""A clip after layers of it were changed by hand: what depends on them is computed again, everything else
stays byte for byte.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np

from animelayers.edits import Edit
from animelayers.imaging import codecs
from animelayers.imaging.colour import BLEED, foreground
from animelayers.imaging.instances import nearest
from animelayers.imaging.recompose import BEST, decibels, squares, together, uncovered
from animelayers.record.schema import READING, RECORD, Row
from animelayers.record.values import Box
from animelayers.sinks.frames import carriers, files, frame_ids, layer_names
from animelayers.stages.background import INVENTED, SEEN, Background
from animelayers.stages.encode import Encode

HAND, NOBODY = "hand", "none"
_WORDS = {".jpg": "jpeg", ".png": "png", ".webp": "webp"}
_NEAR = np.ones((2 * BLEED + 1,) * 2, np.uint8)


class Remake:
    """Applies edits to clips, under the settings their output was made with.

    ``config``: that of the output, as dataset.json has it. ``reinpaint``: the stage that fills what a larger
    figure hides now and gives back to the frame what it hides no more; None leaves backgrounds as they are.
    """

    def __init__(self, config: Mapping[str, Any], reinpaint: Background | None = None) -> None:
        steps = {
            name: dict((stage or {}).get("step", {}))
            for name, stage in dict(config.get("stages", {})).items()
        }
        self.reinpaint, self.soft = reinpaint, steps.get("encode", {}).get("mask") == "soft"
        self.written = {
            name: value
            for name, value in steps.get("encode", {}).items()
            if name in ("quality", "subsampling") and "$" not in str(value)
        }

    def __call__(self, row: Row, edits: Mapping[str, Edit]) -> Row:
        """A clip, as `sources.Layers` reads it, with the edits of its drawings. Raises ValueError where it
        lacks what they change.
        """
        made, ids = dict(row), frame_ids(row)
        stored: list[dict[str, bytes | memoryview]] = [dict(drawing) for drawing in files(row)]
        columns = {
            name: list(RECORD[name].per_drawing(row[name]))
            for name in row
            if RECORD[name].axes.startswith("D") and RECORD[name].table
        }
        columns.setdefault("corrected", [NOBODY] * len(carriers(row)))
        for d, position in enumerate(carriers(row)):
            if edit := edits.get(ids[position]):
                changed, values = self._drawing(row, d, edit, stored[d])
                stored[d] |= changed
                values["corrected"] = edit.by
                for name in set(values) & set(columns):
                    columns[name][d] = values[name]
        made |= {name: RECORD[name].gather(values) for name, values in columns.items()}
        names = list(dict.fromkeys([*layer_names(row), *(name for drawing in stored for name in drawing)]))
        if "effect.png" in names and "effect.png" not in layer_names(row):
            empty = codecs.encode_png(np.zeros((*row["frames"].shape[1:3], 4), np.uint8))
            stored = [{"effect.png": empty, **drawing} for drawing in stored]
        parts = [[bytes(drawing.get(name, b"")) for name in names] for drawing in stored]
        made["layers"], made["layer_names"] = (
            b"".join(part for each in parts for part in each),
            RECORD["layer_names"].packed(names),
        )
        made["layer_sizes"] = np.array([[len(part) for part in each] for each in parts], np.int64).reshape(
            len(parts), len(names)
        )
        return self._flagged(
            row, made, [d for d, position in enumerate(carriers(row)) if ids[position] in edits]
        )

    def _drawing(
        self, row: Row, d: int, edit: Edit, stored: Mapping[str, Any]
    ) -> tuple[dict[str, bytes], dict[str, Any]]:
        """The files and the values of the frame table that change with an edit of drawing `d`."""
        frame, was, behind = (
            row["frames"][d],
            codecs.decode(bytes(stored["character.png"])),
            row["background"][d],
        )
        mode = RECORD["effect_mode"].per_drawing(row["effect_mode"])[d] if row.get("effect_mode") else "none"
        nothing = np.zeros_like(was)
        light = row["effect"][d] if mode != "none" else nothing
        effect = light if edit.effect is None else edit.effect
        new_mode = (edit.mode or (mode if mode != "none" else "over")) if effect[..., 3].any() else "none"
        rgba = was if edit.character is None else edit.character
        below = behind if edit.background is None else edit.background
        made: dict[str, bytes] = {}
        values: dict[str, Any] = {}
        if self.reinpaint:
            below, more, less = self._filled(
                frame, below, cv2.max(was[..., 3], light[..., 3]), cv2.max(rgba[..., 3], effect[..., 3])
            )
            values |= _shares(row, d, more, less)
            if "provenance.png" in stored:
                told = codecs.decode(bytes(stored["provenance.png"]))
                made["provenance.png"] = codecs.encode_png(
                    np.where(more, INVENTED, np.where(less, SEEN, told))
                )
        if not np.array_equal(below, behind):
            name, data = self._background(below, stored)
            made[name], below = data, codecs.decode(data)
        if edit.effect is not None or edit.mode:
            made["effect.png"] = codecs.encode_png(np.ascontiguousarray(effect))
            count, total = (
                cv2.countNonZero(np.ascontiguousarray(effect[..., 3])),
                float(effect[..., 3].sum()) / 255,
            )
            values |= {
                "effect_mode": new_mode,
                "effect_intensity": total / max(1, count),
                "effect_coverage": total / effect[..., 3].size,
            }
        # a background that a hand painted explains nothing of the frame
        filled = (below != behind).any(axis=2) & (edit.background is None)
        shadow = row["shadow"][d] if row.get("shadow") is not None and len(row["shadow"]) else None
        if edit.shadow is not None:
            made["shadow.png"], shadow = codecs.encode_png(np.ascontiguousarray(edit.shadow)), edit.shadow
            values["shadow_coverage"] = float(edit.shadow[..., 3].mean()) / 255
        final = _solved(
            frame,
            rgba,
            was,
            together(below, shadow=shadow),
            filled,
            (effect, new_mode),
            (light, mode),
            edit.colours,
        )
        reshaped = not np.array_equal(final[..., 3], was[..., 3])
        if not np.array_equal(final, was):
            made["character.png"] = codecs.encode_png(final)
            half = cv2.threshold(np.ascontiguousarray(final[..., 3]), 127, 255, cv2.THRESH_BINARY)[1]
            if "mask.png" in stored:
                made["mask.png"] = codecs.encode_png(
                    np.ascontiguousarray(final[..., 3]) if self.soft else half
                )
            values |= {
                "character_bbox": np.array(cv2.boundingRect(half), np.int32),
                "character_coverage": float(final[..., 3].mean()) / 255,
            }
        if reshaped:
            matte = (
                RECORD["matte_model"].per_drawing(row["matte_model"])[d] if "matte_model" in row else "none"
            )
            by = HAND if matte == "none" else matte if HAND in matte.split("+") else f"{matte}+{HAND}"
            values |= {"matte_model": by if final[..., 3].any() else "none", "character_confidence": 1.0}
        if reshaped or (edit.character is None and edit.whose is not None):
            labels, named = _labelled(row, d, final[..., 3], edit.whose)
            values |= named
            if "instances.png" in stored:
                made["instances.png"] = codecs.encode_png(labels)
        picture = together(below, final, shadow, effect, new_mode)
        before = float(row["recompose_psnr"][d])
        # the frame itself is gone: the two errors, of the layers before and of the change, have nothing to do
        # with each other
        lost = 0.0 if before >= BEST else 255 * 255 * frame.size / 10 ** (before / 10)
        values["recompose_psnr"] = decibels(lost + squares(picture, frame), frame.size) if made else before
        return made, values

    def _filled(
        self, frame: np.ndarray, below: np.ndarray, was: np.ndarray, now: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The background inpainted where only the new cover hides it, the frame where only the old did; and
        both places, bool (H, W).
        """
        assert self.reinpaint is not None
        least = self.reinpaint.threshold
        more, less = (now > least) & (was <= least), (was > least) & (now <= least)
        base = np.where(less[..., None], frame, below)
        if more.any():
            (made,) = self.reinpaint.run(
                [
                    {
                        "frames": base[None],
                        "character": np.where(more, now, 0)[None].astype(np.uint8),
                        "error": "",
                        "clip_id": "",
                    }
                ]
            )
            if made["error"]:
                raise ValueError(made["error"])
            base = made["background"][0]
        return base, more, less

    def _background(self, picture: np.ndarray, stored: Mapping[str, Any]) -> tuple[str, bytes]:
        """The file of a background in the form that its output has."""
        name = next((name for name in stored if name.startswith("background.")), "background.png")
        encode = Encode(layers=["background"], background=_WORDS[name[len("background") :]], **self.written)  # type: ignore[arg-type]
        (made,) = encode.run(
            [{"frames": picture[None], "background": picture[None], "error": "", "clip_id": ""}]
        )
        return name, bytes(made["layers"])

    def _flagged(self, row: Row, made: Row, edited: list[int]) -> Row:
        """The clip without what was doubtful of its edited drawings: a person looked at them. What reading
        the frame found stays.
        """
        if not row.get("flags"):
            return made
        words = RECORD["flags"].per_drawing(row["flags"])
        for d in edited:
            words[d] = [word for word in words[d] if word in READING]
        return {**made, "flags": RECORD["flags"].gather(words)}


def _solved(
    frame: np.ndarray, rgba: np.ndarray, was: np.ndarray, below: np.ndarray, filled: np.ndarray,
    effect: tuple[np.ndarray, str], light: tuple[np.ndarray, str], colours: np.ndarray | None,
) -> np.ndarray:  # fmt: skip
    """The character: colours solved for the frame where something changed, a hand's own where it painted, as
    it was everywhere else.

    Its alpha is the one given: what a hand erased is not raised again because the background does not explain
    the frame there.
    """
    changed = (rgba[..., 3] != was[..., 3]) | filled
    if effect[1] != light[1]:
        changed |= (effect[0][..., 3] > 0) | (light[0][..., 3] > 0)
    elif effect[1] != "none":
        changed |= (effect[0] != light[0]).any(axis=2)
    final = was.copy()
    if changed.any():
        alpha = np.ascontiguousarray(rgba[..., 3])
        bare = frame if effect[1] == "none" else uncovered(frame, effect[0], effect[1], alpha)
        near = cv2.dilate(changed.view(np.uint8), _NEAR) > 0
        final[near] = foreground(np.ascontiguousarray(bare), alpha, below)[near]
        final[..., 3] = alpha
    if colours is not None:
        final[colours] = rgba[colours]
    return final


def _labelled(
    row: Row, d: int, alpha: np.ndarray, whose: np.ndarray | None
) -> tuple[np.ndarray, dict[str, Any]]:
    """The label map of a drawing for another alpha, and the ids and boxes in it; a pixel that nobody names is
    the nearest character's.
    """
    old = row["instances"][d] if "instances" in row else np.zeros_like(alpha)
    if whose is not None:
        old = np.where(whose > 0, whose, old)
    known = RECORD["instance_ids"].per_drawing(row["instance_ids"]) if row.get("instance_ids") else []
    first = next((those[0] for those in [*known[d : d + 1], *known] if those), 1)
    around = nearest(old, float(sum(alpha.shape))) if old.any() else np.full_like(alpha, first)
    labels = np.where(alpha > 127, around, 0).astype(np.uint8)
    ids = [int(k) for k in np.flatnonzero(np.bincount(labels.ravel())) if k]
    return labels, {
        "instance_ids": ids,
        "instance_boxes": [Box(*cv2.boundingRect((labels == k).view(np.uint8))) for k in ids],
    }


def _shares(row: Row, d: int, more: np.ndarray, less: np.ndarray) -> dict[str, float]:
    """Where the background is from, after `more` of it was invented and `less` became the frame's own."""
    names = ("background_seen", "background_borrowed", "background_invented")
    if not all(name in row for name in names):
        return {}
    seen, borrowed, invented = (float(row[name][d]) for name in names)
    gained, added = float(less.mean()), float(more.mean())
    hidden = max(borrowed + invented, 1e-9)
    kept = max(0.0, 1 - gained / hidden)
    return {
        "background_seen": max(0.0, min(1.0, seen + gained - added)),
        names[1]: borrowed * kept,
        names[2]: min(1.0, invented * kept + added),
    }
