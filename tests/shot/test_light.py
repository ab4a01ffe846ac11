"""Effects un-mixed from a plate that is known."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from animelayers.imaging import unmix
from animelayers.imaging.recompose import blend
from animelayers.shot.light import Light, Under, layer, mode_of, named
from animelayers.shot.params import Params

HEIGHT, WIDTH = 96, 128
PLATE = np.full((HEIGHT, WIDTH, 3), (70, 90, 110), np.uint8)
NOBODY = np.zeros((HEIGHT, WIDTH), np.uint8)
EVERYWHERE = np.ones((HEIGHT, WIDTH), bool)
COLOURS = {"over": (20, 15, 15), "add": (90, 120, 60), "screen": (250, 220, 160)}


def glow(radius: float = 30, x: float = 64, y: float = 48) -> np.ndarray:
    """A soft round coverage, float32 (HEIGHT, WIDTH)."""
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    return np.asarray(np.clip((radius - np.hypot(rows - y, columns - x)) / 12, 0, 1), np.float32)


def lit(coverage: np.ndarray, mode: str, plate: np.ndarray = PLATE) -> np.ndarray:
    """The plate with an effect in front."""
    alpha = np.rint(255 * coverage).astype(np.uint8)
    effect = np.dstack([np.full_like(plate, COLOURS[mode]), alpha])
    return blend(plate, effect, mode)


def small(coverage: np.ndarray) -> np.ndarray:
    return cv2.resize(coverage, (WIDTH // 2, HEIGHT // 2), interpolation=cv2.INTER_AREA)


def found(
    picture: np.ndarray, coverage: np.ndarray, mode: str, under: Under | None, alpha: np.ndarray = NOBODY
) -> Light:
    light = layer(picture, small(coverage), alpha, under, mode, Params())
    assert light is not None
    assert (
        light.rgba.shape == (HEIGHT, WIDTH, 4)
        and light.without.shape == picture.shape
        and light.rgba.dtype == light.without.dtype == np.uint8
    )
    assert not light.rgba[light.rgba[..., 3] == 0].any(), "what is not there has no colour"
    return light


@pytest.mark.parametrize("mode", unmix.MODES)
def test_over_a_plate_that_is_known_the_layers_give_the_frame_back(mode: str) -> None:
    coverage = glow()
    frame = lit(coverage, mode)
    light = found(frame, coverage, mode, Under(PLATE, EVERYWHERE))
    assert light.mode == mode
    clear = coverage > 0.15
    assert np.abs(blend(PLATE, light.rgba, mode).astype(int) - frame)[clear].max() <= 7, (
        "but for what noise may make"
    )
    assert np.abs(light.without.astype(int) - PLATE)[clear & (coverage < 0.8)].max() <= 12
    assert np.array_equal(light.without[coverage == 0], frame[coverage == 0])


def test_a_frame_that_shows_the_plate_has_no_light_whatever_the_label_says() -> None:
    for mode in unmix.MODES:
        light = found(PLATE, glow(), mode, Under(PLATE, EVERYWHERE))
        assert not light.rgba.any() and np.array_equal(light.without, PLATE)


@pytest.mark.parametrize("mode", ["add", "screen"])
@pytest.mark.parametrize("why", ["a figure", "nothing known"])
def test_light_goes_on_where_nobody_knows_what_is_under_it_and_gives_the_frame_back(
    mode: str, why: str
) -> None:
    coverage = glow()
    figure, known = np.zeros((HEIGHT, WIDTH), np.uint8), EVERYWHERE.copy()
    if why == "a figure":
        figure[:, 64:] = 255
    else:
        known[:, 64:] = False
    cel = np.where(figure[..., None] > 0, np.array([130, 100, 90], np.uint8), PLATE)
    frame = lit(coverage, mode, cel)
    light = found(frame, coverage, mode, Under(PLATE, known), figure)
    other = light.rgba[:, 64:, 3]
    assert np.abs(other - 255.0 * coverage[:, 64:])[(other > 0)].mean() < 90, "as far as it can be told"
    assert (other > 0)[coverage[:, 64:] > 0.5].mean() > 0.9
    again = blend(light.without, light.rgba, mode)
    assert np.abs(again.astype(int) - frame)[light.rgba[..., 3] > 0].max() <= 3


@pytest.mark.parametrize("mode", ["add", "screen"])
def test_where_no_light_is_told_apart_none_is_made_up(mode: str) -> None:
    coverage = glow()
    light = found(lit(coverage, mode), coverage, mode, Under(PLATE, np.zeros_like(EVERYWHERE)))
    assert not light.rgba.any()


@pytest.mark.parametrize("mode", ["add", "screen"])
def test_a_figure_that_was_taken_for_light_keeps_its_colours(mode: str) -> None:
    coverage = glow(radius=40)
    figure = np.where(coverage > 0.2, 255, 0).astype(np.uint8)  # but for its soft rim
    rng = np.random.default_rng(0)
    frame = np.where(coverage[..., None] > 0, rng.integers(100, 140, PLATE.shape), PLATE).astype(np.uint8)
    light = found(frame, coverage, mode, Under(PLATE, EVERYWHERE), figure)
    assert not light.rgba[figure > 0].any()
    assert np.array_equal(light.without[figure > 0], frame[figure > 0])


def test_what_covers_a_figure_has_the_coverage_of_its_label_and_what_is_seen() -> None:
    coverage = glow()
    frame, figure = lit(coverage, "over"), np.full((HEIGHT, WIDTH), 255, np.uint8)
    light = found(frame, coverage, "over", Under(PLATE, EVERYWHERE), figure)
    there = light.rgba[..., 3] > 0
    assert there[coverage > 0.3].all() and np.array_equal(light.rgba[there][:, :3], frame[there])
    assert np.abs(light.rgba[..., 3] - 255.0 * coverage)[there].max() < 16


@pytest.mark.parametrize("mode", unmix.MODES)
def test_without_a_plate_it_lies_over_the_rest_with_the_coverage_of_its_label(mode: str) -> None:
    coverage = glow()
    frame = np.random.default_rng(0).integers(0, 255, PLATE.shape, np.uint8)
    light = found(frame, coverage, mode, None)
    alpha, there = light.rgba[..., 3], light.rgba[..., 3] > 0
    assert light.mode == "over" and np.array_equal(light.rgba[there][:, :3], frame[there])
    assert np.abs(alpha - 255.0 * coverage)[there].max() < 16 and (coverage[~there] < 0.15).all()
    soft = there & (alpha < 200)
    assert np.abs(light.without.astype(int) - frame)[soft].max() <= 4, (
        "and gives the drawing back over the drawing"
    )


def test_less_than_the_smallest_is_nothing() -> None:
    spot = glow(13)
    area = float((spot > Params().lit).mean())
    for least, there in ((area / 2, True), (area * 2, False)):
        light = layer(
            lit(spot, "add"), spot, NOBODY, Under(PLATE, EVERYWHERE), "add", replace(Params(), min_area=least)
        )
        assert (light is not None) == there
    faint = np.full((HEIGHT, WIDTH), Params().lit - 0.01, np.float32)
    assert layer(PLATE, faint, NOBODY, None, "over", Params()) is None, "nowhere is it surely one"
    both = np.maximum(glow(30), glow(12, x=120, y=8))
    light = layer(
        lit(both, "add"), both, NOBODY, Under(PLATE, EVERYWHERE), "add", replace(Params(), min_area=0.02)
    )
    assert light is not None and light.rgba[48, 64, 3] and not light.rgba[:16, 112:].any(), (
        "each part is as large as that"
    )


@pytest.mark.parametrize("size", [(1, 1), (3, 200), (200, 3), (48, 64)])
def test_any_size_will_do(size: tuple[int, int]) -> None:
    picture = np.full((*size, 3), 200, np.uint8)
    for under in (None, Under(picture // 2, np.ones(size, bool))):
        light = layer(
            picture, np.ones((16, 16), np.float32), np.zeros(size, np.uint8), under, "over", Params()
        )
        assert light is not None and light.rgba.shape == (*size, 4) and light.rgba[..., 3].any()


@pytest.mark.parametrize("mode", unmix.MODES)
def test_a_shot_has_the_mode_that_most_of_its_area_asks_for(mode: str) -> None:
    plate = np.random.default_rng(0).integers(60, 150, PLATE.shape, np.uint8)
    other = next(each for each in unmix.MODES if each != mode)
    large, tiny, under = glow(), glow(14), Under(plate, EVERYWHERE)
    pictures = [lit(large, mode, plate), lit(tiny, other, plate)]
    assert mode_of(pictures, [large, tiny], [under, under], Params()) == mode
    assert mode_of(pictures[1:], [tiny], [under], Params()) == other
    half = [Under(plate, ~EVERYWHERE), under]
    assert mode_of(pictures, [tiny, tiny], half, Params()) == other, (
        "who does not know what is under has no vote"
    )
    assert mode_of(pictures, [large, tiny], half, Params()) == "over", "what little is known is not enough"


def test_where_nobody_can_tell_it_lies_over() -> None:
    assert mode_of([], [], [], Params()) == "over"
    assert mode_of([lit(glow(), "add")], [glow()], [Under(PLATE, ~EVERYWHERE)], Params()) == "over"
    assert (
        mode_of([PLATE], [np.zeros((HEIGHT, WIDTH), np.float32)], [Under(PLATE, EVERYWHERE)], Params())
        == "over"
    )


def test_an_effect_is_named_by_the_prompts_that_have_a_fifth_of_it_the_best_first() -> None:
    alpha = np.zeros((10, 10), np.uint8)
    alpha[:, :5] = 200
    maps = np.zeros((4, 10, 10), np.float32)
    maps[0, :1] = maps[1, :2] = maps[2, :9] = 0.6  # a tenth, a fifth, nearly all
    maps[3, :, 5:] = 1  # beside it
    prompts = ["smoke", "spark", "fire", "beam"]
    assert named(maps, alpha, prompts, 0.5) == ["fire", "spark"]
    assert named(maps, alpha, prompts, 0.7) == [] and named(maps, alpha * 0, prompts, 0.5) == []
    assert named(maps[:0], alpha, [], 0.5) == []
    maps[:] = 1
    assert named(maps, alpha, prompts, 0.5) == prompts, "equals in the order they were asked"


def test_a_prompts_share_is_weighed_by_alpha() -> None:
    alpha = np.full((10, 10), 20, np.uint8)
    alpha[:3] = 250
    maps = np.zeros((1, 10, 10), np.float32)
    maps[0, 5:] = 1
    assert named(maps, alpha, ["haze"], 0.5) == [], "half the area, a tenth of the effect"
