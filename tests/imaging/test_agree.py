from __future__ import annotations

import numpy as np

from animelayers.imaging.agree import agree


def drawing() -> tuple[np.ndarray, np.ndarray]:
    """Three segments side by side: seen by the matte, but for a hole and with a strand beyond it; missed; and
    partly seen.
    """
    labels = np.zeros((80, 160), np.uint8)
    labels[20:70, 10:50], labels[20:70, 60:100], labels[20:70, 110:150] = 1, 2, 3
    alpha = np.zeros((80, 160), np.float32)
    alpha[20:70, 10:50] = 1
    alpha[40:50, 25:35] = 0.3  # the hole
    alpha[12:20, 30:32] = 0.7  # a strand within reach
    alpha[20:70, 110:120] = 1
    return alpha, labels


def test_a_figure_the_matte_missed_becomes_one_and_a_mere_piece_does_not() -> None:
    alpha, labels = drawing()
    made = agree(alpha, labels, [1, 2], 8)
    assert made.dtype == np.float32 and (made[20:70, 60:100] == 1).all()
    assert np.array_equal(made[:, 110:], alpha[:, 110:])  # not named: as the nets say
    assert not agree(alpha, labels, [], 8)[:, 62:100].any()


def test_the_matte_keeps_its_outline_and_is_filled_inside() -> None:
    alpha, labels = drawing()
    made = agree(alpha, labels, [1, 2, 3], 8)
    assert (made[40:50, 25:35] == 1).all() and np.array_equal(made[12:20, 10:50], alpha[12:20, 10:50])
    edge = alpha.copy()
    edge[20:24, 10:50] = 0.4
    assert np.array_equal(agree(edge, labels, [1], 8)[20:24, 10:50], edge[20:24, 10:50])


def test_doubt_far_from_every_segment_falls_and_what_is_sure_stays() -> None:
    alpha, labels = drawing()
    alpha[2:6, 60:150] = 0.7
    labels[:, 60:] = 0
    alpha[60:75, 70:90] = 0.95
    alpha[56:60, 70:90] = 0.4  # its soft edge
    made = agree(alpha, labels, [1], 8)
    assert not made[2:6, 60:150].any() and np.array_equal(made[56:75, 70:90], alpha[56:75, 70:90])


def test_without_segments_a_matte_is_as_it_was() -> None:
    alpha, labels = drawing()
    assert np.array_equal(agree(alpha, np.zeros_like(labels), [], 8), alpha)
    assert np.array_equal(agree(np.zeros_like(alpha), labels, [], 8), np.zeros_like(alpha))
