"""Listing, naming and opening: what is read, what is refused, and nothing in between."""

from __future__ import annotations

import io
import logging
import os
import pickle
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fsspec
import numpy as np
import pytest
from PIL import Image

from animelayers.record.schema import IDENTITY, RECORD, Row
from animelayers.sources import COLUMNS, PLAN, Files
from animelayers.storage import filesystem
from tests.sources import films, hostile
from tests.sources.hostile import picture

Read = Callable[..., list[Row]]


def save(path: Path, shade: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (8, 6), (shade, 0, 0)).save(path, format="PNG")
    return path


def test_rows_have_the_columns_and_types_of_the_record(tmp_path: Path, read: Read) -> None:
    films.write(tmp_path / "a.mp4", [films.pattern(place) for place in range(3)])
    (tmp_path / "b.png").write_text("no picture")
    save(tmp_path / "c.png")
    good, bad, still = read(tmp_path)
    for row in (good, bad, still):
        assert tuple(row) == COLUMNS and set(IDENTITY) <= set(row)
        for name, value in row.items():
            column = RECORD[name]
            assert (
                isinstance(value, str)
                if column.dtype in ("str", "list")
                else np.asarray(value).dtype == column.dtype or name == "attempt"
            )
            assert column.dtype == "str" or np.ndim(value) == column.ndim
    assert bad["error"].startswith("source: ") and bad["error_type"] == "ValueError" and bad["attempt"] == 1
    assert good["attempt"] == still["attempt"] == 0


def test_headers_tell_about_how_much_there_is(tmp_path: Path) -> None:
    films.write(tmp_path / "a.mp4", [films.pattern(place) for place in range(48)])
    (tmp_path / "b.mp4").write_bytes(b"no film")
    save(tmp_path / "c.png")
    assert Files(str(tmp_path)).about()[0] == 3
    for options, frames in (({}, 49), ({"every": 4}, 13), ({"limit": 5}, 5), ({"end": 1.0}, 25)):
        assert Files(str(tmp_path), **options).about()[1] == pytest.approx(frames, abs=1.5)  # type: ignore[arg-type]


def test_ids_of_pictures(tmp_path: Path, read: Read) -> None:
    root = tmp_path / "show"
    for name in (
        "ep_1/scene0002_frame000007_t0.29s.png",
        "ep_1/scene0002_frame000008.png",
        "ep_1/cover.png",
        "scene0000_frame000003.png",
        "top.png",
    ):
        save(root / name)
    rows = {row["source"]: row for row in read(root)}
    found = {source: (row["clip_id"], row["episode"], row["scene_id"]) for source, row in rows.items()}
    assert found == {
        "ep_1/scene0002_frame000007_t0.29s.png": ("ep_1/scene0002/000007", "ep_1", "scene0002"),
        "ep_1/scene0002_frame000008.png": ("ep_1/scene0002/000008", "ep_1", "scene0002"),
        "ep_1/cover.png": ("ep_1-cover--png/scene0000/000000", "ep_1", "scene0000"),
        "scene0000_frame000003.png": ("show/scene0000/000003", "show", "scene0000"),
        "top.png": ("top--png/scene0000/000000", "show", "scene0000"),
    }
    first, second = rows["ep_1/scene0002_frame000007_t0.29s.png"], rows["ep_1/scene0002_frame000008.png"]
    assert first["frame_index"].tolist() == [7] and first["timestamp_s"].tolist() == [0.29]
    assert second["frame_index"].tolist() == [8] and np.isnan(second["timestamp_s"]).all()


def test_two_claims_to_one_frame_are_both_dropped(tmp_path: Path) -> None:
    for name in (
        "scene0000_frame000001.png",
        "scene0000_frame000001_t1.00s.png",
        "scene0000_frame000002.png",
    ):
        save(tmp_path / name)
    inputs = Files(str(tmp_path)).inputs()
    assert [item.numbered for item in inputs] == [False, False, True]
    assert len({item.name for item in inputs}) == 3


def test_ids_do_not_depend_on_neighbours_or_order(tmp_path: Path) -> None:
    for name in ("a.jpg", "a.png", "A.jpg", "sub/a.jpg"):
        save(tmp_path / "all" / name)
    save(tmp_path / "alone" / "A.jpg")
    files = Files(str(tmp_path / "all"))
    inputs = files.inputs()
    ids = {row["source"]: row["clip_id"] for row in files.scan(inputs).to_pylist()}
    assert len(set(ids.values())) == 4 == len({name.lower() for name in ids.values()})
    assert ids == {row["source"]: row["clip_id"] for row in files.scan(inputs[::-1]).to_pylist()}
    alone = Files(str(tmp_path / "alone"))
    assert alone.scan(alone.inputs())["clip_id"].to_pylist() == [ids["A.jpg"]]


