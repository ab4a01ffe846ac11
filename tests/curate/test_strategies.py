from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from omegaconf import OmegaConf

from animelayers import job
from animelayers.curate.strategies import STRATEGIES, CreateOcclusion, EnhanceSegment, KeepFull, Made, Segment
from animelayers.engine.pipeline import bind
from animelayers.imaging.occlude import visible
from animelayers.imaging.recompose import recompose
from animelayers.sinks import Shards
from animelayers.weights import WeightsError
from tests.sinks.clips import clip, png

H, W = 90, 120
ROW: Mapping[str, Any] = {
    "frame_id": "ep/scene0000_frame000007", "clip_id": "ep/scene0000/000000", "episode": "ep", "instance_count": 1, "shot_size": "medium",
    "character_coverage": 0.2,
}  # fmt: skip


def frame(seed: int = 0) -> dict[str, np.ndarray]:
    """The layers of a drawn frame, read-only, with a speck beside the figure."""
    background = np.zeros((H, W, 3), np.uint8)
    background[:] = np.linspace((90, 160, 220), (240, 230, 200), H)[:, None]
    character = np.zeros((H, W, 4), np.uint8)
    cv2.ellipse(character, (60 + seed, 50), (18, 30), 0, 0, 360, (220, 60, 70, 255), -1, cv2.LINE_AA)
    character[5:8, 5:8] = (10, 200, 10, 255)
    layers = {"frame": recompose(character, background), "character": character, "background": background}
    for layer in layers.values():
        layer.flags.writeable = False
    return layers


@pytest.fixture
def store(tmp_path: Path) -> str:
    """An output with a clip of one drawing, a blue character of another show."""
    figure = np.zeros((48, 64, 4), np.uint8)
    figure[10:, 20:40] = (40, 60, 200, 255)
    row = clip(
        "other/scene0001/000000",
        [0],
        [png(figure), png(figure[..., 3]), png(figure[..., :3])],
        names="character.png mask.png background.png",
    )
    row |= {
        "character_bbox": np.array([[20, 10, 20, 38]], np.int32),
        "character_coverage": np.array([0.25], np.float32),
    }
    sink = Shards(str(tmp_path / "out"))
    with sink.open("run"):
        sink.write([row], "run")
    return sink.path


def by_name(made: list[Made]) -> dict[str, Made]:
    return {each.kind: each for each in made}


@pytest.mark.parametrize("path", sorted((job.CONF / "strategy").glob("*.yaml")), ids=lambda path: path.stem)
def test_every_yaml_binds_to_the_strategy_of_its_name(path: Path) -> None:
    options = dict(OmegaConf.to_container(OmegaConf.load(path)))  # type: ignore[call-overload]
    kind = job.target(options.pop("_target_"))
    assert kind is STRATEGIES[path.stem] and options.pop("enabled") is True
    bind(partial(kind, **options), path.stem)


def test_keep_full_leaves_the_frame_and_says_no_more_than_there_is() -> None:
    layers = frame()
    (made,) = KeepFull()(layers, ROW)
    assert made.kind == "" and np.array_equal(made.picture, layers["frame"])
    assert made.caption == "a character, medium shot", "a drawing is not called 3d"
    (solid,) = KeepFull()(layers, {**ROW, "visual_style": "3d animation"})
    assert (
        solid.caption == "a 3d animated character, pixar style, a character, medium shot, 3d animation style"
    )
    (empty,) = KeepFull(caption_prefix="a 3d animated character, pixar style")(
        layers, {**ROW, "instance_count": 0, "caption_frame": "a street"}
    )
    assert empty.caption == "pixar style, a street", "nobody is there"
    (enhanced,) = KeepFull(apply_enhancement=True, generate_caption=False)(layers, ROW)
    assert (
        enhanced.caption is None
        and enhanced.picture.shape == (H, W, 3)
        and not np.array_equal(enhanced.picture, layers["frame"])
    )


def test_segment_writes_what_the_layers_are() -> None:
    layers = frame()
    made = by_name(Segment(save_masks=True, trigger="luca", caption_prefix="anime style")(layers, ROW))
    assert list(made) == ["character", "background", "composite"]
    figure = layers["character"].copy()
    figure[5:8, 5:8] = 0  # nine pixels are fewer than min_instance_size
    assert np.array_equal(made["character"].picture, figure) and np.array_equal(
        made["character"].mask, figure[..., 3]
    )
    assert np.array_equal(made["background"].picture, layers["background"]) and np.array_equal(
        made["composite"].picture, layers["frame"]
    )
    assert (
        made["character"].caption
        == "luca, anime style, a character, medium shot, isolated character, clean background"
    )
    assert made["background"].caption == "anime style, a painted backdrop, environment only, no characters"
    assert made["composite"].caption is None and not made["composite"].trains


def test_segment_fills_the_background_in_anew() -> None:
    layers = frame()
    options = {
        "inpainting_model": "telea",
        "save_character": False,
        "save_composite": False,
        "generate_captions": False,
    }
    near, far = (Segment(mask_dilation=pixels, **options)(layers, ROW)[0] for pixels in (0, 9))  # type: ignore[arg-type]
    for made in (near, far):
        assert made.caption is None and np.abs(made.picture.astype(int) - layers["background"]).max() < 60, (
            "no red is left"
        )
    changed = [np.count_nonzero((made.picture != layers["frame"]).any(2)) for made in (near, far)]
    assert changed[1] > changed[0]


