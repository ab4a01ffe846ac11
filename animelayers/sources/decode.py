"""Decoding one input's clips at full size, with the file kept open from one clip to the next."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from typing import IO, Any

import numpy as np

from animelayers.imaging.held import Fold
from animelayers.schema import Row, blank
from animelayers.sources.film import Film
from animelayers.sources.opening import unchanged
from animelayers.sources.pictures import animation, still
from animelayers.sources.windows import Windows, pixels

Picture = tuple[np.ndarray, str]  # uint8 sRGB (H, W, 3) and a note


class Decoder:
    """Decodes the plan rows of one input. `opened(row)` opens the input's file; `held` gives each drawing of a clip once.

    The context of a shot is decoded with the first of its clips and kept for those that follow.
    After a clip that failed, the next one starts from a file opened anew.
    """

    def __init__(
        self, opened: Callable[[Row], AbstractContextManager[IO[bytes]]], max_pixels: int, alpha_on: tuple[int, int, int], held: bool = False
    ) -> None:
        self._opened, self._max_pixels, self._alpha_on, self._held = opened, max_pixels, alpha_on, held
        self._stack = ExitStack()
        self._file: IO[bytes] | None = None
        self._windows: Windows | None = None
        self._pages: Iterator[tuple[np.ndarray, float, str]] | None = None
        self._context: tuple[Any, np.ndarray] = (None, blank("context"))
        self._page = 0  # the one `_pages` gives next

    def close(self) -> None:
        """Close the file; the next clip opens it again."""
        self._stack.close()
        self._file = self._windows = self._pages = None

    def clip(self, row: Row) -> Row:
        """The clip of a plan row, for the pipeline. Raises whatever the decoders raise, and OSError if the file has changed."""
        pictures = {"image": self._still, "animation": self._animation, "video": self._film}[row["kind"]]
        # Room for every frame, but memory for no more drawings than there are: pages nobody wrote to cost nothing.
        frames = np.empty((len(row["indices"]), row["height"], row["width"], 3), np.uint8)
        drawing, fold = np.arange(len(row["indices"]), dtype=np.int32), Fold()
        notes: list[str] = []
        if self._file is None:
            self._file = self._stack.enter_context(self._opened(row))
        for place, (picture, note) in enumerate(pictures(row, self._file)):
            if row["kind"] == "image":  # a still has the size it has
                frames = picture[None]
            elif picture.shape != frames.shape[1:]:
                raise ValueError(f"frame {row['indices'][place]} is not {row['width']} x {row['height']} as planned")
            drawing[place] = fold.add(picture) if self._held and len(frames) > 1 else place
            if row["kind"] != "image" and drawing[place] > drawing[:place].max(initial=-1):
                frames[drawing[place]] = picture
            notes += [note] if note and note not in notes else []
        context = self._shared(row)
        unchanged(self._file, row["size"], row["mtime_ns"])
        return identity(row) | {
            "frame_index": np.array(row["indices"], np.int64),
            "timestamp_s": np.array(row["times"], np.float64),
            "drawing": drawing,
            "frames": frames[: drawing.max() + 1],
            "context": context,
            "note": "; ".join(notes),
            "error": "",
            "error_type": "",
            "attempt": 0,
        }

    def _still(self, row: Row, file: IO[bytes]) -> Iterator[Picture]:
        yield still(file, self._max_pixels, self._alpha_on)

    def _animation(self, row: Row, file: IO[bytes]) -> Iterator[Picture]:
        for index in row["indices"]:
            if self._pages is None or index < self._page:
                file.seek(0)
                self._pages, self._page = animation(file, self._max_pixels, self._alpha_on), 0
            for picture, _, note in self._pages:
                self._page += 1
                if self._page > index:
                    yield picture, note
                    break
            else:
                raise EOFError(f"ends before frame {index}")

    def _film(self, row: Row, file: IO[bytes]) -> Iterator[Picture]:
        for frame in self._open_windows(file).read(row["indices"], row["pts"], row["times"]):
            picture, notes = pixels(frame, self._alpha_on)
            yield picture, "; ".join(notes)

    def _shared(self, row: Row) -> np.ndarray:
        """The context frames of the row's shot."""
        indices = row.get("context") or []  # a plan made before there was context has none
        shot = (row["source"], row["scene_id"], *indices)
        if indices and shot != self._context[0]:
            assert self._file is not None
            frames, windows = np.empty((len(indices), row["height"], row["width"], 3), np.uint8), self._open_windows(self._file)
            starts = [place for place, pts in enumerate(row["context_pts"]) if pts != -1]
            for a, b in zip(starts, [*starts[1:], len(indices)], strict=True):
                found = windows.read(indices[a:b], row["context_pts"][a], row["context_times"][a:b])
                for place, frame in enumerate(found, a):
                    frames[place] = pixels(frame, self._alpha_on)[0]
            self._context = (shot, frames)
        return self._context[1] if indices else np.empty((0, 0, 0, 3), np.uint8)

    def _open_windows(self, file: IO[bytes]) -> Windows:
        if self._windows is None:
            self._windows = Windows(self._stack.enter_context(Film(file, self._max_pixels)))
        return self._windows


def identity(row: Row) -> Row:
    """The columns of the record that a plan row has itself."""
    return {name: row[name] for name in ("clip_id", "source", "episode", "scene_id")}


def failed(row: Row, error: str, error_type: str) -> Row:
    """The clip that could not be read: its identity, what went wrong, and blanks."""
    empty = {name: blank(name) for name in ("frame_index", "timestamp_s", "drawing", "frames", "context", "note")}
    return identity(row) | empty | {"error": error, "error_type": error_type, "attempt": 1}