def test_natural_order_and_what_is_left_out(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    for name in (
        "f10.png",
        "f2.png",
        "f1.png",
        "ep10/x.png",
        "ep9/x.png",
        "out/x.png",
        ".hidden/x.png",
        ".x.png",
    ):
        save(tmp_path / name)
    (tmp_path / "notes.txt").write_text("")
    (tmp_path / "out" / "metadata").mkdir()
    (tmp_path / "out" / "dataset.json").write_text("{}")
    with caplog.at_level(logging.INFO):
        inputs = Files(str(tmp_path)).inputs()
    assert [item.source for item in inputs] == ["ep9/x.png", "ep10/x.png", "f1.png", "f2.png", "f10.png"]
    assert (
        "1 with other suffixes" in caplog.text
        and "2 hidden" in caplog.text
        and "1 finished outputs" in caplog.text
    )


def test_a_single_file_and_no_file(tmp_path: Path, read: Read) -> None:
    (row,) = read(save(tmp_path / "show" / "a.png"))
    assert (row["source"], row["clip_id"], row["episode"]) == ("a.png", "a--png/scene0000/000000", "show")
    with pytest.raises(FileNotFoundError):
        Files(str(tmp_path / "nothing")).inputs()


def test_every_nth_picture_and_a_range_of_named_times(tmp_path: Path, read: Read) -> None:
    for place in range(6):
        save(tmp_path / f"scene0000_frame{place:06d}_t{place / 2:.2f}s.png", place)
    save(tmp_path / "stills" / "a.png")
    save(tmp_path / "stills" / "b.png")
    numbers = [int(row["frames"][0, 0, 0, 0]) for row in read(tmp_path, every=2)]
    assert numbers == [0, 2, 4, 0]
    assert [int(row["frame_index"][0]) for row in read(tmp_path, start=0.5, end=1.5)] == [1, 2, 0, 0]
    assert [int(row["frame_index"][0]) for row in read(tmp_path, fps=1)] == [0, 2, 4, 0, 0]
    assert sum(len(row["frames"]) for row in read(tmp_path, limit=3)) == 3


def test_the_constructor_refuses_nonsense(tmp_path: Path) -> None:
    for options in (
        {"every": 0},
        {"every": 2, "fps": 3.0},
        {"fps": 0.0},
        {"limit": 0},
        {"start": 2.0, "end": 1.0},
        {"detector": "adaptiv"},
    ):
        with pytest.raises(ValueError, match="source"):
            Files(str(tmp_path), **options)  # type: ignore[arg-type]


def test_a_limit_ends_the_scan_early(tmp_path: Path) -> None:
    films.write(tmp_path / "a.mp4", [films.pattern(place) for place in range(400)])
    bound = Files(str(tmp_path), limit=50, detector="none")
    part = bound.scan(bound.inputs())
    assert 50 < sum(map(len, part["indices"].to_pylist())) < 200
    assert bound.limited(part)["indices"].to_pylist() == [list(range(50))]


def test_the_end_of_a_range_ends_the_scan(tmp_path: Path, read: Read) -> None:
    path = films.write(
        tmp_path / "a.mp4", [films.pattern(place) for place in range(400)], g="12", faststart=True
    )
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 6 // 10])
    assert [row["error"] for row in read(tmp_path, end=1.0)] == [""]
    assert "frames can be read" in read(tmp_path)[-1]["error"]


def test_an_input_can_be_refused(tmp_path: Path) -> None:
    save(tmp_path / "a.png")
    files = Files(str(tmp_path))
    (row,) = files.read(files.refuse(files.inputs()[0], "killed its reader 3 times"))
    assert row["error"] == "source: killed its reader 3 times" and len(row["frames"]) == 0


def test_a_file_that_changes_or_vanishes_is_an_error_row(tmp_path: Path) -> None:
    for name in ("a.png", "b.png", "c.png"):
        save(tmp_path / name)
    films.write(tmp_path / "d.mp4", [films.pattern(place) for place in range(3)])
    files = Files(str(tmp_path))
    inputs = files.inputs()
    plan = files.scan(inputs)
    (tmp_path / "a.png").unlink()
    save(tmp_path / "b.png", 9)
    os.utime(tmp_path / "b.png", (1, 1))
    (tmp_path / "d.mp4").write_bytes((tmp_path / "d.mp4").read_bytes()[:500])
    rows = list(files.read(plan))
    assert [row["error_type"] for row in rows] == ["FileNotFoundError", "ChangedError", "", "ChangedError"]
    assert [len(row["frames"]) for row in rows] == [0, 0, 1, 0]
    assert [row["error_type"] for row in files.scan(inputs).to_pylist()] == [
        "FileNotFoundError",
        "ChangedError",
        "",
        "ChangedError",
    ]


def test_a_link_swapped_in_after_the_scan_is_not_followed(tmp_path: Path) -> None:
    outside = save(tmp_path / "outside.png", 77)
    inside = save(tmp_path / "in" / "a.png")
    files = Files(str(tmp_path / "in"))
    plan = files.scan(files.inputs())
    inside.unlink()
    inside.symlink_to(outside)
    (row,) = files.read(plan)
    assert row["error_type"] == "LeavesRootError" and len(row["frames"]) == 0


def test_links_may_be_followed_when_asked(tmp_path: Path, read: Read) -> None:
    save(tmp_path / "outside" / "b.png", 77)
    save(tmp_path / "in" / "a.png")
    (tmp_path / "in" / "link.png").symlink_to(tmp_path / "outside" / "b.png")
    (tmp_path / "in" / "more").symlink_to(tmp_path / "outside")
    (tmp_path / "in" / "again").symlink_to(tmp_path / "in")
    rows = read(tmp_path / "in", follow_links=True)
    assert [(row["source"], row["error"]) for row in rows] == [
        ("a.png", ""),
        ("link.png", ""),
        ("more/b.png", ""),
    ]


def test_object_stores(read: Read, tmp_path: Path) -> None:
    store = fsspec.filesystem("memory")
    film = films.write(tmp_path / "a.mp4", [films.pattern(place) for place in range(60)], g="6").read_bytes()
    buffer = io.BytesIO()
    picture().save(buffer, "PNG")
    for name, data in (
        ("ep/a.mp4", film),
        ("ep/b.png", buffer.getvalue()),
        ("ep/c.png", b"no"),
        ("ep/d.txt", b""),
    ):
        store.pipe(f"/source_test/{name}", data)
    rows = read("memory://source_test", row_bytes=64 * 48 * 3 * 20, detector="none", context=0)
    assert [row["source"] for row in rows] == ["ep/a.mp4"] * 3 + ["ep/b.png", "ep/c.png"]
    assert [films.number(frame) for row in rows[:3] for frame in row["frames"]] == list(range(60))
    assert np.array_equal(rows[3]["frames"][0], np.asarray(picture())) and rows[4]["error"]
    (alone,) = read("memory://source_test/ep/b.png")
    assert (alone["source"], alone["episode"]) == ("b.png", "ep")
    store.rm("/source_test", recursive=True)


def test_it_travels_to_workers(tmp_path: Path) -> None:
    save(tmp_path / "a.png")
    files = pickle.loads(pickle.dumps(Files(str(tmp_path))))
    plan = files.scan(pickle.loads(pickle.dumps(files.inputs())))
    assert plan.schema.equals(PLAN) and files.scan([]).schema.equals(PLAN)
    assert [row["error"] for row in pickle.loads(pickle.dumps(files)).read(plan)] == [""]


def test_hostile_inputs_each_end_as_frames_or_one_error_row(tmp_path: Path) -> None:
    expected = hostile.write(tmp_path / "in", tmp_path / "outside")
    assert len(expected) >= 40
    files = Files(str(tmp_path / "in"))
    inputs = files.inputs()
    assert {item.source for item in inputs} == set(expected)
    plan = files.scan(inputs)
    rows = list(files.read(plan))
    assert [row["clip_id"] for row in rows] == plan["clip_id"].to_pylist()
    assert len({row["clip_id"].lower() for row in rows}) == len(rows)
    for source, wanted in expected.items():
        own = [row for row in rows if row["source"] == source]
        frames, errors = (
            sum(len(row["frames"]) for row in own),
            [row["error_type"] for row in own if row["error"]],
        )
        assert 0 < frames < wanted.frames if wanted.approximate else frames == wanted.frames, source
        assert len(errors) == bool(wanted.errors) and set(errors) <= set(wanted.errors), (source, own)
    assert all(re.fullmatch(r"[a-z0-9_-]{1,60}/scene\d{4}/\d{6}", row["clip_id"]) for row in rows)
    assert all(str(tmp_path) not in row["error"] for row in rows)


def test_inputs_are_known_by_what_they_hold(tmp_path: Path) -> None:
    """Local ones always, those of other stores on request; a trial that ends early reads no more of them than
    it must.
    """
    for place in range(5):
        Image.new("RGB", (32, 24), (place * 40, 9, 9)).save(tmp_path / f"f{place}.png")
    Image.new("RGB", (32, 24), "teal").save(tmp_path / "alone.png")

    def digests(path: str, hashed: bool = False, **options: Any) -> dict[str, str]:
        files = Files(path, **options)
        files.hashed = hashed
        return {row["source"]: row["digest"] for row in files.scan(files.inputs()).to_pylist()}

    found = digests(str(tmp_path))
    assert all(len(digest) == 32 for digest in found.values()) and len(set(found.values())) == len(found) > 1
    assert set(digests(str(tmp_path), limit=2).values()) == {""}
    system, root = filesystem("memory://digests/in")
    for path in tmp_path.iterdir():
        with system.open_output_stream(f"{root}/{path.name}") as file:
            file.write(path.read_bytes())
    assert (
        set(digests("memory://digests/in").values()) == {""}
        and digests("memory://digests/in", hashed=True) == found
    )
    (tmp_path / "alone.png").write_bytes(b"nothing")
    assert digests(str(tmp_path))["alone.png"] != found["alone.png"], "of what cannot be read, too"
