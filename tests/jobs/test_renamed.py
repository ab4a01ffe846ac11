"""An output that was written before columns and options had today's names, and what comes out now: all pixels
and all values are equal but for the names, and a run goes on in it.
"""

from __future__ import annotations

import runpy
import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from animelayers import Output, job
from animelayers.record.former import COLUMNS
from animelayers.samples import scene, write
from animelayers.sinks import dataset
from animelayers.sinks.store import Store
from animelayers.stages.camera import Camera
from animelayers.stages.layers import Layers
from animelayers.stages.track import Track
from tests.jobs.conftest import ROOT, Decompose

BEFORE = Path(__file__).parent / "format2"
MEASURED = (
    "preset=laptop", "~stages.embed_visual", "model/pose=none", "model/faces=none", "model/caption=none",
    "cluster=inline", "cluster.processes=0", "placement.workers=1",
)  # fmt: skip


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the film that the output was made of."""
    folder = tmp_path_factory.mktemp("drawn")
    write([scene(name, 5, (192, 108), 1) for name in ("walk", "pan")], "drawn", folder)
    return folder


def annotate(output: Path) -> int:
    body = runpy.run_path(str(ROOT / "jobs" / "annotate.py"))["annotate"]
    return int(body(job.compose("annotate", [f"source.path={output}", *MEASURED])))


def test_all_but_the_names_is_equal(drawn: Path, decompose: Decompose, tmp_path: Path) -> None:
    exact = "stages.character.step.matte.precision=fp32"  # as where it was written, whatever is faster here
    assert decompose(drawn, tmp_path / "out", exact) == annotate(tmp_path / "out") == 0
    stored = {name for path in BEFORE.rglob("metadata/*.parquet") for name in pq.read_schema(path).names}
    assert {*COLUMNS} <= stored and not {*COLUMNS.values()} & stored
    old, new = Output(str(BEFORE)), Output(str(tmp_path / "out"))
    assert dataset.description(Store(str(BEFORE)))["format"] == 2
    assert dataset.description(Store(new.path))["format"] == dataset.FORMAT == 3
    there = {*old.table.column_names}
    assert there <= {*new.table.column_names} and {*COLUMNS.values()} <= there
    assert list(old) == list(new) and len(new) == 10
    for name in sorted(there):
        if not name.startswith("shard") and not name.endswith(("_offset", "_size", "_xxh3")):
            was, now = old.table[name].combine_chunks(), new.table[name].combine_chunks()
            assert was.type == now.type and was.is_null().equals(now.is_null()), name
            while pa.types.is_list(now.type) or pa.types.is_fixed_size_list(now.type):
                was, now = was.flatten(), now.flatten()
            if pa.types.is_floating(now.type):  # another processor, another last bit
                assert np.allclose(was.to_numpy(False), now.to_numpy(False), 1e-3, 1e-3, equal_nan=True), name
            else:
                assert was.equals(now), name
    for frame in new:
        one, two = old.frame(frame), new.frame(frame)
        assert one.keys() == two.keys()
        for layer in one:
            apart = np.abs(one[layer].astype(int) - two[layer])
            assert apart.mean() < 0.05 and (apart > 2).mean() < 1e-3, (frame, layer)


def test_a_run_goes_on_where_it_was_before(
    drawn: Path, decompose: Decompose, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # names alone are held against each other: what these stages find has changed since, and is never mixed
    monkeypatch.setattr(Camera, "version", 3)
    monkeypatch.setattr(Layers, "version", 2)
    monkeypatch.setattr(Track, "version", 2)
    output = tmp_path / "out"
    shutil.copytree(BEFORE, output)
    plan, film = pq.read_table(output / "plan.parquet"), (drawn / "drawn.mkv").stat()
    for name, value in (("size", film.st_size), ("mtime_ns", film.st_mtime_ns)):  # the same film, drawn anew
        plan = plan.set_column(plan.column_names.index(name), name, pa.array([value] * len(plan)))
    pq.write_table(plan, output / "plan.parquet")
    before = {path: path.read_bytes() for path in output.rglob("*.parquet") if "metadata" in path.parts}
    assert decompose(drawn, output) == annotate(output) == 0
    assert before and all(path.read_bytes() == data for path, data in before.items()), "nothing is done twice"
    (path, *_) = output.glob("metadata/*.parquet")
    clips, rest = {*pq.read_table(path)["clip_id"].to_pylist()}, Output(str(output)).table
    path.unlink()
    assert decompose(drawn, output) == annotate(output) == 0
    now = Output(str(output)).table
    remade = next(each for each in output.glob("metadata/*.parquet") if each not in before or each == path)
    assert {*pq.read_table(remade)["clip_id"].to_pylist()} == clips
    assert "matte_model" in pq.read_schema(remade).names
    assert now.select(["frame_id", "clip_id", "matte_model", "camera_motion"]).equals(
        rest.select(["frame_id", "clip_id", "matte_model", "camera_motion"])
    )
    assert dataset.description(Store(str(output)))["format"] == 3
