"""Arrays in, arrays out: one file per model family."""
