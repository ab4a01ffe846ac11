from __future__ import annotations

import re
import time
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
import pytest

from animelayers.engine import forecast
from animelayers.engine.ledger import Ledger
from animelayers.engine.pipeline import Pipeline
from animelayers.engine.placement import GB, PipelineError, Resources, Stage
from animelayers.engine.step import FrameStep
from animelayers.models.net import Net
from animelayers.record.column import U8
from animelayers.record.schema import rebatch
from animelayers.sources import Files
from tests.steps import DECODED, Brightness, Faulty, Inverted, clip

TWO = Resources(cpus=2, gpus=0, memory=16 * GB)


def stage(step: Any, **placement: Any) -> Stage:
    return Stage(step, **{"cpus": 0.5, **placement})


def through(
    pipeline: Pipeline, rows: list[dict[str, Any]], folder: Path, limit: float = 0
) -> dict[str, dict[str, Any]]:
    """Rows through Ray, each in a block of its own, by clip id."""
    import ray.data

    from animelayers.record.schema import unbatch

    blocks = [ray.data.from_numpy(np.array([i])) for i in range(len(rows))]
    clips = (
        blocks[0]
        .union(*blocks[1:])
        .map_batches(lambda b: rebatch([rows[int(i)] for i in b["data"]]), num_cpus=0.25)
    )
    keep = ("character", "matte_model", "background", "background_seen", "character_confidence")
    out = pipeline(clips, pipeline.fit(TWO), DECODED, Ledger(folder, "run", limit), keep)
    return {str(row["clip_id"]): row for batch in out.iter_batches(batch_size=None) for row in unbatch(batch)}


def test_a_column_nobody_writes_is_named() -> None:
    with pytest.raises(
        PipelineError, match=re.escape("stage inverted reads ['character'], which nothing before it writes")
    ):
        Pipeline({"inverted": stage(partial(Inverted))}).check(DECODED)


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (partial(Brightness, labell="x"), "Brightness has no option 'labell'; did you mean 'label'?"),
        (partial(Faulty), "Faulty needs fault"),
        (
            partial(Faulty, fault=partial(Brightness, lable=1)),
            "stage s, fault: Brightness has no option 'lable'",
        ),
    ],
)
def test_misspelt_options_are_refused_with_the_nearest_right_one(made: Any, message: str) -> None:
    with pytest.raises(PipelineError, match=re.escape(message)):
        Pipeline({"s": stage(made)}).check(DECODED)


def test_two_one_cpu_pools_on_two_cores_are_refused_with_numbers() -> None:
    pipeline = Pipeline({"a": stage(partial(Brightness), cpus=1), "b": stage(partial(Inverted), cpus=1)})
    with pytest.raises(PipelineError, match=r"need 2\.25 CPUs and there are 2 .*a 1 x 1 CPU.*b 1 x 1 CPU"):
        pipeline.check(DECODED, TWO)


def test_the_same_two_pools_fit_when_fused() -> None:
    pipeline = Pipeline(
        {"a": stage(partial(Brightness), cpus=1, fuse="p"), "b": stage(partial(Inverted), cpus=1, fuse="p")}
    )
    (group,) = pipeline.fit(TWO)
    assert group.name == "a+b" and group.workers == 1


def test_pools_grow_to_what_there_is() -> None:
    pipeline = Pipeline({"a": stage(partial(Brightness), workers=(1, 99), cpus=0.5)})
    assert pipeline.fit(Resources(8, 0, 64 * GB))[0].workers == 15
    assert pipeline.fit(Resources(8, 0, 4.5 * GB))[0].workers == 4


def test_gpus_and_memory_are_counted() -> None:
    with pytest.raises(PipelineError, match="need 1 GPUs and there are 0"):
        Pipeline({"a": stage(partial(Brightness), gpus=1)}).fit(TWO)
    with pytest.raises(PipelineError, match=r"about 3\.8 GB of memory and there are 2\.0"):
        Pipeline({"a": stage(partial(Brightness))}).fit(Resources(2, 0, 2 * GB), row_bytes=500_000_000)
    alone = Pipeline({"a": stage(partial(Brightness))}, readers=0)
    with pytest.raises(PipelineError, match=r"commits of 1000 MB\): lower workers, sink\.commit_bytes"):
        alone.fit(Resources(2, 0, 2 * GB), commit_bytes=1e9)


