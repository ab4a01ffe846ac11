from __future__ import annotations

import pickle
import subprocess
import sys
import zlib

import numpy as np
import pytest

from animelayers.truth.props import props

KINDS = {
    "statue", "scarecrow", "mannequin", "poster", "plush", "tree", "signpost", "barrel", "vase", "lamp", "bush", "rock", "branch", "fence", "tuft",
    "pillar", "window",
}  # fmt: skip
FIRST = [pytest.param(prop, id=prop.name) for prop in props() if prop.variant == 0]


def test_every_kind_is_in_both_splits_and_no_source_is() -> None:
    train, val = props("train"), props("val")
    assert {p.kind for p in train} == {p.kind for p in val} == KINDS
    assert not {p.source for p in train} & {p.source for p in val}
    assert len({p.name for p in props()}) == len(props()) == len(train) + len(val)
    assert all(len(p.tags & {"prop", "prop_like_figure", "foreground"}) == 1 for p in props())
    with pytest.raises(ValueError, match="train, val"):
        props("test")


@pytest.mark.parametrize("prop", FIRST)
def test_it_stands_on_its_pin_as_tall_as_asked_and_whole(prop) -> None:
    rgba, (x, y) = prop.draw("still", 0, 96)
    high, wide = rgba.shape[:2]
    assert rgba.dtype == np.uint8 and rgba.shape[2] == 4
    assert 0 <= x < wide and high - 14 < y
    assert abs(y - 96) < 14, "its top is a height above the pin"
    alpha = rgba[..., 3]
    assert alpha[0].any() and alpha[-1].any() and alpha[:, 0].any() and alpha[:, -1].any()
    assert (alpha > 250).mean() > 0.1
    assert wide < 2.5 * 96, "nothing is cut at the sheet's edge"
    again = prop.draw("still", 3, 96)
    assert np.array_equal(rgba, again.rgba) and again.pin == (x, y)


def test_variants_differ() -> None:
    """Nearly every kind has versions of several colours; three draws of three colours may fall on one."""
    same = 0
    for first in range(0, len(props()), 3):
        same += (
            len({zlib.crc32(prop.draw("still", 0, 48).rgba.tobytes()) for prop in props()[first : first + 3]})
            == 1
        )
    assert same < 0.12 * len(props()) / 3


def test_another_process_draws_the_same() -> None:
    here = zlib.crc32(props("val")[0].draw("still", 0, 80).rgba.tobytes())
    code = "import zlib; from animelayers.truth.props import props; print(zlib.crc32(props('val')[0].draw('still', 0, 80).rgba.tobytes()))"
    assert (
        int(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)
        == here
    )


def test_what_it_cannot_do_is_said() -> None:
    prop = props()[0]
    with pytest.raises(ValueError, match="still"):
        prop.draw("walk", 0, 100)
    with pytest.raises(ValueError, match="16"):
        prop.draw("still", 0, 4)


def test_it_travels_to_a_worker_and_serves_as_a_key() -> None:
    prop = props()[5]
    twin = pickle.loads(pickle.dumps(prop))
    assert {prop: 1}[twin] == 1 and dict(twin.actions) == {"still": 1}
