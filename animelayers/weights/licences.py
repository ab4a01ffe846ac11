"""Which weights may be used: what is not free for every use, or not known to be, only if the user said so."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from animelayers.weights.store import WeightsError, lookup
from animelayers.weights.table import TABLE


def allowed(
    name: str, allow_noncommercial: bool = False, allow_unknown: bool = False, allow: Sequence[str] = ()
) -> None:
    """Raise WeightsError, naming weights and licence, for what is not for commercial use or not known to be,
    unless told so.

    ``allow`` are names of weights allowed one by one; one that is unknown is an error, too. A user's own file
    is the user's to judge and passes.
    """
    for other in allow:
        lookup(other)
    if name in allow or (name not in TABLE and Path(name).expanduser().exists()):
        return
    weights = lookup(name)
    refused = {"yes": False, "no": not allow_noncommercial, "unknown": not allow_unknown}[weights.commercial]
    if refused:
        what, option = (
            ("not", "allow_noncommercial")
            if weights.commercial == "no"
            else ("not known to be", "allow_unknown")
        )
        raise WeightsError(
            f"the weights of {name} are {what} free for commercial use (licence: {weights.weights_license}; {weights.evidence}). "
            f"To use them all the same, set 'licenses.allow=[{name}]', or for all such weights licenses.{option}=true"
        )
