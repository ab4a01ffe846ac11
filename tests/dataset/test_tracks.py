from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq

from animelayers.dataset import tracks
from animelayers.dataset.output import Output
from animelayers.sinks import Shards
from tests.lists import listed
from tests.sinks.clips import clip


def followed(number: int, boxes: list[str], ids: list[str]) -> dict[str, object]:
    made = clip(f"e/scene0000/{number:06d}", list(range(len(boxes))), first=number)
    return {
        **made,
        "instance_ids": listed("instance_ids", " ".join(ids)),
        "instance_boxes": listed("instance_boxes", " ".join(boxes)),
    }


def test_ids_are_joined_over_the_seam_of_two_clips(tmp_path: Path) -> None:
    one = followed(0, ["0:0:10:20,40:0:10:20", "5:0:10:20,40:0:10:20"], ["1,2", "1,2"])
    two = followed(2, ["41:0:10:20", "41:0:10:20,6:0:10:20"], ["1", "1,2"])
    with Shards(str(tmp_path)).open("r"):
        for made in (one, two):
            Shards(str(tmp_path)).write([made], "r")
    assert tracks.write(Output(str(tmp_path))) == 4
    rows = pq.read_table(tmp_path / tracks.FILE).to_pylist()
    names = {(row["clip_id"][-6:], row["instance_id"]): row["track_id"] for row in rows}
    assert names == {("000000", 1): 1, ("000000", 2): 2, ("000002", 1): 2, ("000002", 2): 3}, (
        "who was away is counted on"
    )


def test_nobody_followed_is_no_file(tmp_path: Path) -> None:
    with Shards(str(tmp_path)).open("r"):
        Shards(str(tmp_path)).write([clip("e/scene0000/000000", [0])], "r")
    assert tracks.write(Output(str(tmp_path))) == 0 and not (tmp_path / tracks.FILE).exists()
