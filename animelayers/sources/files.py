"""Pictures and films of a folder, a file or an object store: listed, planned as clips, decoded."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import cached_property
from itertools import groupby
from typing import IO, ClassVar, Literal

import numpy as np
import pyarrow as pa
import xxhash
from PIL import ImageColor
from pyarrow import fs

from animelayers.imaging.evenly import evenly
from animelayers.options import Count, Positive
from animelayers.record.schema import GIVEN, Row
from animelayers.sources import beside, deep, sequences
from animelayers.sources.asked import Asked
from animelayers.sources.colour import upright
from animelayers.sources.content import HEAD, family
from animelayers.sources.decode import Decoder, failed
from animelayers.sources.film import Film
from animelayers.sources.listing import LeftOut, list_inputs, root_of
from animelayers.sources.names import as_path, clip_id, numbered, slug
from animelayers.sources.opening import opened, sidecar, unchanged
from animelayers.sources.pictures import header, moves
from animelayers.sources.plan import PLAN, Input, kind_of, limited, message, sample
from animelayers.sources.scan import AHEAD, Scan, scan_animation, scan_film
from animelayers.sources.shots import Shots
from animelayers.storage import filesystem

log = logging.getLogger(__name__)

COLUMNS = (
    "clip_id", "source", "episode", "scene_id", "frame_index", "timestamp_s", "drawing", "frames", "context", "note",
    "pixel_aspect", "caption_given", *GIVEN, "flags", "error", "error_type", "attempt",
)  # fmt: skip
"""What `Files.read` gives of the record."""


_CHUNK = 1 << 20

SAMPLED = "source.every, fps, start or end leave nothing of it"


class Files:
    """Pictures and films under a path or URI.

    ``path``: a folder, one file, or any URI pyarrow or fsspec knows. ``every``: each n-th frame of a film and
    n-th picture of a folder; ``fps``: so many frames a second instead; ``start``, ``end``: seconds, [start,
    end); ``limit``: frames in all. ``detector``: how films are cut into shots: anime, adaptive, content,
    transnetv2 or none, see `Shots`. ``row_bytes``: a clip's frames at ``bytes_per_pixel`` stay below it.
    ``max_pixels``: larger pictures are refused from their header. ``follow_links``: whether links may leave
    the root. ``alpha_on``: the colour transparent pictures are composed on. ``held``: give each drawing of a
    clip once, however long it is held. ``context``: of a film's shot that is cut into clips so many frames of
    all of it go with each clip, within ``row_bytes``. ``aspect``, ``hdr``, ``deinterlace``, ``damaged``,
    ``alpha``: see `Asked`. ``mattes``: a folder with the character's alpha of pictures and films, found by
    name, or one film. ``sequence``: auto (numbered pictures that show one place after the other are frames of
    a film, ``rate`` a second) or off. What is no input is named in `left_out`. Captions beside an input come
    along. Raises ValueError for values that make no sense.
    """

    def __init__(
        self,
        path: str,
        *,
        every: Count = 1,
        fps: Positive | None = None,
        start: float | None = None,
        end: float | None = None,
        limit: Count | None = None,
        detector: Literal["anime", "adaptive", "content", "transnetv2", "none"] = "anime",
        row_bytes: Count = 128_000_000,
        bytes_per_pixel: Count = 3,
        max_pixels: Count = 64_000_000,
        follow_links: bool = False,
        alpha_on: str = "white",
        held: bool = True,
        context: int = 12,
        aspect: Literal["square", "stored"] = "square",
        hdr: Literal["tone_map", "keep"] = "tone_map",
        deinterlace: Literal["auto", "off"] = "auto",
        damaged: Literal["flag", "error", "keep"] = "flag",
        alpha: Literal["auto", "character", "compose"] = "auto",
        mattes: str | None = None,
        sequence: Literal["auto", "off"] = "auto",
        rate: Positive = 24.0,
    ) -> None:
        if every < 1 or (every > 1 and fps is not None):
            raise ValueError("source.every counts from 1, and source.fps is given instead of it, not with it")
        if (fps is not None and not fps > 0) or (limit is not None and limit < 1):
            raise ValueError("source.fps and source.limit must be above 0")
        if end is not None and not end > (start or 0.0):
            raise ValueError(f"source.end={end} is not after source.start={start}")
        if sequence not in ("auto", "off") or not rate > 0:
            raise ValueError(
                f"source.sequence={sequence!r} is auto or off, and source.rate={rate} is above 0"
            )
        if context < 0:
            raise ValueError(f"source.context={context} is below 0")
        Shots(detector)  # a detector that cannot be had is told here, not once per input
        self.path, self.limit = path, limit
        self._every, self._fps, self._start, self._end = every, fps, start, end
        self._detector, self._follow_links = detector, follow_links
        self._held, self._context = held, context
        self.row_bytes, self._bytes_per_pixel = row_bytes, bytes_per_pixel
        colour = ImageColor.getrgb(alpha_on)
        self._asked = Asked(
            max_pixels, (colour[0], colour[1], colour[2]), aspect, hdr, deinterlace, damaged, alpha
        )
        self._sequence, self._rate, self._mattes = sequence, rate, mattes
        self.hashed = False  # whether inputs are known by what they hold, wherever they lie
        self.left_out: list[LeftOut] = []
        self._captions: dict[str, str] = {}

    columns: ClassVar[tuple[str, ...]] = COLUMNS

    def giving(self, columns: Iterable[str]) -> Files:
        """Itself: frames are decoded whatever is read of them."""
        return self

    def inputs(self) -> list[Input]:
        """Everything to be read, in natural order; only names, sizes and times are looked at, and a few of
        numbered pictures.

        `every`, `fps`, `start` and `end` choose among the pictures of each folder here (times from numbered
        names), for films in `scan`. Raises OSError where the path is not there or cannot be listed.
        """
        listed, left_out = list_inputs(*self._place, self._follow_links)
        self._captions, self.left_out = beside.captions(listed, left_out)
        if self._sequence == "auto":
            listed = sequences.grouped(listed, self._root[1], self._small)
        if (self._every, self._fps, self._start, self._end) == (1, None, None, None):
            return listed
        folders: dict[bytes, list[int]] = {}
        for place, item in enumerate(listed):
            if item.kind == "image" and not item.source.lower().endswith((".gif", ".apng")):
                folders.setdefault(os.path.dirname(as_path(item.source)), []).append(place)
        dropped: set[int] = set()
        for places in folders.values():
            taken = self._taken(np.array([_number(listed[place])[2] for place in places]))
            dropped.update(np.array(places)[~taken].tolist())
        log.info("%d of %d inputs are left out by source.every, fps, start or end", len(dropped), len(listed))
        self.left_out += [LeftOut(listed[place].source, SAMPLED) for place in sorted(dropped)]
        return [item for place, item in enumerate(listed) if place not in dropped]

    def about(self, most: int = 100) -> tuple[int, float]:
        """How many inputs there are, and how many frames they hold by what headers say, about: of more than
        `most` an even sample is looked into. What cannot be opened counts as nothing.
        """
        inputs = self.inputs()
        held = [self._about(inputs[place]) for place in evenly(len(inputs), most)]
        frames = sum(held) * len(inputs) / max(1, len(held))
        return len(inputs), frames if self.limit is None else min(frames, self.limit)

    def _about(self, item: Input) -> float:
        if item.kind == "sequence":
            return float(self._taken((np.array(item.numbers) - item.numbers[0]) / self._rate).sum())
        try:
            with self._opened(item.file) as file:
                kind = family(file.read(HEAD)) or item.kind
                file.seek(0)
                if kind != "video":
                    return float(item.kind != "problem")
                with Film(file, self._asked.max_pixels) as film:
                    rate = float(film.stream.average_rate or self._rate)
                    lasts = min(film.seconds, self._end or film.seconds) - (self._start or 0.0)
                    return max(0.0, lasts) * (self._fps or rate / self._every)
        except Exception as error:  # the boundary of this source, as below
            log.info("%r: %s", item.source, message(error))
            return 0.0

    def scan(self, inputs: Sequence[Input]) -> pa.Table:
        """The plan (`PLAN`) of some inputs: headers of pictures, one low-resolution decode of films. Never
        raises for an input.
        """
        return pa.Table.from_pylist([row for item in inputs for row in self._told(item)], PLAN)

    def digest(self, item: Input) -> str:
        """Hex XXH3 of 128 bits of what an input holds, of a sequence its pictures one after the other; '' for
        what cannot be read.
        """
        found = xxhash.xxh3_128()
        try:
            for part in item.members or (item,):
                with self._opened(part.file) as file:
                    while chunk := file.read(_CHUNK):
                        found.update(chunk)
        except OSError:
            return ""
        return found.hexdigest()

    def refuse(self, item: Input, error: str) -> pa.Table:
        """The plan of an input that is not to be looked into (again), with the reason."""
        return pa.Table.from_pylist([item.failed(error)], PLAN)

    def limited(self, plan: pa.Table) -> pa.Table:
        """The plan cut after `limit` frames."""
        return limited(plan, self.limit)

    def read(self, plan: pa.Table | Iterable[Row]) -> Iterator[Row]:
        """One row (`COLUMNS`) per row of the plan, in its order; neighbouring clips of one film cost one
        sequential decode.

        Never raises for an input: a clip that cannot be read has its `error` and no frames.
        """
        rows = plan.to_pylist() if isinstance(plan, pa.Table) else plan
        for _, clips in groupby(rows, key=lambda row: row["source"]):
            decoder = Decoder(self._opened, self._asked, self._held, self._matte if self._mattes else None)
            try:
                for row in clips:
                    yield _decoded(decoder, row)
            finally:
                decoder.close()

    def _told(self, item: Input) -> list[Row]:
        """The plan rows of an input, with its digest where reading it once more costs little, or is wanted."""
        rows = self._rows(item)
        near = isinstance(self._place[0], fs.LocalFileSystem)
        noted = item.kind != "problem" and self.limit is None and self._end is None and (near or self.hashed)
        digest = self.digest(item) if noted else ""
        return [row | {"digest": digest} for row in rows]

    def _rows(self, item: Input) -> list[Row]:
        if item.kind == "problem":
            return [item.failed(item.error) | {"error": item.error, "error_type": item.error_type}]
        try:
            if item.kind == "sequence":
                return [self._beside(item, row) for row in self._numbered(item)]
            with self._opened(item.file) as file:
                kind = family(file.read(HEAD)) or item.kind
                file.seek(0)
                rows = self._film(item, file) if kind == "video" else self._picture(item, file)
                unchanged(file, item.size, item.mtime_ns)
                if not rows:
                    log.info("%r: source.start, end and fps leave none of its frames", item.source)
                return [self._beside(item, row) for row in rows]
        except Exception as error:  # the boundary of this source: whatever a decoder raises becomes a row
            log.warning("%r: %s", item.source, message(error))
            scene, frame, _ = _number(item)
            return [item.failed(error, scene, frame)]

    def _numbered(self, item: Input) -> list[Row]:
        """The plan rows of a sequence, and one for each member that cannot be read."""
        item = self._moving(item, "sequence")
        scan, good, bad = Scan(Shots("none")), list[int](), list[Row]()
        seconds = (np.array(item.numbers) - item.numbers[0]) / self._rate
        for place, member in enumerate(item.members):
            if place and place % AHEAD == 0 and self._enough(seconds[:place]):
                break
            try:
                with self._opened(member.file) as file:
                    form = deep.form(file)
                    scan.sizes.append(
                        deep.size(file, form, self._asked)
                        if form
                        else upright(header(file, self._asked.max_pixels))
                    )
                    unchanged(file, member.size, member.mtime_ns)
                good.append(place)
            except Exception as error:  # the boundary of this source, as below
                log.warning("%r: %s", member.source, message(error))
                bad.append(
                    item.failed(
                        f"{member.source}: {message(error)}", 0, item.numbers[place] - item.numbers[0]
                    )
                )
        numbers = np.array(item.numbers)[good] - item.numbers[0]
        scan.times, scan.kept = numbers / self._rate, np.ones(len(good), bool)
        scan.keys, scan.steady, scan.indexed = [True] * len(good), True, True
        scan.pts, scan.numbers = (
            list(numbers.tolist()),
            sequences.shots([item.members[place] for place in good], self._small),
        )
        scan.told = [told] if (told := sequences.gaps(item.numbers)) else []
        rows = list(scan.rows(item, self._of(scan), self._bytes_per_pixel, self.row_bytes, self._context))
        for row in rows:
            for name, members in (("indices", "members"), ("context", "context_members")):
                row[members] = [item.members[good[place]].file for place in row[name]]
                row[name] = numbers[row[name]].tolist()
            row["clip_id"] = clip_id(item.name, int(row["scene_id"][5:]), row["indices"][0])
        return rows + bad

    def _beside(self, item: Input, row: Row) -> Row:
        """A plan row with what lies beside the input: captions, mattes."""
        own = [member["source"] for member in row["members"]] or [item.source] * len(row["indices"])
        captions = [self._words(self._captions[name]) if name in self._captions else "" for name in own]
        still = row["kind"] in ("image", "sequence")
        mattes = [
            (self._matted.still(name) if still else None) or (None if row["kind"] == "image" else self._matted.film(item.source, index)) or ""
            for name, index in zip(own, row["indices"], strict=True)
        ]  # fmt: skip
        return row | {"captions": captions if any(captions) else [], "mattes": mattes if any(mattes) else []}

    def _words(self, path: str) -> str:
        with sidecar(self._place[0], self._root[0], path, self._follow_links) as file:
            return beside.words(file)

    def _small(self, item: Input) -> np.ndarray:
        with self._opened(item.file) as file:
            return sequences.small(file, self._asked.max_pixels)

    @cached_property
    def _matte_place(self) -> tuple[fs.FileSystem, str]:
        return filesystem(str(self._mattes))

    @cached_property
    def _matted(self) -> beside.Mattes:
        if not self._mattes:
            return beside.Mattes(())
        inputs, _ = list_inputs(*self._matte_place, self._follow_links)
        return beside.Mattes(inputs, alone=root_of(*self._matte_place)[0] != self._matte_place[1])

    def _matte(self, name: str) -> AbstractContextManager[IO[bytes]]:
        return sidecar(self._matte_place[0], root_of(*self._matte_place)[0], name, self._follow_links)

    def _picture(self, item: Input, file: IO[bytes]) -> list[Row]:
        scene, frame, seconds = _number(item)
        if (form := deep.form(file)) or deep.floats(file):
            return [
                replace(item, kind="image").row(scene, [frame], [seconds], deep.size(file, form, self._asked))
            ]
        picture = header(file, self._asked.max_pixels)
        if moves(picture):
            file.seek(0)
            item = self._moving(item, "animation")
            scan = scan_animation(file, self._detector, self._asked, self._enough)
            return list(scan.rows(item, self._of(scan), self._bytes_per_pixel, self.row_bytes))
        return [replace(item, kind="image").row(scene, [frame], [seconds], upright(picture))]

    def _film(self, item: Input, file: IO[bytes]) -> list[Row]:
        with Film(file, self._asked.max_pixels) as film:
            scan = scan_film(film, self._detector, self._enough, self._asked)
        item = self._moving(item, "video")
        return list(scan.rows(item, self._of(scan), self._bytes_per_pixel, self.row_bytes, self._context))

    def _moving(self, item: Input, kind: str) -> Input:
        """A film or animation is an episode of its own, whatever its name."""
        name = slug(as_path(item.source), self._root[1])
        return replace(item, kind=kind, name=name, episode=name, numbered=False)

    def _of(self, scan: Scan) -> np.ndarray:
        """Which frames of a moving input are taken, bool [T]: of those that are no copies which telecine
        made.
        """
        taken = np.zeros(len(scan.times), bool)
        taken[scan.kept] = self._taken(scan.times[scan.kept])
        return taken

    def _taken(self, times: np.ndarray) -> np.ndarray:
        return sample(times, self._every, self._fps, self._start, self._end)

    def _enough(self, times: np.ndarray) -> bool:
        """Whether frames at these times reach `end` or hold `limit` sampled ones, so that a film need not be
        read on.
        """
        if self._end is not None and times[-1] >= self._end:
            return True
        return self.limit is not None and int(np.count_nonzero(self._taken(times))) >= self.limit

    @cached_property
    def _place(self) -> tuple[fs.FileSystem, str]:
        return filesystem(self.path)

    @cached_property
    def _root(self) -> tuple[str, bytes]:
        return root_of(*self._place)

    def _opened(self, row: Row) -> AbstractContextManager[IO[bytes]]:
        return opened(
            self._place[0], self._root[0], row["source"], row["size"], row["mtime_ns"], self._follow_links
        )


def _decoded(decoder: Decoder, row: Row) -> Row:
    if row["error"]:
        return failed(row, row["error"], row["error_type"])
    try:
        return decoder.clip(row)
    except Exception as error:  # the boundary of this source, as above
        decoder.close()
        log.warning("%s: %s", row["clip_id"], message(error))
        return failed(row, message(error), kind_of(error))


def _number(item: Input) -> tuple[int, int, float]:
    """Scene, frame and second of a still picture: from its own name, or 0, 0, NaN."""
    number = numbered(as_path(item.source).rpartition(b"/")[2]) if item.numbered else None
    return number or (0, 0, float("nan"))
