"""Shadows in what is exported: a layer of their own to multiply with, in the frame, and with the figure on
request.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from animelayers import Output
from animelayers.exports import picture
from animelayers.exports.ora import read_ora, to_ora
from animelayers.exports.psd import read_psd, to_psd
from animelayers.exports.stack import SHADOW, decoded, merged, stack
from animelayers.imaging.recompose import together
from animelayers.sinks import Shards
from animelayers.sources.stored import Clip
from tests.exports.conftest import RUN, row

Layers = dict[str, np.ndarray]


@pytest.fixture
def dark(tmp_path: Path) -> tuple[Output, list[Layers]]:
    made, layers = row("film/scene0000/000000", [0, 0, 1], "shadow")
    sink = Shards(str(tmp_path / "out"))
    with sink.open(RUN):
        sink.write([made], RUN)
    return Output(str(tmp_path / "out")), layers


def whole(layers: Layers) -> np.ndarray:
    return together(layers["background"], layers["character"], layers["shadow"])


def test_the_frame_is_in_its_shadow(dark: tuple[Output, list[Layers]]) -> None:
    output, layers = dark
    rows = output.table.to_pylist()
    frame = picture.stored(output, rows[0], "frame")
    assert np.array_equal(frame, whole(layers[0]))
    inside = (slice(36, 40), slice(40, 48))
    assert frame[inside].mean() < 0.75 * layers[0]["background"][inside].mean()
    assert np.array_equal(Clip(output, rows).columns(["frames"])["frames"][1], whole(layers[1]))


@pytest.mark.parametrize(("write", "read"), [(to_psd, read_psd), (to_ora, read_ora)])
def test_editors_get_it_as_a_layer_that_multiplies(dark: tuple[Output, list[Layers]], write, read) -> None:
    output, layers = dark
    first = output.table.to_pylist()[0]
    again = read(write(stack(decoded(output, first), first, frame=False)))
    names = [layer.name for layer in again]
    assert names.index("background") < names.index(SHADOW) < names.index("character 1")
    shadow = again[names.index(SHADOW)]
    assert shadow.mode == "multiply" and np.array_equal(shadow.picture, layers[0]["shadow"])
    assert np.array_equal(merged(again), whole(layers[0]))


def test_a_cut_out_comes_with_it_on_request(dark: tuple[Output, list[Layers]]) -> None:
    output, layers = dark
    first = output.table.to_pylist()[0]
    alone, both = (
        picture.placed(output, first, "character", "alpha", shadow=wanted) for wanted in (False, True)
    )
    assert np.array_equal(alone, layers[0]["character"])
    solid = alone[..., 3] == 255
    assert np.array_equal(both[solid], alone[solid])
    cast = (layers[0]["shadow"][..., 3] > 0) & (alone[..., 3] == 0)
    assert not both[..., :3][cast].any() and 60 < both[..., 3][cast].mean() < 150
    on_white = picture.placed(output, first, "character", "solid", shadow=True)
    plain = picture.placed(output, first, "character", "solid")
    assert on_white[cast].mean() < plain[cast].mean() and np.array_equal(on_white[solid], plain[solid])
