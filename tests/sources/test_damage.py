"""Damage is told: what a decoder conceals, what leans on it, what is missing, and what a strict decoder
refuses.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from animelayers.record.schema import Row
from animelayers.sources import strict
from tests.lists import words_of
from tests.sources import films

Read = Callable[..., list[Row]]
LENGTH = 48

KINDS = {
    "a.mp4": {"g": "12", "bf": "0"},
    "a.mkv": {"g": "12", "bf": "2"},
    "a.mpg": {"codec": "mpeg2video", "g": "12", "bf": "2", "b": "1500000"},
    "ts.mpg": {"container": "mpegts", "g": "12"},
    "hevc.mkv": {"codec": "libx265", "x265_params": "keyint=12:log-level=none"},
    "a.avi": {"codec": "mpeg4", "g": "12"},
}


def harmed(data: bytes, at: float, kind: str) -> bytes:
    """A film with some bytes in the middle flipped, or set to zero; of a transport stream some packets are
    taken out.
    """
    made, start = bytearray(data), int(len(data) * at)
    if kind == "lost" and data[0] == 0x47:
        start -= start % 188
        return bytes(made[:start] + made[start + 3 * 188 :])
    for place in range(start, start + 500, 5):
        made[place] = 0 if kind == "zeros" else made[place] ^ 0x55
    return bytes(made)


@pytest.mark.parametrize("kind", ["flipped", "zeros", "lost"])
@pytest.mark.parametrize("name", KINDS)
def test_a_frame_that_is_called_ok_is_sound(tmp_path: Path, read: Read, name: str, kind: str) -> None:
    whole = films.write(tmp_path / name, films.scene(LENGTH, 192, 144), **KINDS[name])  # type: ignore[arg-type]
    options = {"held": False, "detector": "none"}
    truth = {
        float(t): frame
        for row in read(whole, **options)
        for t, frame in zip(row["timestamp_s"].round(2), row["frames"], strict=True)
    }
    whole.write_bytes(harmed(whole.read_bytes(), 0.5, kind))
    rows = read(whole, **options)
    ok = 0
    for row in rows:
        for time, frame, flags in zip(
            row["timestamp_s"].round(2), row["frames"], words_of(row, "flags").split(), strict=True
        ):
            if flags == "ok":
                ok += 1
                assert ((frame.astype(float) - truth[float(time)]) ** 2).mean() < 100, time
    told = [row for row in rows if row["error"] or "damaged" in words_of(row, "flags")]
    assert told and ok >= LENGTH // 3


def test_frames_before_the_damage_in_time_but_after_it_in_decoding_are_told_of(
    tmp_path: Path, read: Read
) -> None:
    path = films.write(
        tmp_path / "a.mpg", films.scene(LENGTH, 192, 144), codec="mpeg2video", g="12", bf="2", b="1500000"
    )
    path.write_bytes(harmed(path.read_bytes(), 0.45, "flipped"))
    flags = [word for row in read(path, held=False) for word in words_of(row, "flags").split()]
    first, last = flags.index("damaged"), len(flags) - 1 - flags[::-1].index("damaged")
    assert (
        set(flags[first : last + 1]) == {"damaged"}
        and 2 <= last - first <= 16
        and flags[:first] == ["ok"] * first
    )


def test_what_a_container_lost_in_silence_is_told(tmp_path: Path, read: Read) -> None:
    rng = np.random.default_rng(0)
    grain = [
        np.clip(picture + rng.integers(-30, 30, picture.shape), 0, 255).astype(np.uint8)
        for picture in films.scene(LENGTH)
    ]
    path = films.write(tmp_path / "a.mkv", grain, g="6", crf="12")
    data = bytearray(path.read_bytes())
    marks = [at for at in range(len(data) - 4) if data[at] == 0xA3 and data[at + 1] & 0xF0 in (0x40, 0x20)]
    start = marks[len(marks) // 3]
    data[start : start + len(data) // 4] = bytes(len(data) // 4)
    path.write_bytes(data)
    *good, last = read(path)
    assert (
        good
        and last["error"]
        and ("missing" in last["error"] or "decoded" in last["error"] or "damaged" in last["error"])
    )


def test_a_hold_of_a_second_is_no_hole(tmp_path: Path, read: Read) -> None:
    times = [*range(0, 400, 40), *range(1400, 1800, 40)]
    rows = read(films.write(tmp_path / "a.mkv", films.scene(20), pts=times))
    assert [row["error"] for row in rows] == [""] and set(words_of(rows[0], "flags").split()) == {"ok"}


@pytest.mark.parametrize(
    ("name", "words"), [("a.mkv", "its end is missing"), ("a.mp4", "end"), ("a.jpg", "%"), ("b.webp", "")]
)
def test_a_file_that_is_cut_says_which_end_is_missing(
    tmp_path: Path, read: Read, name: str, words: str
) -> None:
    path = tmp_path / name
    if name.endswith(("jpg", "webp")):
        Image.fromarray(np.random.default_rng(0).integers(0, 255, (80, 120, 3), np.uint8)).save(path)
    else:
        films.write(path, films.scene(LENGTH), g="6", faststart=name == "a.mp4")
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 6 // 10])
    assert words in read(path)[-1]["error"] and read(path)[-1]["error"]


def jpeg(**options: int) -> bytes:
    picture = Image.fromarray(films.scene(1, 256, 192)[0])
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=92, **options)
    return buffer.getvalue()


def scarred(kind: str) -> bytes:
    """A JPEG that a lenient decoder reads and a strict one does not."""
    data = bytearray(jpeg(restart_marker_rows=1) if kind == "restart" else jpeg())
    start = data.index(b"\xff\xda")
    middle = start + (len(data) - start) // 2
    if kind == "restart":  # a piece between two restarts is gone
        marks = [
            at for at in range(start, len(data) - 1) if data[at] == 0xFF and 0xD0 <= data[at + 1] <= 0xD7
        ]
        return bytes(data[: marks[3]] + data[marks[4] :])
    if kind == "mark":
        data[middle : middle + 2] = b"\xff\x05"
    else:
        data[middle : middle + 60] = bytes(60)
    return bytes(data)


@pytest.mark.parametrize("kind", ["mark", "zeros", "restart"])
def test_a_jpeg_that_a_strict_decoder_refuses(tmp_path: Path, read: Read, kind: str) -> None:
    (tmp_path / "a.jpg").write_bytes(scarred(kind))
    (row,) = read(tmp_path)
    assert row["error"] or (words_of(row, "flags") == "damaged" and "damaged:" in row["note"])
    if kind != "zeros":
        assert "% of its data" in row["note"] + row["error"]
    (refused,) = read(tmp_path, damaged="error")
    assert "damaged" in refused["error"]
    (kept,) = read(tmp_path, damaged="keep")
    assert kept["error"] == "" and words_of(kept, "flags") == "damaged"


def test_a_whole_jpeg_passes(tmp_path: Path, read: Read) -> None:
    for options in ({}, {"progressive": 1}, {"restart_marker_rows": 1}, {"optimize": 1}):
        assert strict.jpeg(jpeg(**options)) == "" == strict.share(jpeg(**options))
    (tmp_path / "a.jpg").write_bytes(jpeg() + b"trailing bytes of a camera")
    (row,) = read(tmp_path)
    assert words_of(row, "flags") == "ok" and row["note"] == ""


def test_what_is_left_of_a_cut_picture_can_be_kept(tmp_path: Path, read: Read) -> None:
    data = jpeg()
    (tmp_path / "a.jpg").write_bytes(data[: len(data) * 7 // 10])
    (row,) = read(tmp_path)
    assert row["error"] and "%" in row["error"]
    (kept,) = read(tmp_path, damaged="keep")
    assert words_of(kept, "flags") == "damaged" and kept["frames"].shape == (1, 192, 256, 3)
    assert np.abs(kept["frames"][0][:80].astype(int) - films.scene(1, 256, 192)[0][:80]).mean() < 8
