"""Clips with captions for musubi-tuner's video models."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import partial
from itertools import pairwise
from statistics import median
from typing import Annotated, Literal

import numpy as np

from animelayers.dataset.output import Output
from animelayers.exports import picture as pictures
from animelayers.exports.base import Exporter, Piece
from animelayers.exports.caption import Caption
from animelayers.exports.kohya import CONFIG, checked, placed, quoted
from animelayers.exports.musubi import captioned, head, toml
from animelayers.exports.picture import Picture
from animelayers.exports.select import Select, stem
from animelayers.options import Count, Positive, Size, Within
from animelayers.record.schema import Row

_LEAST = 5  # frames, at the rate of the slowest model, below which a clip is none
# frames a second of Wan; the trainer skips frames of what is faster than its model, and never adds any
_SLOWEST = 16


@dataclass(frozen=True, kw_only=True)
class MusubiVideo(Exporter):
    """videos/NAME.mp4 (H.264) of each shot, masks/NAME.mp4 beside them, a list with captions per frame rate
    and layer, and dataset.toml.

    A shot is cut into clips of at most ``seconds``, which the trainer takes whole at whatever frame rate its
    model has (`full`); with ``target_frames``, a number 4 N + 1 of the trainer's, into clips of so many
    frames of which it takes the first (`head`). ``fps``: frames a second, None: as the times in the frame
    table tell. ``crf`` 0..51: less is better. ``masks``: films of the characters' alpha, for trainers that
    weigh the loss by them. Held frames are always there: they are what makes the time. Cut-outs stand on a
    backdrop; the caption is that of a clip's first frame. ``paths`` as for pictures.
    """

    select: Select = field(default_factory=Select)
    picture: Picture = field(default_factory=Picture)
    caption: Caption = field(default_factory=Caption)
    seconds: Positive = 5.0
    target_frames: Count | None = None
    fps: Positive | None = None
    crf: Annotated[int, Within(0, 51)] = 16
    masks: bool = True
    resolution: Size = (960, 544)
    batch_size: Count = 1
    paths: Literal["absolute", "relative"] = "absolute"

    def __post_init__(self) -> None:
        """Raises ValueError for a number of frames the trainer would cut down, for a background it would make
        black, and for values that no configuration can hold.
        """
        if self.target_frames is not None and (self.target_frames < 5 or self.target_frames % 4 != 1):
            raise ValueError(
                f"export.target_frames={self.target_frames} must be 4 N + 1: {max(5, self.target_frames // 4 * 4 + 1)}"
            )
        if self._backdrop not in ("solid", "blur", "inpainted"):
            raise ValueError(
                f"picture.background={self._backdrop}: cut-outs in a film stand on solid, blur or inpainted"
            )
        if not self.seconds > 0 or not 0 <= self.crf <= 51 or (self.fps is not None and not self.fps > 0):
            raise ValueError(
                f"export.seconds={self.seconds}, crf={self.crf}, fps={self.fps}: seconds and fps are above 0, crf is 0..51"
            )
        checked(self.resolution, self.batch_size, self.paths)
        object.__setattr__(self, "select", replace(self.select, held=True))

    def pieces(self, output: Output) -> Iterator[Piece]:
        """A clip each. Raises ValueError where there is none, and for one without a caption."""
        found = False
        for layer, rows, rate in self._clips(output):
            found = True
            captioned(self._text(rows[0], layer), rows[0])
            names = (
                _name(rows[0], layer),
                *([_name(rows[0], layer, "masks")] if self.masks and "character" in output.layers else []),
            )
            yield Piece(
                names, partial(self._films, output, rows, layer, rate, names), len(rows), rows[0]["frame_id"]
            )
        if not found:
            raise ValueError(
                "no shot has five frames in a row of what is asked for, and a clip has 4 N + 1 of them: choose more frames (select.…)"
            )

    def index(self, output: Output, folder: str) -> Iterator[Piece]:
        """The lists and dataset.toml."""
        home = "" if self.paths == "relative" else folder
        lists: dict[tuple[str, Fraction], list[str]] = {}
        longest = 0
        for layer, rows, rate in self._clips(output):
            line = {"video_path": placed(home, _name(rows[0], layer)), "caption": self._text(rows[0], layer)}
            lists.setdefault((layer, rate), []).append(json.dumps(line, ensure_ascii=False))
            longest = max(longest, len(rows))
        lines = head(self.resolution, self.batch_size, not home)
        taken = [f"target_frames = [{self.target_frames}]", 'frame_extraction = "head"']
        taken = (
            taken
            if self.target_frames
            else ['frame_extraction = "full"', f"max_frames = {max(_LEAST, (longest - 1) // 4 * 4 + 1)}"]
        )
        for (layer, rate), found in sorted(lists.items()):
            name = f"{layer}_{float(rate):g}fps"
            yield Piece(
                (f"{name}.jsonl",), partial(dict, {f"{name}.jsonl": ("\n".join(found) + "\n").encode()}), 0
            )
            lines += ["", "[[datasets]]", f"video_jsonl_file = {quoted(placed(home, f'{name}.jsonl'))}"]
            lines += [f"cache_directory = {quoted(placed(home, f'cache/{name}'))}", *taken]
            lines += [f"source_fps = {float(rate)!r}"] if rate >= _SLOWEST else []
        yield Piece((CONFIG,), partial(toml, lines), 0)

    def remarks(self, output: Output) -> Iterator[str]:
        """Shots that are left out, and those whose frames were thinned out."""
        there = {
            (rows[0]["episode"], rows[0]["scene_id"], rows[0]["source"]) for _, rows, _ in self._clips(output)
        }
        shots = [shot for shot in self.select.shots(output) if len(shot) > 1]
        gone = [
            shot
            for shot in shots
            if (shot[0]["episode"], shot[0]["scene_id"], shot[0]["source"]) not in there
        ]
        if gone:
            names = ", ".join(
                f"{shot[0]['episode']}/{shot[0]['scene_id']} ({len(shot)})" for shot in gone[:5]
            )
            yield f"{len(gone)} of {len(shots)} shots are left out, having too few frames in a row: {names}{' …' * (len(gone) > 5)}"
        slow = [shot for shot in shots if self._rate(shot) < _SLOWEST]
        if slow:
            rate = float(self._rate(slow[0]))
            yield f"{len(slow)} shots have {rate:g} frames a second, fewer than any model: they move too fast; decompose the film with source.every=1"

    def _clips(self, output: Output) -> Iterator[tuple[str, list[Row], Fraction]]:
        layers = tuple(self.picture.layers or ("frame",))
        pictures.whole(output)
        pictures.check(output, layers, self._backdrop)
        self.caption.check(output.table.column_names)
        for shot in self.select.shots(output):
            rate = self._rate(shot)
            # What the trainer skips counts: a clip has five frames at the rate of the slowest model, too.
            least = _LEAST if self.target_frames or rate <= _SLOWEST else -(-_LEAST * rate // _SLOWEST)
            length = self.target_frames or max(_LEAST, (int(self.seconds * rate) - 1) // 4 * 4 + 1)
            for run in _runs(shot):
                for start in range(0, len(run), length):
                    rows = run[start : start + length]
                    rows = rows[: (len(rows) - 1) // 4 * 4 + 1]
                    if len(rows) >= (self.target_frames or least):
                        yield from (
                            (layer, rows, rate)
                            for layer in layers
                            if any(pictures.shows(row, layer) for row in rows)
                        )

    @property
    def _backdrop(self) -> str:
        return self.picture.background or "solid"

    def _text(self, row: Row, layer: str) -> str:
        return self.caption.of(row, layer, pictures.words(row, layer, self._backdrop))

    def _rate(self, shot: Sequence[Row]) -> Fraction:
        times = [row["timestamp_s"] for row in shot]
        steps = [b - a for a, b in pairwise(times) if b > a]
        return Fraction(self.fps or (1 / median(steps) if steps else 24)).limit_denominator(1001)

    def _films(
        self, output: Output, rows: Sequence[Row], layer: str, rate: Fraction, names: Sequence[str]
    ) -> dict[str, bytes]:
        made = {names[0]: self._film(self._pictures(output, rows, layer), rows[0], rate)}
        return made | {name: self._film(_masks(output, rows), rows[0], rate) for name in names[1:]}

    def _film(self, shown: Iterator[np.ndarray], row: Row, rate: Fraction) -> bytes:
        import av

        buffer = io.BytesIO()
        with av.open(buffer, "w", format="mp4") as film:
            stream = film.add_stream("libx264", rate=rate, options={"crf": str(self.crf), "preset": "medium"})
            stream.codec_context.thread_count = 1  # the same bytes on every machine
            stream.width, stream.height, stream.pix_fmt = (
                row["width"] // 2 * 2,
                row["height"] // 2 * 2,
                "yuv420p",
            )
            for place, picture in enumerate(shown):
                frame = av.VideoFrame.from_ndarray(
                    np.ascontiguousarray(picture[: stream.height, : stream.width]), format="rgb24"
                )
                frame.pts, frame.time_base = place, 1 / rate
                film.mux(stream.encode(frame))
            film.mux(stream.encode(None))
        return buffer.getvalue()

    def _pictures(self, output: Output, rows: Sequence[Row], layer: str) -> Iterator[np.ndarray]:
        shown, made = "", np.empty(0)
        for row in rows:
            drawing = row["drawing_of"] or row["frame_id"]
            if drawing != shown:
                # one backdrop for the whole clip: it must not change with the drawing
                first = {**row, "frame_id": rows[0]["frame_id"]}
                shown, made = (
                    drawing,
                    pictures.placed(output, first, layer, self._backdrop, shadow=self.picture.shadow),
                )
            yield made


def _masks(output: Output, rows: Sequence[Row]) -> Iterator[np.ndarray]:
    """The characters' alpha of each frame as grey pictures."""
    shown, made = "", np.empty(0)
    for row in rows:
        drawing = row["drawing_of"] or row["frame_id"]
        if drawing != shown:
            there = pictures.shows(row, "character")
            alpha = (
                pictures.stored(output, row, "character")[..., 3]
                if there
                else np.zeros((row["height"], row["width"]), np.uint8)
            )
            shown, made = drawing, np.repeat(alpha[..., None], 3, axis=2)
        yield made


def _name(row: Row, layer: str, folder: str = "videos") -> str:
    return f"{folder}/{stem(row)}_{layer}.mp4"


def _runs(shot: Sequence[Row]) -> Iterator[list[Row]]:
    """The stretches of a shot whose frames are of one size and follow one another at one distance."""
    run: list[Row] = []
    for row in shot:
        same = run and (row["width"], row["height"]) == (run[0]["width"], run[0]["height"])
        if run and (
            not same
            or (
                len(run) > 1
                and row["frame_index"] - run[-1]["frame_index"]
                != run[1]["frame_index"] - run[0]["frame_index"]
            )
        ):
            yield run
            run = []
        run.append(row)
    if run:
        yield run
