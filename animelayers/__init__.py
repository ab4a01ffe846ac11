"""Takes animation apart: characters, background and masks of films and frame folders, streamed by Ray Data."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from animelayers.dataset.output import Output
    from animelayers.engine.pipeline import Pipeline
    from animelayers.engine.placement import Stage
    from animelayers.engine.step import ClipStep, FrameStep, Step

__all__ = ["ClipStep", "FrameStep", "Output", "Pipeline", "Stage", "Step"]
__version__ = "0.2.0"

_HOMES = {
    "Output": "dataset.output",
    "Pipeline": "engine.pipeline",
    "Stage": "engine.placement",
    "ClipStep": "engine.step",
    "FrameStep": "engine.step",
    "Step": "engine.step",
}


def __getattr__(name: str) -> Any:
    """A public name, imported when it is asked for: a program that only tells its version does not wait for
    the rest.
    """
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
