"""Truth: animation composed from parts, with every layer known exactly."""

from animelayers.truth.compose import FILMS, compose, dataset
from animelayers.truth.kit import PartsError
from animelayers.truth.parts import Parts
from animelayers.truth.recipe import Recipe
from animelayers.truth.stack import recomposed
from animelayers.truth.traits import TRAITS

__all__ = ["FILMS", "TRAITS", "Parts", "PartsError", "Recipe", "compose", "dataset", "recomposed"]
