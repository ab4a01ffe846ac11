from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from animelayers.models.layernet_graph import CHANNELS  # noqa: E402
from animelayers.training import history, loop, pack, start  # noqa: E402
from animelayers.training.loop import CHECKPOINT, Plan, State, train  # noqa: E402
from animelayers.weights import WeightsError  # noqa: E402

PLAN = Plan(
    samples=24, shots=2, drawings=2, rate=2e-3, sizes=((64, 32, 1.0),), check=1000, store=8, workers=0
)


def run(plan: Plan, packed: Path, output: Path, **more: object) -> State:
    return train(plan, [packed], output, start.chosen("random"), told=lambda line: None, **more)  # type: ignore[arg-type]


def losses(output: Path) -> list[float]:
    return [line["loss"] for line in history.noted(output) if "loss" in line]


def test_a_training_writes_down_what_it_does(packed: Path, tmp_path: Path) -> None:
    shown: list[int] = []
    val = pack.listed(packed / "val")[:2]
    state = run(PLAN, packed, tmp_path, judged_by=val, after=lambda: shown.append(1))
    assert state.done == 24 and shown == [1] and [each["samples"] for each in state.judged] == [24]
    lines = history.noted(tmp_path)
    assert (
        [line["samples"] for line in lines] == [24, 24]
        and "judged" in lines[-1]
        and np.isfinite(losses(tmp_path)).all()
    )
    again = run(PLAN, packed, tmp_path, judged_by=val)
    assert (
        again.done == 24 and repr(again.judged) == repr(state.judged) and history.noted(tmp_path) == lines
    ), "what is done is not done again"
    for one, other in zip(state.mean.parameters(), again.mean.parameters(), strict=True):
        assert torch.equal(one, other)


def test_it_goes_on_where_it_was_interrupted(packed: Path, tmp_path: Path) -> None:
    def stop() -> None:
        raise KeyboardInterrupt

    plan, val = replace(PLAN, check=8, store=1000), pack.listed(packed / "val")[:1]
    with pytest.raises(KeyboardInterrupt):
        run(plan, packed, tmp_path, judged_by=val, after=stop)
    stored = torch.load(tmp_path / CHECKPOINT, weights_only=True)
    assert stored["done"] == 8
    state = run(plan, packed, tmp_path, judged_by=val)
    assert (
        state.done == 24
        and [each["samples"] for each in state.judged] == [8, 16, 24]
        and state.seconds > stored["seconds"]
    )
    samples = [line["samples"] for line in history.noted(tmp_path)]
    assert samples == sorted(samples) and samples[0] == 8


def test_another_plan_is_refused(packed: Path, tmp_path: Path) -> None:
    run(replace(PLAN, samples=4), packed, tmp_path)
    with pytest.raises(ValueError, match="is of another plan"):
        run(PLAN, packed, tmp_path)


def test_shots_that_are_hard_are_drawn_more_often(packed: Path, tmp_path: Path) -> None:
    plan = replace(PLAN, mine=0.75)
    assert run(replace(plan, workers=1), packed, tmp_path).done == 24, (
        "what is hard is known where batches are made"
    )
    data, paths = loop._Views(plan, [str(packed)], 0), pack.listed(packed)
    data.hard[[loop._slot(path) for path in paths]] = torch.tensor([0.9, *[0.1] * (len(paths) - 1)])
    rng = np.random.default_rng(0)
    drawn = np.bincount([n for _ in range(40) for n in data._round(paths, rng)], minlength=len(paths))
    assert drawn.min() >= 40, "none is left out"
    assert 4 < (drawn[0] - 40) / np.mean(drawn[1:] - 40) < 16
    assert sorted(loop._Views(replace(plan, mine=0.75), [str(packed)], 0)._round(paths, rng)) == list(
        range(len(paths))
    ), "nothing is known to be hard"


def test_what_makes_no_sense_is_refused(packed: Path, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="holds no packed shots"):
        run(PLAN, tmp_path, tmp_path / "out")
    hands = {hand for path in pack.listed(packed) for hand in pack.read(path).sources.split(",")}
    with pytest.raises(ValueError, match="no shot of the packs is left"):
        run(replace(PLAN, hold=tuple(sorted(hands))), packed, tmp_path / "out")
    for name, value in {
        "samples": 0,
        "rate": -1.0,
        "warm": 1.0,
        "average": 1.5,
        "sizes": ((8, 8, 1.0),),
        "minutes": 0,
    }.items():
        with pytest.raises(ValueError, match=f"plan.{name}="):
            replace(PLAN, **{name: value})  # type: ignore[arg-type]


