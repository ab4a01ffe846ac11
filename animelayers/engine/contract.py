"""What a step reads and writes, as the signature of the method that computes it tells."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, get_args, get_type_hints, is_typeddict

import numpy as np

from animelayers.record.schema import RECORD


class Contract(NamedTuple):
    """Columns a step needs, those it uses where some stage before it wrote them, and those it adds."""

    reads: tuple[str, ...]
    wants: tuple[str, ...]
    writes: tuple[str, ...]


def contract(method: Callable[..., Any], names: Mapping[str, Any]) -> Contract:
    """The contract of a step from its method; `names` are those that its hints may use beside the names of
    its module.

    The columns are its keyword parameters: a required one is read, one whose default is None is wanted, and
    so are the keys of a TypedDict in ``**told: Unpack[…]``. The fields of the NamedTuple that it returns,
    alone or in a list, are written. Raises TypeError for anything else, for a column the record does not
    have, and for arrays of another dtype than the record's.
    """
    where = method.__qualname__
    try:
        hints = get_type_hints(method, None, dict(names))
    except NameError as unknown:
        raise TypeError(
            f"{where}: {unknown}: its hints must be names of its module or of its class"
        ) from unknown
    reads: list[str] = []
    wants: list[str] = []
    for name, parameter in list(inspect.signature(method).parameters.items())[1:]:
        if parameter.kind is parameter.VAR_KEYWORD and is_typeddict(
            told := next(iter(get_args(hints.get(name))), None)
        ):
            wants += _columns(where, get_type_hints(told))
            continue
        if parameter.kind is not parameter.KEYWORD_ONLY:
            raise TypeError(f"{where} takes its columns by keyword: put * before {name}")
        if parameter.default not in (parameter.empty, None):
            raise TypeError(f"{where} has {name}={parameter.default}: what no stage wrote is None")
        (reads if parameter.default is parameter.empty else wants).append(name)
        _columns(where, {name: hints.get(name)})
    if not reads:
        raise TypeError(f"{where} needs one column at least, which tells how many drawings there are")
    made = [
        kind for kind in (hints.get("return"), *get_args(hints.get("return"))) if hasattr(kind, "_fields")
    ]
    if not made:
        raise TypeError(
            f"{where} must say that it returns a NamedTuple: its fields are the columns it writes"
        )
    return Contract(
        tuple(reads),
        tuple(wants),
        tuple(_columns(where, {name: get_type_hints(made[0]).get(name) for name in made[0]._fields})),
    )


def _columns(where: str, hints: Mapping[str, Any]) -> list[str]:
    """The names of columns, which are in the record with the dtypes of their hints."""
    for name, hint in hints.items():
        if name not in RECORD:
            near = difflib.get_close_matches(name, RECORD, 1)
            raise TypeError(
                f"{where}: no column is called {name}{f', did you mean {near[0]}?' if near else ': declare it in schema.py'}"
            )
        column = RECORD[name]
        if other := sorted({told.name for told in _dtypes(hint) if told.name != column.dtype}):
            raise TypeError(f"{where}: {name} is {column.dtype} and not {', '.join(other)}")
    return list(hints)


def _dtypes(hint: Any) -> Iterator[np.dtype]:
    """The dtypes of all arrays in a hint."""
    for part in get_args(hint):
        if inspect.isclass(part) and issubclass(part, np.generic):
            yield np.dtype(part)
        else:
            yield from _dtypes(part)
