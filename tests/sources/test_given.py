"""What users already have: alpha of their own, mattes, captions, numbered frames."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import pytest
from PIL import Image

from animelayers.engine.step import ClipStep
from animelayers.exports.caption import Caption
from animelayers.record.column import F32, U8
from animelayers.record.schema import RECORD, Row
from animelayers.sources import Files
from animelayers.sources.beside import key
from tests.sources import films

Read = Callable[..., list[Row]]


def cel(place: int = 0, size: tuple[int, int] = (96, 64)) -> Image.Image:
    """A disc with a soft edge on nothing."""
    y, x = np.mgrid[: size[1], : size[0]]
    far = np.hypot(x - 30 - place, y - 30)
    alpha = np.clip((20 - far) * 60, 0, 255).astype(np.uint8)
    return Image.fromarray(
        np.dstack([np.full_like(alpha, 200), np.full_like(alpha, 40), np.full_like(alpha, 60), alpha])
    )


def alpha_of(picture: Image.Image) -> np.ndarray:
    return np.asarray(picture.getchannel("A"))


def sizes(rows: list[Row]) -> list[int]:
    return [len(row["given"]) for row in rows]


@pytest.mark.parametrize("name", ["a.png", "a.webp", "a.tif", "a.tga", "a.avif"])
def test_the_alpha_of_a_picture_is_given(tmp_path: Path, read: Read, name: str) -> None:
    cel().save(
        tmp_path / name,
        **({"lossless": True} if name == "a.webp" else {"quality": 100} if name == "a.avif" else {}),
    )
    (row,) = read(tmp_path)
    assert np.abs(row["given"][0].astype(int) - alpha_of(cel())).max() <= (8 if name == "a.avif" else 0)
    assert sizes(read(tmp_path, alpha="compose")) == [0] and sizes(read(tmp_path, alpha="character")) == [1]


def test_alpha_of_animations_and_films(tmp_path: Path, read: Read) -> None:
    import av

    cels = [cel(place * 4) for place in range(3)]
    cels[0].save(tmp_path / "a.webp", save_all=True, append_images=cels[1:], duration=100, lossless=True)
    with av.open(str(tmp_path / "b.mov"), "w") as film:
        stream = film.add_stream("png", rate=24)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "rgba"
        for picture in cels:
            film.mux(stream.encode(av.VideoFrame.from_ndarray(np.asarray(picture), format="rgba")))
        film.mux(stream.encode(None))
    for row in read(tmp_path):
        assert np.array_equal(row["given"], [alpha_of(picture) for picture in cels])


def test_alpha_that_tells_nothing_is_not_taken_for_a_figure(tmp_path: Path, read: Read) -> None:
    solid = np.full((64, 96, 4), 200, np.uint8)
    solid[..., 3] = 255
    corners = solid.copy()
    corners[:3, :3, 3] = 0  # the rounded corner of a screenshot
    empty = solid.copy()
    empty[..., 3] = 0
    for name, pixels in {"a": solid, "b": corners, "c": empty}.items():
        Image.fromarray(pixels).save(tmp_path / f"{name}.png")
    assert sizes(read(tmp_path)) == [0, 0, 0] and sizes(read(tmp_path, alpha="character")) == [0, 1, 1]


def test_no_step_changes_a_given_alpha() -> None:
    class Guess(ClipStep):
        name = "guess"

        class Made(NamedTuple):
            character: U8
            matte_model: list[str]
            character_confidence: F32
            instances: U8
            effect: U8

        def clip(self, *, frames: U8) -> Made:
            shape = frames.shape[:3]
            labels = np.zeros(shape, np.uint8)
            labels[:, 20:30, 20:30] = 2
            return self.Made(
                np.full(shape, 9, np.uint8),
                ["net"],
                np.zeros(1, np.float32),
                labels,
                np.full((*shape, 4), 255, np.uint8),
            )

    alpha = alpha_of(cel())[None]
    row = {"clip_id": "a", "error": "", "frames": np.zeros((1, 64, 96, 3), np.uint8), "given": alpha}
    (made,) = Guess().run([row])
    assert (
        np.array_equal(made["character"], alpha)
        and made["matte_model"] == "given"
        and made["character_confidence"].tolist() == [1]
    )
    assert (
        np.array_equal(made["instances"] == 2, alpha > 127)
        and made["effect"][0, 30, 30, 3] == 0
        and made["effect"][0, 0, 0, 3] == 255
    )
    (free,) = Guess().run([row | {"given": RECORD["given"].blank()}])
    assert free["matte_model"] == "net" and (free["character"] == 9).all()


@pytest.mark.parametrize(
    "name", ["a.png", "a_mask.png", "mask_a.png", "A-alpha.jpg", "a.matte.webp", "sub/a.png"]
)
def test_mattes_of_any_tool_are_found_by_name(tmp_path: Path, read: Read, name: str) -> None:
    (tmp_path / "in" / "sub").mkdir(parents=True)
    folder = "in/sub" if name.startswith("sub") else "in"
    Image.new("RGB", (96, 64), "teal").save(tmp_path / folder / "a.jpg")
    Image.new("RGB", (96, 64), "teal").save(tmp_path / folder / "other.jpg")
    (tmp_path / "masks" / "sub").mkdir(parents=True)
    Image.fromarray(alpha_of(cel())).save(tmp_path / "masks" / name, quality=100)
    rows = {
        row["source"].rpartition("/")[2]: row for row in read(tmp_path / "in", mattes=str(tmp_path / "masks"))
    }
    assert (
        np.abs(rows["a.jpg"]["given"][0].astype(int) - alpha_of(cel())).max() <= 12
        and len(rows["other.jpg"]["given"]) == 0
    )


def test_mattes_of_every_form(tmp_path: Path, read: Read) -> None:
    alpha = alpha_of(cel()) > 127
    (tmp_path / "in").mkdir()
    (tmp_path / "masks").mkdir()
    forms = {
        "bits": Image.fromarray(alpha), "ones": Image.fromarray(alpha.astype(np.uint8)), "deep": Image.fromarray(alpha.astype(np.uint16) * 65535),
        "cut": Image.fromarray(np.dstack([np.full((64, 96, 3), 90), alpha * 255]).astype(np.uint8)),
        "large": Image.fromarray(alpha.astype(np.uint8) * 255).resize((192, 128), Image.Resampling.NEAREST),
    }  # fmt: skip
    for name, mask in forms.items():
        Image.new("RGB", (96, 64), "teal").save(tmp_path / "in" / f"{name}.jpg")
        mask.save(tmp_path / "masks" / f"{name}.png")
    for row in read(tmp_path / "in", mattes=str(tmp_path / "masks")):
        assert np.mean((row["given"][0] > 127) == alpha) > 0.995, row["source"]
    Image.new("L", (50, 64)).save(tmp_path / "masks" / "bits.png")
    assert (
        "bits.png is 50 x 64, its frame 96 x 64"
        in read(tmp_path / "in", mattes=str(tmp_path / "masks"))[0]["error"]
    )


def test_mattes_of_a_film(tmp_path: Path, read: Read) -> None:
    films.write(tmp_path / "walk.mkv", films.scene(6, 96, 64))
    (tmp_path / "masks" / "walk").mkdir(parents=True)
    for place in range(6):
        Image.fromarray(alpha_of(cel(place * 3))).save(tmp_path / "masks" / "walk" / f"{place + 1}.png")
    (row,) = read(tmp_path / "walk.mkv", mattes=str(tmp_path / "masks"))
    assert np.array_equal(row["given"], [alpha_of(cel(place * 3)) for place in range(6)])


FORMS = {
    "walk.mkv": {"codec": "ffv1", "pixels": "gray"}, "walk_matte.mp4": {"crf": "4"}, "WALK-alpha.webm": {"codec": "libvpx-vp9", "crf": "4", "b": "0"},
}  # fmt: skip


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("every", [1, 2])
def test_the_matte_of_a_film_is_a_film(tmp_path: Path, read: Read, name: str, every: int) -> None:
    """Of other rates, too, and of another length where it only holds."""
    films.write(tmp_path / "walk.mp4", films.scene(60, 96, 64))
    (tmp_path / "masks").mkdir()
    shown = [np.repeat(alpha_of(cel(place))[..., None], 3, 2) for place in range(0, 60, every)]
    films.write(tmp_path / "masks" / name, shown, rate=24 // every, **FORMS[name])
    rows = read(
        tmp_path / "walk.mp4",
        mattes=str(tmp_path / "masks"),
        row_bytes=96 * 64 * 3 * 16,
        context=0,
        held=False,
    )
    assert len(rows) > 3 and not any(row["error"] for row in rows)
    for index, alpha in zip(
        np.concatenate([row["frame_index"] for row in rows]),
        np.concatenate([row["given"] for row in rows]),
        strict=True,
    ):
        assert np.abs(alpha.astype(int) - alpha_of(cel(int(index) // every * every))).mean() < 1.5, index
    (alone,) = read(tmp_path / "walk.mp4", mattes=str(tmp_path / "masks" / name), start=2.0, end=2.2)
    assert np.abs(alone["given"][0].astype(int) - alpha_of(cel(48))).mean() < 1.5


def test_a_matte_that_ends_before_its_film_says_so(tmp_path: Path, read: Read) -> None:
    films.write(tmp_path / "walk.mp4", films.scene(48, 96, 64))
    films.write(tmp_path / "m.mkv", [np.repeat(alpha_of(cel())[..., None], 3, 2)] * 12)
    (row,) = read(tmp_path / "walk.mp4", mattes=str(tmp_path / "m.mkv"))
    assert "the matte m.mkv ends after 0.46 s" in row["error"]


def test_names_of_mattes() -> None:
    assert (
        key(b"a/Frame_01_mask.png") == key(b"a/frame_01.jpg") == key(b"a/mask_frame_01.webp") == b"a/frame_01"
    )
    assert key(b"mask.png") == b"mask" and key(b"a/charm.png") == b"a/charm"


def test_captions_come_along(tmp_path: Path, read: Read) -> None:
    for name in ("a.png", "b.jpg", "c.png"):
        Image.new("RGB", (16, 16)).save(tmp_path / name)
    (tmp_path / "a.txt").write_text("1girl, red hair,\n  smile\n")
    (tmp_path / "b.caption").write_bytes("\ufeffein Mädchen".encode())
    (tmp_path / "readme.txt").write_text("no caption")
    files = Files(str(tmp_path))
    rows = list(files.read(files.scan(files.inputs())))
    told = [RECORD["caption_given"].per_drawing(row["caption_given"])[0] for row in rows]
    assert told == ["1girl, red hair, smile", "ein Mädchen", ""] and [
        left.source for left in files.left_out
    ] == ["readme.txt"]
    row = {
        "caption_given": told[0],
        "caption_character": "a girl",
        "caption_frame": "a net's words",
        "caption_background": None,
    }
    assert (
        Caption().of(row, "frame") == told[0]
        and Caption().of(row, "character") == "a girl"
        and Caption().of(row, "background") == told[0]
    )
    assert Caption("{caption_frame}").of(row, "frame") == "a net's words"


def numbered(folder: Path, names: list[str], pictures: list[np.ndarray]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, picture in zip(names, pictures, strict=True):
        cv2.imwrite(str(folder / name), picture[..., ::-1])


@pytest.mark.parametrize(
    ("form", "first"), [("{}.png", 1), ("frame_{:04d}.jpg", 0), ("shot-{:03d}-v2.png", 98), ("{}.tif", 8)]
)
def test_numbered_frames_are_one_shot(tmp_path: Path, read: Read, form: str, first: int) -> None:
    numbered(tmp_path / "walk", [form.format(first + place) for place in range(12)], films.scene(12))
    (row,) = read(tmp_path, rate=12.0)
    assert row["frame_index"].tolist() == list(range(12)) and row["timestamp_s"] == pytest.approx(
        np.arange(12) / 12
    )
    for place in (0, 5, 11):
        assert np.abs(row["frames"][place].astype(int) - films.scene(12)[place]).mean() < 6
    assert len(read(tmp_path, sequence="off")) == 12
    short = read(tmp_path, row_bytes=160 * 96 * 3 * 9, context=2)
    assert (
        len(short) == 2
        and all(len(part["context"]) == 2 for part in short)
        and [len(part["frames"]) for part in short] == [6, 6]
    )
    assert [int(part["frame_index"][0]) for part in short] == [0, 6]
    assert read(tmp_path, every=3)[0]["frame_index"].tolist() == [0, 3, 6, 9]


def test_gaps_are_told_and_keep_their_time(tmp_path: Path, read: Read) -> None:
    names = [f"{place:03d}.png" for place in (1, 2, 3, 7, 8, 9)]
    numbered(tmp_path, names, films.scene(6))
    (row,) = read(tmp_path)
    assert (
        row["frame_index"].tolist() == [0, 1, 2, 6, 7, 8]
        and "3 numbers are missing, the first behind 3" in row["note"]
    )
    assert row["timestamp_s"][3] == pytest.approx(6 / 24)


def test_pictures_of_many_places_are_no_sequence(tmp_path: Path, read: Read) -> None:
    rng = np.random.default_rng(3)
    places = [
        cv2.resize(rng.integers(0, 255, (6, 8, 3), np.uint8), (96, 64), interpolation=cv2.INTER_CUBIC)
        for _ in range(10)
    ]
    numbered(tmp_path, [f"{place}.png" for place in range(10)], places)
    assert [len(row["frames"]) for row in read(tmp_path)] == [1] * 10


def test_a_film_in_pictures_is_cut_where_it_cuts(tmp_path: Path, read: Read) -> None:
    rng = np.random.default_rng(3)
    pictures = []
    for length in (21, 30, 13):
        room = cv2.resize(rng.integers(0, 255, (6, 8, 3), np.uint8), (96, 64), interpolation=cv2.INTER_CUBIC)
        pictures += [np.roll(room, place, 1) for place in range(length)]
    numbered(tmp_path, [f"{place:05d}.png" for place in range(64)], pictures)
    rows = read(tmp_path)
    assert [(row["scene_id"], len(row["frames"])) for row in rows] == [
        ("scene0000", 21),
        ("scene0001", 30),
        ("scene0002", 13),
    ]
    assert len({row["clip_id"] for row in rows}) == 3 == len({row["clip_id"].split("/")[1] for row in rows})


def test_a_frame_that_cannot_be_read_is_an_error_beside_its_sequence(tmp_path: Path, read: Read) -> None:
    numbered(tmp_path, [f"{place}.png" for place in range(8)], films.scene(8))
    (tmp_path / "4.png").write_bytes(b"nothing")
    good, bad = read(tmp_path)
    assert (
        good["frame_index"].tolist() == [0, 1, 2, 3, 5, 6, 7]
        and "4.png" in bad["error"]
        and good["clip_id"] != bad["clip_id"]
    )
