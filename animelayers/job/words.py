"""The words of a command line as Hydra takes them: places by position, and names and free text as they are,
whatever their characters.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Sequence
from functools import cached_property
from typing import Any

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from animelayers.record import former

RENAMED = {
    "stages.cels": "stages.layers",
    "stages.effect": "stages.layers",
    "start_stage=cels": "start_stage=layers",
    "start_stage=effect": "start_stage=layers",
    "end_stage=cels": "end_stage=layers",
    "end_stage=effect": "end_stage=layers",
    "placement.rows": "placement.clips_per_batch",
    "stages.*.rows": "stages.*.clips_per_batch",
    "stages.track.step.steady": "stages.track.step.smoothing",
    "stages.track.step.tracker.least": "stages.track.step.tracker.min_area",
    "stages.segment.step.segmenter.least": "stages.segment.step.segmenter.min_area",
    "stages.character.step.floor": "stages.character.step.alpha_floor",
    "stages.background.step.ring": "stages.background.step.seam_width",
    "stages.background.step.inpaint.first.ring": "stages.background.step.inpaint.first.seam_width",
    "stages.faces.step.finder.least": "stages.faces.step.finder.min_score",
    "stages.subtitle.step.least": "stages.subtitle.step.min_score",
    "stages.expression.step.least": "stages.expression.step.min_confidence",
    "stages.action.step.least": "stages.action.step.min_confidence",
    "stages.questions.step.least": "stages.questions.step.min_confidence",
    "stages.questions.step.questions.*.least": "stages.questions.step.questions.*.min_confidence",
    "floor": "min_fit",
    "least_alike": "min_similarity",
    "least_frames": "min_frames",
    "decision.dataset_needs.far_shot": "decision.dataset_needs.long_shot",
}
"""What the words of the version before are called now, '*' standing for any name; each is taken for one
version, with a warning."""
PATHS = frozenset(
    {
        *(
            "source.path",
            "source.mattes",
            "output",
            "edits",
            "curated",
            "film",
            "pack",
            "start",
            "a",
            "b",
            "truth",
        ),
        *("track.source", "masks.source", "lama.picture", "report"),
    }
)
"""Keys whose values are paths though the configuration holds no text for them."""
ALL = "--help-all"
_VALUED = (
    "--config-dir",
    "-cd",
    "--config-name",
    "-cn",
    "--config-path",
    "-cp",
    "--package",
    "-p",
    "--cfg",
    "-c",
    "--experimental-rerun",
)
"""Options of Hydra that are followed by a word of theirs."""
_SWEEPS = ("-m", "--multirun")
_SPECIAL = re.compile(r"[^\w./:@+-]")
_OVERRIDE = re.compile(r"(?:~|\+{0,2})[A-Za-z_][\w./@:-]*=")


class WordsError(ValueError):
    """Words that a job does not understand."""


def taken(
    words: Sequence[str],
    places: Sequence[str],
    defaults: Callable[[], DictConfig],
    groups: Collection[str] = (),
) -> list[str]:
    """The words of a job as Hydra takes them.

    ``places``: the keys that words without a key stand for, in order; after '--' every word is one.
    ``defaults``: composes the job's own configuration, asked where a value has characters that Hydra reads in
    its own way; ``groups``: its groups of choices. Raises `WordsError` for more words than places.
    """
    made: list[str] = []
    free: list[str] = []
    sweeps = bool({*words} & {*_SWEEPS})
    known = _Known(defaults, groups)
    given = iter(words)
    for word in given:
        if word == "--":
            free += given
        elif word in _VALUED:
            made += [word, *[next(given, "")]]
        elif word == "--dry-run":
            made.append("dry_run=true")
        elif word.startswith("-"):
            made.append(word)
        elif not _is_override(word, known):
            free.append(word)
        else:
            made.append(word if sweeps else literal(word, known))
    if len(free) > len(places):
        wanted = " and ".join(places) if places else "words of the form key=value alone"
        raise WordsError(f"{free[len(places)]!r} is one word too many: without a key there is {wanted}")
    return [*(text(key, word) for key, word in zip(places, free, strict=False)), *made]


def renamed(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """The words with today's names, and a sentence for each that had the name of the version before."""
    made, told = [], []
    for word in words:
        for old, new in RENAMED.items():
            pattern = re.escape(old).replace(r"\*", r"(\w+)")
            if found := re.match(rf"(?P<sign>[+~]*)(?P<name>{pattern})(?=[.=]|$)", word):
                name = new.replace("*", found[3]) if "*" in old else new
                told.append(former.renamed(found["name"], name))
                word = found["sign"] + name + word[found.end() :]
                break
        made.append(word)
    return made, told


def literal(word: str, known: Callable[[str], Any] = lambda key: None) -> str:
    """A word `key=value` with its value in quotes where that is a path or free text, so that every character
    of it is its own.

    ``known`` tells the value a key has by itself. Values that Hydra shall read in its own way (in quotes
    already, or a sweep of `choice(…)`), and those of other keys, stay as they are.
    """
    key, equals, value = word.partition("=")
    name = key.lstrip("+").split("@")[0]
    if (
        not equals
        or not value
        or value[0] in "'\""
        or value in ("null", "???")
        or value.startswith(("${", "choice("))
    ):
        return word
    if name in PATHS or (_SPECIAL.search(value) and isinstance(known(name), str)):
        return text(key, value)
    return word


def text(key: str, value: str) -> str:
    """The word that gives a key a text, in Hydra's quotes; for a group of choices as it is."""
    if key.endswith("="):
        return key + value
    escaped = re.sub(r"(\\*)\"", r'\1\1\\"', value)
    return f'{key}="{escaped}{chr(92) * (len(value) - len(value.rstrip(chr(92))))}"'


def lacking(cfg: DictConfig, places: Sequence[str]) -> list[str]:
    """The places that nothing was given for."""
    return [key for key in places if not key.endswith("=") and OmegaConf.is_missing(*_node(cfg, key))]


def short(template: str) -> str:
    """The help of a job without its choices and the list of all settings, from Hydra's template."""
    return f"{template.split('== ')[0].rstrip()}\n\n{ALL} tells every choice and setting.\n"


class _Known:
    """What a configuration holds by itself, composed when it is first asked."""

    def __init__(self, defaults: Callable[[], DictConfig], groups: Collection[str]) -> None:
        self._defaults, self._groups = defaults, groups

    def __call__(self, key: str) -> Any:
        """The value of a key, None for one that is not there or has none."""
        try:
            return OmegaConf.select(self._config, key)
        except OmegaConfBaseException:
            return None

    def names(self, key: str) -> bool:
        """Whether a key, or its first part, is one of the configuration's, or of its groups."""
        first = re.split(r"[./@]", key)[0]
        return first in self._groups or first in self._config

    @cached_property
    def _config(self) -> DictConfig:
        return self._defaults()


def _is_override(word: str, known: _Known) -> bool:
    if word.startswith("~"):
        return True
    if not _OVERRIDE.match(word):
        return False
    # a file on disk may be called like a setting; one that only looks so is an error that names the nearest
    # setting
    return not os.path.lexists(word) or known.names(word.partition("=")[0].lstrip("+~"))


def _node(cfg: DictConfig, key: str) -> tuple[Any, str]:
    *above, last = key.split(".")
    node: Any = cfg
    for part in above:
        node = node[part]
    return node, last
