"""Vectors that stand for pictures."""

from __future__ import annotations

import numpy as np


def unit(vectors: np.ndarray) -> np.ndarray:
    """Vectors float (…, E) at length 1, float32; zeros stay zeros."""
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    made: np.ndarray = np.divide(
        vectors, length, out=np.zeros(np.shape(vectors), np.float32), where=length > 0, casting="unsafe"
    )
    return made
