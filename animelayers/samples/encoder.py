"""Pictures into a film file, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

_BT709 = 1
_LIBRARIES = {"ffv1": "ffv1", "h264": "libx264", "h265": "libx265"}


@contextmanager
def film(
    path: Path, fps: int, codec: str = "ffv1", quality: int = 14
) -> Iterator[Callable[[np.ndarray], None]]:
    """A film that the function given takes pictures for, uint8 sRGB (H, W, 3), all of one even size; it is
    renamed into place at the end.

    ``codec``: ffv1 (lossless, .mkv), h264 or h265 (.mp4, BT.709, limited range) at the constant rate factor
    `quality`. Equal pictures give equal bytes. Raises ValueError for an unknown codec.
    """
    if codec not in _LIBRARIES:
        raise ValueError(f"codec {codec!r}: one of {', '.join(_LIBRARIES)}")
    part = path.with_name(f".{path.name}.part")
    count = 0
    try:
        with av.open(
            str(part), "w", format="matroska" if codec == "ffv1" else "mp4", options={"fflags": "+bitexact"}
        ) as file:
            stream: Any = None

            def put(picture: np.ndarray) -> None:
                nonlocal stream, count
                stream = stream or _stream(file, fps, codec, quality, picture.shape)
                frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
                frame = frame.reformat(
                    format=stream.pix_fmt, dst_colorspace=None if codec == "ffv1" else "ITU709"
                )
                frame.pts, frame.time_base = count, Fraction(1, fps)
                count += 1
                file.mux(stream.encode(frame))

            yield put
            if stream is not None:
                file.mux(stream.encode(None))
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _stream(file: Any, fps: int, codec: str, quality: int, shape: tuple[int, ...]) -> Any:
    stream = file.add_stream(_LIBRARIES[codec], rate=fps)
    stream.height, stream.width = shape[:2]
    stream.codec_context.time_base = Fraction(1, fps)
    stream.thread_count = 1 if codec == "h265" else 2
    if codec == "ffv1":
        stream.pix_fmt, stream.options = "bgr0", {"level": "3", "slices": "4", "g": "1"}
        return stream
    stream.pix_fmt, stream.options = "yuv420p", {"crf": str(quality), "preset": "fast", "tune": "animation"}
    if codec == "h265":
        stream.options |= {"x265-params": "log-level=none:pools=none:frame-threads=1:wpp=0:repeat-headers=0"}
    context = stream.codec_context
    context.colorspace = context.color_primaries = context.color_trc = _BT709
    context.color_range = 1
    return stream
