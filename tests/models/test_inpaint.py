"""OpenCV's inpainting, reduced in the depth of a hole."""

import cv2
import numpy as np
import pytest

from animelayers.models.inpaint import OpenCV


def scene(h: int = 240, w: int = 320) -> tuple[np.ndarray, np.ndarray]:
    """Leaves before a sky, and a hole shaped like a figure."""
    rng = np.random.default_rng(5)
    sky = cv2.resize(
        rng.uniform(90, 230, (6, 8, 3)).astype(np.float32), (w, h), interpolation=cv2.INTER_CUBIC
    )
    leaves = cv2.resize(
        rng.normal(0, 40, (h // 4, w // 4, 3)).astype(np.float32), (w, h), interpolation=cv2.INTER_CUBIC
    )
    hole = np.zeros((h, w), np.uint8)
    cv2.ellipse(hole, (w // 2, h // 2), (w // 6, h // 3), 20, 0, 360, 1, -1)
    return (sky + leaves).clip(0, 255).astype(np.uint8), hole > 0


@pytest.mark.parametrize("method", ["telea", "ns"])
def test_fills_the_hole_only_and_no_worse_than_opencv_at_full_size(method: str) -> None:
    picture, hole = scene()
    broken = np.where(hole[..., None], np.uint8(0), picture)
    broken.flags.writeable = hole.flags.writeable = False
    (filled,) = OpenCV(method)([broken], [hole])
    assert np.array_equal(filled[~hole], picture[~hole])
    flag = {"telea": cv2.INPAINT_TELEA, "ns": cv2.INPAINT_NS}[method]
    full = cv2.inpaint(broken, hole.astype(np.uint8), 3, flag)
    error = [np.abs(made[hole].astype(float) - picture[hole]).mean() for made in (filled, full)]
    assert error[0] <= error[1]


@pytest.mark.parametrize(
    "hole",
    [
        (slice(0, 0), slice(0, 0)),
        (slice(0, 1), slice(0, 1)),
        (slice(0, 40), slice(0, 25)),
        (slice(10, 30), slice(0, 60)),
    ],
)
def test_holes_of_all_kinds(hole: tuple[slice, slice]) -> None:
    picture = np.full((40, 60, 3), (10, 130, 250), np.uint8)
    where = np.zeros((40, 60), bool)
    where[hole] = True
    broken = np.where(where[..., None], np.uint8(77), picture)
    assert np.abs(OpenCV()([broken], [where])[0].astype(int) - picture).max() <= 5


def test_almost_nothing_known() -> None:
    picture, hole = np.full((64, 64, 3), 100, np.uint8), np.ones((64, 64), bool)
    assert (OpenCV()([picture], [hole])[0] == 100).all()
    hole[5, 5] = False
    assert OpenCV()([picture], [hole])[0][5, 5].tolist() == [100, 100, 100]


def test_one_pixel_picture() -> None:
    picture = np.full((1, 1, 3), 9, np.uint8)
    assert OpenCV()([picture], [np.ones((1, 1), bool)])[0].shape == (1, 1, 3)


def test_wrong_options_are_named() -> None:
    with pytest.raises(ValueError, match="'lama' is unknown: one of telea, ns"):
        OpenCV("lama")
    with pytest.raises(ValueError, match="at least 1"):
        OpenCV(rim=0)
