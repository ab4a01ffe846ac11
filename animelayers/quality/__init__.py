"""How good layers are: outputs of the main job against films whose layers are known, by what the shots show
and whose hands they are from.
"""
