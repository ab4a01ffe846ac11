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

import numpy as np

from animelayers.exports import picture as pictures
from animelayers.exports.base import Exporter, Piece
from animelayers.exports.caption import Caption
from animelayers.exports.kohya import CONFIG, quoted
from animelayers.exports.musubi import captioned, head, toml
from animelayers.exports.picture import Picture
from animelayers.exports.select import Select, stem
from animelayers.output import Output
from animelayers.schema import Row


@dataclass(frozen=True, kw_only=True)
class MusubiVideo(Exporter):
    """videos/NAME.mp4 (H.264) of each shot, a list with captions per frame rate and layer, and dataset.toml.

    A shot is cut into clips of ``target_frames``, a number 4 N + 1; what is left is cut down to such a number. ``fps``: frames a second, None:
    as the times in the frame table tell. ``crf`` 0..51: less is better. Held frames are always there: they are what makes the time. Cut-outs
    stand on a backdrop; the caption is that of a clip's first frame.
    """

    select: Select = field(default_factory=Select)
    picture: Picture = field(default_factory=Picture)
    caption: Caption = field(default_factory=Caption)
    target_frames: int = 81
    fps: float | None = None
    crf: int = 16
    resolution: Sequence[int] = (960, 544)
    batch_size: int = 1

    def __post_init__(self) -> None:
        """Raises ValueError for a number of frames the trainer would cut down, and for a background it would make black."""
        if self.target_frames < 5 or self.target_frames % 4 != 1:
            raise ValueError(f"export.target_frames={self.target_frames} must be 4 N + 1: {max(5, self.target_frames // 4 * 4 + 1)}")
        if self._backdrop not in ("solid", "blur", "inpainted"):
            raise ValueError(f"picture.background={self._backdrop}: cut-outs in a film stand on solid, blur or inpainted")
        object.__setattr__(self, "select", replace(self.select, held=True))

    def pieces(self, output: Output) -> Iterator[Piece]:
        """A clip each. Raises ValueError where there is none, and for one without a caption."""
        found = False
        for layer, rows, rate in self._clips(output):
            found = True
            captioned(self._text(rows[0], layer), rows[0])
            yield Piece((_name(rows[0], layer),), partial(self._film, output, rows, layer, rate), len(rows), rows[0]["frame_id"])
        if not found:
            raise ValueError("no shot has five frames in a row of what is asked for, and a clip has 4 N + 1 of them: choose more frames (select.…)")

    def index(self, output: Output, folder: str) -> Iterator[Piece]:
        """The lists and dataset.toml."""
        lists: dict[tuple[str, Fraction], list[str]] = {}
        for layer, rows, rate in self._clips(output):
            line = {"video_path": _name(rows[0], layer), "caption": self._text(rows[0], layer)}
            lists.setdefault((layer, rate), []).append(json.dumps(line, ensure_ascii=False))
        lines = head(self.resolution, self.batch_size)
        for (layer, rate), found in sorted(lists.items()):
            name = f"{layer}_{float(rate):g}fps"
            yield Piece((f"{name}.jsonl",), partial(dict, {f"{name}.jsonl": ("\n".join(found) + "\n").encode()}), 0)
            lines += ["", "[[datasets]]", f"video_jsonl_file = {quoted(f'{name}.jsonl')}", f"cache_directory = {quoted(f'cache/{name}')}"]
            lines += [f"target_frames = [{self.target_frames}]", 'frame_extraction = "head"', f"source_fps = {float(rate)!r}"]
        yield Piece((CONFIG,), partial(toml, lines), 0)

    def _clips(self, output: Output) -> Iterator[tuple[str, list[Row], Fraction]]:
        layers = tuple(self.picture.layers or ("frame",))
        pictures.check(output, layers, self._backdrop)
        self.caption.check(output.table.column_names)
        for shot in self.select.shots(output):
            rate = self._rate(shot)
            for start in range(0, len(shot), self.target_frames):
                rows = shot[start : start + self.target_frames]
                rows = rows[: (len(rows) - 1) // 4 * 4 + 1]
                if len(rows) >= 5 and _together(rows):
                    yield from ((layer, rows, rate) for layer in layers if any(pictures.shows(row, layer) for row in rows))

    @property
    def _backdrop(self) -> str:
        return self.picture.background or "solid"

    def _text(self, row: Row, layer: str) -> str:
        return self.caption.of(row, layer, pictures.words(row, layer, self._backdrop))

    def _rate(self, shot: Sequence[Row]) -> Fraction:
        times = [row["timestamp_s"] for row in shot]
        steps = [b - a for a, b in pairwise(times) if b > a]
        return Fraction(self.fps or (1 / median(steps) if steps else 24)).limit_denominator(1001)

    def _film(self, output: Output, rows: Sequence[Row], layer: str, rate: Fraction) -> dict[str, bytes]:
        import av

        buffer = io.BytesIO()
        with av.open(buffer, "w", format="mp4") as film:
            stream = film.add_stream("libx264", rate=rate, options={"crf": str(self.crf), "preset": "medium"})
            stream.codec_context.thread_count = 1  # the same bytes on every machine
            stream.width, stream.height, stream.pix_fmt = rows[0]["width"] // 2 * 2, rows[0]["height"] // 2 * 2, "yuv420p"
            for place, picture in enumerate(self._pictures(output, rows, layer)):
                frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture[: stream.height, : stream.width]), format="rgb24")
                frame.pts, frame.time_base = place, 1 / rate
                film.mux(stream.encode(frame))
            film.mux(stream.encode(None))
        return {_name(rows[0], layer): buffer.getvalue()}

    def _pictures(self, output: Output, rows: Sequence[Row], layer: str) -> Iterator[np.ndarray]:
        shown, made = "", np.empty(0)
        for row in rows:
            drawing = row["drawing_of"] or row["frame_id"]
            if drawing != shown:
                # one backdrop for the whole clip: it must not change with the drawing
                first = {**row, "frame_id": rows[0]["frame_id"]}
                shown, made = drawing, pictures.placed(output, first, layer, self._backdrop, shadow=self.picture.shadow)
            yield made


def _name(row: Row, layer: str) -> str:
    return f"videos/{stem(row)}_{layer}.mp4"


def _together(rows: Sequence[Row]) -> bool:
    """Whether frames are of one size and follow one another without a gap."""
    steps = {b["frame_index"] - a["frame_index"] for a, b in pairwise(rows)}
    return len({(row["width"], row["height"]) for row in rows}) == 1 and len(steps) == 1
