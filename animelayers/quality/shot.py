"""The figures of a shot: the measures of its frames put together, and what only the whole shot tells."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

import cv2
import numpy as np

from animelayers.imaging import measures
from animelayers.imaging.channels import largest
from animelayers.quality.candidate import Candidate, FoundLayers, Row
from animelayers.quality.figures import FIGURES
from animelayers.quality.frame import Measured, measured
from animelayers.quality.truths import BETWEEN, TrueLayers, TrueShot

Worst = tuple[int, np.ndarray, TrueLayers, FoundLayers]
"""A frame's number, its picture, and its layers."""


class ShotScore:
    """Takes the frames of a shot one after the other, and gives its figures (`FIGURES`; None for what the
    shot does not tell).

    A frame that the output lacks is blank. ``worst``: the frame that is farthest off.
    """

    def __init__(self, shot: TrueShot, found: Candidate) -> None:
        self.shot, self.found = shot, found
        rows = found.film(shot.film)
        self.rows: list[Row | None] = [rows.get(t) for t in range(shot.first, shot.last + 1)]
        self.size = (0, 0)
        self.worst: Worst | None = None
        self._bad = -1.0
        self._values: dict[str, list[float]] = defaultdict(list)
        self._squares: dict[str, list[tuple[float, int]]] = defaultdict(list)
        self._ids: list[dict[int, int]] = []
        self._known: dict[Any, Measured] = {}
        self._before: tuple[int, Any, TrueLayers, FoundLayers, Measured] | None = None
        self._layers: tuple[Any, FoundLayers] | None = None

    def take(
        self, t: int, key: Any, truth: TrueLayers, picture: np.ndarray, shown: np.ndarray | None
    ) -> None:
        """Frame `t` of the film, in order. Frames of equal `key` have equal true layers."""
        shape = truth.character.shape
        self.size = (shape[1], shape[0])
        row = self.rows[t - self.shot.first]
        name = row and (row["drawing_of"] or row["frame_id"])
        if self._layers is None or self._layers[0] != name:
            self._layers = (name, self.found.layers(row, (shape[0], shape[1])))
        layers, pair = self._layers[1], (key, name)
        if pair not in self._known:
            self._known[pair] = measured(truth, layers, picture, shown)
            if self._known[pair].bad > self._bad:
                self._bad, self.worst = self._known[pair].bad, (t, picture, truth, layers)
        now = self._known[pair]
        for figure, value in now.means.items():
            self._values[figure].append(value)
        for figure, square in now.squares.items():
            self._squares[figure].append(square)
        self._ids.append(now.ids)
        self._flicker(t - self.shot.first, pair, truth, layers, now)
        self._before = (t - self.shot.first, pair, truth, layers, now)

    def skip(self) -> None:
        """A frame whose layers are not scored: nothing is compared across it."""
        self._before = None

    def _flicker(self, place: int, pair: Any, truth: TrueLayers, layers: FoundLayers, now: Measured) -> None:
        if self._before is None:
            return
        earlier, before, true_before, layers_before, then = self._before
        step = self._step(earlier, place)
        if before == pair and step is None:
            self._values["flicker"].append(0.0)
            if (truth.character > 127).any():
                self._values["background_flicker"].append(0.0)
            return
        again = _Followed(step, truth.character.shape)
        alpha, effect = (again(plane) for plane in (true_before.character, true_before.effect[..., 3]))
        value = measures.static_flicker(
            (again(then.error), now.error),
            (alpha, truth.character),
            (effect, truth.effect[..., 3]),
            again.seen,
        )
        if value is not None:
            self._values["flicker"].append(value)
        painting = again(true_before.background)
        rests = again.seen & (largest(cv2.absdiff(painting, truth.background)) <= 1)
        both = (truth.character > 127) & (alpha > 127) & rests
        if both.any():
            errors = (
                b[both].astype(np.float32) - a[both]
                for a, b in (
                    (painting, again(layers_before.background)),
                    (truth.background, layers.background),
                )
            )
            self._values["background_flicker"].append(float(np.abs(np.subtract(*errors)).mean()))

    def _step(self, earlier: int, place: int) -> np.ndarray | None:
        """Where a pixel of a frame was in an earlier one, float64 (3, 3); None where the camera stood, or nobody
        knows.
        """
        if self.shot.cameras is None:
            return None
        step = np.linalg.inv(self.shot.cameras[earlier]) @ self.shot.cameras[place]
        return None if np.allclose(step, np.eye(3), atol=1e-6) else step

    def figures(self) -> dict[str, float | None]:
        """All figures but those of the cuts."""
        made: dict[str, float | None] = {
            name: float(np.mean(values)) for name, values in self._values.items()
        }
        for name, squares in self._squares.items():
            total, count = np.sum(squares, axis=0)
            made[name] = measures.decibel(total / count)
        kept = measures.kept(self._ids)
        if kept is not None:
            made["ids_kept"], made["id_switches"] = kept
        made |= _held(self.shot, self.rows) | _camera(self.shot, self.rows, self.size)
        return {name: made.get(name) for name in FIGURES}


