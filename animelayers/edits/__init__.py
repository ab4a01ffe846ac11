"""Layers that were changed by hand in an exported folder: found by their digests, read, and named by what
they are of.
"""

from __future__ import annotations

from animelayers.edits.edit import Edit
from animelayers.edits.find import Matches, find
from animelayers.edits.sequences import of_desk

__all__ = ["Edit", "Matches", "find", "of_desk"]
