"""Files like those of public reports, each with the rule that says what is right. Skipped where the folder of
cases is not there.

`tests/test_field.py` has those that are about more than reading."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from animelayers.record.schema import Row
from animelayers.sources import Files
from tests.lists import words_of

FIELD = Path(__file__).resolve().parents[3] / "shared" / "field"
Rows = list[Row]


def rows_of(case: str, **options: Any) -> Rows:
    files = Files(str(FIELD / case / "input"), **options)
    return list(files.read(files.limited(files.scan(files.inputs()))))


def named(rows: Rows) -> dict[str, Rows]:
    found: dict[str, Rows] = {}
    for row in rows:
        found.setdefault(row["source"], []).append(row)
    return found


def frames(rows: Rows) -> list[np.ndarray]:
    return [row["frames"][d] for row in rows for d in row["drawing"]]


def flags(rows: Rows) -> list[str]:
    return [words_of(row, "flags").split()[d] for row in rows for d in row["drawing"]]


def psnr(one: np.ndarray, other: np.ndarray) -> float:
    return float(10 * np.log10(255**2 / max(1e-9, ((one.astype(float) - other) ** 2).mean())))


def whole(rows: Rows, right: dict[str, Any]) -> None:
    assert not [row["error"] for row in rows if row["error"]]
    assert len(frames(rows)) == right["frames"]


def anamorphic(rows: Rows, right: dict[str, Any]) -> None:
    for frame in frames(rows):
        assert frame.shape[:2] == tuple(right["display"][::-1])
        sun = (frame[..., 0] > 200) & (frame[..., 1] > 200) & (frame[..., 2] < 90)
        ys, xs = np.nonzero(sun)
        assert (np.ptp(xs) + 1) / (np.ptp(ys) + 1) == pytest.approx(
            right["circle_ratio"], abs=right["tolerance"]
        )


def associated_alpha(rows: Rows, right: dict[str, Any]) -> None:
    stored = np.load(FIELD / "associated_alpha" / "truth.npy").astype(int)
    truth = stored[..., :3] if stored.shape[-1] == 3 else stored[..., :3] + 255 - stored[..., 3:]
    assert np.abs(frames(rows)[0].astype(int) - truth).max() <= right["tolerance"]


def damaged_middle(rows: Rows, right: dict[str, Any]) -> None:
    from animelayers.sources.film import Film

    with (FIELD / "damaged_middle" / "whole.mkv").open("rb") as file, Film(file, 10**8) as film:
        truth = [frame.to_ndarray(format="rgb24") for frame in film.frames()]
    for row in rows:
        for index, drawing in zip(row["frame_index"], row["drawing"], strict=True):
            if words_of(row, "flags").split()[drawing] == "ok":
                assert psnr(row["frames"][drawing], truth[index]) >= right["psnr_min"], index
    assert sum(word == "ok" for word in flags(rows)) >= 30


def deep_and_rgb(rows: Rows, right: dict[str, Any]) -> None:
    films = named(rows)
    truth = films["rgb.mkv"][0]["frames"][0]
    for name in ("b2020.mkv", "s240.mkv", "full.mkv", "ffv1full.mkv"):
        assert psnr(films[name][0]["frames"][0], truth) >= right["psnr_min"][name] - 2, name
    assert len(frames(films["x.avi"])) == 12
    for name in ("rgb16.png", "rgb16.tif"):
        ramp = films[name][0]["frames"][0]
        assert (
            (np.diff(ramp[:, 0, 0].astype(int)) >= 0).all() and ramp[0].max() <= 2 and ramp[-1].min() >= 253
        ), name
    assert len(np.unique(films["p2.png"][0]["frames"][0].reshape(-1, 3), axis=0)) <= 4


def disc_suffixes(rows: Rows, right: dict[str, Any]) -> None:
    assert {name: len(frames(own)) for name, own in named(rows).items()} == right["films"]


def dissolve(rows: Rows, right: dict[str, Any]) -> None:
    for name, own in named(rows).items():
        first, last = right["cuts"][name]
        starts = [int(row["frame_index"][0]) for row in own]
        assert len({row["scene_id"] for row in own}) == right["shots"] == len(own), (name, starts)
        assert first <= starts[1] <= last, name


def dotted_names(rows: Rows, right: dict[str, Any]) -> None:
    assert len({row["clip_id"] for row in rows}) == right["pictures"] == len(frames(rows))


def edit_list(rows: Rows, right: dict[str, Any]) -> None:
    whole(rows, right)
    assert rows[0]["timestamp_s"][0] == 0


def timed(rows: Rows, right: dict[str, Any]) -> None:
    tolerance = right.get("tolerance_s", 0.002)
    for own in named(rows).values():
        assert np.concatenate([row["timestamp_s"] for row in own]) == pytest.approx(
            right["times"], abs=tolerance
        )
        for frame in frames(own) if "corner_rgb" in right else []:
            assert np.abs(frame[0, 0].astype(int) - right["corner_rgb"]).max() <= 2


def fonts_mkv(rows: Rows, right: dict[str, Any]) -> None:
    whole(rows, right)
    assert frames(rows)[0].shape[:2] == (right["height"], right["width"])


def hd_untagged(rows: Rows, right: dict[str, Any]) -> None:
    for name, patches in right["patches"].items():
        frame = frames(named(rows)[name])[0].astype(int)
        for (y, x), colour in zip(right["at"], patches, strict=True):
            assert np.abs(frame[y, x] - colour).max() <= right["tolerance"], (name, frame[y, x])


def hdr_pq(rows: Rows, right: dict[str, Any]) -> None:
    frame = frames(rows)[0]
    white, grey, red = (frame[10:30, x - 10 : x + 10].reshape(-1, 3).mean(0) for x in (40, 130, 230))
    assert (
        white.min() >= right["white_min"] and right["grey_range"][0] <= grey.mean() <= right["grey_range"][1]
    )
    assert (red.max() - red.min()) / red.max() >= right["red_saturation_min"]
    assert set(flags(rows)) == {"tone_mapped"} and "tone-mapped" in rows[0]["note"]


def interlaced(rows: Rows, right: dict[str, Any]) -> None:
    whole(rows, right)
    for frame in frames(rows):
        luma = frame.astype(float).mean(-1)
        alternate = np.abs(luma[1:-1] - (luma[:-2] + luma[2:]) / 2)
        assert (alternate > 25).mean() < 0.02
    assert "deinterlaced" in rows[0]["note"]


def late_start(rows: Rows, right: dict[str, Any]) -> None:
    whole(rows, right)
    assert rows[0]["timestamp_s"][0] == right["first_time"]


def linear_profile(rows: Rows, right: dict[str, Any]) -> None:
    for name, value in right["values"].items():
        y, x = right["at"]
        assert np.abs(frames(named(rows)[name])[0][y, x].astype(int) - value).max() <= right["tolerance"], (
            name
        )


def mirrored(rows: Rows, right: dict[str, Any]) -> None:
    whole(rows, right)
    for frame in frames(rows):
        middle = frame.shape[0] // 2
        assert np.abs(frame[middle, 8].astype(int) - right["left_rgb"]).max() <= right["tolerance"]
        assert np.abs(frame[middle, -9].astype(int) - right["right_rgb"]).max() <= right["tolerance"]
        assert frame[-40:, :, 0].mean() > 0 and "mirrored" in rows[0]["note"]


def mkv_crop(rows: Rows, right: dict[str, Any]) -> None:
    for frame in frames(rows):
        assert (
            frame.shape[:2] == (right["height"], right["width"]) and frame[0].mean() >= right["top_row_min"]
        )


def numbered_frames(rows: Rows, right: dict[str, Any]) -> None:
    assert [int(index) for row in rows for index in row["frame_index"]] == list(range(right["frames"]))
    assert len({row["scene_id"] for row in rows}) == len(rows) == 1


def odd_width(rows: Rows, right: dict[str, Any]) -> None:
    whole(rows, right)
    assert frames(rows)[0].shape[:2] == (right["height"], right["width"])
    for frame in frames(rows):  # the edge is drawn, not filled in
        assert np.abs(frame[:, -1].astype(int) - frame[:, -3]).mean() < 20


def own_alpha(rows: Rows, right: dict[str, Any]) -> None:
    from PIL import Image

    with Image.open(FIELD / "own_alpha" / "input" / "sprite.png") as picture:
        alpha = np.asarray(picture.convert("RGBA"))[..., 3].astype(int)
    assert np.abs(rows[0]["given"][0].astype(int) - alpha).mean() <= 2


def preview_stream(rows: Rows, right: dict[str, Any]) -> None:
    fonts_mkv(rows, {**right, "errors": 0})


def release_names(rows: Rows, right: dict[str, Any]) -> None:
    assert sorted(len(frames(own)) for own in named(rows).values()) == [right["frames_each"]] * right["files"]


def vp9_alpha(rows: Rows, right: dict[str, Any]) -> None:
    whole(rows, right)
    for frame in frames(rows):
        assert np.abs(frame[0, 0].astype(int) - right["corner_rgb"]).max() <= right["tolerance"]
    assert right["note"] in rows[0]["note"]


CHECKS: dict[str, Callable[[Rows, dict[str, Any]], None]] = {
    **{check.__name__: check for check in (
        anamorphic, associated_alpha, damaged_middle, deep_and_rgb, disc_suffixes, dissolve, dotted_names, edit_list, fonts_mkv, hd_untagged,
        hdr_pq, interlaced, late_start, linear_profile, mirrored, mkv_crop, numbered_frames, odd_width, own_alpha, preview_stream, release_names,
        vp9_alpha,
    )},
    "fast_gif": timed, "vfr_hold": timed, "webp_parts": timed,
}  # fmt: skip


@pytest.mark.parametrize("case", CHECKS)
def test_a_case_gives_what_is_right(case: str) -> None:
    if not FIELD.is_dir():
        pytest.skip("the folder of cases is not here")
    CHECKS[case](rows_of(case), json.loads((FIELD / case / "right.json").read_text()))
