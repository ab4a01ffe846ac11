"""An output read back: the frame table, and any layer of any frame by one seek."""

from __future__ import annotations

import base64
import html
import io
import logging
import os
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import pyarrow as pa
from PIL import Image

from animelayers.dataset import search as searching
from animelayers.imaging import codecs
from animelayers.imaging.recompose import together
from animelayers.imaging.sheet import fit
from animelayers.models.protocols import WordEmbedder
from animelayers.record.layers import ORDER
from animelayers.record.schema import Row
from animelayers.sinks import columns, corrections, metadata, parquet
from animelayers.sinks.sink import checksum
from animelayers.sinks.store import Damaged, SinkError, Store
from animelayers.storage import inside

log = logging.getLogger(__name__)

PLATES = "plates.parquet"
"""What a run says of the plates of whole shots, see `animelayers.dataset.plates`."""

Spread = Callable[[Callable[["Output"], Any], Iterable["Output"]], Iterable[Any]]
"""How some work is done for each episode: here one after the other (`map`), or on a cluster."""

_SHOWN, _WIDTH = 4, 192


class Output:
    """The output of a job, local or remote, shards or tree.

    `table` holds each good frame once (sorted by episode, shot and frame) with all that annotation added to
    it, `errors` a row per clip that failed, `twice` ids of clips that two Parquets commit (the lower by name
    counts). `len`, iteration and `in` speak of frame ids. Nothing is read before it is asked for, and no lock
    is needed. What a person corrected takes the place of what was made, unless ``corrected`` is False. Raises
    `SinkError` for a folder that is no output, and for damaged or foreign files in it.
    """

    def __init__(self, path: str | os.PathLike[str], corrected: bool = True) -> None:
        self.path, self._corrected = os.fspath(path), corrected
        self._store = Store(self.path)
        self._open = lru_cache(maxsize=8)(self._store.fs.open_input_file)

    def __reduce__(self) -> tuple[Any, ...]:
        """A process that is sent it opens its files for itself."""
        return _sent, (self.path, self._corrected, self.__dict__.get("_loaded"))

    @property
    def table(self) -> pa.Table:
        """The frame table: one row per good frame."""
        return self._loaded[0]

    @property
    def errors(self) -> pa.Table:
        """One row per clip that failed."""
        return self._loaded[1]

    @property
    def twice(self) -> list[str]:
        """Ids of clips that are committed twice."""
        return self._loaded[2]

    @cached_property
    def layers(self) -> list[str]:
        """Names of the layers that are stored: character, mask, background …"""
        names = [name.removesuffix("_offset") for name in self.table.column_names if name.endswith("_offset")]
        return [name for name in names if self.table[f"{name}_file"].null_count < len(self)]

    def frame(self, frame_id: str) -> dict[str, np.ndarray]:
        """All layers of a frame, by name: see `layer`."""
        row = self.row(frame_id)
        return {name: self.picture(row, name) for name in self.layers if row[f"{name}_file"]}

    def composed(self, row: Row) -> np.ndarray:
        """A frame put together from its layers, uint8 sRGB (H, W, 3), of its row; grey where it has no
        background.
        """
        layers = {name: codecs.decode(self.stored(row, name)) for name in ORDER if row.get(f"{name}_file")}
        if "background" not in layers:
            layers["background"] = np.full((int(row["height"]), int(row["width"]), 3), 128, np.uint8)
        return together(**layers, mode=row.get("effect_mode") or "none")

    def layer(self, frame_id: str, name: str) -> np.ndarray:
        """A layer of a frame, uint8 sRGB: (H, W, 4) with straight alpha, (H, W, 3), or (H, W) for a mask.

        Raises KeyError for a frame or a layer that there is not.
        """
        return self.picture(self.row(frame_id), name)

    def plate(self, frame_id: str) -> tuple[np.ndarray, np.ndarray]:
        """The clean plate of a frame's shot, uint8 sRGB (P, Q, 3), and where the frame lies on it: the
        homography float64 (3, 3) that takes a pixel (x, y, 1) of the frame to a pixel of the plate. That of
        its clip where the run has not ended. Raises KeyError for a frame that there is not, and for one
        without a plate.
        """
        row = self.row(frame_id)
        whole = self._plates.get(frame_id)
        data = self._store.read(whole[0]) if whole else None
        if whole is None or data is None:
            return self.picture(row, "plate"), np.array(row["homography"]).reshape(3, 3)
        with Image.open(io.BytesIO(data)) as picture:
            return np.array(picture), np.array(whole[1]).reshape(3, 3)

    def read(self, frame_id: str, name: str) -> bytes:
        """The encoded file of a layer, as stored. Raises KeyError for a frame or a layer that there is not."""
        return self.stored(self.row(frame_id), name)

    def search(
        self, words: str, count: int = 12, column: str = "clip_frame", embedder: WordEmbedder | None = None
    ) -> searching.Found:
        """Frame ids of the `count` drawings that fit some words best, with their cosines: see
        `animelayers.dataset.search.search`.
        """
        return searching.search(self, words, count, column, embedder)

    def nearest(self, frame_id: str, count: int = 12, column: str = "visual_frame") -> searching.Found:
        """Frame ids of the `count` other drawings most like a frame's, with their cosines: see
        `animelayers.dataset.search.nearest`.
        """
        return searching.nearest(self, frame_id, count, column)

    def __len__(self) -> int:
        return int(self.table.num_rows)

    def __iter__(self) -> Iterator[str]:
        return iter(self._index)

    def __contains__(self, frame_id: object) -> bool:
        return frame_id in self._index

    def __repr__(self) -> str:
        return f"Output({self.path!r}): {len(self)} frames of {self._clips} clips, {self.errors.num_rows} failed; {', '.join(self.layers)}"

    def _repr_html_(self) -> str:
        chosen = [
            list(self._index)[i]
            for i in sorted({*np.linspace(0, len(self) - 1, min(len(self), _SHOWN)).astype(int).tolist()})
        ]
        rows = "".join(
            f"<tr><td><code>{html.escape(frame_id)}</code></td>{''.join(f'<td>{_image(a)}</td>' for a in self.frame(frame_id).values())}</tr>"
            for frame_id in chosen
        )
        head = "".join(f"<th>{html.escape(name)}</th>" for name in ["frame", *self.layers])
        return f"<p>{html.escape(repr(self))}</p><table><tr>{head}</tr>{rows}</table>"

    @cached_property
    def _loaded(self) -> tuple[pa.Table, pa.Table, list[str]]:
        if not metadata.names(self._store):
            raise SinkError(
                self._store.root, "no metadata/*.parquet there", "give the folder a job wrote into"
            )
        good, failed, twice = self._own(*metadata.load(self._store))
        for name, store in self._annotations().items():
            good = columns.join(good, metadata.load(store)[0], name)
        return good, failed, twice

    def episodes(self) -> Iterator[Output]:
        """The same output with the rows of one episode each, so that memory does not grow with their number;
        none where nothing is committed.
        """
        added = {
            name: (metadata.of_episodes(store), metadata.filled(store))
            for name, store in self._annotations().items()
        }
        for rows in metadata.episodes(self._store):
            part = Output(self.path, self._corrected)
            good, failed, twice = part._own(*rows, some=True)
            for name, (of, filled) in added.items():
                good = columns.join(good, of(metadata.episodes_in(good)), name, filled)
            part.__dict__["_loaded"] = good, failed, twice
            yield part

    def _annotations(self) -> dict[str, Store]:
        found = self._store.folders(columns.FOLDER)
        return {name: Store(inside(self.path, f"{columns.FOLDER}/{name}")) for name in found}

    def _own(
        self, good: pa.Table, failed: pa.Table, twice: list[str], some: bool = False
    ) -> tuple[pa.Table, pa.Table, list[str]]:
        if twice:
            log.warning(
                "%s: %d clips are committed twice, the Parquet lowest by name counts: %s",
                self.path,
                len(twice),
                twice[:3],
            )
        good = corrections.over(good, self.path, some) if self._corrected else good
        order = [
            name for name in ("episode", "scene_id", "source", "frame_index") if name in good.column_names
        ]
        return good.sort_by([(name, "ascending") for name in order]), failed, twice

    @cached_property
    def _index(self) -> dict[str, int]:
        return {frame_id: i for i, frame_id in enumerate(self.table["frame_id"].to_pylist())}

    @cached_property
    def _plates(self) -> dict[str, tuple[str, list[float]]]:
        if not self._store.exists(PLATES):
            return {}
        found = parquet.read(self._store, PLATES, ["frame_id", "plate", "homography"]).to_pylist()
        return {row["frame_id"]: (row["plate"], row["homography"]) for row in found}

    @property
    def _clips(self) -> int:
        return len(self.table["clip_id"].unique())

    def row(self, frame_id: str) -> dict[str, Any]:
        """A row of the frame table. Raises KeyError for a frame that there is not."""
        if frame_id not in self._index:
            raise KeyError(f"no frame {frame_id!r} in {self.path}")
        return dict(self.table.slice(self._index[frame_id], 1).to_pylist()[0])

    def stored(self, row: dict[str, Any], name: str) -> bytes:
        """The same of a row of the frame table, which need not be loaded for it."""
        if not row.get(f"{name}_file"):
            there = [
                column.removesuffix("_file")
                for column, file in row.items()
                if column.endswith("_file") and file
            ]
            raise KeyError(f"no layer {name!r} of {row['frame_id']}: there are {', '.join(there) or 'none'}")
        file = corrections.file(row["shard"]) if row["shard"] else row[f"{name}_file"]
        with self._store.guard(file):
            size, offset = row[f"{name}_size"], row[f"{name}_offset"]
            data = (
                self._store.part(file, offset, size)
                if self._store.in_bucket
                else bytes(self._open(self._store.path(file)).read_at(size, offset))
            )
        if len(data) < size:
            raise SinkError(
                self._store.path(file), f"ends inside {name} of {row['frame_id']}", "copy the output again"
            )
        if row.get(f"{name}_xxh3") not in (None, checksum(data)):
            remedy = f"animelayers verify {self.path} mend=true finds all such clips and has them made again"
            raise Damaged(
                self._store.path(file),
                f"the bytes of {name} of {row['frame_id']} are not those that were written",
                remedy,
            )
        return data

    def picture(self, row: dict[str, Any], name: str) -> np.ndarray:
        """A layer of a row of the frame table, which need not be loaded for it: see `layer`."""
        with Image.open(io.BytesIO(self.stored(row, name))) as picture:
            return np.array(picture)


def _sent(path: str, corrected: bool, loaded: Any) -> Output:
    output = Output(path, corrected)
    if loaded is not None:
        output.__dict__["_loaded"] = loaded
    return output


def _image(layer: np.ndarray) -> str:
    """An <img> of a layer, small; what is transparent shows a checkerboard."""
    buffer = io.BytesIO()
    Image.fromarray(fit(layer, _WIDTH)).save(buffer, "PNG")
    return f'<img src="data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}">'
