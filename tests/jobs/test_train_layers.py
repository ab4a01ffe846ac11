from __future__ import annotations

import dataclasses
import json
import sys
from pathlib import Path

import numpy as np
import pytest
from omegaconf import OmegaConf

from animelayers import job
from animelayers.training import history, pack
from animelayers.training.judge import judge
from animelayers.training.views import View
from tests.exports.films import film
from tests.jobs.conftest import Main

TRUTH = (
    "truth.size=[192,128]", "truth.frames=[7,7]", "truth.shots=1", "truth.transition=cut", "truth.camera=still", "truth.parallax=0",
    "truth.figures=1", "truth.movement=slide", "truth.exposure=1", "truth.effects=0", "truth.props=0", "truth.fronts=0", "truth.shadow=none",
    "truth.film=clean", "truth.overlay=none",
)  # fmt: skip
"""Words of films of one shot, in which one figure slides over a ground that stands."""
TINY = ("start=random", "device=cpu", "plan.workers=0", "plan.shots=2", "plan.sizes=[[80,48,1]]")


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pack of such shots, and of other hands in `val` below it."""
    folder = tmp_path_factory.mktemp("packs") / "pack"
    (folder / "val").mkdir(parents=True)
    for split, where, films in (("train", folder, 24), ("val", folder / "val", 5)):
        recipe = job.build(job.compose("train_layers", [*TRUTH, f"truth.split={split}"]).truth)
        for number in range(films):
            for shot in pack.shots(recipe, 3, number, (96, 64), 7):
                pack.write(shot, where / f"{recipe.named(3, number)}-00.shot")
    return folder


def test_a_tiny_training_learns_to_see_figures(main: Main, packed: Path, tmp_path: Path) -> None:
    pytest.importorskip("torch")
    out = tmp_path / "out"
    plan = ("plan.samples=600", "plan.rate=0.003", "plan.frozen=1", "plan.average=0.9", "plan.check=100000")
    words = [f"output={out}", f"pack={packed}", *TINY, *plan]
    code, said = main("train_layers", *words)
    assert (
        code == 0
        and "600 drawings" in said
        and f"{out}/layernet.safetensors" in said
        and f"{out}/index.html" in said
    ), said
    losses = [line["loss"] for line in history.noted(out) if "loss" in line]
    assert np.mean(losses[-3:]) < 0.8 * losses[0]

    held = [pack.read(path) for path in pack.listed(packed / "val")]
    nothing, everything = (
        judge(lambda view, value=value: np.full_like(_true(view), value), held) for value in (0.0, 1.0)
    )
    found = history.noted(out)[-1]["judged"]
    assert found["character"] > 1.5 * everything.character > nothing.character == 0
    assert found["false_effect"] < 0.05 and set(found["sources"]) == set(everything.sources)
    assert "figures, IoU: " in said and (out / "index.html").read_text().count("<svg") == 5

    from animelayers.models.layernet import LayerNet

    weights = out / "layernet.safetensors"
    (label,) = LayerNet(weights, side=96, runtime="torch").labels(
        [held[0].frames[0]], [_nothing(held[0].frames[0].shape)]
    )
    assert label.shape == (3, 64, 96) and 0 <= label.min() <= label.max() <= 1
    data = weights.read_bytes()
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    facts = json.loads(header["__metadata__"]["layernet"])
    assert (
        facts["samples"] == 600
        and facts["start"] == "random"
        and facts["plan"]["minutes"] is None
        and str(tmp_path) not in json.dumps(facts)
    )

    assert main("train_layers", *words)[0] == 0 and weights.read_bytes() == data, (
        "what is done is not done again"
    )
    code, said = main("train_layers", *words[:-1], "plan.check=50")
    assert code == 2 and "is of another plan" in said


def _true(view: View) -> np.ndarray:
    return np.moveaxis(view.layers, -1, 1).astype(np.float32) / 255


def _nothing(shape: tuple[int, ...]) -> object:
    from animelayers.imaging.evidence import nothing

    return nothing(shape)


def test_outputs_teach_as_far_as_they_can_be_believed(main: Main, packed: Path, tmp_path: Path) -> None:
    pytest.importorskip("torch")
    films = [str(film(tmp_path / name, background="png")) for name in ("one", "two")]
    words = [f"output={tmp_path}/out", f"pack={packed}", *TINY, "plan.samples=4", "plan.check=100000"]
    code, said = main("train_layers", *words, f"outputs=[{','.join(films)}]")
    assert code == 0, said
    for number, path in enumerate(films):
        kept = len([*(tmp_path / f"out/film/{number:03d}").glob("*.shot")])
        assert f"{path}: {kept} of 2 shots teach" in said
    code, said = main("train_layers", *words, f"outputs=[{tmp_path}/nowhere]")
    assert code != 0 and "nowhere" in said and "Traceback" not in said


def test_a_pack_is_composed_and_nothing_else(main: Main, ray_here: object, tmp_path: Path) -> None:
    words = [
        "compose_only=true",
        f"pack={tmp_path / 'pack'}",
        "films=2",
        "val_films=1",
        "seed=4",
        *TRUTH,
        "truth.size=[96,64]",
        "truth.frames=[2,2]",
    ]
    code, said = main("train_layers", *words)
    assert code == 0 and "2 shots to train on, 1 to judge by" in said
    names = sorted(
        path.relative_to(tmp_path / "pack").as_posix() for path in (tmp_path / "pack").rglob("*.*")
    )
    assert names == [
        "pack.json",
        "train0004-00000-00.shot",
        "train0004-00001-00.shot",
        "val/val0004-00000-00.shot",
    ]
    shot = pack.read(tmp_path / "pack" / names[1])
    assert shot.frames.shape[1:3] == (32, 48)  # half the size that is composed
    code, said = main("train_layers", *words, "truth.figures=2")
    assert code == 2 and "holds shots of another recipe or seed" in said


def test_every_word_of_the_plan_is_one_of_the_loop_and_means_the_same() -> None:
    pytest.importorskip("torch")
    from animelayers.training.loop import Plan

    stated = OmegaConf.to_container(job.compose("train_layers").plan, resolve=True)
    own = {**dataclasses.asdict(Plan()), "minutes": None}
    assert json.loads(json.dumps(stated)) == json.loads(json.dumps(own))


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("films=0", "films=0: it is a whole number, 1 or more"),
        ("truth.split=val", "val is kept to judge by"),
        ("truth.parts=nowhere", "truth.parts=nowhere: there is no such folder"),
        ("truth.frmaes=[3,4]", "frmaes"),
        ("start=nowhere.safetensors", "no weights are called 'nowhere.safetensors'"),
        ("device=abacus", "device=abacus: it is auto, cpu, cuda or mps"),
        ("plan.samples=0", "plan.samples=0: it is a whole number, 1 or more"),
        ("plan.rate=fast", "plan.rate=fast: it is a number, above 0"),
        ("plan.sizes=[[8,8,1]]", "plan.sizes=[[8, 8, 1]]: a list of"),
        ("plan.sampels=3", "did you mean 'plan.samples'?"),
    ],
)
def test_what_makes_no_sense_ends_in_a_sentence(main: Main, tmp_path: Path, word: str, told: str) -> None:
    pytest.importorskip("torch")
    code, said = main("train_layers", f"output={tmp_path / 'out'}", "films=1", *TINY, word)
    assert code == 2 and told in said and "Traceback" not in said
    assert not (tmp_path / "out").exists()


def test_packs_that_cannot_be_trained_on_are_named(main: Main, packed: Path, tmp_path: Path) -> None:
    pytest.importorskip("torch")
    code, said = main(
        "train_layers", f"output={tmp_path / 'out'}", f"pack={packed}", *TINY, f"packs=[{tmp_path}]"
    )
    assert code == 2 and f"{tmp_path} holds no packed shots" in said
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "a.shot").write_bytes(pack.listed(packed)[0].read_bytes()[:3000])
    code, said = main(
        "train_layers", f"output={tmp_path / 'out'}", f"pack={tmp_path / 'bad'}", *TINY, "plan.workers=1"
    )
    assert code == 2 and "a.shot is no packed shot" in said and "Traceback" not in said


def test_without_torch_a_sentence_says_what_to_install(
    main: Main, packed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "animelayers.training.loop", None)  # as where its import of torch fails
    monkeypatch.delattr("animelayers.training.loop", raising=False)
    code, said = main("train_layers", f"output={tmp_path / 'out'}", f"pack={packed}")
    assert code == 2 and "training needs torch" in said and "pip install 'animelayers[models]'" in said
