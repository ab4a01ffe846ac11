from __future__ import annotations

import re
from typing import Any, NamedTuple, TypedDict, Unpack

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ray.data.extensions import ArrowVariableShapedTensorType

from animelayers.engine.step import ClipStep, FrameStep
from animelayers.record.column import F32, U8
from animelayers.record.schema import RECORD, rebatch, unbatch
from tests.steps import Brightness, Faulty, Inverted, clip


class Nothing(NamedTuple):
    """Of a step that only looks."""


class Alphas(NamedTuple):
    character: list[U8]


class Words(NamedTuple):
    matte_model: list[str]


class Misspelt(NamedTuple):
    charakter: U8


class Parts(TypedDict, total=False):
    instance_ids: list[list[int]]
    character_coverage: list[float]


class Told(FrameStep):
    """Alpha = the green of the background, where there is one."""

    name = "told"

    def frames(
        self, *, frames: list[U8], background: list[U8] | None = None, **parts: Unpack[Parts]
    ) -> Alphas:
        return Alphas(
            [p[..., 1] * 0 for p in frames] if background is None else [p[..., 1] for p in background]
        )


def test_frames_of_all_clips_arrive_as_one_list_and_go_back_to_their_clips() -> None:
    clips = [clip(1, 3), clip(2, 1, (4, 10)), clip(3, 2)]
    out = Brightness().run(clips)
    assert [row["character"].shape for row in out] == [(3, 6, 8), (1, 4, 10), (2, 6, 8)]
    assert [int(row["character"].max()) for row in out] == [1, 2, 3]
    assert out[0]["matte_model"] == "red red red"
    assert "character" not in clips[0], "the rows given are not changed"


@given(bad=st.sets(st.integers(0, 7), max_size=8))
def test_a_bad_clip_never_touches_its_neighbours(bad: set[int]) -> None:
    clips = [clip(7 if i in bad else 100 + i) for i in range(8)]
    alone = [Faulty("none").run([c])[0] for c in clips]
    together = Faulty("raise").run(clips)
    for i, (row, expected) in enumerate(zip(together, alone, strict=True)):
        if i in bad:
            assert row["error"] == "faulty: cannot bear a seven" and row["error_type"] == "ValueError"
            assert row["frames"].shape == (0, 0, 0, 3) and len(row["frame_index"]) == 2
        else:
            assert not row["error"] and np.array_equal(row["frames"], expected["frames"])


def test_a_clip_that_failed_passes_by_with_blanks() -> None:
    failed = Faulty("raise").run([clip(7)])
    after = Inverted().run(Brightness().run(failed))
    assert after[0]["error"] == failed[0]["error"]
    assert after[0]["background"].shape == (0, 0, 0, 3) and after[0]["background"].dtype == np.uint8


def test_nan_never_leaves_a_step() -> None:
    (row,) = Faulty("nan").run([clip(7)])
    assert "NaN" in row["error"]


def test_wrong_axes_are_an_error_of_the_clip() -> None:
    class Flat(FrameStep):
        name = "flat"

        def frames(self, *, frames: list[U8]) -> Alphas:
            return Alphas([p.ravel() for p in frames])

    (row,) = Flat().run([clip(1)])
    assert row["error"].startswith("flat: flat made character with 2 axes")


def test_a_wanted_column_is_none_where_nothing_wrote_it() -> None:
    seen: list[Any] = []

    class Wants(ClipStep):
        name = "wants"

        def clip(self, *, frames: U8, background: U8 | None = None) -> Nothing:
            seen.append(background)
            return Nothing()

    class WantsEach(FrameStep):
        name = "wants_each"

        def frames(self, *, frames: list[U8], background: list[U8] | None = None) -> Nothing:
            seen.append(background)
            return Nothing()

    Wants().run([clip(1)])
    WantsEach().run([clip(1), clip(2)])
    assert seen == [None, None]


def test_what_only_some_clips_of_a_batch_have_reaches_those_that_have_it() -> None:
    rows = [clip(1), Inverted().run(Brightness().run([clip(2)]))[0]]
    assert [each["character"].max() for each in Told().run(rows)] == [0, 253]


