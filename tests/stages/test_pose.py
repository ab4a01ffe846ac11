from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from animelayers import job
from animelayers.models.faces import YoloFaces
from animelayers.models.vitpose import VitPose
from animelayers.record.schema import IDENTITY, RECORD, Row, blank
from animelayers.record.values import Box
from animelayers.samples import scene
from animelayers.stages.faces import Faces
from animelayers.stages.pose import Pose, boxes
from tests.lists import listed, words_of
from tests.models import tiny_onnx, tiny_people
from tests.models.test_blazepose import here


def row(**columns: Any) -> Row:
    return {**{name: blank(name) for name in IDENTITY}, "clip_id": "ep/scene0000/000000", **columns}


@pytest.fixture(scope="module")
def poser(tmp_path_factory: pytest.TempPathFactory) -> VitPose:
    pytest.importorskip("transformers")
    return VitPose(str(tiny_people.vitpose(tmp_path_factory.mktemp("vitpose"))), device="cpu")


def test_each_drawing_has_its_people_and_zeros_for_those_it_lacks(poser: VitPose) -> None:
    frames = scene("crossing", 3, (192, 108)).frames
    places = {
        "instance_ids": listed("instance_ids", "1,2 none 2"),
        "instance_boxes": listed("instance_boxes", "10:10:40:80,90:20:50:80 none 90:20:50:80"),
    }
    rows = [
        row(frames=frames, **places),
        row(frames=frames[:1]),
        row(
            frames=frames[:0],
            instance_ids=listed("instance_ids", ""),
            instance_boxes=listed("instance_boxes", ""),
        ),
    ]
    made, again = Pose(poser, sure=0.0).run(rows), Pose(poser, sure=0.0).run(rows)
    assert [one["error"] for one in made] == ["", "", ""]
    assert [one["keypoints"].shape for one in made] == [(3, 2 * 17 * 3), (1, 0), (0, 0)]
    joints = made[0]["keypoints"].reshape(3, 2, 17, 3)
    assert joints[0].any() and not joints[1].any() and joints[2, 0].any() and not joints[2, 1].any()
    alone = poser([frames[2]], [[(90, 20, 50, 80)]])[0]
    np.testing.assert_allclose(joints[2, 0], alone[0], atol=0.05)
    assert all(
        one["skeleton"] == "coco17" and len(RECORD["pose"].per_drawing(one["pose"])) == len(one["frames"])
        for one in made
    )
    for one, other in zip(made, again, strict=True):
        assert one["pose"] == other["pose"] and np.array_equal(one["keypoints"], other["keypoints"])


def test_the_layers_box_serves_where_nobody_was_told_apart() -> None:
    bbox = np.array([[3, 4, 20, 30], [0, 0, 0, 0]], np.int32)
    assert boxes(2, None, None, bbox) == [[(3, 4, 20, 30)], []]
    assert boxes(2, [[1], []], [[Box(1, 2, 3, 4)], []], bbox) == [[(1, 2, 3, 4)], []]
    assert boxes(2, None, None, None) == [[], []]


def test_ten_people_and_an_empty_layer(poser: VitPose) -> None:
    frames = scene("crossing", 1, (192, 108)).frames
    ids = listed("instance_ids", ",".join(map(str, range(1, 11))))
    places = listed("instance_boxes", ",".join(f"{16 * k}:5:30:90" for k in range(10)))
    crowd = row(
        frames=frames,
        character=np.full((1, 108, 192), 255, np.uint8),
        instance_ids=ids,
        instance_boxes=places,
    )
    gone = {**crowd, "character": np.zeros((1, 108, 192), np.uint8)}
    made = Pose(poser).run([crowd, gone])
    assert [one["keypoints"].shape for one in made] == [(1, 10 * 17 * 3)] * 2 and made[0]["keypoints"][
        0, 2::3
    ].any()
    assert not made[1]["keypoints"][0, 2::3].any() and RECORD["pose"].per_drawing(made[1]["pose"]) == [""]