def test_occlusions_are_the_same_again_and_others_for_another_frame() -> None:
    strategy = CreateOcclusion()
    first, again, other = (strategy(frame(), {**ROW, "frame_id": name}) for name in ("ep/a", "ep/a", "ep/b"))
    assert [each.kind for each in first] == ["occ0", "occ1", "occ2"] and all(
        each.mask is not None for each in first
    )
    assert all(
        np.array_equal(a.picture, b.picture) and a.caption == b.caption
        for a, b in zip(first, again, strict=True)
    )
    assert not all(np.array_equal(a.picture, b.picture) for a, b in zip(first, other, strict=True))
    said = ["partially obscured", "partially obscured", "with foreground elements"]
    assert [each.caption for each in first] == [f"a character, medium shot, {words}" for words in said]
    plain = CreateOcclusion(add_occlusion_tags=False, save_masks=False, variations_per_image=1)(frame(), ROW)
    assert [(each.kind, each.caption) for each in plain] == [("occ0", "a character, medium shot")]


def test_a_character_of_another_clip_stands_in_front(store: str) -> None:
    strategy = CreateOcclusion(occlusion_types=["occluder"], occluders=store, variations_per_image=2)
    layers = frame()
    made = by_name(strategy(layers, ROW))
    for number in range(2):
        picture, mask = made[f"occ{number}"].picture, made[f"occ{number}"].mask
        assert mask is not None
        alpha = layers["character"][..., 3]
        gone = (alpha == 255) & (mask == 0)
        assert gone.sum() > 0.1 * (alpha == 255).sum()
        assert np.abs(picture[gone].astype(int) - (40, 60, 200)).max() <= 2, (
            "what hides it has the other character's colour"
        )
        assert np.array_equal(picture[mask == 255], layers["frame"][mask == 255])
        assert (mask <= visible(alpha, np.zeros_like(alpha))).all()
        assert made[f"occ{number}"].caption == "character, medium shot, partially hidden behind object", (
            "nobody counted those in front"
        )
    alone = CreateOcclusion(occlusion_types=["occluder"], occluders=store)
    with pytest.raises(ValueError, match="no other clip"):
        alone(layers, {**ROW, "clip_id": "other/scene0001/000000"})


def test_enhancing_gives_a_large_clean_cut_out() -> None:
    try:
        strategy = EnhanceSegment(upscale_model="realesr-animevideov3-x2", trigger="luca")
    except WeightsError as missing:
        pytest.skip(f"no weights: {missing}")
    (made,) = strategy(frame(), ROW)
    assert (
        made.kind == "enhanced_character"
        and made.caption == "luca, a character, medium shot, high quality, enhanced"
    )
    alpha = made.picture[..., 3]
    truth = frame()["character"][..., 3]
    assert abs(np.count_nonzero(alpha > 127) / (4 * np.count_nonzero(truth[10:] > 127)) - 1) < 0.03
    assert np.abs(np.median(made.picture[alpha == 255][:, :3], axis=0) - (220, 60, 70)).max() < 8
    edge = made.picture[(alpha > 60) & (alpha < 200)][:, :3].astype(int)
    assert np.abs(np.median(edge, axis=0) - (220, 60, 70)).max() < 40, (
        "a soft edge has the figure's colour, not the background's"
    )


def test_enhancing_without_a_model_and_without_cutting_out() -> None:
    strategy = EnhanceSegment(enhancement_steps=["sharpen", "denoise"], apply_segmentation=False, longest=64)
    (made,) = strategy(frame(), ROW)
    assert (made.kind, made.picture.shape) == ("enhanced", (48, 64, 3))
    assert (
        EnhanceSegment(enhancement_steps=[], segmentation_config={"min_instance_size": 10**6})(frame(), ROW)
        == []
    )


@pytest.mark.parametrize(
    ("kind", "options", "said"),
    [
        (Segment, {"segmentation_model": "sam2_hiera_large"}, "animelayers decompose model/segment=sam2"),
        (Segment, {"points_per_side": 20}, "points_per_side null"),
        (Segment, {"inpainting_model": "lamma"}, "did you mean lama"),
        (Segment, {"mask_dilation": -1}, "0 or more"),
        (CreateOcclusion, {"occlusion_types": ["fog"]}, "unknown: .*fog"),
        (CreateOcclusion, {"blur_positions": ["top"]}, "top"),
        (CreateOcclusion, {"occlusion_types": ["occluder"]}, "go together"),
        (CreateOcclusion, {"overlay_opacity": 0}, "overlay_opacity"),
        (EnhanceSegment, {"enhancement_steps": ["upscale", "face_enhance"]}, "CodeFormer"),
        (EnhanceSegment, {"face_enhance_fidelity": 0.7}, "face_enhance is not done"),
        (EnhanceSegment, {"enhancement_steps": ["polish"]}, "polish"),
        (EnhanceSegment, {"segmentation_config": "other"}, "segmentation_config"),
    ],
)
def test_options_that_make_no_sense(kind: Any, options: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        kind(**options)


def test_a_layer_that_the_output_lacks() -> None:
    for strategy in (Segment(), CreateOcclusion(), EnhanceSegment(enhancement_steps=[])):
        with pytest.raises(ValueError, match="no layer 'character'"):
            strategy({"frame": frame()["frame"]}, ROW)
