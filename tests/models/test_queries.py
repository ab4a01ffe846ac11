"""From logits to segments, against the library's own post-processing of the same logits."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest

from animelayers.imaging.masks import overlap
from animelayers.models.queries import TASKS, instance, panoptic, semantic

SIDE, FULL = 96, (384, 384)
DISCS = ((30, 30, 20), (44, 34, 18), (70, 70, 14), (48, 90, 40), (10, 80, 6))
CLASSES = np.log(
    np.array(
        [[0.9, 0.05, 0.05], [0.1, 0.8, 0.1], [0.7, 0.1, 0.2], [0.05, 0.9, 0.05], [0.3, 0.3, 0.4]], np.float32
    )
)
"""Of five queries: two classes and nothing."""


def logits() -> np.ndarray:
    """Five discs, of which the first two overlap and the fourth lies under the third."""
    y, x = np.mgrid[:SIDE, :SIDE].astype(np.float32)
    return np.stack([(r - np.hypot(x - a, y - b)) * 0.8 for a, b, r in DISCS]).astype(np.float32)


def probabilities() -> np.ndarray:
    return np.asarray(np.exp(CLASSES) / np.exp(CLASSES).sum(axis=1, keepdims=True), np.float32)


def theirs(how: str, **options: Any) -> Any:
    hf = pytest.importorskip("transformers")
    torch = pytest.importorskip("torch")
    given = SimpleNamespace(
        class_queries_logits=torch.tensor(CLASSES)[None], masks_queries_logits=torch.tensor(logits())[None]
    )
    return getattr(hf.Mask2FormerImageProcessor(), f"post_process_{how}_segmentation")(
        given, target_sizes=[FULL], **options
    )[0]


def lifted(margin: np.ndarray) -> np.ndarray:
    return np.asarray(cv2.resize(margin, FULL, interpolation=cv2.INTER_LINEAR) > 0)


def test_instances_are_the_librarys() -> None:
    found = theirs("instance", threshold=0.5, return_binary_maps=True)
    known = sorted(
        zip(found["segments_info"], found["segmentation"].numpy() > 0, strict=True),
        key=lambda each: -each[0]["score"],
    )
    ours = instance(probabilities(), logits(), [0, 1], 0.5)
    assert len(ours) == len(known) == 4
    for claim, (facts, mask) in zip(ours, known, strict=True):
        assert claim.label == facts["label_id"] and abs(claim.score - facts["score"]) < 0.01
        assert overlap(lifted(claim.margin), mask) > 0.999


def test_panoptic_segments_are_the_librarys_and_stuff_cuts_things() -> None:
    found = theirs("panoptic", threshold=0.5, label_ids_to_fuse=set(), overlap_mask_area_threshold=0.7)
    segmentation = found["segmentation"].numpy()
    ours = panoptic(probabilities(), logits(), [0, 1], 0.5)
    assert len(ours) >= 2
    for claim in ours:
        same = [
            f
            for f in found["segments_info"]
            if f["label_id"] == claim.label and abs(f["score"] - claim.score) < 1e-3
        ]
        # The library leaves pixels below one half to the best query; the original, as we do, to nobody.
        assert (
            len(same) == 1
            and not (lifted(claim.margin) & (segmentation != same[0]["id"])).sum()
            > 0.01 * lifted(claim.margin).sum()
        )
    alone = panoptic(probabilities(), logits(), [0], 0.5)
    assert [c.score for c in alone] == [c.score for c in ours if c.label == 0]
    assert not sum(lifted(c.margin).astype(int) for c in ours).max() > 1


def test_semantic_regions_are_the_librarys_classes() -> None:
    classes = theirs("semantic").numpy()
    ours = semantic(probabilities(), logits(), [0], 0.3)
    together = np.any([lifted(c.margin) for c in ours], axis=0)
    assert len(ours) == 2 and {c.label for c in ours} == {0}  # two discs that do not touch
    # Far from every query the library names a class all the same.
    near = cv2.resize(logits().max(axis=0), FULL) > 0
    assert overlap(together & near, (classes == 0) & near) > 0.97


@pytest.mark.parametrize("task", TASKS)
def test_parts_make_one_figure_and_nothing_gives_nothing(task: str) -> None:
    claims = TASKS[task]
    assert claims(probabilities(), np.full_like(logits(), -9), [0, 1], 0.5) == []
    assert claims(np.eye(3, dtype=np.float32)[[2] * 5], logits(), [0, 1], 0.5) == []
    one = semantic(probabilities(), logits(), [0, 1], 0.3)
    first = next(c for c in one if c.margin[30, 30] > 0)
    assert first.margin[34, 44] > 0  # another class that touches it
    assert all(0 <= c.score <= 1 and c.margin.dtype == np.float32 for c in one)
