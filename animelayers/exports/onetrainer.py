"""Folders for OneTrainer: picture, caption and mask side by side."""

from __future__ import annotations

from dataclasses import dataclass

from animelayers.exports.training import Files, Sample, Trainer


@dataclass(frozen=True, kw_only=True)
class OneTrainer(Trainer):
    """CONCEPT/NAME.png, NAME.txt and, with ``mask``, NAME-masklabel.png (white trains) for masked training; a
    concept of it per folder.
    """

    mask: bool = True

    @property
    def backdrop(self) -> str:
        """The frame itself where a mask tells what to look at."""
        return self.picture.background or ("inpainted" if self.mask else "solid")

    def files(self, sample: Sample) -> Files:
        """All in the concept's folder."""
        name = f"{sample.concept}/{sample.name}"
        return Files(
            f"{name}.png",
            f"{name}.txt" if sample.caption else "",
            f"{name}-masklabel.png" if self.mask else "",
        )
