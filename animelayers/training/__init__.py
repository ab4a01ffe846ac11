"""How LayerNet is trained: packs of composed shots, what the net is shown of them, and the loop."""
