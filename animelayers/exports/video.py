"""Films with alpha: a layer of a shot as it runs, every drawing held as long as the exposure sheet says."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np

from animelayers.dataset.output import Output
from animelayers.exports.base import Exporter, Piece
from animelayers.exports.shots import Shot, only, picture, shots, untimed
from animelayers.options import Positive
from animelayers.record.layers import names

_CHUNK = 1 << 22


class Codec(NamedTuple):
    """Suffix, container, encoder, pixel format and options of libav."""

    suffix: str
    container: str
    encoder: str
    pixels: str
    options: Mapping[str, str]


CODECS: Mapping[str, Codec] = {
    "prores": Codec("mov", "mov", "prores_ks", "yuva444p10le", {"profile": "4444", "alpha_bits": "16"}),
    "vp9": Codec("webm", "webm", "libvpx-vp9", "yuva420p", {"b": "0"}),
    "apng": Codec("apng", "apng", "apng", "rgba", {}),
    "ffv1": Codec("mkv", "matroska", "ffv1", "bgra", {"level": "3"}),
}
LAYERS = names("film")
_BT709, _LIMITED = 1, 1  # what players take for granted of films in HD


@dataclass(frozen=True, kw_only=True)
class Video(Exporter):
    """A film with straight alpha per shot and layer, EPISODE_scene0003/character.mov.

    ``codec``: prores (ProRes 4444, for editing), vp9 (WebM, for the web), apng or ffv1 (both lossless).
    ``layers``: of character, background, effect and mask; one that a shot has not is left out. ``fps``: where
    the frame table tells no times (24). ``chroma``: 444 keeps every pixel's colour in vp9, too, which not
    every browser plays; 420, that of every second one. ``options``: of the encoder, beyond what the codec
    needs. How an effect lies over the rest, its blend mode, is the film's `comment`, and the caption that lay
    beside the input its `title`, where the container has room for words (APNG has not). Sides are made even
    by a transparent line where they are odd, but in the lossless ones. Pictures without a timing have no
    film.
    """

    codec: Literal["prores", "vp9", "apng", "ffv1"] = "prores"
    layers: Sequence[str] = ("character", "effect")
    fps: Positive | None = None
    chroma: Literal[420, 444] = 420
    options: Mapping[str, str | int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Raises ValueError for a codec or a layer that there is not, and a rate that is none."""
        if self.codec not in CODECS:
            raise ValueError(f"export.codec={self.codec} is unknown: one of {', '.join(CODECS)}")
        only(self.layers, LAYERS)
        if self.chroma not in (420, 444) or (self.chroma == 444 and self.codec != "vp9"):
            raise ValueError(
                f"export.chroma={self.chroma}: it is 420 or 444, of vp9; the other codecs keep every pixel's colour"
            )
        if self.fps is not None and self.fps <= 0:
            raise ValueError(f"export.fps must be above 0, not {self.fps}")

    def pieces(self, output: Output) -> Iterator[Piece]:
        """A film per layer of each shot."""
        for shot in shots(output, self.select, self.fps):
            for layer in self.layers:
                if _anything(output, shot, layer):
                    name = f"{shot.name}/{layer}.{CODECS[self.codec].suffix}"
                    yield Piece(
                        (name,),
                        partial(self._film, output, shot, layer, name),
                        len(shot.shown),
                        f"{layer} of {shot.name}",
                    )

    def remarks(self, output: Output) -> Iterator[str]:
        """Frames that have no timing."""
        return untimed(output, self.select)

    def notes(self, output: Output) -> Iterator[str]:
        """What vp9 loses."""
        if self.codec == "vp9" and self.chroma == 420:
            yield "vp9 as browsers play it has half the colour's resolution: thin lines lose theirs; export.chroma=444, prores or ffv1 keep it"

    def _film(self, output: Output, shot: Shot, layer: str, name: str) -> Mapping[str, Iterator[bytes]]:
        modes = sorted({*shot.modes.values()} - {"none"}) if layer == "effect" else []
        codec = CODECS[self.codec]
        codec = (
            codec._replace(pixels="yuva444p", options={**codec.options, "strict": "experimental"})
            if self.chroma == 444
            else codec
        )
        codec = codec._replace(
            options={**codec.options, **{key: str(value) for key, value in self.options.items()}}
        )
        scratch = tempfile.TemporaryDirectory(prefix="film-")
        path = Path(scratch.name) / Path(name).name
        caption = next(
            (text for carrier in shot.carriers if (text := output.row(carrier).get("caption_given"))), ""
        )
        encode(path, _pictures(output, shot, layer), shot.rate, codec, ",".join(modes), caption)
        return {name: _chunks(path, scratch)}


def encode(
    path: Path,
    pictures: Iterator[np.ndarray],
    rate: Fraction,
    codec: Codec,
    comment: str = "",
    caption: str = "",
) -> None:
    """Write a film of RGBA pictures uint8 (H, W, 4) of one size, `rate` a second; its bytes depend on them
    alone.
    """
    import av
    from av.video.reformatter import Colorspace

    coloured = codec.pixels.startswith("yuv")
    with av.open(str(path), "w", format=codec.container, options={"fflags": "bitexact"}) as film:
        if comment:
            film.metadata["comment"] = f"blend mode: {comment}"
        if caption:
            film.metadata["title"] = caption
        stream: Any = None
        for at, pixels in enumerate(map(_even, pictures) if coloured else pictures):
            if stream is None:
                stream = film.add_stream(codec.encoder, rate=rate, options=dict(codec.options))
                stream.height, stream.width = pixels.shape[:2]
                stream.pix_fmt = codec.pixels
                stream.codec_context.time_base = 1 / rate
                if coloured:
                    context = stream.codec_context
                    context.colorspace, context.color_primaries, context.color_trc, context.color_range = (
                        _BT709,
                        _BT709,
                        _BT709,
                        _LIMITED,
                    )
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), "rgba")
            # libav's threads overwrite each other's first pixels where a row does not fill whole vectors
            frame = frame.reformat(
                format=codec.pixels, dst_colorspace=Colorspace.ITU709 if coloured else None, threads=1
            )
            frame.pts, frame.time_base = at, 1 / rate
            film.mux(stream.encode(frame))
        if stream is not None:
            film.mux(stream.encode())


def _even(pixels: np.ndarray) -> np.ndarray:
    """With sides that halve: ProRes writes nonsense beside odd ones."""
    height, width = pixels.shape[:2]
    return np.pad(pixels, ((0, height % 2), (0, width % 2), (0, 0))) if height % 2 or width % 2 else pixels


def _pictures(output: Output, shot: Shot, layer: str) -> Iterator[np.ndarray]:
    before, pixels = None, np.zeros((*shot.size, 4), np.uint8)
    for carrier in shot.shown:
        if carrier != before:
            before, pixels = (
                carrier,
                picture(
                    output,
                    "" if layer == "effect" and shot.modes.get(carrier) == "none" else carrier,
                    layer,
                    shot.size,
                ),
            )
        yield pixels


def _anything(output: Output, shot: Shot, layer: str) -> bool:
    """Whether a shot has a layer at all."""
    if layer == "effect":
        return any(mode != "none" for mode in shot.modes.values())
    return layer in output.layers and any(
        output.row(carrier).get(f"{layer}_file") for carrier in shot.carriers
    )


def _chunks(path: Path, scratch: tempfile.TemporaryDirectory[str]) -> Iterator[bytes]:
    with scratch, path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk
