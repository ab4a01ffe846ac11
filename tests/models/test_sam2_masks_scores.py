"""What masks are worth at the decoder's size, against the same of the package at full size."""

from __future__ import annotations

import numpy as np
import pytest

from animelayers.models import sam2_masks_scores as scores

torch = pytest.importorskip("torch")
amg = pytest.importorskip("sam2.utils.amg")


def blobs(count: int = 24) -> object:
    """Smooth logits (count, 64, 64) with a mask each."""
    generator = torch.Generator().manual_seed(0)
    noise = (
        torch.randn((count, 1, 9, 9), generator=generator) * 8
        - torch.linspace(0, 6, count)[:, None, None, None]
    )
    noise[:, :, 4, 4] = 9
    return torch.nn.functional.interpolate(noise, (64, 64), mode="bicubic")[:, 0]


@pytest.mark.parametrize("size", [(270, 480), (64, 64), (97, 51)])
def test_boxes_and_stability_are_those_at_full_size(size: tuple[int, int]) -> None:
    logits = blobs()
    full = torch.nn.functional.interpolate(logits[None], size, mode="bilinear")[0]
    masks = scores.enlarge(logits, *size)
    assert np.array_equal(masks, (full > 0).numpy())
    away = (scores.boxes(logits, *size) - amg.batched_mask_to_box(full > 0)).abs()
    assert away.max() <= 1 and (away == 0).float().mean() > 0.8
    assert (scores.stability(logits) - amg.calculate_stability_score(full, 0.0, 1.0)).abs().max() < 0.03


def test_no_mask_is_not_stable_and_none_are_enlarged() -> None:
    assert scores.stability(torch.full((2, 8, 8), -5.0)).tolist() == [0, 0]
    assert scores.enlarge(torch.zeros((0, 8, 8)), 20, 30).shape == (0, 20, 30)
    assert scores.boxes(torch.zeros((0, 8, 8)), 20, 30).shape == (0, 4)


def test_masks_cut_by_a_crop_are_those_of_the_package() -> None:
    generator = torch.Generator().manual_seed(1)
    start = torch.randint(0, 120, (200, 2), generator=generator)
    found = torch.cat([start, start + torch.randint(1, 80, (200, 2), generator=generator)], dim=1).float()
    crop, size = (60, 0, 200, 120), (240, 200)
    theirs = amg.is_box_near_crop_edge(found - found.new_tensor([60, 0, 60, 0]), list(crop), [0, 0, 200, 240])
    assert torch.equal(scores.cut(found, crop, size), theirs) and 20 < theirs.sum() < 180
