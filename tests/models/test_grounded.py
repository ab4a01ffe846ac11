"""Grounding DINO and SAM 2: the real loading code on tiny checkpoints with random weights. It proves the
plumbing, not quality.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from animelayers.models.clipseg import enlarged
from animelayers.models.grounded import GroundedSam
from animelayers.samples import scene
from animelayers.weights import WeightsError
from tests.models import tiny_sam2, tiny_words

pytest.importorskip("transformers")
PROMPTS = ["Fire and flames", "light beam", "smoke."]
LOW = {"box_threshold": 0.0, "text_threshold": 0.0}


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    paths = tmp_path_factory.mktemp("dino"), tmp_path_factory.mktemp("sam2")
    tiny_words.grounding_dino(paths[0])
    tiny_sam2.folder(paths[1], "sam2")
    tiny_words.sharpened(paths[1])
    return paths


def made(folders: tuple[Path, Path], **options: float) -> GroundedSam:
    return GroundedSam(str(folders[0]), str(folders[1]), device="cpu", batch=2, **options)  # type: ignore[arg-type]


def drawn() -> list[np.ndarray]:
    wide = scene("fire", 4, (192, 128)).frames
    return [wide[0], scene("portrait", 1, (160, 200)).frames[0], wide[2], wide[3]]


def test_boxes_and_masks_are_those_of_the_librarys_own_calls(folders: tuple[Path, Path]) -> None:
    import torch
    import transformers as hf

    picture = drawn()[0]
    model = hf.GroundingDinoForObjectDetection.from_pretrained(folders[0]).eval()
    processor = hf.GroundingDinoProcessor(
        hf.AutoImageProcessor.from_pretrained(folders[0]), hf.AutoTokenizer.from_pretrained(folders[0])
    )
    inputs = processor(images=picture, text="fire and flames. light beam. smoke.", return_tensors="pt")
    with torch.inference_mode():
        outputs = model(**inputs)
    scores = outputs.logits.sigmoid().max(-1).values[0]
    middle = float(scores.median())
    (theirs,) = processor.post_process_grounded_object_detection(
        outputs, inputs.input_ids, middle, 0.0, [picture.shape[:2]]
    )
    ((boxes, answers),) = made(folders, box_threshold=middle, text_threshold=0.0).boxes([picture], PROMPTS)
    assert 0 < len(boxes) == len(theirs["boxes"]) < len(scores) and answers.all()
    order = theirs["scores"].argsort(descending=True, stable=True)
    height, width = picture.shape[:2]
    expected = (theirs["boxes"][order].numpy() / [width, height, width, height]).clip(0, 1)
    np.testing.assert_allclose(boxes, expected, atol=1e-4)

    sam, prepared = (
        hf.Sam2Model.from_pretrained(folders[1]).eval(),
        hf.Sam2Processor(hf.Sam2ImageProcessor.from_pretrained(folders[1])),
    )
    asked = prepared(
        images=picture, input_boxes=[(boxes * [width, height, width, height]).tolist()], return_tensors="pt"
    )
    with torch.inference_mode():
        masks = sam(
            pixel_values=asked["pixel_values"],
            input_boxes=asked["input_boxes"].float(),
            multimask_output=False,
        ).pred_masks
    (found,) = made(folders, box_threshold=middle, text_threshold=0.0)([picture], PROMPTS)
    best = masks[0, :, 0].sigmoid().max(0).values.numpy()
    assert found.shape == (3, height, width) and np.ptp(best) > 0.1
    np.testing.assert_allclose(found, enlarged(np.stack([best] * 3), (height, width)), atol=1e-3)


def test_a_batch_of_ragged_pictures_is_what_each_gives_alone(folders: tuple[Path, Path]) -> None:
    proposer, pictures = made(folders, **LOW), drawn()
    maps = proposer(pictures, PROMPTS)
    for picture, found in zip(pictures, maps, strict=True):
        assert found.shape == (3, *picture.shape[:2]) and found.dtype == np.float32
        assert 0 <= found.min() < found.max() <= 1
        np.testing.assert_allclose(found, proposer([picture], PROMPTS)[0], atol=1e-4)


def test_the_family_of_mmdetection_is_loaded_by_its_own_class(
    folders: tuple[Path, Path], tmp_path: Path
) -> None:
    tiny_words.grounding_dino(tmp_path, "MM")
    proposer = made((tmp_path, folders[1]), **LOW)
    assert type(proposer._detector.module).__name__ == "MMGroundingDinoForObjectDetection"
    ((boxes, answers),) = proposer.boxes(drawn()[:1], PROMPTS)
    assert len(boxes) == 6 and answers.shape == (6, 3)


def test_a_prompt_answers_for_its_own_words(folders: tuple[Path, Path]) -> None:
    proposer = made(folders, **LOW)
    ((tokens, spans),) = proposer._captions(PROMPTS)
    words = [proposer._tokenizer.decode(tokens[start:stop]) for start, stop in spans]
    assert words == ["fire and flames", "light beam", "smoke"]
    assert (tokens == 1012).sum() == 3 and tokens[0] == 101 and tokens[-1] == 102
    proposer._detector.module.config.max_text_len = 8
    parted = proposer._captions(PROMPTS)
    assert [len(spans) for _, spans in parted] == [1, 2] and all(len(tokens) <= 8 for tokens, _ in parted)
    ((boxes, answers),) = proposer.boxes(drawn()[:1], PROMPTS)
    assert len(boxes) == 12 and set(map(tuple, answers.astype(int))) == {(1, 0, 0), (0, 1, 1)}
    with pytest.raises(ValueError, match="shorten"):
        proposer._captions(["fire and flames light beam smoke fire"])


def test_nothing_above_the_threshold_nothing_found(folders: tuple[Path, Path]) -> None:
    pictures = drawn()[:2]
    for found, picture in zip(made(folders, box_threshold=0.99)(pictures, PROMPTS), pictures, strict=True):
        assert found.shape == (3, *picture.shape[:2]) and not found.any()
    assert made(folders)([], PROMPTS) == []
    assert made(folders)(pictures, [])[1].shape == (0, 200, 160)


def test_missing_and_wrong_weights_and_options_are_refused(
    folders: tuple[Path, Path], tmp_path: Path
) -> None:
    with pytest.raises(WeightsError, match="no such file exists"):
        GroundedSam(str(tmp_path / "nowhere"), str(folders[1]))
    with pytest.raises(WeightsError, match="wanted is grounding-dino or mm-grounding-dino"):
        GroundedSam(str(folders[1]), str(folders[1]))
    with pytest.raises(WeightsError, match="wanted is sam2"):
        GroundedSam(str(folders[0]), str(folders[0]))
    with pytest.raises(ValueError, match="most"):
        made(folders, most=0)
