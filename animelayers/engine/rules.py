"""Rules that may be left out of a step or a model, so that what each is worth can be measured."""

from __future__ import annotations

import difflib
from collections.abc import Sequence


def left_out(without: Sequence[str], rules: Sequence[str]) -> frozenset[str]:
    """The names in `without`, all of which are `rules`. Raises ValueError for one that is none, with those
    there are.
    """
    for name in [without] if isinstance(without, str) else without:
        if name not in rules:
            near = difflib.get_close_matches(str(name), rules, 1)
            hint = f"did you mean {near[0]}? " if near else ""
            raise ValueError(f"without={name}: no such rule; {hint}there is: {', '.join(rules) or 'none'}")
    return frozenset([without] if isinstance(without, str) else without)
