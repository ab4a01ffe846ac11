"""Numbers that several files of this room share."""

from __future__ import annotations

LEVELS = 256
"""Values of a byte: grey levels, and labels of a map."""
TINY = 1e-6
"""What a divisor is at least that may be 0 where it does not count."""
SOBEL = 1 / 8
"""What makes the answer of OpenCV's Sobel kernel (3 x 3) grey levels per pixel."""
ASTRAY = 0.01
"""Share of its squared length by which flow there and back may miss its start, beside half a squared pixel
(Sundaram, Brox, Keutzer, ECCV 2010).
"""
ROWS = 720
"""Rows of the picture that widths of lines and strands are told for."""
WHOLE = 254
"""Alpha above which a pixel is all the layer's own."""
QUARTERS = 4
"""Where sizes are halved: known quarters of a cell that have the say of a whole one."""
BLACK = 24
"""Grey levels below which what surrounds a picture is black."""
ALIKE = 24
"""Grey levels by which what is the same may differ from one drawing to the next."""
FEWEST = 64
"""Pixels: from fewer nothing is concluded."""
