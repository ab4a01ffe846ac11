"""Clips as they are read: each drawing once, and the context of a long shot with every clip of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from animelayers.record.schema import Row
from animelayers.sources import Files
from animelayers.sources.windows import Windows
from tests.sources import films

Read = Callable[..., list[Row]]
FRAME = 64 * 48 * 3


def numbers(pictures: np.ndarray) -> list[int]:
    return [films.number(picture) for picture in pictures]


@pytest.mark.parametrize("crf", ["18", "28"])
def test_each_drawing_of_a_clip_is_there_once(tmp_path: Path, read: Read, crf: str) -> None:
    shown = [0, 0, 1, 1, 1, 0, 0, 2, 3, 3]
    films.write(tmp_path / "a.mkv", [films.pattern(n) for n in shown], crf=crf)
    (row,) = read(tmp_path, detector="none")
    assert row["drawing"].tolist() == shown and row["drawing"].dtype == np.int32
    assert numbers(row["frames"]) == [0, 1, 2, 3]
    assert row["frame_index"].tolist() == list(range(10)) and len(row["timestamp_s"]) == 10
    (whole,) = read(tmp_path, detector="none", held=False)
    assert whole["drawing"].tolist() == list(range(10)) and numbers(whole["frames"]) == shown
    first = np.unique(shown, return_index=True)[1]
    assert np.array_equal(row["frames"], whole["frames"][first])


def test_animations_are_folded_and_stills_are_not_compared(tmp_path: Path, read: Read) -> None:
    from PIL import Image

    pages = [Image.fromarray(films.pattern(n)) for n in (0, 1, 0)]
    pages[0].save(tmp_path / "a.png", save_all=True, append_images=pages[1:], duration=80)
    for name in ("b", "c"):
        pages[0].save(tmp_path / f"{name}.png")
    moving, *stills = read(tmp_path, detector="none")
    assert moving["drawing"].tolist() == [0, 1, 0] and len(moving["frames"]) == 2
    assert [len(row["frames"]) for row in stills] == [1, 1]


@pytest.mark.parametrize("group", ["12", "250"])
def test_all_clips_of_a_long_shot_bring_the_same_context(tmp_path: Path, group: str) -> None:
    path = films.write(tmp_path / "a.mp4", [films.pattern(n) for n in range(120)], g=group, sc_threshold="0")
    files = Files(str(path), detector="none", row_bytes=FRAME * 30, context=4)
    plan = files.scan(files.inputs())
    rows = list(files.read(plan))
    assert len(rows) == 5 and not any(row["error"] for row in rows)
    for planned, row in zip(plan.to_pylist(), rows, strict=True):
        assert row["context"].dtype == np.uint8 and row["context"].shape == (4, 48, 64, 3)
        assert numbers(row["context"]) == planned["context"] and numbers(row["frames"]) == planned["indices"]
        assert row["context"].nbytes + row["frames"].nbytes <= FRAME * 30
    context = plan["context"].to_pylist()[0]
    assert max(np.diff([0, *context, 119])) <= 60
    assert group == "250" or all(n % 12 == 0 for n in context)
    for order in (rows[::-1], [rows[3]]):  # whatever was read before
        again = list(
            files.read([next(p for p in plan.to_pylist() if p["clip_id"] == row["clip_id"]) for row in order])
        )
        assert all(np.array_equal(a["context"], b["context"]) for a, b in zip(again, order, strict=True))


def test_context_is_decoded_once_for_neighbouring_clips(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = films.write(tmp_path / "a.mp4", [films.pattern(n) for n in range(60)], g="12")
    files = Files(str(path), detector="none", row_bytes=FRAME * 20, context=3)
    plan = files.scan(files.inputs())
    asked: list[list[int]] = []
    read = Windows.read

    def watched(self: Windows, indices: list[int], *where: object) -> object:
        asked.append(list(indices))
        return read(self, indices, *where)  # type: ignore[arg-type]

    monkeypatch.setattr(Windows, "read", watched)
    rows = list(files.read(plan))
    spread = plan["context"].to_pylist()[0]
    assert len(rows) == 4 and sum(indices == [spread[0]] for indices in asked) == 1
    assert sorted(n for indices in asked for n in indices) == sorted([*range(60), *spread])


def test_without_context(tmp_path: Path, read: Read) -> None:
    """A shot of one clip, a film nobody can seek in, stills, failures, a plan of an earlier version: none,
    and the blank of the column.
    """
    films.write(tmp_path / "a.mp4", [films.pattern(n) for n in range(20)])
    films.write(tmp_path / "b.mpg", [films.pattern(n) for n in range(20)], codec="mpeg2video")
    (tmp_path / "c.png").write_text("no picture")
    rows = [
        *read(tmp_path / "a.mp4", detector="none"),
        *read(tmp_path / "b.mpg", row_bytes=FRAME * 9, detector="none"),
        *read(tmp_path / "c.png"),
    ]
    assert len(rows) == 5 and {row["context"].shape for row in rows} == {(0, 0, 0, 3)}
    files = Files(str(tmp_path / "a.mp4"), row_bytes=FRAME * 9, detector="none")
    plan = files.scan(files.inputs())
    old = plan.drop_columns(["context", "context_times", "context_pts"])
    for kept in (old, pa.concat_tables([old, plan.slice(0, 0)], promote_options="default")):
        assert [row["context"].shape for row in files.read(kept)] == [(0, 0, 0, 3)] * plan.num_rows
    with pytest.raises(ValueError, match="context"):
        Files("x", context=-1)
