"""A process's part of a card's memory."""

from __future__ import annotations

import pytest
import torch

from animelayers.models import device

GB = 1 << 30


@pytest.mark.parametrize(
    ("part", "left", "kept", "used", "free"),
    [
        (1, 16, 6, 4, 18),  # all that is left, and what torch keeps unused
        (0, 16, 6, 4, 18),  # none was given: the process takes what there is
        (0.25, 16, 6, 4, 2),  # a quarter of 24, of which four are taken
        (0.25, 1, 4, 4, 1),  # others took more than theirs
        (0.0625, 16, 2, 2, 0),
    ],
)
def test_new_tensors_have_what_is_left_of_the_process_s_part(
    part: float, left: int, kept: int, used: int, free: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANIMELAYERS_PART_OF_GPU", "1")  # so that it is put back
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda: (left * GB, 24 * GB))
    monkeypatch.setattr(torch.cuda, "memory_reserved", lambda: kept * GB)
    monkeypatch.setattr(torch.cuda, "memory_allocated", lambda: used * GB)
    device.share(part)
    assert device.free() == free * GB
