"""What a column of a clip is: its dtype, its axes, its blank value, and how texts of drawings travel in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

U8 = NDArray[np.uint8]
I32 = NDArray[np.int32]
I64 = NDArray[np.int64]
F32 = NDArray[np.float32]
F64 = NDArray[np.float64]

_END = "\x1f"  # of a free text: the unit separator, which no text holds


@dataclass(frozen=True)
class Column:
    """One column of a clip.

    ``dtype`` is a numpy dtype name, ``str`` or ``bytes``; ``axes`` names the array's axes, outermost first, '' for a scalar.
    A text column with axes 'D' travels as one string, because Arrow keeps strings and pickles lists of them: a word per drawing, or with
    ``free`` any text. ``table`` tells whether the frame table repeats it, one value per frame.
    """

    dtype: str
    axes: str
    meaning: str
    table: bool = False
    free: bool = False

    @property
    def ndim(self) -> int:
        """Number of axes of the array (0 for scalars and text)."""
        return 0 if self.dtype in ("str", "bytes") else len(self.axes.split())

    def blank(self) -> Any:
        """The value of a clip that failed: '' or b'' or 0 or an empty array of the column's own ndim and dtype, never None."""
        if self.dtype in ("str", "bytes"):
            return "" if self.dtype == "str" else b""
        if not self.axes:
            return np.dtype(self.dtype).type(0)
        last = self.axes.split()[-1]
        shape = [0] * self.ndim
        if last.isdigit():
            shape[-1] = int(last)
        return np.zeros(shape, self.dtype)

    def per_drawing(self, value: Any) -> list[Any]:
        """The values of a 'D …' column, one per drawing."""
        if self.dtype != "str":
            return list(value)
        words: list[Any] = value.split(_END)[:-1] if self.free else value.split()
        return words

    def gather(self, values: Sequence[Any]) -> Any:
        """The inverse of `per_drawing`: stack one value per drawing into the column."""
        if self.dtype == "str":
            return "".join(value.replace(_END, " ") + _END for value in values) if self.free else " ".join(values)
        return np.stack([np.asarray(v, self.dtype) for v in values]) if values else self.blank()
