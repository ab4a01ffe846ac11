"""Takes animation apart: characters, background and masks of films and frame folders, streamed by Ray Data."""

from animelayers.output import Output
from animelayers.pipeline import Pipeline
from animelayers.placement import Stage
from animelayers.step import ClipStep, FrameStep, Step

__all__ = ["ClipStep", "FrameStep", "Output", "Pipeline", "Stage", "Step"]
__version__ = "0.2.0"
