"""A film through PyAV: its first video stream, from containers that name no other file, damaged packets left out."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from types import TracebackType
from typing import IO

import av
from av.error import FFmpegError
from av.stream import Disposition

from animelayers.sources.pictures import TooLargeError

CONTAINERS = "mov,matroska,webm,avi,mpeg,mpegts,mpegvideo,m4v"
"""Demuxers that may open an input. Playlists, concat scripts and image sequences, which open other files, are not among them."""

MAX_STREAMS = 64
_BAD_PACKETS = 100


class Film:
    """The first video stream of an open file. A context manager; not thread safe.

    Raises ValueError for a file that is none of `CONTAINERS`, has no video stream, or more pixels than `max_pixels`.
    """

    def __init__(self, file: IO[bytes], max_pixels: int) -> None:
        self._file, self._max_pixels = file, max_pixels
        self._open()

    def _open(self) -> None:
        # Protocols would let a container name other files; the bytes come from `file`, so none is needed.
        limits = {"format_whitelist": CONTAINERS, "protocol_whitelist": "none"}
        try:
            self._container = av.open(self._file, "r", container_options=limits, metadata_errors="replace", buffer_size=1 << 18)
        except (FFmpegError, EOFError):
            raise ValueError(f"is not a film of a known kind ({CONTAINERS}), or its header is damaged") from None
        try:
            self.stream = self._first_stream()
        except ValueError:
            self._container.close()
            raise
        self.stream.thread_type = "AUTO"
        # Ray tells a task its share of the cores this way; frame threads change no pixel.
        self.stream.codec_context.thread_count = int(os.environ.get("OMP_NUM_THREADS") or min(4, os.cpu_count() or 1))
        self.damage = ""  # the first thing that went wrong while decoding, '' for nothing

    def _first_stream(self) -> av.VideoStream:
        if len(self._container.streams) > MAX_STREAMS:
            raise ValueError(f"has {len(self._container.streams)} streams, more than {MAX_STREAMS}")
        moving = [stream for stream in self._container.streams.video if not stream.disposition & Disposition.attached_pic]
        if not moving:
            raise ValueError("has no video stream")
        if moving[0].codec_context is None:
            raise ValueError("has a video stream nothing here can decode")
        self._affordable(moving[0].width, moving[0].height)
        return moving[0]

    def _affordable(self, width: int, height: int) -> None:
        if width * height > self._max_pixels:
            raise TooLargeError(f"{width} x {height} pixels are more than source.max_pixels = {self._max_pixels}")

    def __enter__(self) -> Film:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._container.close()

    def frames(self) -> Iterator[av.VideoFrame]:
        """Every frame from the current position on, in the order shown. Damaged packets are left out and noted in `damage`."""
        bad = 0
        packets = self._container.demux(self.stream)
        while True:
            try:
                packet = next(packets)
            except StopIteration:
                return
            except FFmpegError as error:
                self.damage = self.damage or f"cannot be read on: {error.strerror}"
                return
            try:
                decoded = packet.decode()
            except EOFError:
                return
            except (FFmpegError, ValueError) as error:
                bad += 1
                self.damage = self.damage or f"damaged: {getattr(error, 'strerror', None) or error}"
                if bad > _BAD_PACKETS:
                    return
                continue
            for frame in decoded:
                self._affordable(frame.width, frame.height)
                yield frame

    @property
    def indexed(self) -> bool:
        """Whether the container has time stamps of its own for every frame; elsewhere they are guessed anew after a seek."""
        return bool({"mov", "matroska"} & set(self._container.format.name.split(",")))

    def seek(self, pts: int) -> None:
        """Go to the key frame at or before `pts`, in the stream's unit. Raises FFmpegError where the container cannot."""
        self._container.seek(pts, stream=self.stream, backward=True)

    def rewind(self) -> None:
        """Back to the very first packet: opened anew, since not every container can seek to it."""
        self._container.close()
        self._file.seek(0)
        self._open()

    def expected(self) -> tuple[float, int]:
        """What the header promises: seconds and frames of the stream, 0 where it does not say."""
        seconds = float((self.stream.duration or 0) * (self.stream.time_base or 0))
        clock = re.fullmatch(r"(\d+):(\d\d):(\d\d(?:\.\d+)?)", self.stream.metadata.get("DURATION", ""))  # Matroska's own way
        if clock and not seconds:
            seconds = int(clock[1]) * 3600 + int(clock[2]) * 60 + float(clock[3])
        edited = seconds and "mov" in self._container.format.name  # its count includes frames that an edit list hides
        return seconds, 0 if edited else self.stream.frames
