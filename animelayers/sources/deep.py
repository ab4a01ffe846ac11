"""Pictures of more than eight bits that Pillow does not read: EXR, Radiance, DPX and HEIF through FFmpeg,
floats in TIFF through OpenCV.
"""

from __future__ import annotations

from typing import IO, Literal

import av
import cv2
import numpy as np
from av.error import FFmpegError

from animelayers.sources import content, profiles
from animelayers.sources.asked import Asked
from animelayers.sources.facts import Facts
from animelayers.sources.seen import Seen, over
from animelayers.sources.showing import show

_TIFF = (b"II*\0", b"MM\0*")
_SAMPLES, _FORMAT, _FLOAT = 277, 339, 3  # TIFF's SamplesPerPixel and SampleFormat, and a float's


def form(file: IO[bytes]) -> str:
    """FFmpeg's demuxer of such a picture without '_pipe', '' for any other file. The file is left where it
    was.
    """
    place = file.tell()
    head = file.read(content.HEAD)
    file.seek(place)
    return content.deep(head)


def floats(file: IO[bytes]) -> bool:
    """Whether it is a TIFF of coloured floats, which Pillow does not know. The file is left where it was."""
    place = file.tell()
    head = file.read(8)
    try:
        if head[:4] not in _TIFF:
            return False
        order: Literal["little", "big"] = "little" if head[:1] == b"I" else "big"
        file.seek(place + int.from_bytes(head[4:8], order))
        entries = file.read(2 + 12 * 64)
        count = int.from_bytes(entries[:2], order)
        tags = {
            int.from_bytes(entries[at : at + 2], order): entries[at : at + 12]
            for at in range(2, 2 + 12 * min(count, 64), 12)
        }
        colours = int.from_bytes(tags.get(_SAMPLES, bytes(12))[8:10], order)
        kind = tags.get(_FORMAT, bytes(12))
        if int.from_bytes(kind[4:8], order) > 2:  # too many to stand in the entry itself
            file.seek(place + int.from_bytes(kind[8:12], order))
            return colours > 1 and int.from_bytes(file.read(2), order) == _FLOAT
        return colours > 1 and int.from_bytes(kind[8:10], order) == _FLOAT
    finally:
        file.seek(place)


def size(file: IO[bytes], kind: str, asked: Asked) -> tuple[int, int]:
    """Width and height of the upright picture; decodes it, since a HEIF tells its turns nowhere else."""
    return (shape := picture(file, kind, asked).pixels.shape)[1], shape[0]


def picture(file: IO[bytes], kind: str, asked: Asked) -> Seen:
    """The picture as it is meant to be seen; `kind` is what `form` gave, '' for a TIFF of floats.

    EXR and Radiance hold linear light: 0..1 is shown by sRGB's curve, what is brighter is white. A TIFF's
    floats 0..1 are sRGB values as they are. Raises ValueError for what cannot be decoded and for more pixels
    than `asked.max_pixels`.
    """
    if not kind:
        return _tiff(file, asked)
    start = file.tell()
    try:
        name = kind if kind == "mov" else f"{kind}_pipe"
        limits = {"format_whitelist": name if kind != "mov" else "mov", "protocol_whitelist": "none"}
        with av.open(
            file, "r", format=None if kind == "mov" else name, container_options=limits
        ) as container:
            streams = [stream for stream in container.streams.video if stream.codec_context is not None]
            if len(streams) > 1 and kind == "mov" and len({(s.width, s.height) for s in streams}) == 1:
                raise ValueError(f"is put together of {len(streams)} tiles, which nothing here joins")
            best = max(streams, key=lambda stream: stream.width * stream.height, default=None)
            if best is None or best.width * best.height > asked.max_pixels:
                raise ValueError(
                    "has no picture that can be decoded"
                    if best is None
                    else "has more pixels than source.max_pixels"
                )
            frame = next(container.decode(best))
    except (FFmpegError, StopIteration, EOFError) as error:
        raise ValueError(f"cannot be decoded as {kind}: {error}") from None
    finally:
        file.seek(start)
    return (
        _light(frame, asked)
        if "f32" in frame.format.name or "f16" in frame.format.name
        else show(frame, Facts(), asked)
    )


def _light(frame: av.VideoFrame, asked: Asked) -> Seen:
    """A frame of linear light."""
    names = {1: "grayf32le", 3: "gbrpf32le", 4: "gbrapf32le"}
    light: np.ndarray = frame.to_ndarray(format=names.get(len(frame.format.components), "gbrpf32le"))
    light = light[..., None].repeat(3, -1) if light.ndim == 2 else light
    notes = [
        "linear light shown as sRGB"
        + (", what is brighter than 1 as white" if float(np.nanmax(light[..., :3])) > 1 else "")
    ]
    alpha = None
    if light.shape[-1] == 4 and float(light[..., 3].min()) < 1:
        cover = np.clip(np.nan_to_num(light[..., 3:]), 0, 1)
        # EXR's colours are premultiplied
        light = np.divide(light[..., :3], cover, out=np.zeros_like(light[..., :3]), where=cover > 1e-4)
        alpha = (cover[..., 0] * 255 + 0.5).astype(np.uint8)
        notes.append("alpha composed on #{:02x}{:02x}{:02x}".format(*asked.alpha_on))
    pixels = profiles.view(light[..., :3])
    return Seen(pixels if alpha is None else over(pixels, alpha, asked.alpha_on), alpha, tuple(notes))


def _tiff(file: IO[bytes], asked: Asked) -> Seen:
    found = cv2.imdecode(np.frombuffer(file.read(), np.uint8), cv2.IMREAD_UNCHANGED)
    if found is None or found.ndim != 3:
        raise ValueError("is a TIFF of floats that cannot be decoded")
    if found.shape[0] * found.shape[1] > asked.max_pixels:
        raise ValueError("has more pixels than source.max_pixels")
    values = (np.clip(np.nan_to_num(found.astype(np.float32)), 0, 1) * 255 + 0.5).astype(np.uint8)
    pixels, notes = np.ascontiguousarray(values[..., 2::-1]), ["32 bits reduced to 8"]
    if values.shape[-1] < 4 or values[..., 3].min() == 255:
        return Seen(pixels, None, tuple(notes))
    alpha = np.ascontiguousarray(values[..., 3])
    notes.append("alpha composed on #{:02x}{:02x}{:02x}".format(*asked.alpha_on))
    return Seen(over(pixels, alpha, asked.alpha_on), alpha, tuple(notes))
