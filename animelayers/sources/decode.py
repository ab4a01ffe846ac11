"""Decoding one input's clips at full size, with the file kept open from one clip to the next."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from typing import IO, Any

import numpy as np

from animelayers.imaging.held import Fold
from animelayers.record.schema import GIVEN, RECORD, Row, blank
from animelayers.sources.asked import Asked
from animelayers.sources.film import Film
from animelayers.sources.given import Given
from animelayers.sources.matted import Matted
from animelayers.sources.opening import unchanged
from animelayers.sources.pictures import animation, still
from animelayers.sources.seen import Seen, flags
from animelayers.sources.showing import show
from animelayers.sources.windows import Windows

_SLACK = 0.6 / 24  # seconds: of telecine undone the times are spread anew


Open = Callable[[Row], AbstractContextManager[IO[bytes]]]


class Decoder:
    """Decodes the plan rows of one input. `opened(row)` opens the input's file; `held` gives each drawing of
    a clip once.

    The context of a shot is decoded with the first of its clips and kept for those that follow.
    After a clip that failed, the next one starts from a file opened anew.
    """

    def __init__(
        self,
        opened: Open,
        asked: Asked,
        held: bool = False,
        mattes: Callable[[str], AbstractContextManager[IO[bytes]]] | None = None,
    ) -> None:
        self._opened, self._asked, self._held = opened, asked, held
        self._mattes = Matted(mattes, asked) if mattes else None
        self._stack = ExitStack()
        self._file: IO[bytes] | None = None
        self._windows: tuple[Film, Windows] | None = None
        self._pages: Iterator[tuple[Seen, float]] | None = None
        self._context: tuple[Any, np.ndarray] = (None, blank("context"))
        self._page = 0  # the one `_pages` gives next

    def close(self) -> None:
        """Close the file and its mattes; the next clip opens them again."""
        self._stack.close()
        if self._mattes:
            self._mattes.close()
        self._file = self._windows = self._pages = None

    def clip(self, row: Row) -> Row:
        """The clip of a plan row, for the pipeline. Raises whatever the decoders raise, and OSError if the
        file has changed.
        """
        pictures = {
            "image": self._still,
            "animation": self._animation,
            "video": self._film,
            "sequence": self._sequence,
        }[row["kind"]]
        # Room for every frame, but memory for no more drawings than there are: pages nobody wrote to cost
        # nothing.
        frames = np.empty((len(row["indices"]), row["height"], row["width"], 3), np.uint8)
        drawing, fold = np.arange(len(row["indices"]), dtype=np.int32), Fold()
        doubts: list[set[str]] = []  # of each drawing
        notes = [row["told"]] if row.get("told") else []
        alone = row["kind"] != "sequence"
        if self._file is None and alone:
            self._file = self._stack.enter_context(self._opened(row))
        given = Given(self._asked, self._mattes)
        for place, seen in enumerate(pictures(row)):
            if row["kind"] == "image":  # a still has the size it has
                frames = seen.pixels[None]
            elif seen.pixels.shape != frames.shape[1:]:
                raise ValueError(
                    f"frame {row['indices'][place]} is not {row['width']} x {row['height']} as planned"
                )
            drawing[place] = fold.add(seen.pixels) if self._held and len(frames) > 1 else place
            if drawing[place] == len(doubts):
                doubts.append(set())
                given.add(seen, row, place)
                if row["kind"] != "image":
                    frames[drawing[place]] = seen.pixels
            doubts[drawing[place]] |= {
                *seen.doubts,
                *(row.get("doubts") or [""] * (place + 1))[place].split(","),
            }
            notes += [note for note in seen.notes if note not in notes]
        context = self._shared(row)
        if self._file is not None:
            unchanged(self._file, row["size"], row["mtime_ns"])
        captions = row.get("captions") or [""] * len(drawing)
        first = np.unique(drawing, return_index=True)[1]
        return identity(row) | {
            "frame_index": np.array(row["indices"], np.int64),
            "timestamp_s": np.array(row["times"], np.float64),
            "drawing": drawing,
            "frames": frames[: drawing.max() + 1],
            "context": context,
            "note": "; ".join(notes),
            "pixel_aspect": row.get("aspect") or "1:1",
            "caption_given": RECORD["caption_given"].gather([captions[place] for place in first]),
            "given": given.alpha,
            **given.layers,
            "flags": RECORD["flags"].gather([flags(frozenset(words)) for words in doubts]),
            "error": "",
            "error_type": "",
            "attempt": 0,
        }

    def _still(self, row: Row) -> Iterator[Seen]:
        assert self._file is not None
        yield still(self._file, self._asked)

    def _sequence(self, row: Row) -> Iterator[Seen]:
        for member in row["members"]:
            with self._opened(member) as file:
                yield still(file, self._asked)

    def _animation(self, row: Row) -> Iterator[Seen]:
        file = self._file
        assert file is not None
        for index in row["indices"]:
            if self._pages is None or index < self._page:
                file.seek(0)
                self._pages, self._page = animation(file, self._asked), 0
            for seen, _ in self._pages:
                self._page += 1
                if self._page > index:
                    yield seen
                    break
            else:
                raise EOFError(f"ends before frame {index}")

    def _film(self, row: Row) -> Iterator[Seen]:
        film, windows = self._open_film(row.get("reading") or "")
        for frame in windows.read(row["indices"], row["pts"], row["times"]):
            yield show(frame, film.facts, self._asked)

    def _shared(self, row: Row) -> np.ndarray:
        """The context frames of the row's shot."""
        indices = row.get("context") or []  # a plan made before there was context has none
        shot = (row["source"], row["scene_id"], *indices)
        if indices and shot != self._context[0]:
            frames = np.empty((len(indices), row["height"], row["width"], 3), np.uint8)
            if row["kind"] == "sequence":
                for place, seen in enumerate(self._sequence({"members": row["context_members"]})):
                    frames[place] = seen.pixels
                self._context = (shot, frames)
                return frames
            film, windows = self._open_film(row.get("reading") or "")
            starts = [place for place, pts in enumerate(row["context_pts"]) if pts != -1]
            for a, b in zip(starts, [*starts[1:], len(indices)], strict=True):
                found = windows.read(indices[a:b], row["context_pts"][a], row["context_times"][a:b])
                for place, frame in enumerate(found, a):
                    frames[place] = show(frame, film.facts, self._asked).pixels
            self._context = (shot, frames)
        return self._context[1] if indices else np.empty((0, 0, 0, 3), np.uint8)

    def _open_film(self, reading: str) -> tuple[Film, Windows]:
        if self._windows is None:
            assert self._file is not None
            film = self._stack.enter_context(Film(self._file, self._asked.max_pixels, reading))
            self._windows = film, Windows(film, _SLACK if reading.startswith("telecine") else 0.0)
        return self._windows


def identity(row: Row) -> Row:
    """The columns of the record that a plan row has itself."""
    return {name: row[name] for name in ("clip_id", "source", "episode", "scene_id")}


def failed(row: Row, error: str, error_type: str) -> Row:
    """The clip that could not be read: its identity, what went wrong, and blanks."""
    empty = {
        name: blank(name)
        for name in (
            "frame_index",
            "timestamp_s",
            "drawing",
            "frames",
            "context",
            "note",
            "pixel_aspect",
            "caption_given",
            *GIVEN,
            "flags",
        )
    }
    return identity(row) | empty | {"error": error, "error_type": error_type, "attempt": 1}
