"""Corrections of a shot: what a person says of one drawing, how far it spreads, and the edits that come of
it.

What is saved is a folder of numbered pictures as `export sequence` writes it, OUT/edits/SHOT, so that
`import_edits` reads a correction made here like one made in a painting program. The clips are made anew at
once, and stand as corrections of OUT.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import cv2
import numpy as np

from animelayers.dataset import tracks
from animelayers.dataset.output import Output
from animelayers.desk.commit import EDITS, CorrectionError, apply
from animelayers.desk.pictures import tinted
from animelayers.edits.sequences import DESK
from animelayers.exports.sequence import NOTE
from animelayers.exports.shots import Shot
from animelayers.imaging import codecs
from animelayers.models.clicknet import ClickNet
from animelayers.models.protocols import Pointing
from animelayers.record.schema import Row
from animelayers.shot.matte import finished
from animelayers.shot.params import Params
from animelayers.shot.spread import BACKGROUND, EFFECT, Mark, Spread, Spreader, small
from animelayers.sinks import metadata
from animelayers.sinks.store import SinkError, Store
from animelayers.weights import WeightsError

_MOST_LABELS = 250
_RIM = 3  # pixels of a small picture around what changed in which the outline is found anew
_COLOURS = (
    (88, 166, 255),
    (255, 166, 77),
    (120, 220, 120),
    (220, 130, 255),
    (255, 120, 150),
    (120, 220, 220),
    (230, 220, 90),
)
_KINDS = ("click", "brush", "lasso")


@dataclass
class Said:
    """One thing a person said: the number of a drawing, what it was pointed at with ('click', 'brush',
    'lasso'), points (x, y) as shares of the frame's sides, the radius of the brush as a share of its height,
    and the label."""

    drawing: int
    kind: str
    points: Sequence[tuple[float, float]]
    radius: float
    label: int

    def drawn(self, size: tuple[int, int]) -> np.ndarray:
        """Where that is in a picture of `size` (height, width), bool."""
        height, width = size
        plane = np.zeros(size, np.uint8)
        points = np.rint(np.array(self.points, np.float64) * [width, height] - 0.5).astype(np.int32)
        reach = max(2 if self.kind == "click" else 1, round(self.radius * height))
        if self.kind == "lasso" and len(points) > 2:
            cv2.fillPoly(plane, [points], 1)
        elif len(points) == 1:
            cv2.circle(plane, points[0].tolist(), 2 if self.kind == "click" else reach, 1, -1)
        else:
            cv2.polylines(plane, [points], False, 1, 2 * reach)
        return plane > 0


@dataclass
class Figure:
    """What a pixel can be said to be: a label, its name and its colour."""

    label: int
    name: str
    colour: tuple[int, int, int]


class Correction:
    """A shot under correction. All methods may be called from several threads.

    Raises KeyError where a layer it needs is not there, `SinkError` where one cannot be read, `CorrectionError` where
    the weights are missing of the net that says what a click was meant for.
    """

    def __init__(self, output: Output, shot: Shot) -> None:
        self.shot, self._path = shot, output.path
        self._lock = threading.RLock()
        self._rows = [output.row(carrier) for carrier in shot.carriers]
        self._ids = _track_ids(output, self._rows)
        self.pictures, self.before = [], []
        for row in self._rows:
            self.pictures.append(small(output.composed(row)))
            self.before.append(self._labels(output, row))
        known = sorted({int(k) for plane in self.before for k in np.unique(plane)} - {BACKGROUND, EFFECT})
        self.figures = [Figure(k, f"figure {k}", _COLOURS[(k - 1) % len(_COLOURS)]) for k in known or [1]]
        self._spreader = Spreader(self.pictures, self.before, own_net())
        self.said: list[Said] = []
        self.undone: list[Said] = []
        self.within: tuple[int, int] = (0, len(self._rows) - 1)
        self._found: Spread | None = None

    @property
    def found(self) -> Spread:
        """Where what was said went by now."""
        with self._lock:
            if self._found is None:
                shape = self.pictures[0].shape[:2]
                marks = [
                    Mark(said.drawing, said.drawn(shape), said.label, said.kind != "click")
                    for said in self.said
                ]
                self._found = self._spreader(marks, self.within)
            return self._found

    def say(self, said: Said) -> None:
        """Take one more thing into account. Raises `CorrectionError` for what lies outside or is of no label
        there is.
        """
        if said.kind not in _KINDS or not said.points or not 0 <= said.drawing < len(self._rows):
            raise CorrectionError(
                f"a correction is a {', a '.join(_KINDS)} with points on one of {len(self._rows)} drawings"
            )
        if (
            not all(-0.5 <= x <= 1.5 and -0.5 <= y <= 1.5 for x, y in said.points)
            or not 0 <= said.radius <= 1
        ):
            raise CorrectionError("the points of a correction are shares of the frame's sides")
        if not (said.label in (BACKGROUND, EFFECT) or 1 <= said.label <= _MOST_LABELS):
            raise CorrectionError(
                f"label {said.label}: 0 is background, {EFFECT} effect, 1 to {_MOST_LABELS} are figures"
            )
        with self._lock:
            if said.label not in (BACKGROUND, EFFECT) and said.label not in [
                figure.label for figure in self.figures
            ]:
                self.figures.append(
                    Figure(
                        said.label, f"figure {said.label} (new)", _COLOURS[(said.label - 1) % len(_COLOURS)]
                    )
                )
            self.said.append(said)
            self.undone.clear()
            self._found = None

    def undo(self) -> None:
        """Take back what was said last."""
        with self._lock:
            if self.said:
                self.undone.append(self.said.pop())
                self._found = None

    def redo(self) -> None:
        """Say again what was taken back last."""
        with self._lock:
            if self.undone:
                self.said.append(self.undone.pop())
                self._found = None

    def stop(self, first: int, last: int) -> None:
        """Let only the drawings from `first` to `last` change. Raises `CorrectionError` for a stretch that is
        none.
        """
        if not 0 <= first <= last < len(self._rows):
            raise CorrectionError(f"drawings {first} to {last}: there are 0 to {len(self._rows) - 1}")
        with self._lock:
            self.within, self._found = (first, last), None

    def described(self) -> dict[str, Any]:
        """What the page shows of it."""
        found = self.found
        changed = [bool((a != b).any()) for a, b in zip(found.labels, self.before, strict=True)]
        return {
            "shot": self.shot.name,
            "drawings": [
                {
                    "frame_id": row["frame_id"],
                    "changed": c,
                    "strength": round(float(s), 3),
                    "corrected": row.get("corrected") or "none",
                }
                for row, c, s in zip(self._rows, changed, found.strength, strict=True)
            ],
            "figures": [vars(figure) for figure in self.figures],
            "said": len(self.said),
            "undone": len(self.undone),
            "within": list(self.within),
        }

    def preview(self, drawing: int) -> bytes:
        """A PNG to lay over a drawing: who is where, what is new stands out."""
        colours = {figure.label: figure.colour for figure in self.figures} | {EFFECT: (255, 225, 60)}
        return codecs.encode_png(tinted(self.found.labels[drawing], colours, self.before[drawing]))

    def save(self) -> dict[str, Any]:
        """Write the edits, and make the clips anew that they change. Gives the drawings that changed. Raises
        `CorrectionError` and `SinkError`.
        """
        with self._lock:
            found = self.found
            changed = [
                d
                for d, (a, b) in enumerate(zip(found.labels, self.before, strict=True))
                if (a != b).any() or self._painted(d)
            ]
            if not changed:
                raise CorrectionError("nothing was changed: click on what is wrong first")
            base, now = Output(self._path, corrected=False), Output(self._path)
            if [_place(row) for row in self._rows] != [
                _place(now.row(row["frame_id"])) for row in self._rows
            ]:
                raise CorrectionError(
                    f"{self.shot.name} was corrected elsewhere meanwhile: reload the page, and say it again"
                )
            store, notes = Store(self._path), {}
            folder = f"{EDITS}/{self.shot.name}"
            note = _note(store, folder)
            store.folder(folder)
            by_hand = {said.drawing for said in self.said}
            for d in changed:
                by = "hand" if d in by_hand else "spread"
                for layer, picture in self._layers(now, base, d, found.labels[d]).items():
                    name = f"{layer}.{d + 1:04d}.png"
                    store.put(f"{folder}/{name}", "desk", codecs.encode_png(picture))
                    notes[name] = {
                        "frame_id": self._rows[d]["frame_id"],
                        "layer": layer,
                        "digest": _digest(base, self._rows[d], layer),
                        "by": by,
                    }
            told = {"export": DESK, "rate": str(self.shot.rate), "files": {**note, **notes}}
            store.put(
                f"{folder}/{NOTE}",
                "desk",
                json.dumps(told, indent=1, ensure_ascii=False, sort_keys=True).encode() + b"\n",
            )
            problems = apply(self._path, self.shot.name)
            return {"changed": [self._rows[d]["frame_id"] for d in changed], "problems": problems}

    def _painted(self, d: int) -> bool:
        return any(said.drawing == d and said.kind != "click" for said in self.said)

    def _labels(self, output: Output, row: Row) -> np.ndarray:
        """Who is where in a drawing, small: tracks of the shot, and effects where nobody is."""
        if not row.get("character_file"):
            return np.zeros(self.pictures[-1].shape[:2], np.uint8)
        alpha = codecs.decode(output.stored(row, "character"))[..., 3]
        ids = self._ids.get(row["clip_id"], {})
        if row.get("instances_file"):
            plane = codecs.decode(output.stored(row, "instances"))
            table = np.arange(256).astype(np.uint8)
            for k, track in ids.items():
                table[k] = track
            labels = table[plane]
        else:
            first = next(iter(row.get("instance_ids") or ()), 1)
            labels = np.full(alpha.shape, ids.get(first, first), np.uint8)
        labels = np.where(alpha > 127, np.maximum(labels, 1), 0).astype(np.uint8)
        if row.get("effect_file") and (row.get("effect_mode") or "none") != "none":
            labels[(labels == 0) & (codecs.decode(output.stored(row, "effect"))[..., 3] > 127)] = EFFECT
        size = small(alpha).shape
        return cv2.resize(labels, size[::-1], interpolation=cv2.INTER_NEAREST)

    def _layers(self, now: Output, base: Output, d: int, labels: np.ndarray) -> dict[str, np.ndarray]:
        """The layers of a drawing after the correction, at its size: character, and effect and ids where
        those changed.
        """
        row, before = self._rows[d], self.before[d]
        frame = now.composed(row)
        size = frame.shape[:2]
        old, first = (
            codecs.decode(output.stored(output.row(row["frame_id"]), "character")) for output in (now, base)
        )
        figure = (labels > 0) & (labels != EFFECT)
        was = (before > 0) & (before != EFFECT)
        alpha = self._plane(frame, figure, figure != was, old[..., 3])
        # what a hand painted is as painted
        for said in (said for said in self.said if said.drawing == d and said.kind != "click"):
            alpha[said.drawn(size)] = 0 if said.label in (BACKGROUND, EFFECT) else 255
        seen = (old[..., 3:] > 0) & (alpha[..., None] > 0)
        made = {
            "character": np.dstack(
                [np.where(first[..., 3:] > 0, first[..., :3], np.where(seen, old[..., :3], frame)), alpha]
            )
        }
        lit, shone = labels == EFFECT, before == EFFECT
        if (lit != shone).any():
            light = (
                codecs.decode(now.stored(row, "effect"))
                if row.get("effect_file")
                else np.zeros((*size, 4), np.uint8)
            )
            glow = self._plane(frame, lit, lit != shone, light[..., 3])
            made["effect"] = np.dstack([np.where(light[..., 3:] > 0, light[..., :3], frame), glow])
        if ((labels != before) & figure & was).any() or len(np.unique(labels[figure])) > 1:
            back = {track: k for k, track in self._ids.get(row["clip_id"], {}).items()}
            table = np.arange(256).astype(np.uint8)
            for label in np.unique(labels[figure]).tolist():
                table[label] = back.get(label, label)
            plane = cv2.resize(
                np.where(figure, table[labels], 0).astype(np.uint8),
                size[::-1],
                interpolation=cv2.INTER_NEAREST,
            )
            made["instances"] = plane
        return made

    def _plane(
        self, frame: np.ndarray, figure: np.ndarray, changed: np.ndarray, old: np.ndarray
    ) -> np.ndarray:
        """An alpha uint8 (H, W): the old one, but where its small mask changed found anew along the frame's
        edges.
        """
        size = frame.shape[1::-1]
        grown = cv2.dilate(changed.view(np.uint8), np.ones((2 * _RIM + 1,) * 2, np.uint8))
        near = cv2.resize(grown, size, interpolation=cv2.INTER_NEAREST) > 0
        new: np.ndarray = np.where(near, finished(frame, figure.astype(np.float32), Params()), old).astype(
            np.uint8
        )
        return new


@cache
def own_net() -> Pointing:
    """The package's own net. Raises `CorrectionError` where its weights are not there."""
    try:
        return ClickNet()
    except WeightsError as problem:
        raise CorrectionError(str(problem)) from None


