"""Exposure sheets read back: what stands in them is what the frame table says."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from animelayers.dataset import xsheet
from animelayers.dataset.output import Output
from animelayers.sinks import Shards
from animelayers.storage import filesystem
from tests.sinks.clips import clip

SHOT = "film/scene0003"


def output(path: str, *clips: dict[str, Any]) -> Output:
    sink = Shards(path)
    with sink.open("run"):
        sink.write(list(clips), "run")
    return Output(path)


def read_xdts(text: str) -> dict[str, list[int]]:
    """Every track of an XDTS, one number per frame, 0 for an empty cell."""
    first, _, rest = text.partition("\n")
    assert first == "exchangeDigitalTimeSheet Save Data"
    (table,) = json.loads(rest)["timeTables"]
    (field,), (header,) = table["fields"], table["timeTableHeaders"]
    assert field["fieldId"] == header["fieldId"] == 0 and json.loads(rest)["version"] == 5
    found = {}
    for name, track in zip(header["names"], field["tracks"], strict=True):
        cells = {entry["frame"]: entry["data"][0]["values"][0] for entry in track["frames"]}
        assert min(cells) == 0 and all(isinstance(value, str) for value in cells.values())
        shown, now = [], ""
        for frame in range(table["duration"]):
            now = cells.get(frame, now)
            shown.append(0 if now == "SYMBOL_NULL_CELL" else int(now))
        found[name] = shown
    assert [track["trackNo"] for track in field["tracks"]] == list(range(len(found)))
    return found


def read_csv(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_a_shot_of_two_clips(tmp_path: Path) -> None:
    first = clip(f"{SHOT}/000010", [0, 0, 1, 1, 1, 0], first=10)
    second = clip(f"{SHOT}/000016", [0, 0, 1], first=16)
    second["matte_model"] = "none m1"
    out = output(str(tmp_path), second, first)
    assert xsheet.write(out) == 1
    assert sorted(path.name for path in (tmp_path / "exposure").iterdir()) == [
        "film_scene0003.csv",
        "film_scene0003.xdts",
    ]
    rows = read_csv((tmp_path / "exposure/film_scene0003.csv").read_text())
    assert [row["frame"] for row in rows] == [str(n) for n in range(1, 10)]
    assert [row["drawing"] for row in rows] == list("112221334")
    assert [row["exposure"] for row in rows] == ["2", "-", "3", "-", "-", "1", "2", "-", "1"]
    assert [row["character"] for row in rows] == ["1", "1", "2", "2", "2", "1", "", "", "4"]
    assert rows[0]["time"] == "0.417" and "effect" not in rows[0] and "mask" not in rows[0]
    tracks = read_xdts((tmp_path / "exposure/film_scene0003.xdts").read_text())
    assert list(tracks) == ["background", "character"]
    for name, shown in tracks.items():
        assert shown == [int(row[name] or 0) for row in rows]
    header = json.loads((tmp_path / "exposure/film_scene0003.xdts").read_text().partition("\n")[2])["header"]
    assert header == {"cut": "3", "scene": "1"}


def test_cut_and_scene_are_numbers_and_a_still_camera_has_one_background(tmp_path: Path) -> None:
    shot = clip("show-07-1080p/scene0012/000000", [0, 0, 1, 2])
    (moving,) = xsheet.sheets(output(str(tmp_path / "a"), shot).table)
    header = json.loads(xsheet.as_xdts(moving).partition("\n")[2])["header"]
    assert header == {"cut": "12", "scene": "7"}
    (still,) = xsheet.sheets(output(str(tmp_path / "b"), {**shot, "camera_motion": "still"}).table)
    assert read_xdts(xsheet.as_xdts(still)) == {"background": [1, 1, 1, 1], "character": [1, 1, 2, 3]}
    (track, _) = json.loads(xsheet.as_xdts(still).partition("\n")[2])["timeTables"][0]["fields"][0]["tracks"]
    assert [entry["frame"] for entry in track["frames"]] == [0], "one entry, held to the end"


def test_numbers_are_the_files(tmp_path: Path) -> None:
    out = output(str(tmp_path), clip(f"{SHOT}/000000", [0, 1, 1, 2, 0, 2]))
    (sheet,) = xsheet.sheets(out.table)
    files = out.table["character_file"].to_pylist()
    assert len(set(files)) == sheet.drawing.max() == 3
    assert {
        len({number for file, number in zip(files, sheet.drawing.tolist(), strict=True) if file == one})
        for one in files
    } == {1}


def test_frames_that_failed_are_empty_and_sampling_is_not(tmp_path: Path) -> None:
    parts = [clip(f"{SHOT}/{first:06d}", [0, 0, 0], first=first) for first in (0, 3, 9)]
    (sheet,) = xsheet.sheets(
        output(str(tmp_path / "a"), *parts, clip(f"{SHOT}/000006", [], error="no", first=6)).table
    )
    assert read_xdts(xsheet.as_xdts(sheet))["character"] == [1, 1, 1, 2, 2, 2, 0, 0, 0, 3, 3, 3]
    sampled = clip(f"{SHOT}/000000", [0, 0, 1])
    sampled["frame_index"] = np.array([0, 5, 10])
    (sheet,) = xsheet.sheets(output(str(tmp_path / "b"), sampled).table)
    assert read_xdts(xsheet.as_xdts(sheet))["character"] == [1] * 10 + [2]


def test_remote_outputs_stills_and_nothing() -> None:
    moving = clip(f"{SHOT}/000000", [0, 0])
    stills = [
        clip(f"{name}/scene0000/000000", [0], source=f"{name}.png") | {"episode": "pictures"}
        for name in ("a", "b")
    ]
    out = output("memory://sheets", moving, *stills)
    nothing = out.table.slice(0, 0)
    try:
        assert xsheet.write(out) == 1
        system, root = filesystem("memory://sheets")
        with system.open_input_stream(f"{root}/exposure/film_scene0003.csv") as stream:
            assert len(read_csv(stream.read().decode())) == 2
    finally:
        system.delete_dir(root)
    assert list(xsheet.sheets(nothing)) == [] == xsheet.saved(nothing)
    assert xsheet.saved_in_all(nothing) == ("", "", 0, 0, 0.0)


def test_names_stay_inside_the_folder(tmp_path: Path) -> None:
    table = output(str(tmp_path), clip(f"{SHOT}/000000", [0])).table
    hostile = table.set_column(table.schema.get_field_index("episode"), "episode", pa.array(["../../日本"]))
    (sheet,) = xsheet.sheets(hostile)
    assert "/" not in sheet.name and sheet.name.isascii()


@given(st.lists(st.lists(st.integers(0, 4), min_size=1, max_size=9), min_size=1, max_size=4))
def test_any_sheet_reads_back(shots: list[list[int]]) -> None:
    ids = [[f"e/scene{s:04d}_frame{t:06d}" for t in range(len(shown))] for s, shown in enumerate(shots)]
    rows = [
        {"episode": "e", "scene_id": f"scene{s:04d}", "source": "e.mp4", "frame_index": t, "timestamp_s": t / 24, "frame_id": ids[s][t],
         "drawing_of": None if shown.index(d) == t else ids[s][shown.index(d)]}
        for s, shown in enumerate(shots) for t, d in enumerate(shown)
    ]  # fmt: skip
    table = pa.Table.from_pylist(rows)
    for sheet, shown, saved in zip(xsheet.sheets(table), shots, xsheet.saved(table), strict=True):
        order = list(dict.fromkeys(shown))
        assert sheet.drawing.tolist() == [order.index(d) + 1 for d in shown]
        assert read_xdts(xsheet.as_xdts(sheet)) == {"drawing": sheet.drawing.tolist()}
        assert sheet.exposures.sum() == len(shown)
        assert saved[2:] == (len(shown), len(order), pytest.approx(1 - len(order) / len(shown)))
    total = xsheet.saved_in_all(table)
    assert (total.frames, total.drawings) == (sum(map(len, shots)), sum(len(set(s)) for s in shots))
