"""Figures told apart by colours and places."""

import numpy as np

from animelayers.imaging.figures import Appearance, cells, centre, lift, share_out


def two(x: int, y: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A picture, and the masks of a red figure at x behind a blue one at y; both wear white at the top."""
    picture, masks = np.full((120, 200, 3), (90, 160, 90), np.uint8), []
    for at, colour in ((x, (200, 40, 40)), (y, (40, 40, 200))):
        mask = np.zeros((120, 200), bool)
        mask[30:100, at : at + 30] = True
        picture[mask] = colour
        picture[30:45, at : at + 30] = 240
        masks.append(mask)
    return picture, masks[0] & ~masks[1], masks[1]


def test_a_merged_island_is_shared_out() -> None:
    picture, red, blue = two(40, 120)
    looks = [Appearance.of(cells(picture), mask) for mask in (red, blue)]
    for look, pace in zip(looks, (25, -25), strict=True):
        look.pace = np.array([pace, 0.0])
    picture, red, blue = two(68, 90)  # not quite where their pace leads
    whose, places = share_out(cells(picture), red | blue, looks)
    assert (whose[~(red | blue)] == -1).all()
    assert np.mean(whose[red] == 0) > 0.9 and np.mean(whose[blue] == 1) > 0.9
    assert abs(places[0][0] - 82.5) < 10 and abs(places[1][0] - 104.5) < 3


def test_a_look_is_known_again() -> None:
    picture, red, blue = two(20, 150)
    cell = cells(picture)
    look = Appearance.of(cell, red)
    assert look.alike(cell, red) > 0.99 > 0.6 > look.alike(cell, blue)
    look.seen(cell, np.roll(red, 7, axis=1))
    assert look.pace.tolist() == [7, 0] and look.turned().pace.tolist() == [-7, 0]


def test_labels_at_full_size_fill_the_mask() -> None:
    small = np.zeros((60, 80), np.uint8)
    small[20:40, 20:40], small[20:40, 40:60] = 2, 5
    mask = np.zeros((240, 320), bool)
    mask[78:162, 78:242] = True
    made = lift(small, mask.shape, mask)
    assert np.array_equal(made > 0, mask) and set(np.unique(made)) == {0, 2, 5}
    assert (made[100, 80:158] == 2).all() and (made[100, 162:240] == 5).all()
    assert np.mean((lift(small, mask.shape, None) > 0) == mask) > 0.97
    assert not lift(small * 0, mask.shape, mask).any()
    far = np.zeros_like(mask)
    far[:5, :5] = True
    assert not lift(small, mask.shape, far).any()


def test_centre() -> None:
    mask = np.zeros((9, 9), bool)
    assert centre(mask).tolist() == [4.5, 4.5]
    mask[2:5, 6] = True
    assert centre(mask).tolist() == [6, 3]
