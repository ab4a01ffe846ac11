"""ViTPose: the real loading code on a tiny checkpoint with random weights. It proves the plumbing, not
quality.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from animelayers.models.vitpose import VitPose
from animelayers.samples import scene
from animelayers.weights import WeightsError
from tests.models import tiny_people

pytest.importorskip("transformers")
BOXES = [(10, 5, 60, 80), (80, 20, 30, 90), (-20, -10, 90, 70)]


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_people.vitpose(tmp_path_factory.mktemp("vitpose"))


def drawn() -> list[np.ndarray]:
    return [scene("walk", 1, (192, 108)).frames[0], scene("portrait", 1, (80, 120)).frames[0]]


@pytest.mark.parametrize("experts", [1, 3])
def test_joints_are_those_of_the_librarys_own_call(experts: int, tmp_path: Path) -> None:
    import torch
    import transformers as hf

    path = tiny_people.vitpose(tmp_path, experts)
    picture, model = drawn()[0], hf.VitPoseForPoseEstimation.from_pretrained(path).eval()
    processor = hf.AutoImageProcessor.from_pretrained(path)
    inputs = processor(
        images=[picture], boxes=[[list(map(float, box)) for box in BOXES]], return_tensors="pt"
    )
    more = {"dataset_index": torch.zeros(len(BOXES), dtype=torch.long)} if experts > 1 else {}
    with torch.inference_mode():
        output = model(**inputs, **more)
    (theirs,) = processor.post_process_pose_estimation(
        output, boxes=[[list(map(float, box)) for box in BOXES]]
    )
    (ours,) = VitPose(str(path), device="cpu", batch=2)([picture], [BOXES])
    assert ours.shape == (3, 17, 3) and ours.dtype == np.float32
    for mine, their in zip(ours, theirs, strict=True):
        # the last bit of a processor decides between two cells of a random net that are equally high
        alike = np.isclose(mine[:, :2], their["keypoints"].numpy(), atol=0.05).all(axis=1)
        assert np.count_nonzero(~alike) <= 1
        np.testing.assert_allclose(mine[:, 2], their["scores"].numpy().clip(0, 1), atol=1e-5)
    assert np.ptp(ours[..., 0]) > 1


def test_a_batch_of_ragged_pictures_is_what_each_gives_alone(weights: Path) -> None:
    poser = VitPose(str(weights), device="cpu", batch=2)
    pictures = drawn()
    found = poser([*pictures, pictures[0]], [BOXES, [], BOXES[1:2]])
    assert [joints.shape for joints in found] == [(3, 17, 3), (0, 17, 3), (1, 17, 3)]
    np.testing.assert_allclose(found[2], found[0][1:2], atol=0.05)
    assert poser([], []) == [] and np.isfinite(poser(pictures[:1], [[(3, 3, 0, 0)]])[0]).all()


def test_missing_and_wrong_weights_are_refused(weights: Path, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="no such file exists"):
        VitPose(str(tmp_path / "nowhere"))
    with pytest.raises(WeightsError, match="finds 5 joints, wanted are the 17"):
        VitPose(str(tiny_people.vitpose(tmp_path / "five", labels=5)), device="cpu")
    with pytest.raises(WeightsError, match="type 'videomae', wanted is vitpose"):
        VitPose(str(tiny_people.videomae(tmp_path / "other")), device="cpu")
    (tmp_path / "five" / "preprocessor_config.json").unlink()
    with pytest.raises(WeightsError, match=r"preprocessor_config\.json"):
        VitPose(str(tmp_path / "five"), device="cpu")
