from __future__ import annotations

import pickle
import subprocess
import sys
import zlib
from itertools import pairwise

import numpy as np
import pytest

from animelayers.samples.effects import combine
from animelayers.truth.effects import effects

FIELD, TILE = (214, 120), (120, 120)
KINDS = {
    "rain", "snow", "petals", "smoke", "sparkle", "speed_lines", "flash", "bokeh", "light_leak", "fire", "explosion", "aura", "beam", "lightning",
    "slash", "magic_circle", "impact", "dust", "splash", "orb", "burst", "shockwave", "plume", "rays",
}  # fmt: skip
ALL = [pytest.param(effect, id=effect.name) for effect in effects()]


def size_of(effect) -> tuple[int, int]:
    return FIELD if effect.field else TILE


def test_every_kind_is_in_both_splits_and_no_source_is() -> None:
    train, val = effects("train"), effects("val")
    assert {e.kind for e in train} == {e.kind for e in val} == KINDS
    assert not {e.source for e in train} & {e.source for e in val}
    assert len({e.source for e in train}) >= 2 and len({e.source for e in val}) >= 2
    assert len({e.name for e in effects()}) == len(effects()) == len(train) + len(val)
    with pytest.raises(ValueError, match="train, val"):
        effects("test")


@pytest.mark.parametrize("effect", ALL)
def test_it_is_deterministic_varies_and_moves(effect) -> None:
    size, middle = size_of(effect), effect.count // 2
    drawn = effect.draw(middle, size, 3)
    assert drawn.shape == (size[1], size[0], 4) and drawn.dtype == np.uint8
    assert np.array_equal(drawn, effect.draw(middle, size, 3))
    assert any(not np.array_equal(drawn, effect.draw(middle, size, seed)) for seed in (4, 5, 6))
    assert not np.array_equal(drawn, effect.draw(1, size, 3))
    assert drawn[..., 3].max() > 60
    assert not drawn[drawn[..., 3] == 0][:, 3].any()


@pytest.mark.parametrize("effect", ALL)
def test_a_loop_closes_and_a_life_ends(effect) -> None:
    size = size_of(effect)
    first = effect.draw(0, size, 1)
    if effect.loops:
        assert np.array_equal(first, effect.draw(effect.count, size, 1))
        if effect.kind not in {"lightning", "speed_lines", "rain"}:
            # The step over the seam is like the steps within: what jumps there would flicker once a loop.
            shots = [effect.draw(k, size, 1).astype(np.int16) for k in (-2, -1, 0, 1)]
            steps = [np.abs(b - a)[..., 3].mean() for a, b in pairwise(shots)]
            assert steps[1] < 2 * max(steps[0], steps[2]) + 0.5
    else:
        assert not effect.draw(effect.count, size, 1).any() and not effect.draw(-1, size, 1).any()
        assert any(effect.draw(k, size, 1)[..., 3].any() for k in range(effect.count))


@pytest.mark.parametrize("effect", [p for p in ALL if not p.values[0].field])
@pytest.mark.parametrize("size", [(120, 120), (200, 100), (90, 160)])
def test_a_tile_is_empty_at_its_border(effect, size) -> None:
    for seed in (0, 1):
        for k in range(0, effect.count, max(1, effect.count // 5)):
            alpha = effect.draw(k, size, seed)[..., 3]
            assert max(alpha[0].max(), alpha[-1].max(), alpha[:, 0].max(), alpha[:, -1].max()) == 0, (k, seed)


@pytest.mark.parametrize("effect", [p for p in ALL if p.values[0].field and p.values[0].kind != "light_leak"])
def test_a_field_fills_the_frame(effect) -> None:
    covered = np.zeros((FIELD[1], FIELD[0]), bool)
    for k in range(0, effect.count, max(1, effect.count // 8)):
        for seed in range(3):
            covered |= effect.draw(k, FIELD, seed)[..., 3] > 8
    corners = [covered[:60, :107], covered[:60, 107:], covered[60:, :107], covered[60:, 107:]]
    assert min(corner.mean() for corner in corners) > 0.05


def test_modes_are_those_that_combine_knows_and_matter_is_no_light() -> None:
    under = np.full((2, 2, 3), 90, np.uint8)
    for effect in effects():
        assert effect.modes and len(set(effect.modes)) == len(effect.modes)
        for mode in effect.modes:
            combine(under, np.full((2, 2), 9, np.uint8), under, mode)
    assert {e.modes for e in effects() if e.kind in {"petals", "dust", "splash", "explosion", "plume"}} == {
        ("over",)
    }


def test_hands_differ_in_what_they_draw_not_only_in_colour() -> None:
    """The alphas of two splits' designs of a kind overlap no better than those of two moments apart."""
    for kind in ("fire", "aura", "magic_circle", "explosion", "orb", "plume"):
        cel = next(e for e in effects("train") if e.kind == kind).draw(8, (120, 120), 0)[..., 3] > 127
        ink = next(e for e in effects("val") if e.kind == kind).draw(8, (120, 120), 0)[..., 3] > 127
        assert (cel & ink).sum() / (cel | ink).sum() < 0.8, kind


def test_another_process_draws_the_same() -> None:
    effect = next(e for e in effects("val") if e.kind == "smoke")
    here = zlib.crc32(effect.draw(5, FIELD, 9).tobytes())
    code = (
        "import zlib; from animelayers.truth.effects import effects; "
        f"e = next(e for e in effects('val') if e.kind == 'smoke'); print(zlib.crc32(e.draw(5, {FIELD}, 9).tobytes()))"
    )
    there = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert int(there) == here


def test_too_small_a_size_is_refused_by_name() -> None:
    effect = effects()[0]
    with pytest.raises(ValueError, match=effect.kind):
        effect.draw(0, (8, 200), 0)


def test_all_travel_to_a_worker() -> None:
    assert pickle.loads(pickle.dumps(effects())) == effects()
