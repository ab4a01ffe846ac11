from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from animelayers import job
from animelayers.engine.pipeline import Pipeline
from animelayers.models.protocols import Mattes
from animelayers.quality import ablate, peers, perturb
from animelayers.quality.ablate import REFERENCE, RULES
from animelayers.quality.figures import FIGURES
from animelayers.quality.memory import Remembered
from animelayers.shot.params import Params
from animelayers.weights import TABLE
from tests.steps import DECODED


def check(overrides: list[str]) -> list[str]:
    stages = job.stages(job.compose("decompose", ["source.path=.", "output=x", *overrides]))
    Pipeline(stages).check(DECODED)
    return list(stages)


def test_every_rule_composes() -> None:
    lists: dict[str, list[str]] = {}
    options: list[str] = []
    for words in RULES.values():
        key, _, value = words[0].partition("=")
        if key.endswith(".without"):
            lists.setdefault(key, []).append(value.strip("[]"))
        elif key.startswith("~"):
            check(list(words))
        else:
            options += words
    check([*options, *(f"{key}=[{','.join(names)}]" for key, names in lists.items())])
    named = {key.removeprefix("+stages.").split(".")[0]: set(names) for key, names in lists.items()}
    kinds = {
        name: stage.kind
        for name, stage in job.stages(job.compose("decompose", ["source.path=.", "output=x"])).items()
    }
    assert named == {name: set(kind.rules) for name, kind in kinds.items() if kind.rules}, (
        "no rule is forgotten"
    )


def test_a_rule_that_there_is_not_is_refused_before_anything_starts() -> None:
    with pytest.raises(
        ValueError, match=r"stage layers: without=evidense: no such rule; did you mean evidence\?"
    ):
        check(["+stages.layers.step.without=[evidense]"])
    with pytest.raises(ValueError, match=r"did you mean camera"):
        ablate.chosen(["camra"])
    assert ablate.chosen("all") == ablate.chosen(["all"]) == list(RULES) and ablate.systems([]) == []
    assert [system.name for system in ablate.systems(["seam"])] == [REFERENCE, "without seam"]


@pytest.mark.parametrize("net", ["modnet", "u2net", "isnet-anime"])
def test_a_peer_is_a_net_alone(net: str) -> None:
    assert check(peers.overrides(net)) == ["character", "background", "encode", "quality"]
    assert net in peers.NETS and set(peers.here()) <= set(peers.NETS) <= set(TABLE)


class Counting:
    """A matte that is as bright as the picture, and counts what it is asked."""

    asked = 0

    def __call__(self, pictures: list[np.ndarray]) -> Mattes:
        self.asked += len(pictures)
        return Mattes(
            [p[..., 0] / np.float32(255) for p in pictures],
            ["bright"] * len(pictures),
            [float(p.mean()) for p in pictures],
        )


def test_what_a_net_said_is_remembered_to_the_bit(tmp_path: Path) -> None:
    pictures = [np.random.default_rng(k).integers(0, 256, (20, 30 + k, 3), np.uint8) for k in range(3)]
    net = Counting()
    first = Remembered(str(tmp_path / "kept"), net)(pictures[:2])
    again = Remembered(str(tmp_path / "kept"), net)(pictures)
    assert (
        net.asked == 3
        and again.model == ["bright"] * 3
        and again.confidence[:2] == first.confidence == [float(p.mean()) for p in pictures[:2]]
    )
    assert all(
        np.array_equal(a, p[..., 0] / np.float32(255)) and a.dtype == np.float32
        for a, p in zip(again.alpha, pictures, strict=True)
    )
    alone = Remembered(str(tmp_path / "kept"))
    assert alone(pictures).model == again.model
    with pytest.raises(KeyError, match="1 pictures are not remembered"):
        alone([pictures[0][1:]])


def test_what_a_rule_is_worth_is_turned_so_that_more_is_better() -> None:
    from animelayers.quality.figures import FIGURES

    def rows(system: str, **figures: float) -> list[dict[str, object]]:
        facts = {"system": system, "shot": 0, "traits": ["crossing"], "sources": []}
        return [
            {
                **facts,
                "film": f"{k}.mkv",
                **dict.fromkeys(FIGURES),
                **{n: v + k / 100 for n, v in figures.items()},
            }
            for k in range(10)
        ]

    both = [
        *rows(REFERENCE, character_iou=0.8, edge_band=0.02),
        *rows("without seam", character_iou=0.7, edge_band=0.05),
    ]
    (line,) = ablate.worth(
        both, {REFERENCE: {"cpu": 30.0}, "without seam": {"cpu": 20.0}}, ["seam"], "animelayers"
    )
    assert line["seconds"] == 10 and line["figures"]["character_iou"] == {
        "worth": pytest.approx(0.1),
        "verdict": "better",
    }
    assert line["figures"]["edge_band"]["worth"] == pytest.approx(0.03) and len(line["traits"]) == 2
    assert ablate.markdown([line]).splitlines()[-1] == "| seam | **+0.100** | **+30** | 10 |"


def test_each_tunable_is_changed_by_a_fifth_within_its_range_and_what_moves_a_figure_is_told() -> None:
    assert perturb.changed("kept") == {"kept less": 0.24, "kept more": 0.36}
    assert perturb.changed("rounds") == {"rounds less": 1, "rounds more": 3}, "whole ones by one"
    assert [system.name for system in perturb.systems(["kept"])] == [
        perturb.REFERENCE,
        "kept less",
        "kept more",
    ] and perturb.systems([]) == []
    assert perturb.chosen("all") == list(Params.__dataclass_fields__)
    with pytest.raises(ValueError, match="did you mean alike"):
        perturb.chosen(["alke"])
    blank = {**dict.fromkeys(FIGURES), "film": "f", "traits": [], "sources": []}
    rows = [
        {**blank, "system": system, "shot": n, "character_iou": 0.7 + 0.01 * (n % 3) + more}
        for system, more in ((perturb.REFERENCE, 0.0), ("kept less", 0.1), ("kept more", 0.001))
        for n in range(12)
    ]
    less, more = perturb.changes(rows, ["kept"])
    assert less["figures"]["character_iou"]["moved"] and not more["figures"]["character_iou"]["moved"]
    assert perturb.markdown([less, more]).splitlines()[2:] == [
        "| kept less | 0.24 | **+0.100** |",
        "| kept more | 0.36 | +0.001 |",
    ]