@dataclass
class Desks:
    """Corrections that are under way, the last few shots; shared by all tabs."""

    most: int = 4
    _open: dict[tuple[str, str, str], Correction] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def of(self, output: Output, shot: Shot, version: str) -> Correction:
        """The correction of a shot, begun where there is none of this version of the output."""
        key = (output.path, shot.name, version)
        with self._lock:
            if key not in self._open:
                self._open[key] = Correction(output, shot)
                while len(self._open) > self.most:
                    self._open.pop(next(iter(self._open)))
            return self._open[key]

    def forget(self, path: str) -> None:
        """Forget those of an output."""
        with self._lock:
            self._open = {key: made for key, made in self._open.items() if key[0] != path}


def _place(row: Row) -> tuple[Any, ...]:
    """Where the character of a drawing lies: another place once it was corrected."""
    return tuple(row.get(name) for name in ("shard", "character_offset", "character_size", "character_xxh3"))


def _note(store: Store, folder: str) -> dict[str, Any]:
    """The files that earlier corrections of the shot wrote. Raises `SinkError` for a damaged note."""
    try:
        found = json.loads(store.read(f"{folder}/{NOTE}") or b'{"files": {}}')
        return dict(found["files"])
    except (ValueError, KeyError, TypeError) as damaged:
        raise SinkError(
            store.path(f"{folder}/{NOTE}"),
            f"damaged, {damaged}",
            "restore it, or delete its folder to correct the shot anew",
        ) from None


def _digest(base: Output, row: Row, layer: str) -> str:
    there = base.row(row["frame_id"])
    return hashlib.sha256(base.stored(there, layer)).hexdigest()[:32] if there.get(f"{layer}_file") else ""


def _track_ids(output: Output, rows: Sequence[Row]) -> dict[str, dict[int, int]]:
    """Of each clip of a shot which track each of its ids is."""
    clips = {row["clip_id"] for row in rows}
    found: dict[str, dict[int, int]] = {}
    for row in tracks.tracks(metadata.split(output.table, clips)[0]).to_pylist():
        found.setdefault(row["clip_id"], {})[row["instance_id"]] = row["track_id"]
    return found
