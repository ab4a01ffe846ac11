"""What a film's container and frames say of how they are to be shown: all of it is read here, and applied, or
told in a note and a flag.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import lru_cache
from typing import IO, Any, NamedTuple

import av
import numpy as np
from av.stream import Disposition
from av.video.reformatter import VideoReformatter

from animelayers.sources import boxes

HDR: Mapping[int, str] = {16: "PQ", 18: "HLG"}
"""Transfer curves (ITU-T H.273) of high dynamic range."""

# all other curves are shown as sRGB by players
_ODD_CURVES = {8: "linear light", 9: "a logarithm", 10: "a logarithm", 17: "SMPTE ST 428"}
_WIDE = {9: "BT.2020", 10: "CIE XYZ", 11: "DCI-P3", 12: "Display P3"}
_MATRICES = (1, 4, 5, 6, 7, 9)  # those swscale converts: BT.709, FCC, BT.601 twice, SMPTE 240M, BT.2020
_NAMES = {
    8: "YCgCo",
    10: "BT.2020 constant luminance",
    11: "SMPTE ST 2085",
    12: "derived from the primaries",
    13: "derived",
    14: "ICtCp",
}
_SRGB, _BT709, _BT601, _BT2020, _UNDECLARED = 13, 1, 5, 9, 2
_HD = (1280, 720)
_DISC = {
    (720, 480),
    (720, 576),
    (704, 480),
    (704, 576),
    (352, 480),
    (352, 576),
    (480, 480),
    (480, 576),
    (544, 576),
}
_ODDEST = 4  # a pixel wider or higher than that is an error of the header
_STEREO = (
    "",
    "side by side",
    "top over bottom",
    "frame by frame",
    "in squares",
    "side by side by columns",
    "by lines",
    "by columns",
    "unknown",
)
_ASIDE = Disposition.attached_pic | Disposition.timed_thumbnails | Disposition.still_image
_PREVIEW = 4  # a stream of so many times fewer pixels than the largest is a preview


@dataclass(frozen=True)
class Facts:
    """What a container says of a stream: the shape of a pixel (width / height), pixels to cut off (top,
    bottom, left, right), what is told.
    """

    aspect: Fraction = Fraction(1)
    crop: tuple[int, int, int, int] = (0, 0, 0, 0)
    alpha: bool = False
    notes: tuple[str, ...] = ()
    doubts: frozenset[str] = field(default_factory=frozenset)

    @property
    def shape(self) -> str:
        """The shape of a pixel, width:height."""
        return f"{self.aspect.numerator}:{self.aspect.denominator}"

    def noting(self, *notes: str) -> Facts:
        """The same, and more to tell."""
        return replace(self, notes=(*self.notes, *notes))


class Turn(NamedTuple):
    """How a stored picture is brought upright: rows and columns swapped first, then mirrored left to right,
    then top to bottom.
    """

    swap: bool = False
    across: bool = False
    down: bool = False

    @property
    def note(self) -> str:
        """In words, '' for nothing."""
        turns = {Turn(False, True, True): 180, Turn(True, False, True): 90, Turn(True, True, False): 270}
        if self in turns:
            return f"rotation {turns[self]} applied"
        named = {
            Turn(False, True, False): "mirrored left to right",
            Turn(False, False, True): "mirrored top to bottom",
        }
        return named.get(self, "turned and mirrored" if self.swap else "")


def choose(streams: list[av.VideoStream]) -> tuple[av.VideoStream, list[str]]:
    """The stream that is the film, and a note for each that is not.

    Covers and thumbnails are none; of what has no less than a quarter of the largest one's pixels the default
    one is taken, else the largest, else the first. Raises ValueError where there is none, or none that can be
    decoded.
    """
    moving = [stream for stream in streams if not stream.disposition & _ASIDE]
    known = [stream for stream in moving if stream.codec_context is not None and stream.width * stream.height]
    if not moving:
        raise ValueError("has no video stream")
    if not known:
        raise ValueError("has a video stream nothing here can decode")
    most = max(stream.width * stream.height for stream in known)
    films = [stream for stream in known if _PREVIEW * stream.width * stream.height >= most]
    chosen = max(
        films,
        key=lambda stream: (bool(stream.disposition & Disposition.default), stream.width * stream.height),
    )
    notes = []
    for stream in moving:
        if stream is not chosen:
            what = (
                "cannot be decoded"
                if stream not in known
                else "another film"
                if stream in films
                else "a preview"
            )
            size = f" of {stream.width} x {stream.height}" if stream in known else ""
            notes.append(f"stream {stream.index}{size} left out: {what}")
    return chosen, notes


def of(stream: av.VideoStream, form: str, file: IO[bytes]) -> Facts:
    """The facts of a stream of a container whose demuxer is `form`; the file is left where it was."""
    place, track = file.tell(), boxes.Track()
    if "matroska" in form:
        tracks = boxes.matroska(file)
        track = tracks[stream.index] if stream.index < len(tracks) else track
    elif "mov" in form:
        track = boxes.mp4(file).get(stream.id, track)
    file.seek(place)
    width, height, crop = stream.width, stream.height, track[:4]
    notes, doubts = [], set[str]()
    if any(crop):
        if crop[0] + crop[1] < height and crop[2] + crop[3] < width:
            notes.append(
                f"cropped to {width - crop[2] - crop[3]} x {height - crop[0] - crop[1]} as its header says"
            )
        else:
            notes.append("its header crops all of the picture: not applied")
            crop = (0, 0, 0, 0)
    if track.stereo:
        notes.append(f"stereo, {_STEREO[min(track.stereo, 8)]}: both views are kept as one picture")
    declared = stream.sample_aspect_ratio or Fraction(0)
    if not Fraction(1, _ODDEST) <= declared <= _ODDEST:
        if declared or (width, height) in _DISC:
            notes.append(f"{'an impossible' if declared else 'no'} shape of pixels declared: taken as square")
            doubts.add("guessed_aspect")
        declared = Fraction(1)
    alpha = track.alpha or stream.metadata.get("alpha_mode") == "1"
    return Facts(declared, (crop[0], crop[1], crop[2], crop[3]), alpha, tuple(notes), frozenset(doubts))


def turn(frame: av.VideoFrame) -> tuple[Turn, str]:
    """How a frame is brought upright by its display matrix, and a note where that is no quarter turn and no
    mirror.
    """
    found = frame.side_data.get("DISPLAYMATRIX")
    if found is None:
        return Turn(), ""
    matrix = bytes(memoryview(found))  # type: ignore[arg-type]
    told = [int.from_bytes(matrix[at : at + 4], "little", signed=True) for at in range(0, 36, 4)]
    a, b, c, d = told[0], told[1], told[3], told[4]
    if a * d == b * c:
        return Turn(), "its display matrix is none: not applied"
    swap = abs(b) + abs(c) > abs(a) + abs(d)
    small, large = sorted((abs(a) + abs(d), abs(b) + abs(c)))
    odd = (
        "turned by its header, but not by quarters: the nearest one is applied" if small > large / 50 else ""
    )
    return (Turn(True, c < 0, b < 0) if swap else Turn(False, a < 0, d < 0)), odd


@lru_cache(maxsize=4)
def _mapper(*facts: Any) -> VideoReformatter:
    """A converter of frames of one kind: swscale works out its map of colours anew for every other, which
    takes seconds.
    """
    return VideoReformatter()


def converted(frame: av.VideoFrame, form: str, target: Mapping[str, Any]) -> np.ndarray:
    """The pixels of a frame in a packed format, uint8 (H, W, C); `target` is what `colours` gave."""
    if not target:
        return frame.to_ndarray(format=form, threads=1)
    facts = (
        frame.width,
        frame.height,
        frame.format.name,
        frame.color_trc,
        frame.color_primaries,
        frame.colorspace,
        frame.color_range,
    )
    return _mapper(form, *facts).reformat(frame, format=form, threads=1, **target).to_ndarray()


def colours(frame: av.VideoFrame, hdr: str) -> tuple[dict[str, Any], list[str], set[str]]:
    """What swscale must be told to make sRGB of a frame, notes, and doubts. What the frame leaves undeclared
    is declared in it.

    An undeclared matrix is BT.709 from 1280 columns or 720 lines on, else BT.601. PQ and HLG are tone-mapped,
    and wide primaries brought to those of BT.709, by swscale's own colour mapping (perceptual, after
    libplacebo's) unless `hdr` keeps them.
    """
    notes, doubts = list[str](), set[str]()
    curve, primaries, matrix = int(frame.color_trc), int(frame.color_primaries), int(frame.colorspace)
    wide = primaries in _WIDE or curve in HDR
    if not frame.format.is_rgb and len(frame.format.components) > 2 and matrix not in _MATRICES:
        guess = _BT2020 if wide else _BT709 if frame.width >= _HD[0] or frame.height >= _HD[1] else _BT601
        name = {_BT2020: "BT.2020", _BT709: "BT.709", _BT601: "BT.601"}[guess]
        if matrix in (0, _UNDECLARED):
            notes.append(f"no colour matrix declared: {name} by its {'curve' if wide else 'size'}")
        else:
            notes.append(
                f"colour matrix {_NAMES.get(matrix, str(matrix))} is not known here: taken as {name}"
            )
            doubts.add("unknown_colours")
        frame.colorspace = guess
    if curve in HDR and hdr == "keep":
        return {}, [*notes, f"{HDR[curve]} values kept"], doubts | {"unknown_colours"}
    if curve in HDR:
        if primaries == _UNDECLARED:
            frame.color_primaries = _BT2020
        return (
            {"dst_color_trc": _SRGB, "dst_color_primaries": _BT709},
            [*notes, f"{HDR[curve]} tone-mapped to sRGB"],
            doubts | {"tone_mapped"},
        )
    if curve in _ODD_CURVES:
        if primaries == _UNDECLARED:
            frame.color_primaries = _BT709
        return (
            {"dst_color_trc": _SRGB, "dst_color_primaries": _BT709},
            [*notes, f"{_ODD_CURVES[curve]} converted to sRGB"],
            doubts,
        )
    if primaries in _WIDE and hdr != "keep":
        if curve == _UNDECLARED:
            frame.color_trc = _BT709
        target = int(frame.color_trc)
        return (
            {"dst_color_trc": target, "dst_color_primaries": _BT709},
            [*notes, f"{_WIDE[primaries]} primaries converted"],
            doubts,
        )
    return {}, notes, doubts
