"""What a stage computes. A step adds columns to clips; where and how wide it runs is
`animelayers.engine.placement`'s business.
"""

from __future__ import annotations

import logging
import traceback
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, TypeVar

import numpy as np
from scipy.ndimage import distance_transform_edt

from animelayers.engine.contract import contract
from animelayers.engine.rules import left_out
from animelayers.record.schema import IDENTITY, RECORD, Batch, Row, blank, rebatch, unbatch

log = logging.getLogger(__name__)
T = TypeVar("T")


class Step(ABC):
    """Adds the columns it writes to the clips of a batch; built once per worker, so `__init__` loads the
    model.

    A clip that failed before passes through with blank columns. If a batch fails its clips are tried one by
    one, and a clip that fails alone carries `error` from then on: its neighbours are never touched.
    """

    name: ClassVar[str]
    version: ClassVar[int] = 1
    """Raised with every change of what the step writes, so that old and new output are never mixed."""
    reads: ClassVar[tuple[str, ...]]
    """Columns it needs: the required parameters of its method."""
    wants: ClassVar[tuple[str, ...]]
    """Columns it uses where some stage before it wrote them: those parameters that may be None."""
    writes: ClassVar[tuple[str, ...]]
    """Columns it adds: the fields of what its method returns."""
    computes: ClassVar[str] = "clips"
    """The method whose signature is the contract, see `animelayers.engine.contract`."""
    rules: ClassVar[tuple[str, ...]] = ()
    """Rules that its option `without` may leave out, to measure what they are worth."""

    def __init_subclass__(cls, **options: Any) -> None:
        """Raises TypeError for a signature that is no contract."""
        super().__init_subclass__(**options)
        method = vars(cls).get(cls.computes)
        if method is not None and not getattr(method, "__isabstractmethod__", False):
            cls.reads, cls.wants, cls.writes = contract(method, vars(cls))

    @classmethod
    def check(cls, options: Mapping[str, Any]) -> None:
        """Refuse bad constructor options before any worker starts, where that needs no model. Raises
        ValueError.
        """
        left_out(options.get("without", ()), cls.rules)

    @abstractmethod
    def clips(self, *args: Any, **columns: Any) -> Sequence[tuple[Any, ...]]:
        """The written columns of each clip, from lists of N values, one per clip; a wanted column that
        nothing wrote is None.

        Texts and lists are Python's own: see `Column.unpacked`.
        """

    def __call__(self, batch: Batch) -> Batch:
        """Add the written columns to a batch, a mapping of column name to one value per clip."""
        return rebatch(self.run(unbatch(batch)))

    def run(self, rows: Sequence[Row]) -> list[Row]:
        """Add the written columns to rows. The rows given are not changed."""
        live = [row for row in rows if not row["error"]]
        outcomes = iter(self._outcomes(live))
        return [
            failed(row, self.writes) if row["error"] else self._merge(row, next(outcomes)) for row in rows
        ]

    def _outcomes(self, rows: Sequence[Row]) -> list[Row | Exception]:
        if not rows:
            return []
        try:
            there = [
                name for name in self.reads + self.wants if any(row.get(name) is not None for row in rows)
            ]
            made = self.clips(**{name: [RECORD[name].unpacked(row[name]) for row in rows] for name in there})
            return [
                packed(kept(self._checked(columns), row)) for columns, row in zip(made, rows, strict=True)
            ]
        except Exception as problem:
            if len(rows) > 1:
                return [outcome for row in rows for outcome in self._outcomes([row])]
            log.warning("%s: clip %s: %s", self.name, rows[0]["clip_id"], problem)
            log.debug("%s", traceback.format_exc())
            return [problem]

    def _checked(self, columns: tuple[Any, ...]) -> Row:
        """The columns in their declared dtype; refuses NaN, infinity and wrong axes, which would poison a
        whole block.
        """
        if len(columns) != len(self.writes):
            raise TypeError(f"{self.name} made {len(columns)} columns, its writes name {len(self.writes)}")
        checked: Row = {}
        for name, value in zip(self.writes, columns, strict=True):
            column = RECORD[name]
            if column.array:
                value = np.asarray(value, column.dtype)
                if value.ndim != column.ndim:
                    raise TypeError(
                        f"{self.name} made {name} with {value.ndim} axes, its column has '{column.axes}'"
                    )
                if value.dtype.kind == "f" and not np.isfinite(value).all():
                    raise FloatingPointError(f"{name} holds NaN or infinity")
            checked[name] = value
        return checked

    def _merge(self, row: Row, outcome: Row | Exception) -> Row:
        return (
            failed(row, self.writes, self.name, outcome)
            if isinstance(outcome, Exception)
            else {**row, **outcome}
        )


def packed(made: Row) -> Row:
    """What a step made of a clip, as it travels."""
    return {name: RECORD[name].packed(value) for name, value in made.items()}


def kept(made: Row, row: Row) -> Row:
    """What a step made of a clip, with the layers that came with its input in their places."""
    given = {
        name: value
        for name in ("given", "given_effect", "given_background")
        if (value := row.get(name)) is not None and value.size
    }
    if "given" in given:
        made = with_alpha(made, given["given"])
    if "given_effect" in given:
        made = with_effect(made, given["given_effect"], RECORD["given_mode"].per_drawing(row["given_mode"]))
    if "given_background" in given:
        made = with_background(made, given["given_background"])
    return made


