"""The figures of a shot: their names in the table, what they are called on a page, and which way is better."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Figure(NamedTuple):
    """A figure of a shot: its ``title``, whether ``more`` is better, the ``scale`` it is shown at and the
    ``form`` of the number.
    """

    title: str
    more: bool
    scale: float = 1
    form: str = "{:.3f}"

    def formatted(self, value: float | None) -> str:
        """The value as it is shown; a dash for none."""
        return "–" if value is None else self.form.format(value * self.scale)


FIGURES: Mapping[str, Figure] = {
    "character_iou": Figure("character IoU", True),
    "character_mae": Figure("character MAE ×1000", False, 1000, "{:.1f}"),
    "edge_band": Figure("edge band ×1000", False, 1000, "{:.0f}"),
    "false_character": Figure("false character ×1000", False, 1000, "{:.1f}"),
    "flicker": Figure("static flicker ×1000", False, 1000, "{:.2f}"),
    "effect_iou": Figure("effect IoU", True),
    "effect_colour": Figure("effect colour, grey levels", False, 1, "{:.1f}"),
    "false_effect": Figure("false effect ×1000", False, 1000, "{:.2f}"),
    "hole_db": Figure("background in the hole, dB", True, 1, "{:.1f}"),
    "over_mask_db": Figure("in the hole against a known mask, dB", True, 1, "{:+.1f}"),
    "shown_db": Figure("where a frame shows it, dB", True, 1, "{:.1f}"),
    "ring_db": Figure("ring, dB", True, 1, "{:.1f}"),
    "behind_effect_db": Figure("behind effects, dB", True, 1, "{:.1f}"),
    "background_flicker": Figure("background flicker", False, 1, "{:.2f}"),
    "ids_kept": Figure("ids kept", True),
    "id_switches": Figure("id switches", False, 1, "{:.2f}"),
    "recompose_db": Figure("recomposed, dB", True, 1, "{:.1f}"),
    "cut_found": Figure("cuts found", True, 1, "{:.2f}"),
    "false_cuts": Figure("false cuts a shot", False, 1, "{:.2f}"),
    "transition_precision": Figure("transitions, precision", True, 1, "{:.2f}"),
    "transition_recall": Figure("transitions, recall", True, 1, "{:.2f}"),
    "held_precision": Figure("held, precision", True, 1, "{:.2f}"),
    "held_recall": Figure("held, recall", True, 1, "{:.2f}"),
    "camera_px": Figure("camera, pixels", False, 1, "{:.2f}"),
    "camera_known": Figure("camera known", True, 1, "{:.2f}"),
}
"""What is measured of every shot; a shot may lack some: what it does not show, nothing can be said of.

character_iou, character_mae, edge_band: of the alpha, in frames with a figure; false_character: mean alpha
where there is none, in frames without a figure, and of what lies over the picture (bars, subtitles, a logo)
in all; flicker: mean change of the alpha's error where neither figure nor effect moved. effect_iou: in frames
with an effect; effect_colour: mean error of its straight colour where both alphas are above a quarter;
false_effect: mean alpha in frames without one. hole_db, ring_db: PSNR of the background behind the figures
and in the 15 pixels around; over_mask_db: of a standing camera, how much hole_db is above that of a background by
the true masks, see `yardstick.background`; shown_db: behind them where some other frame of the shot shows it;
behind_effect_db: behind effects beside the figures; background_flicker: grey levels its error changes behind
figures where the true one does not. ids_kept: share of the figures' appearances under the id that is theirs
in most frames; id_switches: how often a figure changes its id. recompose_db: PSNR of all layers together
against the frame. cut_found: whether the shot is told from the one before; false_cuts: cuts within it.
transition_precision: of the runs of frames that are said to lie between two shots and begin in this one, the
share that touches a dissolve, a wipe or a fade; transition_recall: whether one the shot begins with is told
so. held_precision, held_recall: of frames that repeat a drawing. camera_px: mean distance of the frame's
corners and middle on the plate from where they are, all measured from the shot's first drawing, where the
camera is said to be known; camera_known: share of the frames in which it is.
"""

HEAD = (
    "character_iou", "edge_band", "false_character", "flicker", "effect_iou", "false_effect", "hole_db", "ring_db", "ids_kept", "recompose_db",
    "cut_found", "held_recall", "camera_px",
)  # fmt: skip
"""Those that a short table has."""
