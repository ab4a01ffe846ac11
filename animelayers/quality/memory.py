"""Mattes that are computed once: variants of the analysis that differ behind the nets share what the nets
said.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from animelayers.models.protocols import Matte, Mattes


class Remembered:
    """A matte whose answers are kept in a folder, one file per picture; equal pictures are answered from
    there, bit for bit.

    ``matte``: the model that is asked for pictures that are not there yet; None: KeyError for those. Several
    processes may share a folder.
    """

    def __init__(self, folder: str, matte: Matte | None = None) -> None:
        self.folder, self.matte = Path(folder), matte

    def __call__(self, pictures: Sequence[np.ndarray]) -> Mattes:
        """As `protocols.Matte`."""
        files = [
            self.folder / f"{hashlib.sha256(repr(p.shape).encode() + p.tobytes()).hexdigest()[:32]}.npz"
            for p in pictures
        ]
        new = [i for i, file in enumerate(files) if not file.exists()]
        if new:
            if self.matte is None:
                raise KeyError(f"{len(new)} pictures are not remembered in {self.folder}")
            said = self.matte([pictures[i] for i in new])
            for i, alpha, model, confidence in zip(new, said.alpha, said.model, said.confidence, strict=True):
                self._keep(files[i], alpha, model, confidence)
        found = Mattes([], [], [])
        for file in files:
            with np.load(file) as kept:
                found.alpha.append(kept["alpha"])
                found.model.append(str(kept["model"]))
                found.confidence.append(float(kept["confidence"]))
        return found

    def _keep(self, file: Path, alpha: np.ndarray, model: str, confidence: float) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        part = file.with_suffix(f".{os.getpid()}.part.npz")
        np.savez_compressed(part, alpha=alpha, model=model, confidence=confidence)
        part.replace(file)
