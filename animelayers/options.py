"""What an option may hold, told once: by the type hint of its parameter. The check of a configuration, the
help and the reference read it there.

A number whose hint says nothing more is 0 or more. `Annotated[float, Within(…)]` says another range,
`Literal[…]` the choices.
"""

from __future__ import annotations

import difflib
import inspect
import math
import sys
import types
import typing
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin


@dataclass(frozen=True)
class Within:
    """The range of a number, ends included; ``above``: the lower one is not, ``below``: nor the upper one."""

    least: float = 0
    most: float = math.inf
    above: bool = False
    below: bool = False

    def __contains__(self, value: float) -> bool:
        low = value > self.least if self.above else value >= self.least
        return low and (value < self.most if self.below else value <= self.most)

    def __str__(self) -> str:
        low, high = f"{self.least:g}", f"{self.most:g}"
        if math.isinf(self.most):
            return "" if math.isinf(self.least) else f"above {low}" if self.above else f"{low} or more"
        if self.above or self.below:
            return f"{'above' if self.above else 'from'} {low} {'and below' if self.below else 'to'} {high}"
        return f"{low} to {high}"


@dataclass(frozen=True)
class Mark:
    """Something else that is said of a parameter."""

    said: str


PLACED = Mark("says where it runs and how fast, never what comes out")
WEIGHTS = Mark("a name of the table of weights, or a path")
MODEL = Mark("a model by one of its names, which may be that of weights, or a path")

Share = Annotated[float, Within(0, 1)]
Part = Annotated[float, Within(0, 1, above=True)]
Below = Annotated[float, Within(0, 1, below=True)]
Count = Annotated[int, Within(1)]
Positive = Annotated[float, Within(above=True)]
Number = Annotated[float, Within(-math.inf)]
Level = Annotated[int, Within(0, 255)]
Quality = Annotated[int, Within(1, 100)]
Side = Annotated[int, Within(32)]
"""Pixels of a side of what a net sees."""
Batch = Annotated[int, Within(1), PLACED]
"""How many go through a net at once."""
Size = Annotated[Sequence[int], Within(1)]
Weighted = Annotated[str | Path, WEIGHTS]
"""Weights of a net: a name of the table, or a file or folder of one's own."""
Named = Annotated[str, WEIGHTS]
"""The same, as text."""
_FREE = Within()


class OptionError(ValueError):
    """A value that its option cannot hold: the message names the option, what it can hold, and the nearest of
    its choices.
    """


def problem(value: Any, hint: Any) -> str:
    """What is wrong with a plain value (of YAML: bool, int, float, str, list, mapping, None), empty if
    nothing is.
    """
    fitting = any(_fits(value, each, within) for each, within in _ways(hint))
    return "" if fitting else f"it is {described(hint)}{_near(value, hint)}"


def described(hint: Any) -> str:
    """What an option may hold, in words."""
    words = list(
        dict.fromkeys(_word(each, within) for each, within in _ways(hint) if get_origin(each) is not Literal)
    )
    if WEIGHTS in _marks(hint):
        words = [WEIGHTS.said, *(word for word in words if word not in ("text", "a path"))]
    choices = [str(choice) for choice in _choices(hint)]
    said = [*choices, *words]
    return said[0] if len(said) == 1 else f"{', '.join(said[:-1])} or {said[-1]}"


def marked(hint: Any, mark: Mark) -> bool:
    """Whether a hint carries a mark, at any depth."""
    return mark in _marks(hint)


def kinds(hint: Any) -> list[Any]:
    """The kinds of values that a hint allows, without ranges and marks."""
    return [each for each, _ in _ways(hint)]


def is_text(hint: Any) -> bool:
    """Whether an option holds free text or a path, and maybe nothing."""
    found = kinds(hint)
    return any(kind in (str, Path) for kind in found) and all(
        kind in (str, Path, None, type(None)) for kind in found
    )


@cache
def hints(kind: type) -> dict[str, Any]:
    """The parameters of a class's constructor, or the keys of a TypedDict, with their hints; one that cannot
    be told is Any.
    """
    if typing.is_typeddict(kind):
        return dict(typing.get_type_hints(kind, include_extras=True))
    made: dict[str, Any] = {}
    for name, parameter in inspect.signature(kind).parameters.items():
        hint = _hint(kind, name, parameter.annotation)
        if parameter.kind is parameter.VAR_KEYWORD:
            made = {**made, **(hints(get_args(hint)[0]) if _named(hint) else _above(kind))}
        elif parameter.kind is not parameter.VAR_POSITIONAL:
            made[name] = hint
    return made


def nearest(name: str, names: Sequence[str]) -> str:
    """A hint at the right one of some names."""
    near = difflib.get_close_matches(name, names, 1, 0.5)
    return f"did you mean {near[0]}?" if near else f"there is: {', '.join(names) or 'none'}"


