"""The order of the stages that annotate: what one tells comes before what uses it, however they were put
together.
"""

from __future__ import annotations

from collections.abc import Mapping

from animelayers.engine.placement import Stage
from animelayers.record.schema import ANNOTATIONS


def in_order(stages: Mapping[str, Stage]) -> dict[str, Stage]:
    """The same stages; those that write nothing but annotations share their places among them so that each
    follows the writers of what it uses.

    So a question that was added last is still asked before the captions are written. All other stages keep
    their places.
    """
    left = {name: stage for name, stage in stages.items() if {*stage.kind.writes} <= {*ANNOTATIONS}}
    places = {*left}
    made: dict[str, Stage] = {}
    for name, stage in stages.items():
        chosen = _next(left) if name in places else name
        made[chosen] = left.pop(chosen, stage)
    return made


def _next(left: Mapping[str, Stage]) -> str:
    """The first that uses nothing another writes; the first of all where they use each other's."""
    for name, stage in left.items():
        uses = {*stage.kind.reads, *stage.kind.wants}
        if not any(uses & {*other.kind.writes} for of, other in left.items() if of != name):
            return name
    return next(iter(left))
