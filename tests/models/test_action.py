"""VideoMAE: the real loading code on a tiny checkpoint with random weights. It proves the plumbing, not
quality.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from animelayers.models.action import VideoClassifier
from animelayers.samples import scene
from animelayers.weights import WeightsError
from tests.models import tiny_people

pytest.importorskip("transformers")


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_people.videomae(tmp_path_factory.mktemp("videomae"))


def test_the_answer_is_that_of_the_librarys_own_call(weights: Path) -> None:
    import torch
    import transformers as hf

    clips = [
        scene("walk", 4, (96, 54)).frames,
        scene("fire", 4, (48, 80)).frames,
        scene("walk", 4, (96, 54)).frames[::-1],
    ]
    teller = VideoClassifier(str(weights), device="cpu", batch=2)
    assert teller.frames == 4
    told = teller(clips)
    model = hf.VideoMAEForVideoClassification.from_pretrained(weights).eval()
    processor = hf.VideoMAEImageProcessor.from_pretrained(weights)
    for clip, (action, sure) in zip(clips, told, strict=True):
        with torch.inference_mode():
            likely = model(**processor(list(np.ascontiguousarray(clip)), return_tensors="pt")).logits.softmax(
                1
            )[0]
        assert action == model.config.id2label[int(likely.argmax())] and sure == pytest.approx(
            float(likely.max()), abs=1e-4
        )
    ((action, sure),) = teller(clips[1:2])
    assert action == told[1][0] and sure == pytest.approx(told[1][1], abs=1e-5)
    assert teller([]) == []


def test_missing_and_wrong_weights_are_refused(weights: Path, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="no such file exists"):
        VideoClassifier(str(tmp_path / "nowhere"))
    with pytest.raises(WeightsError, match="type 'vitpose', wanted is videomae"):
        VideoClassifier(str(tiny_people.vitpose(tmp_path)), device="cpu")
