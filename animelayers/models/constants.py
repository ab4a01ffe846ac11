"""Numbers that several models share."""

from __future__ import annotations

MIDDLE = 127.5
"""Middle of a byte: nets that take colours as -1..1 are shown `value / MIDDLE - 1`."""
BYTE = 1 / 255
"""What makes a byte a share, 0..1."""
LOGIT = 60.0
"""Where logits are cut off, on either side, so that their exponential stays finite: beyond it a probability
is 0 or 1.
"""
SMALLEST = 32
"""Pixels of a side, the smallest that these nets are shown."""
SAID = 200
"""Characters of what a library says of a file, or an endpoint of a question, that are told on."""
MEANT = 0.4
"""How alike a name has to be to one that there is to be taken for it, 0..1 (`difflib.get_close_matches`)."""
