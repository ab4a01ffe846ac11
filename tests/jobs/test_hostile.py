from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from animelayers import Output
from tests.jobs.conftest import Decompose
from tests.models import tiny_onnx
from tests.sources import hostile


def test_every_hostile_input_ends_as_layers_or_as_an_error(
    decompose: Decompose, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, outside, output = tmp_path / "in", tmp_path / "outside", tmp_path / "out"
    expected = hostile.write(folder, outside)
    assert len(expected) >= 40
    # what is bright: the inputs are tested, not their mattes
    net = tiny_onnx.write(tmp_path / "net.onnx", (1, 1, 1), 0, ("n", 3, "h", "w"))
    words = ["source.max_pixels=8000000", f"stages.character.step.matte.weights={net}", "placement.workers=2"]
    assert decompose(folder, output, *words) == 3
    out = Output(str(output))
    frames = Counter(out.table["source"].to_pylist())
    errors = Counter(out.errors["source"].to_pylist())
    kinds = dict(zip(out.errors["source"].to_pylist(), out.errors["error_type"].to_pylist(), strict=True))
    assert set(frames) | set(errors) == set(expected), "nothing vanishes, nothing is made up"
    for source, wanted in expected.items():
        assert errors[source] == bool(wanted.errors), source
        assert not wanted.errors or kinds[source] in wanted.errors, source
        if wanted.approximate:
            assert frames[source] > 0, source
        else:
            assert frames[source] == wanted.frames, source
    assert all(out.errors["error"].to_pylist()) and all(out.errors["error_type"].to_pylist())
    for frame_id, width, height in zip(
        *(out.table[c].to_pylist() for c in ("frame_id", "width", "height")), strict=True
    ):
        layers = out.frame(frame_id)
        assert all(layer.shape[:2] == (height, width) for layer in layers.values()), (
            "exactly the input's size"
        )
    assert len(set(out.table["frame_id"].to_pylist())) == len(out)
    told = capsys.readouterr().err
    assert f"{out.errors.num_rows} failed" in told and "Traceback" not in told
    page = (output / "report" / "index.html").read_text()
    assert "<script" not in page.lower()
    facts = json.loads((output / "report" / "summary.json").read_text())
    assert facts["exit_code"] == 3 and len(facts["failures"]) == out.errors.num_rows
