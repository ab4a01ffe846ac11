"""Sources: inputs listed, planned as clips, decoded."""

from animelayers.sources.files import COLUMNS, Files
from animelayers.sources.layers import Layers
from animelayers.sources.masked import Masked
from animelayers.sources.plan import PLAN, Input

__all__ = ["COLUMNS", "PLAN", "Files", "Input", "Layers", "Masked"]
