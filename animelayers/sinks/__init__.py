"""Where layers go: shards of tar and Parquet, or plain folders. A sink knows files and nothing of how a layer
was made.
"""

from animelayers.sinks.columns import Columns
from animelayers.sinks.dataset import Changed
from animelayers.sinks.lock import Fenced, Locked
from animelayers.sinks.shards import Shards
from animelayers.sinks.sink import Sink
from animelayers.sinks.store import SinkError
from animelayers.sinks.tree import Tree

__all__ = ["Changed", "Columns", "Fenced", "Locked", "Shards", "Sink", "SinkError", "Tree"]
