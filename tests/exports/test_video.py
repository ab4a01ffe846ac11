from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from animelayers import Output
from animelayers.dataset.xsheet import Sheet
from animelayers.exports.shots import rate, running
from animelayers.exports.video import CODECS, Video, encode
from tests.exports.films import film


@pytest.fixture(scope="module")
def filmed(tmp_path_factory: pytest.TempPathFactory) -> Output:
    """A finished output, only read."""
    return Output(str(film(tmp_path_factory.mktemp("filmed"))))


# of alpha, and of colour where it is solid
BOUNDS = {"prores": (1, 3), "vp9": (12, None), "apng": (0, 0), "ffv1": (0, 0)}


def read(path: Path) -> tuple[list[np.ndarray], list[float], Any, dict[str, str]]:
    """Pictures RGBA, their times, the rate and the tags of a film."""
    with av.open(str(path)) as film:
        stream = film.streams.video[0]
        if path.suffix == ".webm":  # the decoder that is chosen otherwise leaves alpha out
            decoder: Any = av.CodecContext.create("libvpx-vp9", "r")
            frames = [
                frame for packet in film.demux(stream) if packet.size for frame in decoder.decode(packet)
            ] + decoder.decode(None)
        else:
            frames = list(film.decode(stream))
        return (
            [frame.to_ndarray(format="rgba") for frame in frames],
            [float(frame.time) for frame in frames],
            stream.average_rate,
            film.metadata,
        )


@pytest.mark.parametrize("codec", CODECS)
def test_a_film_holds_each_drawing_as_long_as_the_sheet_says(
    codec: str, filmed: Output, tmp_path: Path
) -> None:
    written = Video(codec=codec).write(filmed, tmp_path)
    suffix = CODECS[codec].suffix
    names = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob(f"*.{suffix}"))
    assert names == [
        f"film_scene0000/character.{suffix}",
        f"film_scene0001/character.{suffix}",
        f"film_scene0001/effect.{suffix}",
    ]
    assert written.files == 3, "a layer that a shot has not has no film"
    rows = filmed.table.to_pylist()
    for name in names:
        scene, layer = name.split("/")[0].removeprefix("film_"), Path(name).stem
        pictures, times, speed, tags = read(tmp_path / name)
        shown = [row["drawing_of"] or row["frame_id"] for row in rows if row["scene_id"] == scene]
        assert len(pictures) == len(shown) and speed == 12
        assert np.allclose(times, np.arange(len(shown)) / 12, atol=1e-3)
        assert layer != "effect" or codec == "apng" or "add" in json.dumps(tags)
        least, colour = BOUNDS[codec]
        for picture, frame in zip(pictures, shown, strict=True):
            drawn = filmed.layer(frame, layer).astype(int)
            assert np.abs(drawn[..., 3] - picture[..., 3]).max() <= least
            solid = drawn[..., 3] == 255
            if colour is not None and solid.any():
                assert np.abs(drawn[..., :3] - picture[..., :3])[solid].max() <= colour
            if colour == 0:
                assert np.array_equal(drawn, picture), "colours under alpha 0 too"


def test_odd_sides_are_made_even_where_a_codec_needs_it(tmp_path: Path) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (9, 17, 4), np.uint8)
    for name, codec in CODECS.items():
        path = tmp_path / f"film.{codec.suffix}"
        encode(path, iter([picture, 255 - picture, picture]), Fraction(24000, 1001), codec)
        pictures, _, speed, _ = read(path)
        data = path.read_bytes()
        assert pictures[0].shape == (
            (10, 18, 4) if name in ("prores", "vp9") else (9, 17, 4)
        ) and speed == Fraction(24000, 1001)
        if name == "prores":
            assert (pictures[0][9:, :, 3] <= 1).all()
        encode(path, iter([picture, 255 - picture, picture]), Fraction(24000, 1001), codec)
        assert path.read_bytes() == data, "the same pictures give the same bytes"


