"""What every job shares: Hydra composes, only classes of this package are built, every expected error ends in
one sentence.

The only room of the package that knows Hydra.
"""

from animelayers.job.building import ALLOW, build, placing, target, unbuilt
from animelayers.job.composed import CONF, JOBS, compose
from animelayers.job.errors import ConfigError
from animelayers.job.fingerprint import READ, fingerprints
from animelayers.job.help import choices, template, whole
from animelayers.job.launching import AUTO, begun, launch
from animelayers.job.staging import conduct, stages
from animelayers.job.values import check, explained
from animelayers.job.weights import models, named

__all__ = [
    "ALLOW",
    "AUTO",
    "CONF",
    "JOBS",
    "READ",
    "ConfigError",
    "begun",
    "build",
    "check",
    "choices",
    "compose",
    "conduct",
    "explained",
    "fingerprints",
    "launch",
    "models",
    "named",
    "placing",
    "stages",
    "target",
    "template",
    "unbuilt",
    "whole",
]  # fmt: skip