def _named(hint: Any) -> bool:
    """Whether the options of a `**` are those of a TypedDict."""
    return bool(get_args(hint)) and typing.is_typeddict(get_args(hint)[0])


def _above(kind: type) -> dict[str, Any]:
    """What the class above takes, which is given the options that a constructor does not name."""
    base = next(base for base in kind.__mro__[1:] if "__init__" in vars(base))
    return {"*": Any} if base is object else hints(base)


def _hint(kind: type, name: str, annotation: Any) -> Any:
    """A parameter's hint; of a dataclass it stands in the module of the class that declares the field."""
    if not isinstance(annotation, str):
        return Any if annotation is inspect.Parameter.empty else annotation
    owners = [
        base for base in kind.__mro__ if name in inspect.get_annotations(base) or "__init__" in vars(base)
    ]
    for owner in owners:
        try:
            # the text is the package's own source
            return eval(annotation, dict(vars(sys.modules[owner.__module__])))
        # imported for the type checker alone: a class, which a configuration says by its own node
        except NameError:
            continue
    return Any


def _ways(hint: Any, within: Within = _FREE) -> Iterator[tuple[Any, Within]]:
    """The kinds that a hint allows, each with the range of its numbers."""
    origin = get_origin(hint)
    if origin is Annotated:
        inner, *extras = get_args(hint)
        yield from _ways(inner, next((extra for extra in extras if isinstance(extra, Within)), within))
    elif origin in (typing.Union, types.UnionType):
        for each in get_args(hint):
            yield from _ways(each, within)
    else:
        yield hint, within


def _marks(hint: Any) -> set[Mark]:
    found = {extra for extra in getattr(hint, "__metadata__", ()) if isinstance(extra, Mark)}
    return found.union(*(_marks(each) for each in get_args(hint) if get_origin(each)))


def _choices(hint: Any) -> list[Any]:
    return [choice for each, _ in _ways(hint) if get_origin(each) is Literal for choice in get_args(each)]


def _fits(value: Any, kind: Any, within: Within) -> bool:
    origin = get_origin(kind)
    if kind is Any:
        return True
    if kind in (None, type(None)):
        return value is None
    if origin is Literal:
        # YAML reads 444 as a number
        return not isinstance(value, bool) and str(value) in map(str, get_args(kind))
    if kind is bool:
        return isinstance(value, bool)
    if kind in (int, float):
        numbers = int if kind is int else int | float
        return (
            isinstance(value, numbers)
            and not isinstance(value, bool)
            and math.isfinite(value)
            and value in within
        )
    if kind in (str, Path):
        return isinstance(value, str)
    if origin is tuple and Ellipsis not in get_args(kind):
        parts = get_args(kind)
        return (
            isinstance(value, list)
            and len(value) == len(parts)
            and all(_passes(v, p, within) for v, p in zip(value, parts, strict=True))
        )
    if origin is not None and issubclass(origin, Mapping):
        keys, values = get_args(kind)
        return isinstance(value, Mapping) and all(
            _passes(k, keys, within) and _passes(v, values, within) for k, v in value.items()
        )
    if origin is not None and issubclass(origin, Sequence | tuple):
        return isinstance(value, list) and all(_passes(each, get_args(kind)[0], within) for each in value)
    return isinstance(value, Mapping)  # an object, described by a node of its own


def _passes(value: Any, hint: Any, within: Within) -> bool:
    return any(_fits(value, each, inner) for each, inner in _ways(hint, within))


def _word(kind: Any, within: Within) -> str:
    origin = get_origin(kind)
    if kind in (None, type(None)):
        return "null"
    if kind is Any:
        return "anything"
    if kind is bool:
        return "true or false"
    if kind in (int, float):
        return ", ".join(filter(None, ("a whole number" if kind is int else "a number", str(within))))
    if kind is str:
        return "text"
    if kind is Path:
        return "a path"
    if origin is Literal:
        return ", ".join(map(str, get_args(kind)))
    if origin is tuple and Ellipsis not in get_args(kind):
        parts = [" or ".join(_word(*way) for way in _ways(each, within)) for each in get_args(kind)]
        return (
            f"a list of {len(parts)} ({parts[0]})"
            if len(set(parts)) == 1
            else f"a list of {len(parts)} ({'; '.join(parts)})"
        )
    if origin is not None and issubclass(origin, Mapping):
        return "a mapping"
    if origin is not None and issubclass(origin, Sequence | tuple):
        choices = _choices(get_args(kind)[0])
        return (
            f"a list ({', '.join(map(str, choices))})"
            if choices
            else f"a list ({' or '.join(_word(*way) for way in _ways(get_args(kind)[0], within))})"
        )
    return f"a node that makes a {getattr(kind, '__name__', kind)}"


def _near(value: Any, hint: Any) -> str:
    choices = [str(choice) for choice in _choices(hint)]
    near = difflib.get_close_matches(str(value), choices, 1, 0.7)
    return f"; did you mean {near[0]}?" if near else ""
