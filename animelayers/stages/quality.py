"""Stage 4: which drawings want a second look."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from animelayers.engine.step import ClipStep
from animelayers.options import Share
from animelayers.record.column import F32
from animelayers.record.schema import READING

_FEWEST = 3  # drawings of which one can jump away from the others
_LEAST = 1e-3  # of what is counted, that a jump is


class Made(NamedTuple):
    """What `Quality` writes."""

    flags: list[list[str]]


class Quality(ClipStep):
    """Words per drawing: what is doubtful about its layers.

    ``recompose``: below so many dB it is ``recompose_low``. ``unsure``: a matte's confidence below it is
    ``matte_unsure``. ``invented``: a larger share of the background that an inpainter made up is
    ``background_invented``. ``flicker``: where the character's coverage, as a share of itself, differs by
    more from both neighbouring drawings while these agree, it is ``flicker``. ``trust``: of a shot whose
    plate explains it, but less, every drawing is ``plate_doubtful``: by default such a plate is used where
    the camera stands, and not else. What no stage measured is not flagged. Words that reading the frame left
    stay before all others.
    """

    name = "quality"

    def __init__(
        self,
        recompose: float = 35.0,
        unsure: Share = 0.5,
        invented: Share = 0.5,
        flicker: Share = 0.25,
        trust: Share = 0.9,
    ) -> None:
        """Raises ValueError for a share that is not 0..1."""
        for option, value in {
            "unsure": unsure,
            "invented": invented,
            "flicker": flicker,
            "trust": trust,
        }.items():
            if not 0 <= value <= 1:
                raise ValueError(f"{option} must be 0..1, not {value}")
        self.recompose, self.unsure, self.invented, self.flicker, self.trust = (
            recompose,
            unsure,
            invented,
            flicker,
            trust,
        )

    def clip(
        self,
        *,
        recompose_psnr: F32,
        character_confidence: F32 | None = None,
        background_invented: F32 | None = None,
        character_coverage: F32 | None = None,
        plate_trust: float | None = None,
        flags: list[list[str]] | None = None,
    ) -> Made:
        """The flags of each drawing."""
        low = recompose_psnr < self.recompose
        nothing = np.zeros(low.shape, bool)
        found = {
            "recompose_low": low,
            "matte_unsure": nothing if character_confidence is None else character_confidence < self.unsure,
            "background_invented": nothing
            if background_invented is None
            else background_invented > self.invented,
            "flicker": nothing
            if character_coverage is None
            else jumps(character_coverage.astype(np.float64), self.flicker),
            "plate_doubtful": nothing | bool(plate_trust is not None and 0 < plate_trust < self.trust),
        }
        before = [[word for word in words if word in READING] for words in flags or ()] or [[]] * len(low)
        return Made(
            [[*before[k], *(word for word, mask in found.items() if mask[k])] for k in range(len(low))]
        )


def jumps(values: np.ndarray, share: float) -> np.ndarray:
    """Where a series float64 (D,) differs from both neighbours by more than `share` of their mean while these
    agree; bool (D,).

    At its ends the nearest two are the neighbours.
    """
    number = len(values)
    if number < _FEWEST:
        return np.zeros(number, bool)
    at = np.arange(number)
    before, after = (
        values[np.where(at == 0, 2, at - 1)],
        values[np.where(at == number - 1, number - _FEWEST, at + 1)],
    )
    level = (before + after) / 2
    alone = np.minimum(np.abs(values - before), np.abs(values - after))
    found: np.ndarray = (alone > share * level) & (alone > _LEAST) & (np.abs(before - after) <= share * level)
    return found
