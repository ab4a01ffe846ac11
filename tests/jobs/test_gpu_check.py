"""The check of a GPU, tried on the CPU: what hangs costs only itself, and what is not there is said."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from animelayers.benchmark import card
from tests.jobs.conftest import Main

SMALL = card.Size(frames=6, size=(160, 90), batches=(1,), rounds=1, workers=1)


def test_a_step_tells_what_it_found_and_one_that_takes_too_long_is_ended(main: Main, tmp_path: Path) -> None:
    report = tmp_path / "card.json"
    code, said = main(
        "gpu_check",
        "device=cpu",
        "steps=[decode,layernet]",
        "limits.decode=240",
        "limits.layernet=0.3",
        f"report={report}",
    )
    assert code == 3
    assert "ok        decode" in said and "PyAV frames/s" in said
    assert "failed    layernet" in said and "not done within 0 s" in said
    assert [step["state"] for step in json.loads(report.read_text())["steps"]] == ["ok", "failed"]


def test_the_net_is_the_same_on_the_device() -> None:
    facts = card.layernet("cpu", SMALL)
    assert facts["fp32 off by at most"] < 1e-4 and facts["fp32 IoU with the CPU"] > 0.999
    assert facts["bf16 IoU with the CPU"] > 0.98 and facts["bf16 drawings/s at 1"] > 0


def test_what_is_not_there_is_said() -> None:
    with pytest.raises(card.LeftOut, match="needs a GPU, a checkout and pytest"):
        card.tests("cpu", SMALL)
    if not torch.cuda.is_available():
        with pytest.raises(RuntimeError, match="sees no GPU"):
            card.driver("cuda", SMALL)


@pytest.mark.parametrize(
    ("word", "message"), [("steps=[drivr]", "did you mean driver?"), ("device=tpu", "it is cuda or cpu")]
)
def test_bad_words_are_one_sentence(word: str, message: str, main: Main) -> None:
    code, said = main("gpu_check", word)
    assert code == 2 and message in said and "Traceback" not in said
