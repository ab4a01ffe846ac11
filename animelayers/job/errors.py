"""What is wrong with a configuration, in a sentence."""

from __future__ import annotations


class ConfigError(ValueError):
    """A configuration that names something it may not, or lacks something it must have."""