def test_a_drawn_walk_stands_and_its_face_is_found_without_a_model_of_faces() -> None:
    here("blazepose-landmarks")
    here("blazepose-detection")
    from animelayers.models.blazepose import BlazePose

    shot = scene("walk", 1, (960, 540))
    ys, xs = np.nonzero(shot.character[0] > 127)
    bbox = np.array([[xs.min(), ys.min(), np.ptp(xs) + 1, np.ptp(ys) + 1]], np.int32)
    (made,) = Faces().run(
        Pose(BlazePose()).run([row(frames=shot.frames, character=shot.character, character_bbox=bbox)])
    )
    assert not made["error"] and made["skeleton"] == "blazepose33"
    assert RECORD["pose"].per_drawing(made["pose"])[0].startswith("standing")
    x, y, _, h, score = map(float, words_of(made, "face_boxes").split(":"))
    assert (
        bbox[0, 0] - 10 < x < xs.max()
        and bbox[0, 1] < y + h / 2 < bbox[0, 1] + 0.25 * bbox[0, 3]
        and 0.5 < score <= 1
    )


def test_faces_of_two_boxes_around_one_person_are_one() -> None:
    head = {0: (50, 30), 1: (56, 24), 2: (44, 24), 3: (64, 28), 4: (36, 28)}
    person = np.zeros((17, 3), np.float32)
    for k, (x, y) in head.items():
        person[k] = (x, y, 0.9)
    far = person + np.float32([100, 0, 0])
    keypoints = np.stack(
        [
            np.stack(people).ravel()
            for people in ([person, person + np.float32([2, 1, 0])], [person, far], [0 * person] * 2)
        ]
    )
    frames = np.zeros((3, 120, 200, 3), np.uint8)
    (made,) = Faces().run([row(frames=frames, keypoints=keypoints, skeleton="coco17")])
    assert [word.count(":") // 4 for word in words_of(made, "face_boxes").split()] == [1, 2, 0] and words_of(
        made, "face_boxes"
    ).endswith(" none")


def test_faces_by_a_model_and_without_anything(tmp_path: Path) -> None:
    finder = YoloFaces(
        tiny_onnx.pixels_as_boxes(tmp_path / "faces.onnx", 64, 20), side=64, min_score=0.6, device="cpu"
    )
    frames = np.zeros((2, 64, 64, 3), np.uint8)
    frames[1, 30, 40] = 255
    made = Faces(finder).run([row(frames=frames), row(frames=frames[:0])])
    assert (
        words_of(made[0], "face_boxes") == "none 30:20:21:21:1.000"
        or words_of(made[0], "face_boxes") == "none 30:20:20:20:1.000"
    )
    assert words_of(made[1], "face_boxes") == ""
    (lacking,) = Faces().run([row(frames=frames)])
    assert "put the stage pose before it" in lacking["error"]


@pytest.mark.parametrize("make", [lambda: Faces(sure=2.0), lambda: Pose(None, sure=-1.0)])  # type: ignore[arg-type]
def test_scores_out_of_range_are_refused(make: Any) -> None:
    with pytest.raises(ValueError, match=r"sure must be 0\.\.1"):
        make()


@pytest.mark.parametrize(
    ("words", "names"),
    [
        (["model/pose=blazepose", "model/faces=joints"], ["pose", "faces"]),
        (["model/pose=vitpose", "model/faces=animeface"], ["pose", "faces"]),
        (["model/pose=dwpose", "model/faces=none"], ["pose"]),
        (["model/pose=none", "model/faces=yolo", "model/expression=ferplus"], ["faces", "expression"]),
        (["model/action=videomae"], ["pose", "faces", "action"]),
        (["+stage@stages.subtitle=subtitle"], ["pose", "faces", "subtitle"]),
        (["model/pose=none", "model/faces=none", "model/action=none"], []),
    ],
)
def test_each_choice_brings_its_stage(words: list[str], names: list[str]) -> None:
    cfg = job.compose("annotate", [*words, "source.path=."])
    assert [
        name for name in job.stages(cfg) if name in ("pose", "faces", "expression", "action", "subtitle")
    ] == names
