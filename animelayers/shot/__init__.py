"""The analysis of a shot: its clean plate, what stands before it, and both once more with what was found."""