def test_fused_stages_give_the_same_as_stages_apart_and_share_a_process(
    ray_here: object, tmp_path: Path
) -> None:
    rows = [clip(1, 3), clip(2, 1, (4, 10)), clip(9)]
    apart = through(
        Pipeline({"a": stage(partial(Brightness)), "b": stage(partial(Inverted))}), rows, tmp_path
    )
    fused = through(
        Pipeline({"a": stage(partial(Brightness), fuse="p"), "b": stage(partial(Inverted), fuse="p")}),
        rows,
        tmp_path,
    )
    assert apart.keys() == fused.keys() == {row["clip_id"] for row in rows}
    for clip_id in apart:
        for column in ("character", "matte_model", "background"):
            assert np.array_equal(apart[clip_id][column], fused[clip_id][column])
    assert "frames" not in apart[rows[0]["clip_id"]], "a column is dropped after its last reader"


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("abort", "killed its worker 3 times"),
        ("hang", "killed its worker 3 times"),
        ("raise", "cannot bear a seven"),
    ],
)
def test_a_clip_that_kills_or_hangs_its_worker_is_quarantined(
    fault: str, message: str, ray_here: object, tmp_path: Path
) -> None:
    rows = [clip(n) for n in (1, 2, 7, 4)]
    out = through(
        Pipeline({"bad": stage(partial(Faulty, fault=fault))}),
        rows,
        tmp_path,
        limit=1 if fault == "hang" else 0,
    )
    assert len(out) == 4, "none lost, none twice"
    errors = {clip_id: row["error"] for clip_id, row in out.items() if row["error"]}
    assert errors == {"film/scene0007/000000": f"{'bad' if fault != 'raise' else 'faulty'}: {message}"}
    assert not list(tmp_path.iterdir()), "no mark stays"


class Mean(NamedTuple):
    background_seen: list[float]


class Convolved(FrameStep):
    """The mean of each drawing, after a torch net."""

    name = "convolved"

    def __init__(self) -> None:
        torch = pytest.importorskip("torch")
        self.net = Net(torch.nn.Conv2d(3, 64, 9), device="cpu", batch=3)

    def frames(self, *, frames: list[U8]) -> Mean:
        time.sleep(0.2)  # whatever else the machine does meanwhile, this stage is the slow one
        return Mean(
            [self.net(picture.transpose(2, 0, 1)[None].astype(np.float32))[0].mean() for picture in frames]
        )


def test_the_plan_of_a_run_times_its_first_clip_and_names_what_bounds_it(tmp_path: Path) -> None:
    picture = np.random.default_rng(0).integers(0, 255, (64, 96, 3), np.uint8)
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "0.png").write_bytes(b"no picture")
    cv2.imwrite(str(tmp_path / "a" / "1.png"), picture)
    pipeline = Pipeline({"quick": stage(partial(Brightness)), "slow": stage(partial(Convolved))})
    made, reading, costs = forecast.plan(Files(str(tmp_path)), pipeline, pipeline.fit(TWO), ("character",))
    assert len(made["frame_index"]) == 1 and reading > 0
    assert [cost.group.name for cost in costs] == ["quick", "slow"] and costs[1].nets == (
        "Convolved on cpu, 3 at once",
    )
    text = forecast.described(made, reading, costs, readers=0)
    assert re.search(r"expected  [\d.]+ frames/s, bound by slow", text) and "1 x (0.5 CPU, 0 GPU)" in text
    assert "whole source" not in text
    text = forecast.described(made, reading, costs, readers=0, whole=(12, 36000.0), price=2.5)
    hours = float(re.search(r"12 inputs of about 36,000 frames: ([\d.]+) hours", text)[1])  # type: ignore[index]
    cost = float(re.search(r"cost  ([\d.]+) at 2\.5 an hour", text)[1])  # type: ignore[index]
    assert cost == pytest.approx(2.5 * hours, rel=0.06)
    with pytest.raises(PipelineError, match=r"stage s fails on the first clip, .*cannot bear"):
        bad = Pipeline({"s": stage(partial(Faulty, fault="raise", at=int(picture[0, 0, 2])))})
        forecast.plan(Files(str(tmp_path)), bad, bad.fit(TWO))
    (tmp_path / "a" / "1.png").write_bytes(b"no picture either")
    with pytest.raises(PipelineError, match="no clip that can be read"):
        forecast.plan(Files(str(tmp_path)), pipeline, pipeline.fit(TWO))