def test_every_pixel_keeps_its_colour_where_that_is_asked_for(filmed: Output, tmp_path: Path) -> None:
    picture = np.full((64, 96, 4), (30, 90, 200, 255), np.uint8)
    picture[:, ::7, :3] = (220, 30, 40)
    picture[..., 3] = np.linspace(0, 255, 96).astype(np.uint8)
    far = {}
    for chroma in (420, 444):
        pixels = (
            {}
            if chroma == 420
            else {"pixels": "yuva444p", "options": {"b": "0", "lossless": "1", "strict": "experimental"}}
        )
        encode(
            tmp_path / f"{chroma}.webm", iter([picture] * 3), Fraction(24), CODECS["vp9"]._replace(**pixels)
        )
        shown = read(tmp_path / f"{chroma}.webm")[0][0].astype(int)
        far[chroma] = np.abs(shown - picture)[..., :3].max()
        assert np.abs(shown - picture)[..., 3].max() <= 2
    assert far[444] <= 3 < 50 < far[420]
    Video(codec="vp9", chroma=444, options={"lossless": 1}).write(filmed, tmp_path / "made")
    frame = filmed.table["frame_id"][0].as_py()
    drawn, shown = (
        filmed.layer(frame, "character").astype(int),
        read(tmp_path / "made" / "film_scene0000" / "character.webm")[0][0].astype(int),
    )
    assert np.abs(drawn - shown)[drawn[..., 3] == 255].max() <= 3
    (told,), none = list(Video(codec="vp9").notes(filmed)), list(Video(codec="vp9", chroma=444).notes(filmed))
    assert "chroma=444" in told and none == []
    with pytest.raises(ValueError, match="chroma=444"):
        Video(codec="prores", chroma=444)


def sheet(places: list[int], seconds: list[float]) -> Sheet:
    place = np.array(places)
    return Sheet("e", "scene0000", place, np.array(seconds), np.arange(1, len(places) + 1), {})


@pytest.mark.parametrize("speed", [24.0, 24000 / 1001, 25.0, 30000 / 1001, 12.0, 17.5])
def test_the_rate_is_that_of_the_source(speed: float) -> None:
    places = [0, 2, 3, 9]
    assert float(rate(sheet(places, [round(p / speed, 6) for p in places]))) == pytest.approx(speed, rel=1e-6)
    assert rate(sheet(places, [float("nan")] * 4), 15) == 15 and rate(sheet([0], [0.0])) == 24


def test_sampled_frames_are_held_and_missing_ones_are_empty() -> None:
    assert running(sheet([0, 2, 4, 12, 14], [0.0] * 5)) == [1, 1, 2, 2, 3, 3, *[0] * 6, 4, 4, 5]


@pytest.mark.parametrize(
    ("options", "message"),
    [({"codec": "h264"}, "unknown"), ({"layers": ["hair"]}, "hair"), ({"fps": 0}, "above 0")],
)
def test_options_that_are_none_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Video(**options)


@pytest.mark.parametrize(("seconds", "shown", "right"), [
    ([0, 0.041, 0.083, 1.083, 1.125, 1.166], [1, 2, *[3] * 24, 4, 5, 6], 24),  # held for a second
    ([0, 0.04, 0.08, 0.12, 0.52, 0.56, 0.60], [1, 2, 3, *[4] * 10, 5, 6, 7], 25),
    ([0, 1 / 144, 2 / 144, 3 / 144, 9 / 144, 10 / 144], [1, 2, 3, *[4] * 6, 5, 6], 144),
    ([0, 0.1, 0.2, 1.2], [1, 2, *[3] * 10, 4], 10),
])  # fmt: skip
def test_what_is_held_in_time_is_held_in_the_film(seconds: list[float], shown: list[int], right: int) -> None:
    timed = sheet(list(range(len(seconds))), [float(second) for second in seconds])
    assert running(timed) == shown and rate(timed) == right


def test_no_drawing_is_lost_where_time_is_uneven() -> None:
    seconds = np.cumsum(np.random.default_rng(0).uniform(0.004, 0.2, 40)).tolist()
    timed = sheet(list(range(40)), seconds)
    assert sorted(set(running(timed))) == list(range(1, 41))
    assert len(running(timed)) / float(rate(timed)) == pytest.approx(seconds[-1] - seconds[0], rel=0.15)
