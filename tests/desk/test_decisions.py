from __future__ import annotations

import json
import runpy
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import yaml

from animelayers import Output, job
from animelayers.curate import overrides
from animelayers.curate.decide import KNOWN
from animelayers.desk import decisions, shots
from animelayers.desk.correct import Correction, Said
from animelayers.sinks import dataset, parquet
from animelayers.sinks.store import SinkError, Store
from tests.exports.films import film


def a_set(folder: Path) -> Path:
    """A set of 80 drawings, decided by the rules."""
    rng = np.random.default_rng(1)
    count = 80
    table = {
        "frame_id": [f"film/scene0000_frame{i:06d}" for i in range(count)], "strategy": ["segment"] * count,
        "confidence": rng.uniform(0, 1, count), "reasoning": ["Complex background (complexity=0.40)"] * count,
        "complexity": rng.uniform(0, 1, count), "lighting": np.full(count, 0.9), "occlusion": np.full(count, 0.05), "quality": np.full(count, 0.9),
        "sharpness": np.full(count, 0.9), "instance_count": np.ones(count), "shot_size": ["medium"] * count,
    }  # fmt: skip
    store = Store(str(folder / "set"))
    store.folder("")
    store.put(decisions.FILE, "t", parquet.to_bytes(pa.table(table)))
    dataset.describe(store, {"kind": "curated"})
    return folder / "set"


@pytest.fixture
def decided(tmp_path: Path) -> Path:
    return a_set(tmp_path)


def test_decisions_are_kept_beside_the_set(decided: Path) -> None:
    told = decisions.described(str(decided))
    sure = [row["confidence"] for row in told["rows"]]
    assert decisions.is_set(str(decided)) and sure == sorted(sure) and told["counts"]["segment"] == 80
    first, second = told["rows"][0]["frame_id"], told["rows"][1]["frame_id"]
    decisions.say(str(decided), first, "keep_full")
    decisions.say(str(decided), second, "none")
    again = decisions.described(str(decided))
    assert again["said"] == 2 and again["rows"][0]["said"] == "keep_full" and again["counts"]["none"] == 1
    decisions.say(str(decided), first, "")
    assert overrides.read(Store(str(decided))) == {second: "none"}
    for frame, strategy in ((first, "blur"), ("nobody", "segment")):
        with pytest.raises(ValueError, match=r"no strategy|not in the set"):
            decisions.say(str(decided), frame, strategy)
    (decided / overrides.FILE).write_text("{")
    with pytest.raises(SinkError, match="damaged"):
        decisions.described(str(decided))


def test_thresholds_follow_what_a_person_decides(decided: Path) -> None:
    rows = decisions.described(str(decided))["rows"]
    with pytest.raises(ValueError, match="at least 8"):
        decisions.tuned(str(decided))
    for row in rows:  # this person keeps whole what is as complex as 0.6
        decisions.say(str(decided), row["frame_id"], "keep_full" if row["complexity"] < 0.6 else "segment")
    found, path = decisions.tuned(str(decided))
    assert found.taken and found.agreed[1] > 0.9 > found.agreed[0] and found.held >= 8
    assert found.thresholds["simple_background"] == pytest.approx(0.6, abs=0.05)
    assert set(found.changed) == {"simple_background"}, "what nothing asks for stays"
    assert (
        yaml.safe_load(path.read_text())["thresholds"]["simple_background"]
        == found.thresholds["simple_background"]
    )


def test_a_later_curation_follows_them(tmp_path: Path) -> None:
    out = film(tmp_path / "out")
    curate = runpy.run_path(str(job.JOBS / "curate.py"))["curate"]
    words = [
        f"source.path={out}",
        f"output={tmp_path / 'set'}",
        "cluster=inline",
        "cluster.processes=0",
        "placement.workers=1",
        "placement.cpus=0.5",
    ]
    words += ["strategies.enhance_segment.enhancement_steps=[denoise,sharpen]"]
    assert curate(job.compose("curate", [*words, "dry_run=true", "report=false"])) == 0
    rows = decisions.described(str(tmp_path / "set"))["rows"]
    one, two = rows[0]["frame_id"], rows[1]["frame_id"]
    wanted = next(name for name in KNOWN if name not in (rows[0]["strategy"], "create_occlusion"))
    decisions.say(str(tmp_path / "set"), one, wanted)
    decisions.say(str(tmp_path / "set"), two, overrides.NONE)
    assert curate(job.compose("curate", [*words, "report=false"])) == 0, "what a person left out did not fail"
    told = {row["frame_id"]: row for row in decisions.described(str(tmp_path / "set"))["rows"]}
    assert told[one]["strategy"] == wanted and told[one]["reasoning"].startswith("Decided by hand")
    assert told[two]["strategy"] == "none"
    made = set(Output(str(tmp_path / "set")).table["origin"].to_pylist())
    assert two not in made and made == {row["frame_id"] for row in rows} - {two}


def test_what_a_person_corrected_is_trusted(tmp_path: Path) -> None:
    out = film(tmp_path / "out", background="png")
    correction = Correction(Output(str(out)), shots.listed(Output(str(out)))[0])
    correction.say(Said(0, "lasso", [(0.55, 0.4), (0.7, 0.4), (0.7, 0.6), (0.55, 0.6)], 0.01, 0))
    correction.stop(0, 0)
    corrected = correction.save()["changed"]
    curate = runpy.run_path(str(job.JOBS / "curate.py"))["curate"]
    (tmp_path / "scores.json").write_text(json.dumps({"long": "10%", "close-up": "90%"}))
    words = [
        f"source.path={out}",
        f"output={tmp_path / 'set'}",
        "cluster=inline",
        "cluster.processes=0",
        "dry_run=true",
        "report=false",
    ]
    assert curate(job.compose("curate", [*words, f"validation={tmp_path}/scores.json"])) == 0
    table = parquet.read(Store(str(tmp_path / "set")), decisions.FILE).to_pylist()
    assert [row["frame_id"] for row in table if row["trusted"]] == corrected and len(table) == 7
    aimed = (tmp_path / "set/aimed.yaml").read_text()
    assert "# long: scores 10%" in aimed and yaml.safe_load(aimed)["dataset_needs"][
        "long_shot"
    ] == pytest.approx(0.89)
    found, path = decisions.aimed(str(tmp_path / "set"), {"long": 0.1, "close_up": 0.9})
    assert found.text() == aimed == path.read_text(), "the page finds the same"