def test_time_ends_a_training_as_drawings_do() -> None:
    plan = Plan(samples=100, minutes=2.0, warm=0.1, rate=1.0)
    assert plan.share(50, 12) == 0.5 and plan.share(10, 90) == 0.75 and plan.share(1, 500) == 1
    rates = [plan.lr(share) for share in np.linspace(0, 1, 41)]
    assert (
        max(rates) == plan.lr(0.1) == pytest.approx(1)
        and rates[-1] == pytest.approx(0.01)
        and np.argmax(rates) == 4
    )
    assert [plan.size(share) for share in (0, 0.39, 0.41, 1.0)] == [
        (224, 128),
        (224, 128),
        (288, 160),
        (352, 192),
    ]


def test_weights_are_stored_and_begun_from(tmp_path: Path) -> None:
    from safetensors.numpy import load_file, save_file

    net, path = start.random(3), tmp_path / "net.safetensors"
    start.stored(net, path, {"samples": 7})
    again = start.chosen(str(path))()
    for one, other in zip(net.state_dict().values(), again.state_dict().values(), strict=True):
        assert torch.equal(one.half().float(), other)
    header = json.loads(path.read_bytes()[8 : 8 + int.from_bytes(path.read_bytes()[:8], "little")])
    assert (
        json.loads(header["__metadata__"]["layernet"]) == {"samples": 7}
        and header["layers.weight"]["dtype"] == "F16"
    )
    short = {k: v for k, v in load_file(path).items() if not k.startswith("context.")}
    save_file(short, earlier := tmp_path / "earlier.safetensors")
    one, other = (start.chosen(str(earlier), seed)() for seed in (5, 5))
    assert all(
        torch.equal(a, b) for a, b in zip(one.state_dict().values(), other.state_dict().values(), strict=True)
    )
    data = path.read_bytes()
    start.stored(start.random(3), path, {"samples": 7})
    assert path.read_bytes() == data, "equal seeds, equal files"


def test_an_encoder_that_was_trained_on_photographs_is_taken_as_it_is() -> None:
    pytest.importorskip("torchvision")
    try:
        begin = start.chosen("imagenet")
    except WeightsError as missing:
        pytest.skip(str(missing))
    from animelayers.models.embed import mobilenet

    picture = torch.rand(1, 3, 96, 96, generator=torch.Generator().manual_seed(1))
    mean, std = (torch.tensor(each)[:, None, None] for each in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
    with torch.no_grad():
        theirs = mobilenet("mobilenetv2").features[:4]((picture - mean) / std)
        rest = torch.rand(1, CHANNELS - 3, 96, 96)  # of which it takes no notice yet
        ours = begin().encoder.eval()(torch.cat([2 * picture - 1, rest], 1))[1]
    inside = (..., slice(3, -3), slice(3, -3))  # beyond the border zero is black there and grey here
    assert torch.allclose(ours[inside], theirs[inside], atol=1e-3)


def test_other_files_are_refused(tmp_path: Path) -> None:
    from safetensors.numpy import save_file

    save_file({"x": np.zeros(3, np.float32)}, tmp_path / "other.safetensors")
    with pytest.raises(WeightsError, match="holds no weights of LayerNet"):
        start.chosen(str(tmp_path / "other.safetensors"))()
    (tmp_path / "text.safetensors").write_text("no weights")
    with pytest.raises(WeightsError, match="cannot be read"):
        start.chosen(str(tmp_path / "text.safetensors"))()
    with pytest.raises(WeightsError, match="no weights are called"):
        start.chosen(str(tmp_path / "nowhere.safetensors"))


def test_a_pack_is_trained_on_without_what_composes(packed: Path, tmp_path: Path) -> None:
    code = f"""
import sys
for name in ("ray", "hydra", "omegaconf", "av", "openvino", "onnxruntime", "matplotlib"):
    sys.modules[name] = None
from pathlib import Path
from animelayers.training import loop, start  # noqa: E402
plan = loop.Plan(samples=4, shots=1, drawings=2, sizes=((32, 32, 1.0),), workers=1)
print("done", loop.train(plan, [{str(packed)!r}], Path({str(tmp_path)!r}), start.random).done)
"""
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=root,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )
    assert "done 4" in done.stdout, done.stderr
