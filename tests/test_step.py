from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ray.data.extensions import ArrowVariableShapedTensorType

from animelayers.schema import RECORD, rebatch, unbatch
from animelayers.step import ClipStep, FrameStep
from tests.steps import Brightness, Faulty, Inverted, clip


def test_frames_of_all_clips_arrive_as_one_list_and_go_back_to_their_clips() -> None:
    clips = [clip(1, 3), clip(2, 1, (4, 10)), clip(3, 2)]
    out = Brightness().run(clips)
    assert [row["character"].shape for row in out] == [(3, 6, 8), (1, 4, 10), (2, 6, 8)]
    assert [int(row["character"].max()) for row in out] == [1, 2, 3]
    assert out[0]["matte"] == "red red red"
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
        name, reads, writes = "flat", ("frames",), ("character",)

        def frames(self, *columns: list[Any]) -> tuple[list[Any], ...]:
            return ([p.ravel() for p in columns[0]],)

    (row,) = Flat().run([clip(1)])
    assert row["error"].startswith("flat: flat made character with 2 axes")


def test_a_wanted_column_is_none_where_nothing_wrote_it() -> None:
    seen: list[Any] = []

    class Wants(ClipStep):
        name, reads, wants, writes = "wants", ("frames",), ("background",), ()

        def clip(self, *columns: Any) -> tuple[Any, ...]:
            seen.append(columns[1])
            return ()

    Wants().run([clip(1)])
    assert seen == [None]


@pytest.mark.parametrize("drawings", [1, 3])
def test_batches_travel_as_tensors_never_as_pickles(drawings: int, ray_here: object) -> None:
    import ray.data

    rows = [clip(1, drawings), clip(2, 2), *Faulty("raise").run([clip(7)])]
    table = next(iter(ray.data.from_items([{"x": 1}]).map_batches(lambda _: rebatch(rows), num_cpus=0.25).iter_batches(batch_format="pyarrow")))
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
            assert blank.ndim == column.ndim and blank.dtype == np.dtype(column.dtype) and blank.size == 0, name