def test_what_is_of_the_whole_clip_comes_once_per_drawing() -> None:
    class Counts(FrameStep):
        name = "counts"

        def frames(self, *, frames: list[U8], camera_motion: list[str]) -> Words:
            return Words([f"{motion}-{len(frames)}" for motion in camera_motion])

    made = Counts().run([{**clip(1, 2), "camera_motion": "pan"}, {**clip(2, 1), "camera_motion": "still"}])
    assert [row["matte_model"] for row in made] == ["pan-3 pan-3", "still-3"]


def test_the_signature_is_the_contract() -> None:
    assert (Told.reads, Told.wants, Told.writes) == (
        ("frames",),
        ("background", "instance_ids", "character_coverage"),
        ("character",),
    )
    assert (Brightness.reads, Brightness.wants, Brightness.writes) == (
        ("frames",),
        (),
        ("character", "matte_model", "character_confidence"),
    )

    class Same(Told):
        """Another class with the method of the one above it."""

        name = "same"

    assert (Same.reads, Same.wants, Same.writes) == (Told.reads, Told.wants, Told.writes)


def test_a_signature_that_is_no_contract_is_refused_where_it_stands() -> None:
    def positional(self: Any, frames: U8) -> Alphas: ...

    def misspelt(self: Any, *, frame: U8) -> Alphas: ...

    def another_dtype(self: Any, *, frames: F32) -> Alphas: ...

    def defaults(self: Any, *, frames: U8, width: int = 3) -> Alphas: ...

    def reads_nothing(self: Any, *, frames: U8 | None = None) -> Alphas: ...

    def without_names(self: Any, *, frames: U8) -> tuple[U8, ...]: ...

    def writes_unknown(self: Any, *, frames: U8) -> Misspelt: ...

    def hidden(self: Any, *, frames: U8) -> Nowhere: ...  # type: ignore[name-defined]  # noqa: F821

    said = {
        positional: "takes its columns by keyword: put * before frames",
        misspelt: "no column is called frame, did you mean frames?",
        another_dtype: "frames is uint8 and not float32",
        defaults: "has width=3: what no stage wrote is None",
        reads_nothing: "needs one column at least",
        without_names: "must say that it returns a NamedTuple",
        writes_unknown: "no column is called charakter, did you mean character",
        hidden: "name 'Nowhere' is not defined: its hints must be names of its module or of its class",
    }
    for method, message in said.items():
        with pytest.raises(TypeError, match=re.escape(message)):
            type("Bad", (ClipStep,), {"name": "bad", "clip": method})


@pytest.mark.parametrize("drawings", [1, 3])
def test_batches_travel_as_tensors_never_as_pickles(drawings: int, ray_here: object) -> None:
    import ray.data

    rows = [clip(1, drawings), clip(2, 2), *Faulty("raise").run([clip(7)])]
    table = next(
        iter(
            ray.data.from_items([{"x": 1}])
            .map_batches(lambda _: rebatch(rows), num_cpus=0.25)
            .iter_batches(batch_format="pyarrow")
        )
    )
    for field in table.schema:
        assert "object" not in str(field.type).lower() and "pickle" not in str(field.type).lower(), field
    assert isinstance(table.schema.field("frames").type, ArrowVariableShapedTensorType)
    assert table.schema.field("error").type in (pa.string(), pa.large_string())


def test_unbatch_is_the_inverse_of_rebatch() -> None:
    rows = Brightness().run([clip(1), clip(2, 1)])
    back = unbatch(rebatch(rows))
    for row, again in zip(rows, back, strict=True):
        assert row.keys() == again.keys()
        assert all(np.array_equal(row[k], again[k]) for k in row)


def test_blanks_have_their_columns_axes() -> None:
    for name, column in RECORD.items():
        blank = column.blank()
        if column.ndim:
            assert blank.ndim == column.ndim and blank.dtype == np.dtype(column.dtype) and blank.size == 0, (
                name
            )
