from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from animelayers.models.faces import AnimeFace, YoloFaces
from animelayers.samples import scene
from animelayers.weights import WeightsError
from tests.models import tiny_onnx


@pytest.fixture
def finder(tmp_path: Path) -> YoloFaces:
    return YoloFaces(
        tiny_onnx.pixels_as_boxes(tmp_path / "faces.onnx", 64, 20), side=64, min_score=0.6, device="cpu"
    )


def test_boxes_come_back_in_the_pictures_own_pixels_best_first(finder: YoloFaces) -> None:
    wide, high = np.zeros((96, 128, 3), np.uint8), np.zeros((256, 128, 3), np.uint8)
    wide[20:22, 40:42] = (200, 0, 0)
    wide[60:62, 100:102] = (255, 0, 0)
    wide[62:64, 100:102] = (230, 0, 0)  # a lesser box over the same face
    high[0:4, 0:4] = (255, 0, 0)
    first, second, none = finder([wide, high, np.zeros((50, 64, 3), np.uint8)])
    assert [tuple(face[:4]) for face in first] == [(81, 41, 40, 40), (21, 1, 40, 40)]
    assert [face.score for face in first] == pytest.approx([1.0, 200 / 255], abs=1e-3)
    assert [tuple(face[:4]) for face in second] == [(0, 0, 42, 42)] and none == []  # cut at the border


def test_another_output_and_bad_options_are_refused(tmp_path: Path) -> None:
    other = tiny_onnx.write(tmp_path / "other.onnx", (1, 0, 0), 0, (1, 3, 64, 64))
    with pytest.raises(WeightsError, match="export it as a YOLOv8 without nms"):
        YoloFaces(other, side=64, kind=99, device="cpu")([np.zeros((64, 64, 3), np.uint8)])
    for options in ({"side": 50}, {"min_score": 0.0}, {"overlap": 1.5}):
        with pytest.raises(ValueError, match="multiple of 32"):
            YoloFaces(other, **options)
    with pytest.raises(WeightsError, match="no such file exists"):
        YoloFaces("nosuchfaces")
    with pytest.raises(WeightsError, match="a file of your own"):
        YoloFaces()


def test_animeface_works_or_is_refused() -> None:
    pytest.importorskip("animeface", reason="the package animeface is not installed")
    import PIL

    if int(PIL.__version__.split(".")[0]) >= 12:
        with pytest.raises(RuntimeError, match="does not find the face of a known drawing"):
            AnimeFace()
        return
    picture = scene("portrait", 1, (640, 360)).frames[0]
    ((face, *_), nobody) = AnimeFace()([picture, np.full((90, 90, 3), 127, np.uint8)])
    assert face.score > 0.5 and 200 < face.x < 300 and 60 < face.w < 140 and nobody == []


def test_without_the_package_the_error_names_it() -> None:
    try:
        import animeface  # noqa: F401
    except ImportError:
        with pytest.raises(RuntimeError, match="pip install animeface"):
            AnimeFace()
    else:
        pytest.skip("the package animeface is installed")