class _Followed:
    """Planes (H, W[, C]) of an earlier frame as a later one sees the same places; ``step``: where a pixel of
    the later was in the earlier, float64 (3, 3), None where it was. ``seen``, bool (H, W): where it was in it.
    """

    def __init__(self, step: np.ndarray | None, shape: tuple[int, ...]) -> None:
        self._step = step
        self.seen = np.asarray(self(np.full(shape[:2], 255, np.uint8)) == 255)

    def __call__(self, plane: np.ndarray) -> np.ndarray:
        if self._step is None:
            return plane
        size = plane.shape[1::-1]
        return cv2.warpPerspective(plane, self._step, size, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)


def _held(shot: TrueShot, rows: Sequence[Row | None]) -> dict[str, float | None]:
    """Of the frames that are said to repeat a drawing of the shot, how many do; of those that do, how many
    are told.
    """
    if shot.drawings is None:
        return {}
    places = {row["frame_id"]: place for place, row in enumerate(rows) if row is not None}
    said = {
        place: places.get(row["drawing_of"])
        for place, row in enumerate(rows)
        if row is not None and row["drawing_of"]
    }
    right = sum(
        first is not None and shot.drawings[first] == shot.drawings[place] for place, first in said.items()
    )
    repeats = len(shot.drawings) - len(set(shot.drawings))
    return {
        "held_precision": right / len(said) if said else None,
        "held_recall": right / repeats if repeats else None,
    }


def _camera(shot: TrueShot, rows: Sequence[Row | None], size: tuple[int, int]) -> dict[str, float | None]:
    """Cameras are compared within each clip: the plates of two have nothing in common."""
    scored = [place for place, counts in enumerate(shot.scored) if counts]
    if shot.cameras is None or len(scored) < 2 or not size[0]:
        return {}
    clips: dict[str, list[int]] = defaultdict(list)
    for place in scored:
        row = rows[place]
        if row is not None and row.get("homography") and row.get("camera_motion") != "unknown":
            clips[row["clip_id"]].append(place)
    errors: list[float] = []
    known = 0
    for places in clips.values():
        said = np.array([rows[place]["homography"] for place in places], np.float64).reshape(-1, 3, 3)  # type: ignore[index]
        usable = np.isfinite(said).all((1, 2)) & (np.abs(np.linalg.det(said)) > 1e-12)
        known += int(usable.sum())
        if usable.sum() > 1:  # the first is where all is seen from
            errors += measures.camera_error(said[usable], shot.cameras[np.array(places)[usable]], size)[
                1:
            ].tolist()
    return {"camera_px": float(np.mean(errors)) if errors else None, "camera_known": known / len(scored)}


def cuts(shots: Sequence[TrueShot], rows: Mapping[int, Row]) -> Iterator[tuple[float | None, float]]:
    """Of each shot of a film, in order: whether it is told from the one before (None for the first), and how
    many cuts are within it.

    Of several changes in one transition one is right and the others are not counted.
    """
    told = sorted(rows)
    changes = [b for a, b in pairwise(told) if _scene(rows[a]) != _scene(rows[b])]
    right: set[int] = set()
    found: dict[int, float] = {}
    for shot in shots:
        if shot.opens is not None:
            within = [p for p in changes if shot.opens[0] <= p <= shot.opens[1]]
            found[shot.number] = float(bool([p for p in within if p not in right]))
            right |= set(within)
    for shot in shots:
        wrong = [p for p in changes if p not in right and shot.first <= p <= shot.last]
        yield found.get(shot.number), float(len(wrong))


def transitions(
    shots: Sequence[TrueShot], rows: Mapping[int, Row]
) -> Iterator[tuple[float | None, float | None]]:
    """Of each shot of a film, in order: of the runs of frames that begin in it and are said to lie between
    two shots the share that touches a transition (None for no run), and whether the transition it begins with
    is told (None where it begins with a cut)."""
    true = {shot.first + place for shot in shots for place, alone in enumerate(shot.scored) if not alone}
    marked = {t for t, row in rows.items() if _between(row)}
    runs: dict[int, set[int]] = {}
    for t in sorted(marked):
        start = t if t - 1 not in marked else next(reversed(runs))
        runs.setdefault(start, set()).add(t)
    for shot in shots:
        own = [bool(run & true) for start, run in runs.items() if shot.first <= start <= shot.last]
        opening = (
            true & set(range(shot.opens[0] + 1, shot.opens[1])) if shot.opens is not None else set[int]()
        )
        yield (sum(own) / len(own) if own else None, float(bool(opening & marked)) if opening else None)


def _between(row: Row) -> bool:
    """Whether a frame is said to lie between two shots: flagged so where it was read, or a truth's own."""
    return "transition" in (row.get("flags") or ()) or row.get("transition") in BETWEEN


def _scene(row: Row) -> tuple[str, str]:
    return str(row.get("episode", "")), str(row["scene_id"])
