"""Un-mixing on pictures whose layer in front is known."""

import numpy as np
import pytest

from animelayers.imaging import unmix
from animelayers.imaging.recompose import blend, uncovered


def painting(seed: int = 0, size: tuple[int, int] = (90, 120)) -> np.ndarray:
    return np.random.default_rng(seed).integers(60, 150, (*size, 3), np.uint8)


def spot(y: float = 45, x: float = 60, radius: float = 25) -> np.ndarray:
    """A soft round alpha uint8 (90, 120)."""
    rows, columns = np.mgrid[:90, :120]
    return np.rint(255 * np.clip((radius - np.hypot(rows - y, columns - x)) / 12, 0, 1)).astype(np.uint8)


def flame(alpha: np.ndarray, colour: tuple[int, int, int] = (255, 200, 60)) -> np.ndarray:
    return np.dstack([np.where((alpha > 0)[..., None], np.uint8(colour), np.uint8(0)), alpha])


@pytest.mark.parametrize("mode", unmix.MODES)
def test_the_blend_mode_is_found_and_the_layers_give_the_frame_back(mode: str) -> None:
    paint, alpha = painting(), spot()
    colour = (40, 90, 60) if mode == "add" else (250, 220, 160) if mode == "screen" else (20, 15, 15)
    frame = blend(paint, flame(alpha, colour), mode)
    where = alpha > 20
    assert unmix.mode(frame, paint, where) == mode
    # rough paint is not trusted, so the layer is taken from flat paint
    flat = np.full_like(paint, 100)
    frame = blend(flat, flame(alpha, colour), mode)
    found = unmix.layer(frame, flat, np.ones(alpha.shape, bool), where, alpha > 0, mode)
    again = blend(flat, found, mode)
    assert np.abs(again.astype(int) - frame)[where].max() <= 7  # what noise may make is left out
    assert not found[alpha == 0].any()


def test_an_opaque_core_makes_the_soft_edge_of_its_paint_right() -> None:
    flat, alpha = np.full((90, 120, 3), 100, np.uint8), spot()
    frame = blend(flat, flame(alpha, (250, 120, 5)), "over")
    found = unmix.layer(frame, flat, np.ones(alpha.shape, bool), alpha > 60, alpha > 0, "over")[..., 3]
    assert np.abs(found.astype(int) - alpha)[alpha > 60].mean() < 12


def test_a_coverage_that_is_told_is_the_least_where_something_changed() -> None:
    flat, alpha = np.full((90, 120, 3), 100, np.uint8), spot()
    # paint that little of white or black would explain too
    frame = blend(flat, flame(alpha, (150, 130, 90)), "over")
    asked = (frame, flat, np.ones(alpha.shape, bool), alpha > 60, alpha > 0, "over")
    alone, told = unmix.layer(*asked), unmix.layer(*asked, np.float32(alpha / 255))
    whole = alpha == 255
    assert alone[whole, 3].max() < 200 and (told[whole, 3] == 255).all()
    assert np.abs(told[whole][:, :3].astype(int) - (150, 130, 90)).max() <= 1
    again = blend(flat, told, "over")
    assert np.abs(again.astype(int) - frame)[alpha > 60].max() <= 7
    assert not unmix.layer(flat, *asked[1:], np.float32(alpha / 255))[..., 3].any(), "nothing changed"


def test_a_frame_that_is_what_lies_under_it_gives_no_layer() -> None:
    paint = painting()
    noisy = np.clip(paint.astype(int) + np.random.default_rng(1).integers(-3, 4, paint.shape), 0, 255).astype(
        np.uint8
    )
    everywhere = np.ones(paint.shape[:2], bool)
    for mode in unmix.MODES:
        assert not unmix.layer(noisy, paint, everywhere, everywhere, everywhere, mode)[..., 3].any()


@pytest.mark.parametrize("mode", unmix.MODES)
def test_uncovered_is_the_inverse_of_blend(mode: str) -> None:
    paint = painting()
    alpha = np.minimum(spot(), 128)
    effect = flame(alpha, (90, 60, 20))
    frame = blend(paint, effect, mode)
    assert np.abs(uncovered(frame, effect, mode, alpha).astype(int) - paint).max() <= 2


def test_under_an_opaque_effect_the_figure_goes_on() -> None:
    paint = np.full((90, 120, 3), (40, 80, 160), np.uint8)
    effect = flame(spot())
    bare = uncovered(blend(paint, effect, "over"), effect, "over", np.full((90, 120), 255, np.uint8))
    assert np.abs(bare.astype(int) - paint).max() <= 6


def test_blend_refuses_an_unknown_mode() -> None:
    with pytest.raises(ValueError, match="one of over, add, screen"):
        blend(painting(), flame(spot()), "burn")
