"""Options of a configuration under the names they had in the version before."""

from __future__ import annotations

import logging
from collections.abc import Collection
from typing import Any

from omegaconf import DictConfig, OmegaConf, open_dict

from animelayers.engine.placement import Stage
from animelayers.job.building import target
from animelayers.options import hints
from animelayers.record import former

log = logging.getLogger(__name__)


def renewed(cfg: DictConfig) -> DictConfig:
    """The configuration, changed in place: options whose class knows them by another name now have that name,
    for one version and with a warning.
    """
    _renew(cfg, "", ())
    return cfg


def _renew(node: DictConfig, above: str, known: Collection[str]) -> None:
    for name in [name for name in node if isinstance(name, str)]:  # a table of chances has numbers for names
        new = former.renewed(name, known)
        if new != name:
            log.warning("%s", former.renamed(f"{above}{name}", new))
            with open_dict(node):
                node[new] = node._get_node(name)
                del node[name]
    for key in node:
        child: Any = None if OmegaConf.is_missing(node, key) else node._get_node(key)
        if isinstance(child, DictConfig) and not child._is_none() and not child._is_interpolation():
            _renew(child, f"{above}{key!s}.", _options(child, above))


def _options(node: DictConfig, above: str) -> Collection[str]:
    """What may stand in a node."""
    if "_target_" in node:
        return hints(target(str(node["_target_"])))
    return hints(Stage) if above == "stages." else ("clips_per_batch",) if "clips_per_batch" in node else ()
