from __future__ import annotations

import numpy as np

from animelayers.record.schema import IDENTITY, RECORD, blank
from animelayers.samples import scene
from animelayers.stages.metrics import Metrics
from tests.lists import listed


def row(**columns: object) -> dict[str, object]:
    return {**{name: blank(name) for name in IDENTITY}, "clip_id": "ep/scene0000/000000", **columns}


def test_every_drawing_gets_every_number_and_twice_the_same() -> None:
    shot = scene("walk", 3, (320, 180))
    rows = [
        row(frames=shot.frames, character=shot.character),
        row(frames=shot.frames[:1], character=np.zeros_like(shot.character[:1])),
    ]
    made, again = Metrics().run(rows), Metrics().run(rows)
    for one, other in zip(made, again, strict=True):
        assert not one["error"]
        for name in Metrics.writes:
            values = RECORD[name].per_drawing(one[name])
            assert len(values) == len(one["frames"])
            assert np.array_equal(values, RECORD[name].per_drawing(other[name])), name
    assert (
        (made[0]["instance_count"] == 1).all()
        and made[1]["instance_count"].tolist() == [0]
        and made[1]["shot_size"] == "none"
    )
    assert (made[0]["mask_quality"] > 0.7).all() and made[0]["sharpness"].min() > 0.4


def test_frames_alone_and_no_frames() -> None:
    shot = scene("walk", 1, (160, 90))
    made = Metrics().run([row(frames=shot.frames), row(frames=np.zeros((0, 90, 160, 3), np.uint8))])
    assert (
        [r["error"] for r in made] == ["", ""]
        and made[0]["mask_quality"].tolist() == [0.0]
        and len(made[1]["sharpness"]) == 0
    )


def test_characters_are_counted_by_their_ids() -> None:
    shot = scene("crossing", 2, (320, 180))
    made = Metrics().run(
        [row(frames=shot.frames, character=shot.character, instance_ids=listed("instance_ids", "1,2 2"))]
    )
    assert made[0]["instance_count"].tolist() == [2, 1]


def test_how_unsure_each_figure_is() -> None:
    alpha, labels = np.zeros((1, 90, 160), np.uint8), np.zeros((1, 90, 160), np.uint8)
    alpha[0, 10:50, 10:50], labels[0, 10:50, 10:50] = 255, 1
    alpha[0, 10:50, 90:130], labels[0, 10:50, 90:130] = 150, 2
    frames = np.zeros((1, 90, 160, 3), np.uint8)
    ids = listed("instance_ids", "1,2,3")
    given = row(frames=frames, character=alpha, instances=labels, instance_ids=ids)
    (made,) = Metrics().run([given])
    assert RECORD["instance_unsure"].per_drawing(made["instance_unsure"]) == [[0, 100, 100]]
    (alone,) = Metrics().run([row(frames=frames, character=alpha, instance_ids=listed("instance_ids", "1"))])
    assert RECORD["instance_unsure"].per_drawing(alone["instance_unsure"]) == [[50]]
