"""Pure functions on arrays: alpha, masks, colour, codecs. None writes to its input."""
