"""Frames with masks that were made of them before."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property, lru_cache
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa

from animelayers.imaging import codecs
from animelayers.record.schema import Row, blank
from animelayers.sinks import metadata, parquet
from animelayers.sinks.store import SinkError, Store
from animelayers.sources.decode import failed
from animelayers.sources.files import COLUMNS, Files
from animelayers.sources.plan import kind_of, message

log = logging.getLogger(__name__)

_READERS = 8  # a remote store answers in tens of milliseconds
_PARTS = 4  # Parquets a reader keeps


class Masked(Files):
    """Pictures and films as `Files` gives them, with the union of their stored masks as `character`: 255 in
    any mask, else 0.

    ``masks``: the output of `sinks.Instances` over the same pictures. Clips that have no masks there, or
    failed, are left out: they come when a later run finds theirs. The masks are read from their files, so one
    that was deleted or painted over counts as it is now.
    """

    columns: ClassVar[tuple[str, ...]] = (*COLUMNS, "character")

    def __init__(self, path: str, *, masks: str, **options: Any) -> None:
        super().__init__(path, **options)
        self._masks = masks

    def __getstate__(self) -> dict[str, Any]:
        """Without what was read: a worker reads its own."""
        return {name: value for name, value in self.__dict__.items() if name not in ("_part", "_store")}

    def limited(self, plan: pa.Table) -> pa.Table:
        """The clips of the plan that have masks, cut after `limit` frames. Raises `SinkError` where none has."""
        parts = self._parts()
        named = [parts.get(clip) for clip in plan["clip_id"].to_pylist()]
        kept = plan.append_column("part", pa.array(named, pa.string())).filter(
            pa.array([name is not None for name in named], pa.bool_())
        )
        if len(plan) and not len(kept):
            raise SinkError(self._store.root, "no masks of these inputs there", "run step=instances first")
        if len(kept) < len(plan):
            log.info("%d clips have no masks and are left out", len(plan) - len(kept))
        return super().limited(kept)

    def read(self, plan: pa.Table | Iterable[Row]) -> Iterator[Row]:
        """As `Files.read`, with the masks; a clip whose masks cannot be read has its `error`, too."""
        rows = plan.to_pylist() if isinstance(plan, pa.Table) else list(plan)
        for row, clip in zip(rows, super().read(rows), strict=True):
            try:
                yield {
                    **clip,
                    "character": blank("character") if clip["error"] else self._character(clip, row["part"]),
                }
            except Exception as error:  # the boundary of this source, as in its parent
                log.warning("%s: %s", clip["clip_id"], message(error))
                yield {**failed(clip, message(error), kind_of(error)), "character": blank("character")}

    def _character(self, clip: Row, part: str) -> np.ndarray:
        masks = {
            row["frame_index"]: row["masks"] for row in self._part(part) if row["clip_id"] == clip["clip_id"]
        }
        union = np.zeros(clip["frames"].shape[:3], np.uint8)
        for d, position in enumerate(np.unique(clip["drawing"], return_index=True)[1]):
            for name in masks[int(clip["frame_index"][position])]:
                data = self._store.read(name)
                if data is None:  # taken away by hand
                    continue
                mask = codecs.decode(data)
                if mask.shape[:2] != union.shape[1:]:
                    raise ValueError(
                        f"{name} is {mask.shape[1]} x {mask.shape[0]}, its frame {union.shape[2]} x {union.shape[1]}"
                    )
                np.maximum(union[d], mask if mask.ndim == 2 else mask[..., :3].max(-1), out=union[d])
        return (union > 127) * np.uint8(255)

    def _parts(self) -> dict[str, str]:
        """The Parquet that commits each good clip; of two the lowest by name."""
        names = metadata.names(self._store)
        with ThreadPoolExecutor(_READERS) as pool:
            found = pool.map(lambda name: metadata.good_clips(self._store, name), names)
            return {
                clip: name for name, clips in reversed(list(zip(names, found, strict=True))) for clip in clips
            }

    @cached_property
    def _store(self) -> Store:
        return Store(self._masks)

    @cached_property
    def _part(self) -> Any:
        return lru_cache(maxsize=_PARTS)(lambda name: parquet.declared(self._store, name).to_pylist())
