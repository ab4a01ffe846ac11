"""Drawn animation with known layers: sample input, ground truth of the tests, and the quality figures."""

from animelayers.samples.drawn import Scene, join, scene
from animelayers.samples.effects import combine
from animelayers.samples.files import write, write_stills
from animelayers.samples.plans import PLANS

SCENES = tuple(PLANS)
"""Names of the drawn scenes."""

__all__ = ["SCENES", "Scene", "combine", "join", "scene", "write", "write_stills"]
