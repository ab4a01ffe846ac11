"""What a row is: its columns, what stands in them, the layers, and what all that was called before."""
