"""Captions of a frame and of its layers: templates that need no model, what a layer's caption may name,
trigger, prefix and suffix.

Pure functions on text and plain values; nothing here knows a column's place, a model or a file.
"""

from animelayers.captions.guard import LAYERS, cleaned, fits
from animelayers.captions.line import decorated, line
from animelayers.captions.template import TOLD, colour_words, template

__all__ = ["LAYERS", "TOLD", "cleaned", "colour_words", "decorated", "fits", "line", "template"]
