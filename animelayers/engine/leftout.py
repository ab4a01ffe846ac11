"""What lies under an input and is no part of it: every entry of a folder is frames, an error, or named here
with the reason.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa

from animelayers.sinks import parquet
from animelayers.sinks.store import Store

FILE = "left_out.parquet"
SCHEMA = pa.schema({"source": pa.string(), "why": pa.string()})
_SHOWN = 5


def of(source: Any, listed: Iterable[str], planned: Collection[str]) -> list[dict[str, str]]:
    """Entries that a source found to be no inputs, and those of the `listed` inputs of which nothing is
    `planned`, in natural order.
    """
    from animelayers.sources.files import SAMPLED

    why = SAMPLED if source.limit is None else f"source.limit={source.limit} is reached before it"
    rest = [(name, why) for name in listed if name not in planned]
    return [{"source": name, "why": why} for name, why in [*getattr(source, "left_out", ()), *rest]]


def write(path: str, entries: Sequence[Mapping[str, str]]) -> None:
    """Keep the list beside an output, as OUT/left_out.parquet; nothing where nothing is or was left out.
    Raises `SinkError`.
    """
    store = Store(path)
    if entries or store.exists(FILE):
        store.put(
            FILE, "list of what was left out", parquet.to_bytes(pa.Table.from_pylist(list(entries), SCHEMA))
        )


def by_reason(entries: Iterable[Mapping[str, str]]) -> dict[str, list[str]]:
    """The names under each reason, those of which there are fewest first."""
    found: dict[str, list[str]] = {}
    for entry in entries:
        found.setdefault(entry["why"], []).append(entry["source"])
    return dict(sorted(found.items(), key=lambda item: len(item[1])))


def described(entries: Sequence[Mapping[str, str]]) -> list[str]:
    """The closing lines of a run about them: a line per reason with the first names."""
    lines = [f"{len(entries)} left out:"] if entries else []
    for why, names in by_reason(entries).items():
        more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
        lines.append(f"  {why}: {', '.join(map(repr, names[:_SHOWN]))}{more}")
    return lines
