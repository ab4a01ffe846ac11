"""The zoo: its recipes against rembg's own sessions, and the promises every single net keeps."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from animelayers import job
from animelayers.models.saliency import OWN, ZOO, Saliency
from animelayers.weights import TABLE, WeightsError
from tests.models import tiny_onnx

WEIGHT, BIAS = (3.0, -1.0, -2.0), 0.2


@pytest.fixture
def red_disc() -> np.ndarray:
    picture = np.full((90, 160, 3), (40, 90, 160), np.uint8)
    y, x = np.mgrid[:90, :160]
    picture[(y - 45) ** 2 + (x - 80) ** 2 < 900] = (230, 60, 50)
    picture[0, 0] = 255  # rembg divides by the picture's maximum, we by 255: the same here
    return picture


@pytest.fixture
def gradient() -> np.ndarray:
    """Smooth, so that the ways of resampling agree, and with a pixel of 255 in every size."""
    y, x = np.mgrid[:90, :160].astype(np.float32)
    return np.rint(np.stack([255 * x / 159, 255 * (1 - x / 159), 60 + 100 * y / 89], axis=2)).astype(np.uint8)


def tiny(tmp_path: Path, name: str) -> Path:
    side = ZOO[name].side
    return tiny_onnx.write(
        tmp_path / f"{name}.onnx", WEIGHT, BIAS, (1, 3, side, side), sigmoid=not ZOO[name].logits
    )


@pytest.mark.parametrize("name", ZOO)
def test_recipe_is_that_of_rembgs_session(tmp_path: Path, gradient: np.ndarray, name: str) -> None:
    import onnxruntime

    sessions = pytest.importorskip("rembg.sessions").sessions
    session = sessions[name].__new__(sessions[name])
    session.inner_session = onnxruntime.InferenceSession(
        str(tiny(tmp_path, name)), providers=["CPUExecutionProvider"]
    )
    theirs = np.asarray(session.predict(Image.fromarray(gradient))[0], np.float32) / 255
    ours = Saliency(name, tiny(tmp_path, name), precision="fp32", allow_noncommercial=True).claim([gradient])[
        0
    ]
    assert ours.shape == (ZOO[name].side,) * 2
    stretched = (ours - ours.min()) / (ours.max() - ours.min())
    back = (
        np.asarray(
            Image.fromarray((stretched * 255).astype(np.uint8)).resize((160, 90), Image.Resampling.BILINEAR)
        )
        / 255
    )
    assert np.abs(back - theirs).mean() < 0.01  # the resampling differs, the scale of the colours does not


def test_every_net_of_the_zoo_has_pinned_weights() -> None:
    assert set(ZOO) <= set(TABLE)
    assert all((TABLE[name].commercial != "no") == recipe.commercial for name, recipe in ZOO.items())


def test_every_net_of_rembg_is_a_choice_or_left_out_for_a_reason() -> None:
    sessions = set(pytest.importorskip("rembg.sessions").sessions)
    on_servers, for_other_things = {"withoutbg", "atlascloud"}, {"sam", "u2net_cloth_seg"}
    own_files, converted = {"u2net_custom", "dis_custom", "ben_custom"}, {"birefnet-general-fp16"}
    assert sessions - on_servers - for_other_things - own_files - converted == set(ZOO)
    choices = {path.stem for path in (job.CONF / "model" / "matte").glob("*.yaml")}
    assert choices == {*ZOO, *OWN, "modnet", "layernet", "auto"}


@pytest.mark.parametrize("name", OWN)
def test_a_birefnet_of_ones_own_is_run_from_its_file(tmp_path: Path, red_disc: np.ndarray, name: str) -> None:
    side, shape = 1024, (1, 3, 1024, 1024)
    own = tiny_onnx.write(tmp_path / "own.onnx", WEIGHT, BIAS, shape, sigmoid=False)
    mattes = Saliency(name, own, precision="fp32")([red_disc])
    assert mattes.model == [name] and mattes.alpha[0][45, 80] > 0.5 and mattes.alpha[0][5, 5] < 0.1
    general = Saliency("birefnet-general", own, precision="fp32").claim([red_disc])[0]
    assert general.shape == (side, side) and np.array_equal(
        general, Saliency(name, own, precision="fp32").claim([red_disc])[0]
    )
    with pytest.raises(WeightsError, match="no such file exists"):
        Saliency(name, tmp_path / "none.onnx")


def test_sizes_empty_frames_and_no_pictures(tmp_path: Path, red_disc: np.ndarray) -> None:
    net = Saliency("u2netp", tiny(tmp_path, "u2netp"), precision="fp32")
    blue = np.full((33, 71, 3), (20, 60, 200), np.uint8)
    mattes = net([red_disc, blue, np.ascontiguousarray(red_disc[:, ::2])])
    assert [a.shape for a in mattes.alpha] == [(90, 160), (33, 71), (90, 80)]
    assert mattes.model == ["u2netp", "none", "u2netp"]
    assert not mattes.alpha[1].any()
    assert mattes.alpha[0][45, 80] > 0.5 and mattes.alpha[0][5, 5] < 0.1
    assert all(a.dtype == np.float32 and a.min() >= 0 and a.max() <= 1 for a in mattes.alpha)
    assert all(0 <= c <= 1 for c in mattes.confidence)
    assert net([]).alpha == []


def test_a_dark_frame_is_not_stretched(tmp_path: Path, red_disc: np.ndarray) -> None:
    # Divided by its own maximum, a frame at a tenth of the light would give the same mask.
    net = Saliency("u2netp", tiny(tmp_path, "u2netp"), precision="fp32")
    bright, dark = net.claim([red_disc, red_disc // 10])
    assert bright.max() - bright.min() > 2 * (dark.max() - dark.min())


def test_noncommercial_weights_need_a_yes(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="allow_noncommercial=true"):
        Saliency("bria-rmbg", tiny(tmp_path, "bria-rmbg"))
    with pytest.raises(ValueError, match="known names are u2net"):
        Saliency("isnet_anime")
