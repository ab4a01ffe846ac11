"""How long some functions take while something else runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from time import perf_counter, thread_time
from typing import Any, NamedTuple


class Spent(NamedTuple):
    """Seconds of the CPU and by the clock on the wall."""

    cpu: float = 0.0
    wall: float = 0.0


@contextmanager
def clocked(places: Mapping[str, tuple[Any, str]]) -> Iterator[dict[str, Spent]]:
    """What each of the functions took while it is open, of all its calls on all threads together.

    ``places``: by name, what holds a function (a module, a class) and what it is called there. Where one
    calls another that counts twice.
    """
    spent = dict.fromkeys(places, Spent())
    before = {name: getattr(place, attribute) for name, (place, attribute) in places.items()}

    def method(name: str) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            cpu, wall = thread_time(), perf_counter()
            try:
                return before[name](*arguments, **options)
            finally:
                known = spent[name]
                spent[name] = Spent(known.cpu + thread_time() - cpu, known.wall + perf_counter() - wall)

        return call

    for name, (place, attribute) in places.items():
        setattr(place, attribute, method(name))
    try:
        yield spent
    finally:
        for name, (place, attribute) in places.items():
            setattr(place, attribute, before[name])