def with_background(made: Row, background: np.ndarray) -> Row:
    """What a step made of a clip whose background (uint8 (D, H, W, 3)) came with the input: that stays, and
    nobody invents any of it.
    """
    if "background" not in made:
        return made
    count = len(background)
    shares = {
        f"background_{kind}": np.full(count, kind == "seen", np.float32)
        for kind in ("seen", "borrowed", "invented")
    }
    by = {"inpainter": ["none"] * count, "inpainting_fallback": [""] * count}
    same: Row = {
        "background": background,
        **shares,
        **by,
        "provenance": np.zeros_like(made.get("provenance", blank("provenance"))),
    }
    return {name: same.get(name, value) for name, value in made.items()}


def with_effect(made: Row, effect: np.ndarray, modes: Sequence[str]) -> Row:
    """What a step made of a clip whose effect (uint8 (D, H, W, 4)) came with the input, in its modes: that
    stays.
    """
    if "effect" not in made:
        return made
    alpha = effect[..., 3].astype(np.float32) / 255
    total, there = alpha.sum((1, 2)), np.maximum(1, np.count_nonzero(alpha, (1, 2)))
    words = [mode if part else "none" for mode, part in zip(modes, total, strict=True)]
    same: Row = {
        "effect": effect,
        "effect_mode": words,
        "effect_types": [[] for _ in words],
        "frame_without_effect": blank("frame_without_effect"),
    }
    same |= {
        "effect_intensity": (total / there).astype(np.float32),
        "effect_coverage": alpha.mean((1, 2)).astype(np.float32),
    }
    return {name: same.get(name, value) for name, value in made.items()}


def with_alpha(made: Row, alpha: np.ndarray) -> Row:
    """What a step made of a clip whose alpha (uint8 (D, H, W)) came with the input: that stays, and nothing
    of it is taken for an effect.
    """
    same: Row = {"character": alpha, "character_confidence": np.ones(len(alpha), np.float32)}
    out: Row = {name: same.get(name, value) for name, value in made.items()}
    if "matte_model" in made:
        out["matte_model"] = ["given" if plane.any() else "none" for plane in alpha]
    if "effect" in made and made["effect"].shape[:3] == alpha.shape:
        out["effect"] = made["effect"].copy()
        out["effect"][..., 3] = np.minimum(made["effect"][..., 3], 255 - alpha)
    if "instances" in made and made["instances"].shape == alpha.shape:
        out["instances"] = np.stack(
            [_labelled(labels, plane) for labels, plane in zip(made["instances"], alpha, strict=True)]
        )
    return out


def _labelled(labels: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """Labels on all of a figure and on nothing else: what has none takes that of the nearest that has."""
    solid = alpha > 127
    bare = solid & (labels == 0)
    if bare.any() and (labels > 0).any():
        _, (ys, xs) = distance_transform_edt(labels == 0, return_indices=True)
        labels = np.where(bare, labels[ys, xs], labels)
    made: np.ndarray = labels * solid
    return made


def failed(
    row: Row, also: Sequence[str] = (), stage: str = "", problem: Exception | None = None, attempt: int = 1
) -> Row:
    """The row of a clip that failed: its identity and times stay, every other column, and those in `also`, is
    blank.
    """
    kept = {*IDENTITY, "frame_index", "timestamp_s", "seconds", "computed", "note"}
    out = {name: value if name in kept else blank(name) for name, value in row.items()}
    out.update({name: blank(name) for name in also if name not in kept})
    if problem is not None:
        what = " ".join(str(problem).split()) or type(problem).__name__
        out.update(error=f"{stage}: {what}", error_type=type(problem).__name__, attempt=attempt)
    return out


class ClipStep(Step):
    """A step that sees one clip at a time, in order."""

    computes = "clip"

    @abstractmethod
    def clip(self, *args: Any, **columns: Any) -> tuple[Any, ...]:
        """The written columns of one clip; a wanted column that nothing wrote is None."""

    def clips(self, **columns: list[Any]) -> Sequence[tuple[Any, ...]]:
        """One call of `clip` per clip."""
        return [
            self.clip(**dict(zip(columns, values, strict=True)))
            for values in zip(*columns.values(), strict=True)
        ]


class FrameStep(Step):
    """A step that sees the drawings of all clips of a batch as one list, so that a model gets full batches.

    It may write columns of axes 'D …' only; one that it reads and that is of the whole clip comes once per
    drawing.
    """

    computes = "frames"

    @abstractmethod
    def frames(self, *args: Any, **columns: Any) -> tuple[Sequence[Any], ...]:
        """One list of N values per written column, from lists of N values; a wanted column that nothing wrote
        is None.

        Drawings may have any mix of sizes; the arrays are read-only views.
        """

    def clips(self, **columns: list[Any]) -> Sequence[tuple[Any, ...]]:
        """One call of `frames` for all clips, split again."""
        lengths = [len(value) for value in columns[self.reads[0]]]
        made = self.frames(**{name: _flat(name, values, lengths) for name, values in columns.items()})
        parts = {name: [*_split(values, lengths)] for name, values in zip(self.writes, made, strict=True)}
        return [tuple(RECORD[name].stacked(of[i]) for name, of in parts.items()) for i in range(len(lengths))]


def each(values: Sequence[T] | None, count: int) -> Sequence[T | None]:
    """The values of a wanted column, one per drawing: `count` times None where nothing wrote it."""
    return [None] * count if values is None else values


def _flat(name: str, values: Sequence[Any], lengths: Sequence[int]) -> list[Any]:
    if not RECORD[name].axes:
        return [value for value, length in zip(values, lengths, strict=True) for _ in range(length)]
    return [item for value in values for item in value]


def _split(values: Sequence[Any], lengths: Sequence[int]) -> Iterator[Sequence[Any]]:
    if len(values) != sum(lengths):
        raise TypeError(f"{len(values)} values for {sum(lengths)} drawings")
    start = 0
    for length in lengths:
        yield values[start : start + length]
        start += length
