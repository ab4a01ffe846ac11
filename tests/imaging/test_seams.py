"""Ids over the clips of one shot."""

import numpy as np

from animelayers.imaging.seams import boxes, merged


def test_boxes_of_a_label_map() -> None:
    labels = np.zeros((20, 30), np.uint8)
    labels[2:7, 3:10], labels[10:12, 20:30] = 1, 3
    assert boxes(labels) == {1: (3, 2, 7, 5), 3: (20, 10, 10, 2)}
    assert boxes(np.zeros((4, 4), np.uint8)) == {} == boxes(np.zeros((0, 0), np.uint8))


def test_ids_are_counted_on_over_the_clips_of_a_shot() -> None:
    here, there, away = (0, 0, 10, 20), (50, 0, 10, 20), (90, 0, 10, 20)
    first = ((1, 2), {1: here}, {1: here, 2: there})
    second = ((1, 2), {1: there, 2: (1, 0, 10, 20)}, {2: here})  # counted the other way round
    third = ((1, 2), {1: away}, {1: away})
    assert merged([first, second, third]) == [{1: 1, 2: 2}, {1: 2, 2: 1}, {1: 3, 2: 4}]
    assert merged([((), {}, {}), ((1,), {1: here}, {1: here})]) == [{}, {1: 1}]
    assert merged([]) == []
