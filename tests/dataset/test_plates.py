"""Plates of clips become one plate of the shot; what is read back is the picture and where each frame lies on
it.
"""

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from animelayers.dataset import plates
from animelayers.dataset.output import Output
from animelayers.exports.stack import PLATE, decoded, stack
from animelayers.imaging.motion import from_plate
from animelayers.imaging.recompose import psnr
from animelayers.record.schema import Row
from animelayers.samples import scene
from animelayers.sinks import Shards
from tests.sinks.clips import clip, png

SIZE = (320, 180)
SHOT = "e/scene0002"


def shot() -> tuple[list[Row], np.ndarray]:
    """Three clips of a drawn pan, a figure in front of the first, and the background of each frame."""
    drawn = scene("pan", 18, SIZE)
    rows = []
    for first in (0, 6, 12):
        pan = drawn.pan[first : first + 6]
        low = int(pan.min())
        plate = np.zeros((SIZE[1], SIZE[0] + int(pan.max()) - low, 3), np.uint8)
        cameras = np.tile(np.eye(3), (6, 1, 1))
        cameras[:, 0, 2] = pan - low
        for background, left in zip(drawn.background[first : first + 6], pan - low, strict=True):
            plate[:, left : left + SIZE[0]] = background
        mask = np.zeros(SIZE[::-1], np.uint8)
        if not first:
            mask[40:140, 60:140] = 255
            plate[44:136, 64:120] = 0  # what this clip made up behind its figure
        files = [part for d in range(6) for part in (png(mask), b"" if d else png(plate))]
        row = clip(f"{SHOT}/{first:06d}", list(range(6)), files, names="mask.png plate.png", first=first)
        rows.append({**row, "homography": cameras, "width": np.int64(SIZE[0]), "height": np.int64(SIZE[1])})
    return rows, drawn.background


def parts(row: Row) -> list[bytes]:
    """The files of a clip, one by one."""
    ends = np.cumsum(row["layer_sizes"].ravel())
    return [row["layers"][int(a) : int(b)] for a, b in zip([0, *ends[:-1]], ends, strict=True)]


def written(sink: Shards, rows: list[Row]) -> Output:
    with sink.open("r"):
        for row in rows:
            sink.write([row], "r")
    return Output(sink.path)


def test_the_clips_of_a_shot_share_one_plate(tmp_path: Path) -> None:
    rows, backgrounds = shot()
    out = written(Shards(str(tmp_path)), rows)
    own, camera = out.plate(f"{SHOT}_frame000007")
    assert own.shape[1] < 400 and np.array_equal(camera, rows[1]["homography"][1]), (
        "before the end there is the clip's"
    )
    assert plates.write(out) == 18
    assert [path.name for path in (tmp_path / "plates").iterdir()] == ["e_scene0002.png"]
    out = Output(str(tmp_path))
    wide = out.plate(f"{SHOT}_frame000000")[0]
    for n, background in enumerate(backgrounds):
        plate, camera = out.plate(f"{SHOT}_frame{n:06d}")
        assert np.array_equal(plate, wide)
        assert psnr(from_plate(plate, camera, SIZE)[4:-4, 4:-4], background[4:-4, 4:-4]) > 28, (
            "what the first clip made up is seen by the others"
        )
    (layer,) = stack(
        decoded(out, out.row(f"{SHOT}_frame000009")), out.row(f"{SHOT}_frame000009"), frame=False
    )
    assert (layer.name, layer.shown) == (PLATE, False) and psnr(
        layer.picture[4:-4, 4:-4, :3], backgrounds[9][4:-4, 4:-4]
    ) > 28
    assert plates.listed(out) == [
        {"plate": "plates/e_scene0002.png", "episode": "e", "scene_id": "scene0002", "frames": 18}
    ]
    with pytest.raises(KeyError):
        out.plate("e/scene0009_frame000000")


def test_what_would_be_the_same_is_left_alone(tmp_path: Path) -> None:
    rows, _ = shot()
    one = clip(
        "f/scene0000/000000",
        [0, 0],
        [png(np.zeros((180, 320), np.uint8)), png(np.full((180, 320, 3), 7, np.uint8))],
        names="mask.png plate.png",
    )
    rows.append({**one, "homography": np.eye(3)[None], "width": np.int64(320), "height": np.int64(180)})
    out = written(Shards(str(tmp_path)), rows)
    plates.write(out)
    assert (tmp_path / "plates/f_scene0000.png").read_bytes() == out.read(
        "f/scene0000_frame000000", "plate"
    ), "the plate of one clip is copied"
    kept = tmp_path / "plates/e_scene0002.png"
    kept.write_bytes(b"kept")
    (tmp_path / "plates/f_scene0000.png").unlink()
    assert plates.write(Output(str(tmp_path))) == 20
    assert kept.read_bytes() == b"kept" and (tmp_path / "plates/f_scene0000.png").exists()
    assert len(pq.read_table(tmp_path / "plates.parquet")) == 20


def test_a_shot_whose_plates_cannot_be_read_costs_no_other(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    rows, _ = shot()
    bad = [b"no picture" if data[:4] == b"\x89PNG" and len(data) > 2000 else data for data in parts(rows[1])]
    rows[1] = {
        **rows[1],
        "layers": b"".join(bad),
        "layer_sizes": np.array([len(data) for data in bad]).reshape(6, 2),
    }
    one = clip(
        "f/scene0000/000000",
        [0, 0],
        [png(np.zeros((180, 320), np.uint8)), png(np.full((180, 320, 3), 7, np.uint8))],
        names="mask.png plate.png",
    )
    rows.append({**one, "homography": np.eye(3)[None], "width": np.int64(320), "height": np.int64(180)})
    out = written(Shards(str(tmp_path)), rows)
    assert plates.write(out) == 2
    assert "e/scene0002: no plate of the whole shot" in caplog.text
    assert [plate["plate"] for plate in plates.listed(out)] == ["plates/f_scene0000.png"]


def test_without_plates_nothing_is_written(tmp_path: Path) -> None:
    out = written(Shards(str(tmp_path)), [clip(f"{SHOT}/000000", [0, 1])])
    assert (
        plates.write(out) == 0
        and not (tmp_path / "plates").exists()
        and not (tmp_path / "plates.parquet").exists()
    )
    with pytest.raises(KeyError, match="no layer 'plate'"):
        out.plate(f"{SHOT}_frame000000")
