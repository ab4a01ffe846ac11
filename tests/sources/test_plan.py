"""Sampling and cutting: no frame lost, none twice, no clip over a cut."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from animelayers.sources import PLAN, Files, Input, scan
from animelayers.sources.plan import clips, limited, message, sample, spread, windows
from animelayers.sources.scan import timestamps


@given(st.integers(0, 500), st.integers(1, 60))
def test_windows_cover_everything_evenly(length: int, longest: int) -> None:
    spans = windows(length, longest)
    assert [frame for a, b in spans for frame in range(a, b)] == list(range(length))
    sizes = [b - a for a, b in spans]
    assert not sizes or (
        max(sizes) <= longest and max(sizes) - min(sizes) <= 1 and len(sizes) == -(-length // longest)
    )


@given(st.lists(st.tuples(st.integers(1, 9), st.sampled_from([(64, 48), (32, 32)])), max_size=8), st.data())
def test_clips_hold_the_sampled_frames_of_one_shot(
    shots: list[tuple[int, tuple[int, int]]], data: st.DataObject
) -> None:
    scenes = np.array([shot for shot, (length, _) in enumerate(shots) for _ in range(length)], int)
    sizes = np.array([size for length, size in shots for _ in range(length)], int).reshape(-1, 2)
    taken = np.array(data.draw(st.lists(st.booleans(), min_size=len(scenes), max_size=len(scenes))), bool)
    keys = np.array(data.draw(st.lists(st.booleans(), min_size=len(scenes), max_size=len(scenes))), bool)
    wanted = data.draw(st.integers(0, 5))
    cut = list(clips(scenes, sizes, taken, 3, row_bytes=3 * 64 * 48 * 4, context=wanted, keys=keys))
    assert [int(frame) for _, frames, _ in cut for frame in frames] == np.flatnonzero(taken).tolist()
    for shot, frames, context in cut:
        assert set(scenes[frames]) == {shot} and set(scenes[context]) <= {shot} and taken[context].all()
        assert (len(frames) + len(context)) * 3 * int(np.prod(sizes[frames[0]])) <= 3 * 64 * 48 * 4
        assert len(context) <= wanted and (np.diff(context) > 0).all()


def test_one_frame_is_the_least() -> None:
    ((_, frames, _),) = clips(np.zeros(1, int), np.array([[4000, 3000]]), np.ones(1, bool), 3, row_bytes=1)
    assert frames.tolist() == [0]


def test_context_is_spread_over_the_shot_and_prefers_key_frames() -> None:
    run, keys = np.arange(100, 160), np.zeros(200, bool)
    assert spread(run, 3, keys).tolist() == spread(run, 3).tolist() == [110, 130, 150]
    keys[[90, 104, 119, 141]] = True
    assert spread(run, 3, keys).tolist() == [104, 130, 141]
    assert spread(run, 0).tolist() == [] and spread(run[:2], 5).tolist() == [100, 101]
    whole = list(
        clips(np.zeros(60, int), np.full((60, 2), 8), np.ones(60, bool), 3, row_bytes=3 * 64 * 60, context=12)
    )
    assert [len(clip.context) for clip in whole] == [0]


def test_sampling() -> None:
    times = np.round(np.arange(48) / 24, 3)  # as Matroska has them
    assert sample(times, 1, 24.0, None, None).all()
    assert np.flatnonzero(sample(times, 5, None, None, None)).tolist() == list(range(0, 48, 5))
    assert np.flatnonzero(sample(times, 1, 8.0, None, None)).tolist() == list(range(0, 48, 3))
    assert np.flatnonzero(sample(times, 1, None, 0.5, 1.0)).tolist() == list(range(12, 24))
    assert np.flatnonzero(sample(times, 2, None, 0.5, None)).tolist() == list(range(12, 48, 2))
    held = np.array([0.0, 0.04, 3.0, 3.04])
    assert np.flatnonzero(sample(held, 1, 1.0, None, None)).tolist() == [0, 2]
    assert sample(np.full(3, np.nan), 1, 2.0, 1.0, 2.0).all()


@given(st.lists(st.none() | st.integers(-1000, 1000), max_size=30))
def test_times_always_rise(stamps: list[int | None]) -> None:
    seconds, steady = timestamps(stamps, 0.001, 25.0)
    assert len(seconds) == len(stamps) and (np.diff(seconds) > 0).all() and not np.isnan(seconds).any()
    known = [stamp for stamp in stamps if stamp is not None]
    assert steady == (known == sorted(set(stamps) - {None}) and len(known) == len(stamps))


def test_missing_and_falling_times_are_the_frame_before_plus_one() -> None:
    seconds, steady = timestamps([10, None, 90, 20, 170], 0.001, 25.0)
    assert not steady
    assert seconds == pytest.approx([0.0, 0.04, 0.08, 0.12, 0.16])


def test_the_limit_cuts_the_last_clip() -> None:
    item = Input("a.mp4", "video", 1, 1, "a--mp4", "a--mp4")
    rows = [
        item.row(0, [0, 1, 2], [0.0, 0.1, 0.2], (8, 8)),
        item.failed("no"),
        item.row(1, [3, 4, 5], [0.3, 0.4, 0.5], (8, 8)),
    ]
    plan = pa.Table.from_pylist([*rows, item.row(2, [6], [0.6], (8, 8))], PLAN)
    assert limited(plan, None) is plan
    assert limited(plan, 4)["indices"].to_pylist() == [[0, 1, 2], [], [3]]
    assert limited(plan, 4)["clip_id"].to_pylist()[2] == "a--mp4/scene0001/000003"
    assert limited(plan, 3).num_rows == 1


def test_messages_are_one_line_and_name_the_stage() -> None:
    assert (
        message(FileNotFoundError(2, "No such file or directory", "/secret/place"))
        == "source: No such file or directory"
    )
    assert message(ValueError("two\nlines")) == "source: two lines"
    assert message(IndexError("index out of range")) == "source: is damaged: IndexError: index out of range"


def test_an_animation_of_more_pixels_than_anybody_draws_is_cut(tmp_path, monkeypatch):
    frames = [Image.fromarray(np.full((20, 30, 3), 8 * n, np.uint8)) for n in range(20)]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:], duration=40)
    monkeypatch.setitem(scan.MAX_PIXELS_IN_ALL, "animation", 5 * 600)
    source = Files(str(tmp_path))
    rows = source.scan(source.inputs()).to_pylist()
    assert sum(len(row["indices"]) for row in rows) == 6
    assert [row["error"] for row in rows if row["error"]] == [
        "source: has more than 3,000 pixels in all its frames; 6 frames can be read"
    ]
