"""Scanning one moving input: every frame's number, time and shot from one decode at low resolution, and from
these its clips.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import IO, Any

import cv2
import numpy as np

from animelayers.sources import cadence, fields
from animelayers.sources.asked import Asked
from animelayers.sources.damage import Watch
from animelayers.sources.facts import colours
from animelayers.sources.film import Film
from animelayers.sources.pictures import animation
from animelayers.sources.plan import Input, clips
from animelayers.sources.shots import Shots
from animelayers.sources.showing import size

AHEAD = 80
"""Frames the detectors may look ahead: so many are read before a pass is cut short."""

MAX_PIXELS_IN_ALL = {"animation": 20_000_000_000, "film": 2_000_000_000_000}
"""Frames times pixels of one input: an hour of 720p as a GIF, two hours of 8K as a film. Beyond it what was
read so far is taken.
"""

MAX_FRAMES = 2_000_000
"""Frames of one film: 23 hours at 24 a second."""

Enough = Callable[[np.ndarray], bool]


@dataclass
class Scan:
    """What one pass over a moving input found; lists have one entry per frame."""

    shots: Shots
    pts: list[int | None] = field(default_factory=list)
    sizes: list[tuple[int, int]] = field(default_factory=list)
    keys: list[bool] = field(default_factory=list)  # key frames, for films
    times: np.ndarray = field(default_factory=lambda: np.zeros(0))
    steady: bool = False  # every time stamp is there and rising, so a frame can be found by it
    indexed: bool = False  # and the container can seek to it
    damage: str = ""
    # how combed the frames looked at are, see `fields.combs`
    combs: list[float] = field(default_factory=list)
    # how much each frame differs from the one before, where fields are matched
    changes: list[float] = field(default_factory=list)
    # those that are no copies which telecine made
    kept: np.ndarray = field(default_factory=lambda: np.ones(0, bool))
    doubts: dict[str, np.ndarray] = field(default_factory=dict)  # bool [T] by the word of a flag
    reading: str = ""
    told: list[str] = field(default_factory=list)
    aspect: str = "1:1"
    numbers: np.ndarray | None = None  # of the shots, where they are known without a detector

    def rows(
        self, item: Input, taken: np.ndarray, frame_bytes: int, row_bytes: int, context: int = 0
    ) -> Iterator[dict[str, Any]]:
        """The plan rows: one per clip of the sampled frames, and one for the damage. Context only where a
        film can be sought in.
        """
        numbers = self.shots.numbers() if self.numbers is None else self.numbers
        if self.numbers is None and (between := self.shots.between()).any():
            self.doubts["transition"] = between
        count, keys = context if self.steady and self.indexed else 0, np.array(self.keys, bool)
        for scene, indices, shared in clips(
            numbers, np.array(self.sizes).reshape(-1, 2), taken, frame_bytes, row_bytes, count, keys
        ):
            pts = self.pts[indices[0]] if self.steady else None
            row = item.row(
                scene,
                indices.tolist(),
                self.times[indices].tolist(),
                self.sizes[indices[0]],
                pts=-1 if pts is None else pts,
            )
            row |= {
                "context": shared.tolist(),
                "context_times": self.times[shared].tolist(),
                "context_pts": self._sought(shared),
            }
            yield row | {
                "reading": self.reading,
                "told": "; ".join(self.told),
                "doubts": self._doubts(indices),
                "aspect": self.aspect,
            }
        if self.damage:
            yield item.failed(self.damage, int(numbers[-1]) if len(numbers) else 0, len(numbers))

    def _doubts(self, indices: np.ndarray) -> list[str]:
        """The words for each of some frames; none where there is no doubt of any."""
        words = [",".join(word for word, found in self.doubts.items() if found[n]) for n in indices]
        return words if any(words) else []

    def _sought(self, shared: np.ndarray) -> list[int]:
        """Time stamps of context frames, -1 where no key frame lies between one and the one before."""
        before = [None, *shared.tolist()]
        return [
            int(self.pts[n] or 0) if a is None or any(self.keys[a + 1 : n + 1]) else -1
            for a, n in zip(before, shared.tolist(), strict=False)
        ]


def scan_film(film: Film, detector: str, enough: Enough, asked: Asked | None = None) -> Scan:
    """One low-resolution pass over a film, to its end or until the times of the frames read are `enough`.

    A film with combs is looked into and read once more through the filters that take them away, unless
    `asked.deinterlace` is off. Damage: packets that do not decode, pictures that are missing, or an end well
    before what the header promises. What is decoded, but not whole, is a doubt of its frames.
    """
    asked = asked or Asked()
    scan = _pass(film, detector, enough, asked)
    scan.aspect = film.facts.shape if asked.aspect == "stored" else "1:1"
    if not fields.suspected(scan.combs):
        return scan
    film.rewind()
    reading = fields.verdict(film.frames(), film.stream.time_base or fields.MILLISECOND)
    if not reading:
        return scan
    if asked.deinterlace == "off":
        scan.doubts["interlaced"] = np.ones(len(scan.pts), bool)
        scan.told.append("interlaced: left as it is")
        return scan
    film.reading = reading
    film.rewind()
    again = _pass(film, detector, enough, asked)
    again.reading, again.aspect = reading, scan.aspect
    again.told.append(
        f"{'telecine undone' if reading.startswith('telecine') else 'deinterlaced by bwdif'}, {reading[-3:]}"
    )
    left = np.array(again.combs) > fields.COMBED
    if left.any() and len(left) == len(again.pts):
        again.doubts["interlaced"] = left
    if reading.startswith("telecine"):
        again.kept, again.times = cadence.undone(np.array(again.changes), again.times)
    return again


def _pass(film: Film, detector: str, enough: Enough, asked: Asked) -> Scan:
    scan, unit = Scan(Shots(detector)), float(film.stream.time_base or 0)
    rate = float(film.stream.average_rate or film.stream.guessed_rate or 25)
    watch = film.watch = Watch(film.stream.codec_context.name, film.form)
    whole, last, pixels = True, 0, 0
    before: np.ndarray | None = None
    for place, frame in enumerate(film.frames()):
        last = frame.duration or 0
        scan.pts.append(frame.pts)
        scan.keys.append(film.is_key(frame))
        scan.sizes.append(size(frame, film.facts, asked))
        if frame.interlaced_frame or place % fields.EVERY == 0 or film.reading:
            scan.combs.append(fields.combs(frame))
        width, height = scan.shots.size(frame.width, frame.height)
        colours(frame, "keep")  # declares what it does not, or swscale refuses it
        # swscale takes the frame from YUV to small BGR at once; a full-size RGB frame is never made.
        small = frame.to_ndarray(
            format="bgr24", width=width, height=height, interpolation="BILINEAR", threads=1
        )
        scan.shots.add(small)
        if film.reading:
            scan.changes.append(cadence.change(before, small))
            before = small
        count = len(scan.pts)
        pixels += frame.width * frame.height
        if pixels > MAX_PIXELS_IN_ALL["film"]:
            film.damage = f"has more than {MAX_PIXELS_IN_ALL['film']:,} pixels in all its frames"
            break
        if count % (2 * AHEAD) == 0 and (
            count >= MAX_FRAMES or enough(timestamps(scan.pts[:-AHEAD], unit, rate)[0])
        ):
            whole = False
            break
    film.watch = None
    scan.times, scan.steady = timestamps(scan.pts, unit, rate)
    scan.kept, scan.indexed = np.ones(len(scan.pts), bool), film.indexed
    if early := watch.early():
        scan.told.append(
            f"begins inside a group of pictures: {early} before its first key frame cannot be decoded"
        )
    if whole:
        shown = float(scan.times[-1]) + max(last * unit, 1 / rate) if scan.pts else 0.0
        begun = float(next((stamp for stamp in scan.pts if stamp is not None), 0)) * unit
        short = _missing(film, len(scan.pts), shown, max(0.0, begun))
        film.damage = "; ".join(filter(None, [short, film.damage])) or watch.lost()
    if (damaged := watch.damaged(scan.pts)).any():
        scan.doubts["damaged"] = damaged
        scan.told.append(
            f"damaged: {int(damaged.sum())} of {len(damaged)} frames cannot be decoded whole, or lean on one that cannot"
        )
    scan.damage = film.damage
    if scan.damage:
        scan.damage = f"{scan.damage}; {len(scan.pts)} frames can be read"
    elif not scan.pts:
        scan.damage = "has no frames"
    return scan


def scan_animation(file: IO[bytes], detector: str, asked: Asked, enough: Enough) -> Scan:
    """One pass over an animated picture; TIFF pages are one shot per size. What is damaged ends it."""
    scan = Scan(Shots(detector))
    times: list[float] = []
    read = 0
    try:
        for seen, seconds in animation(file, asked):
            if np.isnan(seconds) and not times:
                scan.shots = Shots("none")
            height, width = seen.pixels.shape[:2]
            small = cv2.resize(seen.pixels, scan.shots.size(width, height), interpolation=cv2.INTER_AREA)
            scan.shots.add(np.ascontiguousarray(small[..., ::-1]))
            scan.sizes.append((width, height))
            times.append(seconds)
            read += width * height
            if read > MAX_PIXELS_IN_ALL["animation"]:
                scan.damage = f"has more than {MAX_PIXELS_IN_ALL['animation']:,} pixels in all its frames; {len(times)} frames can be read"
                break
            if len(times) % (2 * AHEAD) == 0 and enough(np.array(times[:-AHEAD])):
                break
    except Exception as error:  # Pillow's plugins raise nearly anything on damaged files
        if not times:
            raise
        scan.damage = f"{error}; {len(times)} frames can be read"
    scan.pts, scan.times, scan.kept = [None] * len(times), np.array(times), np.ones(len(times), bool)
    return scan


def timestamps(pts: Sequence[int | None], unit: float, rate: float) -> tuple[np.ndarray, bool]:
    """Seconds from the first frame, float64 [T], always rising; and whether every time stamp was there and
    rising.

    A missing or falling time stamp becomes that of the frame before it plus 1 / `rate`.
    """
    first = next((stamp for stamp in pts if stamp is not None), 0)
    seconds = np.empty(len(pts))
    steady, last = True, -1.0 / rate
    for place, stamp in enumerate(pts):
        now = float("nan") if stamp is None else (stamp - first) * unit
        if not now > last:
            steady, now = False, last + 1.0 / rate
        seconds[place] = last = now
    return seconds, steady


def _missing(film: Film, frames: int, shown: float, begun: float) -> str:
    """Says that the film ends early: a container cut short often just ends, without an error.

    What Matroska calls its duration is where the clock ends for some writers, and it may begin at `begun`
    seconds.
    """
    seconds, count = film.expected()
    if seconds and shown + (begun if "matroska" in film.form else 0.0) < seconds - max(0.3, 0.01 * seconds):
        return f"its end is missing: ends after {shown:.2f} of {seconds:.2f} s"
    if frames < count - max(2, count // 100):
        return f"its end is missing: ends after {frames} of {count} frames"
    return ""
