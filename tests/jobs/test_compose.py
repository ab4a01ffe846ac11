from __future__ import annotations

from pathlib import Path

import pytest

from animelayers.dataset.output import Output
from tests.jobs.conftest import Main

SMALL = ("truth.size=[160,96]", "truth.frames=[2,3]", "truth.shots=1")


def test_a_set_is_composed_and_told(main: Main, ray_here: object, tmp_path: Path) -> None:
    code, said = main("compose", f"output={tmp_path / 'set'}", "shots=2", "seed=3", "truth.split=val", *SMALL)
    assert code == 0 and f"{tmp_path / 'set'}/films" in said and "2 shots" in said
    assert len(set(Output(str(tmp_path / "set")).table["clip_id"].to_pylist())) == 2
    code, said = main("compose", f"output={tmp_path / 'set'}", "shots=2", "seed=4", "truth.split=val", *SMALL)
    assert code == 2 and "seed was 3, is 4" in said


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("shots=0", "shots=0: it is a whole number, 1 or more"),
        ("truth.split=test", "truth.split=test: it is train or val"),
        ("truth.parts=nowhere", "truth.parts=nowhere: there is no such folder"),
        ("truth.focus=[juggling]", "juggling"),
        ("truth.camera={still:-1}", "truth.camera"),
        ("truth.frmaes=[3,4]", "frmaes"),
    ],
)
def test_what_makes_no_sense_ends_in_a_sentence(main: Main, tmp_path: Path, word: str, told: str) -> None:
    code, said = main("compose", f"output={tmp_path / 'set'}", "shots=1", *SMALL, word)
    assert code == 2 and told in said and "Traceback" not in said
    assert not (tmp_path / "set").exists()
