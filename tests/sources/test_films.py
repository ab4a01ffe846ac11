"""Films: exact frames, true times, the same colours as OpenCV, shots, and damage."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from animelayers.record.schema import Row
from animelayers.sources import Files
from animelayers.sources.film import Film
from animelayers.sources.windows import NEAR, Windows
from tests.sources import films

Read = Callable[..., list[Row]]
LENGTH = 130

KINDS = {
    "closed.mp4": {"g": "12", "bf": "2"},
    "open.mp4": {"x264_params": "open-gop=1:keyint=12:bframes=3:b-adapt=0"},
    "open.mkv": {"codec": "libx265", "x265_params": "open-gop=1:keyint=12:bframes=3:log-level=none"},
    "refresh.mkv": {"x264_params": "intra-refresh=1:keyint=12"},
    "b.mpg": {"codec": "mpeg2video", "bf": "2", "g": "12"},
    "b.avi": {"codec": "mpeg4", "bf": "2", "g": "12"},
    "vp9.webm": {"codec": "libvpx-vp9", "g": "12", "deadline": "realtime", "cpu_used": "8"},
    "stream.mpg": {"codec": "mpeg2video", "container": "mpeg2video", "bf": "2", "g": "12"},
    "transport.mpg": {"container": "mpegts", "g": "12", "bf": "2"},
}


@pytest.mark.parametrize("name", KINDS)
def test_windows_are_the_frames_of_a_plain_decode(tmp_path: Path, name: str) -> None:
    path = films.write(tmp_path / name, [films.pattern(place) for place in range(LENGTH)], **KINDS[name])  # type: ignore[arg-type]
    with av.open(str(path)) as film:
        whole = [frame.to_ndarray(format="rgb24") for frame in film.decode(video=0)]
    assert [films.number(picture) for picture in whole] == list(range(LENGTH))
    files = Files(str(path), row_bytes=64 * 48 * 3 * 9, detector="none")
    plan = files.scan(files.inputs()).to_pylist()
    assert [index for row in plan for index in row["indices"]] == list(range(LENGTH))
    # in sequence, backwards, with gaps
    for order in (plan, plan[::-1], plan[1::4], [plan[-1], plan[2], plan[-2]]):
        for planned, row in zip(order, files.read(order), strict=True):
            assert row["error"] == "" and row["frame_index"].tolist() == planned["indices"]
            for index, picture in zip(planned["indices"], row["frames"], strict=True):
                assert np.array_equal(picture, whole[index]), index
            assert row["timestamp_s"] == pytest.approx(np.array(planned["indices"]) / 24, abs=0.001)


def test_a_lying_time_stamp_makes_it_count_from_the_start(tmp_path: Path) -> None:
    path = films.write(tmp_path / "a.mp4", [films.pattern(place) for place in range(LENGTH)], g="12")
    with path.open("rb") as file, Film(file, 10**6) as film:
        windows = Windows(film)
        for pts in (512 * (NEAR + 50), 7, 10**9):  # right at first, no frame's, beyond the end
            times = [(NEAR + 50 + place) / 24 * 1.01 for place in range(3)]
            read = windows.read([NEAR + 50, NEAR + 51, NEAR + 52], pts, times)
            assert [films.number(frame.to_ndarray(format="rgb24")) for frame in read] == [
                NEAR + 50,
                NEAR + 51,
                NEAR + 52,
            ]
            list(windows.read([0], -1, [0.0]))


def test_sampled_frames_are_exact(tmp_path: Path, read: Read) -> None:
    films.write(tmp_path / "a.mkv", [films.pattern(place) for place in range(LENGTH)], g="12")
    for options, wanted in (
        ({"every": 7}, list(range(0, LENGTH, 7))),
        ({"fps": 6}, list(range(0, LENGTH, 4))),
        ({"start": 3.0, "end": 4.0}, list(range(72, 96))),
        ({"limit": 10}, list(range(10))),
        ({"every": 50, "limit": 2}, [0, 50]),
    ):
        rows = read(tmp_path, **options)
        assert [films.number(frame) for row in rows for frame in row["frames"]] == wanted
        assert [int(index) for row in rows for index in row["frame_index"]] == wanted


def test_variable_rate_keeps_the_times_of_the_container(tmp_path: Path, read: Read) -> None:
    times = [0, 40, 500, 540, 2000]
    films.write(tmp_path / "a.mkv", [films.pattern(place) for place in range(5)], pts=times)
    (row,) = read(tmp_path)
    assert row["timestamp_s"] == pytest.approx(np.array(times) / 1000)


@pytest.mark.parametrize("space", [None, 1, 5, 9])
@pytest.mark.parametrize("full", [1, 2])
def test_colours_follow_the_declared_matrix_and_equal_opencv(
    tmp_path: Path, read: Read, space: int | None, full: int
) -> None:
    colours = [(200, 30, 60), (20, 160, 220), (250, 250, 250), (5, 5, 5), (120, 200, 30)]
    flat = np.array(colours, np.uint8).repeat(16, axis=0)[None].repeat(32, axis=0)
    with av.open(str(tmp_path / "a.mkv"), "w") as film:
        stream = film.add_stream("libx264", rate=24, options={"crf": "4"})
        stream.width, stream.height, stream.pix_fmt = 80, 32, "yuv420p"
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(flat), format="rgb24")
        if space is None:
            frame = frame.reformat(format="yuv420p")
        else:
            stream.codec_context.colorspace, stream.codec_context.color_range = space, full
            frame = frame.reformat(format="yuv420p", dst_colorspace=space, dst_color_range=full)
            frame.colorspace, frame.color_range = space, full
        film.mux([*stream.encode(frame), *stream.encode(None)])
    (row,) = read(tmp_path)
    middles = row["frames"][0][16, 8::16].astype(int)
    assert np.abs(middles - colours).max() <= 4
    good, reference = cv2.VideoCapture(str(tmp_path / "a.mkv")).read()
    assert good and np.abs(row["frames"][0].astype(int) - reference[..., ::-1]).max() <= 1


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_rotation_is_applied_as_opencv_does(tmp_path: Path, read: Read, turns: int) -> None:
    path = films.rotated(films.write(tmp_path / "a.mp4", [films.pattern(place) for place in range(4)]), turns)
    (row,) = read(path)
    good, reference = cv2.VideoCapture(str(path)).read()
    assert good and np.array_equal(row["frames"][0], reference[..., ::-1])
    assert np.abs(row["frames"][0].astype(int) - np.rot90(films.pattern(0), -turns)).mean() < 4
    assert row["note"].startswith("rotation")


@pytest.mark.parametrize("pixels", ["yuv422p10le", "yuv444p", "yuv420p10le"])
def test_deep_and_odd_films(tmp_path: Path, read: Read, pixels: str) -> None:
    side = (63, 47) if pixels == "yuv444p" else (64, 48)
    films.write(tmp_path / "a.mkv", [films.pattern(place, *side) for place in range(3)], pixels=pixels)
    (row,) = read(tmp_path)
    assert row["frames"].shape == (3, side[1], side[0], 3)
    assert [films.number(frame) for frame in row["frames"]] == [0, 1, 2]


def test_alpha_of_a_film_is_composed(tmp_path: Path, read: Read) -> None:
    with av.open(str(tmp_path / "a.mov"), "w") as film:
        stream = film.add_stream("png", rate=24)
        stream.width, stream.height, stream.pix_fmt = 16, 16, "rgba"
        clear = np.zeros((16, 16, 4), np.uint8)
        clear[:, :8] = (10, 20, 30, 255)
        film.mux([*stream.encode(av.VideoFrame.from_ndarray(clear, format="rgba")), *stream.encode(None)])
    (row,) = read(tmp_path)
    assert row["frames"][0][0, [0, 15]].tolist() == [[10, 20, 30], [255, 255, 255]]
    assert row["note"] == "alpha composed on #ffffff"


@pytest.mark.parametrize("detector", ["anime", "adaptive", "content"])
def test_a_clip_never_crosses_a_cut(tmp_path: Path, read: Read, detector: str) -> None:
    rng = np.random.default_rng(0)
    rooms = [
        cv2.resize(rng.integers(0, 255, (6, 8, 3), np.uint8), (160, 120), interpolation=cv2.INTER_CUBIC)
        for _ in range(3)
    ]
    pictures = [np.roll(rooms[place // 20], place, axis=1) for place in range(60)]
    films.write(tmp_path / "a.mp4", pictures)
    rows = read(tmp_path, detector=detector, row_bytes=160 * 120 * 3 * 12, context=0)
    assert [(row["scene_id"], int(row["frame_index"][0]), len(row["frames"])) for row in rows] == [
        (f"scene{scene:04d}", 20 * scene + start, 10) for scene in range(3) for start in (0, 10)
    ]
    assert rows[3]["clip_id"] == "a--mp4/scene0001/000030"
    assert {row["scene_id"] for row in read(tmp_path, detector="none")} == {"scene0000"}


@pytest.mark.parametrize("share", [0.0, 0.1, 1000.0])
@pytest.mark.parametrize("name", ["a.mp4", "a.mkv"])
def test_a_declared_length_is_not_believed(tmp_path: Path, read: Read, name: str, share: float) -> None:
    path = films.declared(
        films.write(tmp_path / name, [films.pattern(place) for place in range(30)], g="6"), share
    )
    rows = read(path, row_bytes=64 * 48 * 3 * 8)
    assert not any(row["error"] for row in rows)
    assert [int(index) for row in rows for index in row["frame_index"]] == list(range(30))
    assert [films.number(row["frames"][drawing]) for row in rows for drawing in row["drawing"]] == list(
        range(30)
    )


def test_shots_of_one_frame_are_clips_of_one_frame(tmp_path: Path, read: Read) -> None:
    rng = np.random.default_rng(0)
    rooms = [
        cv2.resize(rng.integers(0, 255, (6, 8, 3), np.uint8), (160, 120), interpolation=cv2.INTER_CUBIC)
        for _ in range(2)
    ]
    rows = read(films.write(tmp_path / "a.mkv", [rooms[0], *[rooms[1]] * 12]))
    assert [(row["scene_id"], row["frame_index"].tolist()) for row in rows] == [
        ("scene0000", [0]),
        ("scene0001", list(range(1, 13))),
    ]
    (row,) = read(films.write(tmp_path / "b.mkv", rooms[:1]))
    assert row["frame_index"].tolist() == [0] and row["frames"].shape == (1, 120, 160, 3) and not row["error"]


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.avi"])
def test_a_film_cut_short_gives_its_frames_and_says_where_it_ends(
    tmp_path: Path, read: Read, name: str
) -> None:
    rng = np.random.default_rng(0)
    pictures = [rng.integers(0, 255, (48, 64, 3), np.uint8) for _ in range(48)]
    path = films.write(
        tmp_path / name, pictures, faststart=True, g="6", codec="mpeg4" if name == "a.avi" else "libx264"
    )
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 6 // 10])
    rows = read(path)
    *good, bad = rows
    count = sum(len(row["frame_index"]) for row in good)
    assert 20 <= count <= 34 and not any(row["error"] for row in good)
    assert bad["clip_id"].endswith(f"/{count:06d}") and f"{count} frames can be read" in bad["error"]
    assert len({row["clip_id"] for row in rows}) == len(rows)
