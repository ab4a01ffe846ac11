"""Names that had another one in the version before: columns of outputs are read under both for good; words of
options are taken for one version, with a warning.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

log = logging.getLogger(__name__)

COLUMNS: Mapping[str, str] = {"matte": "matte_model", "camera": "homography", "exposure": "brightness"}
"""Columns of formats 1 and 2, and what format 3 calls them."""
VALUES: Mapping[str, Mapping[str, str]] = {"shot_size": {"far": "long"}}
"""Words that stand in a column of formats 1 and 2, and those of format 3."""

NEEDS: Mapping[str, str] = {"far_shot": "long_shot"}
"""What a set may need, by the names before."""

OPTIONS: Mapping[str, tuple[str, ...]] = {
    "least": ("min_area", "min_score", "min_confidence"),
    "floor": ("alpha_floor",),
    "ring": ("seam_width",),
    "steady": ("smoothing",),
    "rows": ("clips_per_batch",),
}
"""Options of steps, models, stages and parameters by the names before, and what a class may call them now."""
FIRST: Mapping[str, str] = {new: old for old, names in OPTIONS.items() for new in names}
"""Options by the names under which fingerprints know them: a name is no change of what comes out."""


def table(found: pa.Table) -> pa.Table:
    """A table of an output of any format, with the columns and the words of today's."""
    names = [COLUMNS.get(name, name) for name in found.column_names]
    found = found.rename_columns(names) if names != found.column_names else found
    for name, words in VALUES.items():
        if name in names and pa.types.is_string(found[name].type):
            values = found[name]
            for old, new in words.items():
                values = pc.if_else(pc.equal(values, old), new, values)
            found = found.set_column(names.index(name), name, values)
    return found


def stored(columns: list[str]) -> list[str]:
    """Columns by today's names, and by those under which an output may have them."""
    return [*columns, *(old for old, new in COLUMNS.items() if new in columns)]


def column(name: str, where: str) -> str:
    """A column as it is called today; an old name is told."""
    return _today(name, COLUMNS, where)


def value(name: str, word: str, where: str) -> str:
    """A word of a column as it is today; an old one is told."""
    return _today(word, VALUES.get(name, {}), where)


def need(name: str, where: str) -> str:
    """What a set may need as it is called today; an old name is told."""
    return _today(name, NEEDS, where)


def options(given: Mapping[str, Any], known: Collection[str], where: str) -> dict[str, Any]:
    """Options as a class that has `known` calls them today; an old name is told."""
    made = {}
    for name, value in given.items():
        new = renewed(name, known)
        if new != name:
            log.warning("%s", renamed(f"{where}.{name}", new))
        made[new] = value
    return made


def renewed(option: str, known: Collection[str]) -> str:
    """What a class that has the options `known` calls an option."""
    new = next((name for name in OPTIONS.get(option, ()) if name in known), option)
    return option if option in known else new


def _today(word: str, names: Mapping[str, str], where: str) -> str:
    if word in names:
        log.warning("%s", renamed(f"{where}: {word}", names[word]))
    return names.get(word, word)


def renamed(old: str, new: str) -> str:
    """A sentence about a word that has another name."""
    return f"{old} is called {new} now; the old word is gone with the next version"
