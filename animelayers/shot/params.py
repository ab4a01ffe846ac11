"""Every tunable of the analysis of a shot, with its unit, where it is from and the range it may have."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from animelayers.record import former


def _of(value: float, unit: str, low: float, high: float, source: str) -> Any:
    return field(default=value, metadata={"unit": unit, "range": (low, high), "source": source})


@dataclass(frozen=True)
class Params:
    """What the estimator of a shot can be told. Each field's metadata holds `unit`, `range` (least, most) and
    `source`.

    Raises ValueError for a value out of its range.
    """

    rounds: int = _of(
        2,
        "times the plate is made, each time without what was found before it",
        1,
        4,
        "character IoU on train films: 0.81, 0.83 of 1, 2; of its worst tenth 0.35, 0.38",
    )
    coarse: float = _of(
        0.67,
        "share of the net's picture",
        0.3,
        1,
        "at which figures are looked for too, 1: at no other; IoU 0.614, 0.644 of hands kept back, 0.863, 0.859 of others at 1, 0.67; "
        "at 0.8 more is taken for a figure that is none: 0.2, 1.6 of a thousand on val",
    )
    fewest: int = _of(3, "drawings", 2, 31, "two drawings have no middle")
    kept: float = _of(
        0.3, "coverage", 0.05, 0.7, "from which a pixel is no background when the plate is made"
    )
    grown: int = _of(2, "pixels of the net's picture", 0, 8, "soft rims that would stain the plate")
    dark: float = _of(
        0.15, "share of the shot's light", 0, 1, "down to which a drawing of a fade is brought to that light"
    )
    passes: int = _of(
        2,
        "times labels are made to agree with their neighbours'; none leaves them",
        0,
        8,
        "flicker on train films: 6.6, 5.4, 5.0, 4.7 of 0, 1, 2, 4",
    )
    alike: float = _of(
        10, "grey levels", 1, 64, "that what is seen again may differ by; 6 to 20 are as good on train films"
    )
    paint: float = _of(
        10,
        "grey levels",
        0,
        64,
        "that neighbouring pixels of one colour may differ by, 0: none do; IoU on train films 0.720 to 0.725 and 0.785 to 0.789, 8 to 14 are as good",
    )
    sure: float = _of(
        0.9,
        "coverage",
        0,
        1,
        "that a figure has to reach in its surest tenth; on train films false figures 12.5, 8.3, 5.3 of a thousand at 0, 0.8, 0.9; "
        "on val 0.6, 0.2 at 0.72, 0.9",
    )
    trust: float = _of(
        0.6, "share", 0, 1, "of what is seen outside figures that a plate has to explain to be used"
    )
    snap: int = _of(
        8, "pixels", 0, 32, "of the frame around an outline that the picture's own edges may move it by"
    )
    alpha_floor: float = _of(
        0.02, "coverage", 0, 0.45, "below which alpha is nothing, and above one less it which it is all"
    )
    lit: float = _of(0.35, "coverage", 0.05, 0.9, "of an effect inside of which it is surely one")
    faint: float = _of(0.08, "coverage", 0.01, 0.5, "of an effect down to which its soft edge reaches")
    dim: float = _of(
        0.2,
        "coverage",
        0.02,
        0.9,
        "of a shadow from which it is one: IoU 0.42, 0.40, 0.37 on train films at 0.1, 0.2, 0.3",
    )
    darker: float = _of(0.06, "share of the light", 0.01, 0.5, "that the plate has to lose in a shadow")
    min_area: float = _of(4e-4, "share of the frame", 1e-5, 0.05, "that the smallest effect covers")

    def __post_init__(self) -> None:
        for each in fields(self):
            low, high = each.metadata["range"]
            if not low <= getattr(self, each.name) <= high:
                raise ValueError(
                    f"{each.name}={getattr(self, each.name)}: {each.metadata['unit']}, {low} to {high}"
                )


def tuned(values: Mapping[str, float] | None) -> Params:
    """The tunables with some of them changed. Raises ValueError for an unknown one, with those there are, and
    for a value out of range.
    """
    try:
        values = former.options(values or {}, Params.__dataclass_fields__, "params")
        return Params(**dict[str, Any](values))
    except TypeError:
        unknown = next(name for name in values or {} if name not in Params.__dataclass_fields__)
        near = difflib.get_close_matches(str(unknown), Params.__dataclass_fields__, 1)
        hint = f"did you mean {near[0]}? " if near else ""
        raise ValueError(
            f"params: nothing is called {unknown}; {hint}there is: {', '.join(Params.__dataclass_fields__)}"
        ) from None
