"""Where configurations are, and a job's as its command line composes it."""

from __future__ import annotations

import logging
from pathlib import Path

import hydra
from omegaconf import DictConfig

from animelayers.job.words import renamed

log = logging.getLogger(__name__)
_HOME = Path(__file__).resolve().parent.parent
CONF, JOBS = ((_HOME if (_HOME / name).is_dir() else _HOME.parent) / name for name in ("conf", "jobs"))
"""Where the configuration and the scripts are: in the package where it is installed, beside it in a checkout.
"""


def compose(config_name: str, overrides: list[str] | None = None) -> DictConfig:
    """The configuration of a job as its command line would compose it, for notebooks and tests."""
    from hydra import initialize_config_dir
    from hydra.core.global_hydra import GlobalHydra

    GlobalHydra.instance().clear()
    with initialize_config_dir(str(CONF), version_base=None):
        words, old = renamed(overrides or [])
        for told in old:
            log.warning("%s", told)
        return hydra.compose(config_name, words)
