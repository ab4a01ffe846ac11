"""ClickNet learns what a click means."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from animelayers.models.clicknet import GIVEN, ClickNet
from animelayers.models.layernet import stored as read
from animelayers.training import start
from animelayers.training.clicknet import Plan, begun, judged, train
from animelayers.weights import WeightsError, find

PLAN = Plan(samples=8, batch=2, size=(64, 64), workers=0)


def test_it_trains_judges_and_is_read_again(packed: Path, tmp_path: Path) -> None:
    shots = sorted(packed.glob("*.shot"))[:2]
    said = list[str]()
    net, facts = train(PLAN, [str(packed)], [], find("layernet"), tmp_path, shots, said.append)
    assert facts["scenes"] == 8 and facts["loss"] > 0 and facts["plan"]["minutes"] is None
    assert facts["judged"]["shots"] == 2 and len(facts["judged"]["iou"]) == 3
    start.stored(net, tmp_path / "clicknet.safetensors", facts, "clicknet")
    ClickNet(str(tmp_path / "clicknet.safetensors"), side=64)
    again, _ = train(PLAN, [str(packed)], [], find("layernet"), tmp_path / "again")
    for one, other in zip(net.parameters(), again.parameters(), strict=True):
        torch.testing.assert_close(one, other)
    held = (tmp_path / "checkpoint.pt").read_bytes()
    _, facts = train(PLAN, [str(packed)], [], find("layernet"), tmp_path)
    assert facts["scenes"] == 8 and facts["loss"] is None, "it was done"
    assert len(held) == len((tmp_path / "checkpoint.pt").read_bytes())
    with pytest.raises(ValueError, match="of another plan"):
        train(replace(PLAN, seed=3), [str(packed)], [], find("layernet"), tmp_path)


def test_from_layernet_it_begins_with_figures() -> None:
    own, net = read(find("layernet")), begun(find("layernet"))
    made = net.state_dict()
    assert made["encoder.blocks.0.0.weight"].shape[1] == made["evidence.0.0.weight"].shape[1] == GIVEN
    np.testing.assert_array_equal(made["layers.weight"], own["layers.weight"][:1])
    np.testing.assert_array_equal(made["edges.0.0.weight"][:, -1], own["edges.0.0.weight"][:, -3])
    assert not made["encoder.blocks.0.0.weight"][:, 3:].any(), "it takes no notice of clicks yet"
    with pytest.raises(WeightsError, match="neither LayerNet nor ClickNet"):
        begun(find("castnet"))


def test_the_shipped_weights_follow_clicks_better_than_layernet(packed: Path) -> None:
    shots = sorted(packed.glob("*.shot"))
    ours, before = (
        judged(begun(find(name)), shots, (160, 96))["iou"][-1] for name in ("clicknet", "layernet")
    )
    assert ours > before


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"samples": 0}, "plan.samples=0"),
        ({"rate": 0}, "plan.rate=0"),
        ({"minutes": -1}, "plan.minutes=-1"),
        ({"encoder": 2}, "plan.encoder=2"),
        ({"size": (32, 256)}, "plan.size"),
    ],
)
def test_what_makes_no_sense_is_refused(wrong: dict, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        Plan(**wrong)


def test_time_ends_a_training_as_scenes_do() -> None:
    plan = Plan(minutes=2, samples=1000)
    assert plan.share(0, 60) == 0.5 and plan.share(900, 0) == 0.9 and plan.share(0, 600) == 1
    assert math.isclose(plan.lr(0.02), plan.rate, rel_tol=0.05) and plan.lr(1) < 0.02 * plan.rate
