"""A film through PyAV: the video stream that is the film, from containers that name no other file, damaged
packets left out.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from fractions import Fraction
from types import TracebackType
from typing import IO, cast

import av
from av.codec.codec import UnknownCodecError
from av.error import FFmpegError

from animelayers.sources import facts
from animelayers.sources.content import HEAD, transport
from animelayers.sources.damage import Watch
from animelayers.sources.fields import Chain
from animelayers.sources.pictures import TooLargeError

CONTAINERS = "mov,matroska,webm,avi,mpeg,mpegts,mpegvideo,m4v,flv,asf,ogg,yuv4mpegpipe,mxf,dv,nut,rm,ivf,h264,hevc,obu,wtv,flic,roq,smk"
"""Demuxers that may open an input. Playlists, concat scripts and image sequences, which open other files, are
not among them.
"""

MAX_STREAMS = 64
"""Streams of picture, sound and text; attachments, as the fonts of subtitles are, do not count."""

_BAD_PACKETS = 100
_KEEP_ALPHA = {"vp8": "libvpx", "vp9": "libvpx-vp9"}  # FFmpeg's own decoders of these drop it


class Film:
    """The stream of an open file that is the film (see `facts.choose`). A context manager; not thread safe.

    ``reading``: the filters its frames go through, as `fields.chain` names them; '' for none. ``facts``: what
    the container says of how they are shown. Raises ValueError for a file that is none of `CONTAINERS`, has
    no video stream, or more pixels than `max_pixels`.
    """

    def __init__(self, file: IO[bytes], max_pixels: int, reading: str = "") -> None:
        self._file, self._max_pixels, self.reading = file, max_pixels, reading
        self.watch: Watch | None = None  # told of every packet and frame, where somebody wants to know
        self._open()

    def _open(self) -> None:
        # Protocols would let a container name other files; the bytes come from `file`, so none is needed.
        limits = {"format_whitelist": CONTAINERS, "protocol_whitelist": "none"}
        head = self._file.read(HEAD)
        self._file.seek(0)
        form = "mpegts" if transport(head) else None  # of a short one FFmpeg is not sure enough
        try:
            self._container = av.open(
                self._file,
                "r",
                form,
                container_options=limits,
                metadata_errors="replace",
                buffer_size=1 << 18,
            )
        except (FFmpegError, EOFError):
            raise ValueError(
                f"is not a film of a known kind ({CONTAINERS}), or its header is damaged"
            ) from None
        try:
            self._choose()
        except ValueError:
            self._container.close()
            raise
        self._decoder = self._alpha_decoder() or self.stream.codec_context
        self._decoder.thread_type = "AUTO"
        # Ray tells a task its share of the cores this way; frame threads change no pixel.
        self._decoder.thread_count = int(os.environ.get("OMP_NUM_THREADS") or min(4, os.cpu_count() or 1))
        self._keys: set[int] = set()  # time stamps of key packets, for decoders that do not tell
        self.damage = ""  # the first thing that went wrong while decoding, '' for nothing

    def _choose(self) -> None:
        streams = [stream for stream in self._container.streams if stream.type != "attachment"]
        if len(streams) > MAX_STREAMS:
            raise ValueError(f"has {len(streams)} streams, more than {MAX_STREAMS}")
        self.stream, notes = facts.choose(list(self._container.streams.video))
        self._affordable(self.stream.width, self.stream.height)
        self.facts = facts.of(self.stream, self.form, self._file).noting(*notes)

    @property
    def seconds(self) -> float:
        """How long the header says it lasts; 0 where it says nothing."""
        if self.stream.duration and self.stream.time_base:
            return float(self.stream.duration * self.stream.time_base)
        return (self._container.duration or 0) / av.time_base

    def _alpha_decoder(self) -> av.VideoCodecContext | None:
        """A decoder that keeps the alpha which the stream stores beside its colours; None where its own does,
        or none is there.
        """
        own = self.stream.codec_context
        if not self.facts.alpha or own.name not in _KEEP_ALPHA:
            return None
        try:
            made = av.VideoCodecContext.create(_KEEP_ALPHA[own.name], "r")
        except UnknownCodecError:
            self.facts = self.facts.noting("its alpha is left out: no decoder for it here")
            return None
        made.extradata = own.extradata
        return cast("av.VideoCodecContext", made)

    def _affordable(self, width: int, height: int) -> None:
        if width * height > self._max_pixels:
            raise TooLargeError(
                f"{width} x {height} pixels are more than source.max_pixels = {self._max_pixels}"
            )

    def __enter__(self) -> Film:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._container.close()

    def frames(self) -> Iterator[av.VideoFrame]:
        """Every frame from the current position on, in the order shown. Damaged packets are left out and
        noted in `damage`.
        """
        if not self.reading:
            yield from self._decoded()
            return
        run = Chain(self.reading, self.stream.time_base or Fraction(1, 1000))
        for frame in self._decoded():
            yield from run.add(frame)
        yield from run.end()

    def is_key(self, frame: av.VideoFrame) -> bool:
        """Whether nothing before a frame is needed to decode it."""
        return bool(frame.key_frame) or frame.pts in self._keys

    def _decoded(self) -> Iterator[av.VideoFrame]:
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
            if self.watch:
                self.watch.packet(packet)
            try:
                decoded = self._decoder.decode(packet if packet.size else None)
            except EOFError:
                return
            except (FFmpegError, ValueError) as error:
                bad += 1
                self.damage = self.damage or f"damaged: {getattr(error, 'strerror', None) or error}"
                if self.watch:
                    self.watch.failed()
                if bad > _BAD_PACKETS:
                    return
                continue
            if (
                self._decoder is not self.stream.codec_context
                and packet.is_keyframe
                and packet.pts is not None
            ):
                self._keys.add(packet.pts)
            for frame in decoded:
                self._affordable(frame.width, frame.height)
                if self.watch:
                    self.watch.frame(frame)
                yield frame

    @property
    def form(self) -> str:
        """Names of the demuxer, joined by commas."""
        return self._container.format.name

    @property
    def indexed(self) -> bool:
        """Whether the container has time stamps of its own for every frame; elsewhere they are guessed anew
        after a seek.
        """
        return bool({"mov", "matroska"} & set(self.form.split(",")))

    def seek(self, pts: int) -> None:
        """Go to the key frame at or before `pts`, in the stream's unit. Raises FFmpegError where the
        container cannot.
        """
        self._container.seek(pts, stream=self.stream, backward=True)
        if self._decoder is not self.stream.codec_context:
            self._decoder.flush_buffers()

    def rewind(self) -> None:
        """Back to the very first packet: opened anew, since not every container can seek to it."""
        self._container.close()
        self._file.seek(0)
        self._open()

    def expected(self) -> tuple[float, int]:
        """What the header promises: seconds and frames of the stream, 0 where it does not say."""
        seconds = float((self.stream.duration or 0) * (self.stream.time_base or 0))
        # Matroska's own way
        clock = re.fullmatch(r"(\d+):(\d\d):(\d\d(?:\.\d+)?)", self.stream.metadata.get("DURATION", ""))
        if clock and not seconds:
            seconds = int(clock[1]) * 3600 + int(clock[2]) * 60 + float(clock[3])
        edited = seconds and "mov" in self.form  # its count includes frames that an edit list hides
        return seconds, 0 if edited else self.stream.frames
