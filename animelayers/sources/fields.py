"""Fields of a film: whether its frames hold two moments each, woven line by line, and which of libavfilter's
filters parts them again.

Flags alone lie in both directions, so pictures decide: a frame is combed where alternate lines differ from
both neighbours and agree among themselves. Of a film with combs libavfilter's `idet` tells which field comes
first and `fieldmatch` whether fields of neighbouring frames belong together (telecine); what it cannot match
is left to `bwdif`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

import av
import numpy as np
from av.error import BlockingIOError as NotYet
from av.filter import Graph

MILLISECOND = Fraction(1, 1000)
"""The unit of time stamps where a container has none of its own."""

EVERY = 4
"""Each so many frames are looked at for combs; frames that are flagged as interlaced, all."""

COMBED = 1.0
"""What `combs` gives of a frame that is just combed."""

_STEP = 10  # levels between a line and its neighbours that make a comb
_ROWS, _STRIDE = 16, 4  # lines of a piece of a column, and one column of so many is looked at
_FULL = 0.6  # share of a piece's pixels that are woven, if it is
_FEW, _SHARE = 4, 0.0002  # pieces of a combed frame at least, and share of all of them
_SUSPECT = 0.03  # share of the frames looked at that are combed, from which the film is
_MATCHED = 0.25  # share of combed frames that is left when fields belong together
_LOOK, _ENOUGH = 5000, 60  # frames that are looked into, and combed ones among them that are enough


def combs(frame: av.VideoFrame) -> float:
    """How combed a frame is, from `COMBED` on it is; 0 for a frame without a plane of luma. Counts pieces of
    columns that are woven.
    """
    luma = frame.format.components[0]
    if (
        frame.format.is_rgb
        or not luma.is_luma
        or luma.bits > 16
        or frame.height < 3 * _ROWS
        or frame.width < 8 * _STRIDE
    ):
        return 0.0
    plane = frame.planes[0]
    kind = np.uint16 if luma.bits > 8 else np.uint8
    stored: np.ndarray = np.frombuffer(memoryview(plane), kind).reshape(
        -1, plane.line_size // np.dtype(kind).itemsize
    )
    looked_at = np.ascontiguousarray(stored[: plane.height, : plane.width : _STRIDE])
    y = (looked_at >> max(0, luma.bits - 8)).astype(np.int16)
    step = y[1:] - y[:-1]
    up, down = step[1:-2], -step[2:-1]
    woven = (np.minimum(up, down) > _STEP) | (np.maximum(up, down) < -_STEP)
    if np.count_nonzero(woven) < _FEW * _ROWS * _FULL:
        return 0.0
    woven &= (np.abs(y[2:-2] - y[:-4]) < _STEP) & (np.abs(y[2:-2] - y[4:]) < _STEP)
    rows = woven.shape[0] // _ROWS
    pieces = woven[: rows * _ROWS].reshape(rows, _ROWS, -1).mean(1)
    return float((pieces > _FULL).sum() / (_FEW + _SHARE * pieces.size))


class Chain:
    """Frames through a chain of libavfilter's filters that gives a frame for each; `reading` names it: see
    `chain`.
    """

    def __init__(self, reading: str, unit: Fraction) -> None:
        self._filters, self._unit = chain(reading), unit
        self._graph: Graph | None = None
        self._form: tuple[object, ...] = ()

    def add(self, frame: av.VideoFrame) -> Iterator[av.VideoFrame]:
        """The frames that come out when one goes in, with their time stamps in the stream's unit."""
        form = (frame.width, frame.height, frame.format.name)
        if form != self._form:
            yield from self.end()
            self._graph, self._form = self._made(frame), form
        assert self._graph is not None
        self._graph.push(frame)
        yield from self._ready()

    def end(self) -> Iterator[av.VideoFrame]:
        """What is still held back."""
        if self._graph is not None:
            self._graph.push(None)
            yield from self._ready()
            self._graph, self._form = None, ()

    def _ready(self) -> Iterator[av.VideoFrame]:
        while self._graph is not None:
            try:
                frame = self._graph.pull()
            except (NotYet, EOFError):
                return
            assert isinstance(frame, av.VideoFrame)
            if frame.pts is not None and frame.time_base:
                frame.pts, frame.time_base = round(frame.pts * frame.time_base / self._unit), self._unit
            yield frame

    def _made(self, frame: av.VideoFrame) -> Graph:
        graph = Graph()
        last = graph.add_buffer(
            width=frame.width, height=frame.height, format=frame.format, time_base=self._unit
        )
        for name, options in [*self._filters, ("buffersink", "")]:
            here = graph.add(name, options) if options else graph.add(name)
            last.link_to(here)
            last = here
        graph.configure()
        return graph


def chain(reading: str) -> list[tuple[str, str]]:
    """libavfilter's filters, with options, of a kind and the first field: 'idet', 'bwdif tff' (deinterlaced),
    'match bff' (fields matched), 'telecine bff' (fields matched, and what is left interpolated).
    """
    kind, _, first = reading.partition(" ")
    if kind == "idet":
        return [("idet", "")]
    if kind == "bwdif":
        return [("bwdif", f"mode=send_frame:parity={first}:deint=all")]
    # What no match makes whole is marked as interlaced, and only that is interpolated.
    matched = ("fieldmatch", f"order={first}:combmatch=full")
    return (
        [matched]
        if kind == "match"
        else [matched, ("bwdif", f"mode=send_frame:parity={first}:deint=interlaced")]
    )


def suspected(shares: Sequence[float]) -> bool:
    """Whether a film whose frames are combed to such shares must be looked into."""
    found = np.array(shares) > COMBED
    return bool(found.sum() >= 2 and found.mean() >= _SUSPECT)


def verdict(frames: Iterator[av.VideoFrame], unit: Fraction) -> str:
    """How a film with combs is to be read, as `chain` names it; '' where its combs are drawn. Looks at its
    first combed frames.
    """
    runs = {name: Chain(name, unit) for name in ("idet", "match tff", "match bff")}
    combed = dict.fromkeys(runs, 0)
    first = {"tff": 0, "bff": 0}
    seen = 0
    for seen, frame in enumerate(frames, 1):
        combed["idet"] += combs(frame) > COMBED
        for name, run in runs.items():
            for out in run.add(frame):
                _count(name, out, first, combed)
        if combed["idet"] >= _ENOUGH or seen == _LOOK:
            break
    for name, run in runs.items():
        for out in run.end():
            _count(name, out, first, combed)
    if sum(first.values()) < combed["idet"] / 5:  # a pattern of lines that does not move as fields do
        return ""
    order = max(first, key=lambda name: first[name])
    return f"telecine {order}" if combed[f"match {order}"] <= _MATCHED * combed["idet"] else f"bwdif {order}"


def _count(name: str, frame: av.VideoFrame, first: dict[str, int], combed: dict[str, int]) -> None:
    if name != "idet":
        combed[name] += combs(frame) > COMBED
    elif (found := frame.metadata.get("lavfi.idet.multiple.current_frame", "")) in first:
        first[found] += 1
