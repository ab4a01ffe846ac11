from __future__ import annotations

import logging
import pickle
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from animelayers import Output, job
from animelayers.engine.ledger import Ledger
from animelayers.engine.pipeline import Pipeline
from animelayers.engine.plan import RunPlan
from animelayers.engine.worker import Worker
from animelayers.imaging.recompose import psnr
from animelayers.record.schema import IDENTITY, RECORD, Row, blank, rebatch
from animelayers.samples import scene, write
from animelayers.sinks import Columns, Shards, SinkError, Tree
from animelayers.sources import Files, Layers

RUN = "run"

STORED = Shards("anywhere").takes


@cache
def worker(background: str = "jpeg") -> Worker:
    """The main job's stages but the nets, in one worker."""
    words = [
        "output=nowhere",
        "source.path=nowhere",
        "~stages.character",
        f"stages.encode.step.background={background}",
        "preset=demo",
    ]
    stages = job.stages(job.compose("decompose", [*words, "stages.background.step.provenance=true"]))
    return Worker({name: stage.step for name, stage in stages.items()}, (), Ledger(Path("nowhere"), RUN))


def store(sink: Shards | Tree, clips: list[Row]) -> Path:
    """Clips committed two by two, as workers do."""
    with sink.open(RUN):
        for start in range(0, len(clips), 2):
            sink.write(
                [{k: v for k, v in clip.items() if k in STORED} for clip in clips[start : start + 2]], RUN
            )
        sink.describe({"fingerprints": {}})
    return Path(sink.path)


def made(folder: Path, background: str = "jpeg") -> list[Row]:
    """Clips of a drawn film of two shots and of two stills through the main job's steps, with true mattes."""
    shots = [scene(name, frames=14, size=(192, 108), seed=1) for name in ("fire", "crossing")]
    write(shots, "film", folder)
    write([scene("portrait", frames=2, size=(160, 90), seed=1)], "stills", folder, form="frames")
    truth = {
        "film": np.concatenate([shot.character for shot in shots]),
        "stills": scene("portrait", frames=2, size=(160, 90), seed=1).character,
    }
    source = Files(str(folder), row_bytes=700_000)
    clips = []
    for clip in source.read(source.scan(source.inputs())):
        first = np.unique(clip["drawing"], return_index=True)[1]
        alphas = truth[clip["source"].partition(".")[0].partition("/")[0]][clip["frame_index"][first]]
        net = " ".join("net" if alpha.any() else "none" for alpha in alphas)
        clip |= {
            "character": alphas,
            "matte_model": net,
            "character_confidence": np.full(len(alphas), 0.9, np.float32),
            "seconds": np.zeros(1),
        }
        clip["context_character"] = np.zeros(clip["context"].shape[:3], np.uint8)
        for step in worker(background).steps.values():
            (clip,) = step.run([clip])
        assert not clip["error"], clip["error"]
        clips.append(clip)
    return clips


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> list[Row]:
    return made(tmp_path_factory.mktemp("input"))


@pytest.fixture(scope="module", params=["shards", "tree"])
def output(
    request: pytest.FixtureRequest, clips: list[Row], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The clips as an output of either kind, and one that failed."""
    folder = tmp_path_factory.mktemp(request.param)
    sink = (Shards if request.param == "shards" else Tree)(str(folder))
    names = ("clip_id", "source", "episode", "scene_id")
    if isinstance(sink, Tree):
        import pyarrow as pa

        kinds = {"film.mkv": "video"}
        sink.store.folder("")
        sink.save_plan(
            pa.Table.from_pylist(
                [{**{n: c[n] for n in names}, "kind": kinds.get(c["source"], "image")} for c in clips]
            )
        )
    bad = {name: blank(name) for name in clips[0]} | {
        "clip_id": "film/scene0009/000999",
        "source": "film.mkv",
        "error": "source: bad",
    }
    return store(sink, [*clips, bad])


def read(output: Path, **options: object) -> dict[str, Row]:
    source = Layers(str(output), **options)  # type: ignore[arg-type]
    return {row["clip_id"]: row for row in source.read(source.limited(source.plan()))}


def test_what_was_stored_comes_back(clips: list[Row], output: Path) -> None:
    back = read(output)
    assert list(back) == sorted(clip["clip_id"] for clip in clips), "failed clips stay out"
    stored = Output(str(output))
    ids = dict(
        zip(
            zip(stored.table["clip_id"].to_pylist(), stored.table["frame_index"].to_pylist(), strict=True),
            stored,
            strict=True,
        )
    )
    for clip in clips:
        again = back[clip["clip_id"]]
        assert set(again) == set(Layers(str(output)).columns) and again["error"] == ""
        first = np.unique(clip["drawing"], return_index=True)[1]
        for name, held in RECORD.items():
            if name in again and held.table and name not in ("error", "error_type", "attempt"):
                assert np.array_equal(np.asarray(clip[name]), np.asarray(again[name])), name
                assert np.asarray(again[name]).dtype == np.asarray(clip[name]).dtype or held.dtype == "str", (
                    name
                )
        for name in ("drawing", "provenance", "layer_names", "layer_sizes"):
            assert np.array_equal(clip[name], again[name]), name
        assert clip["layers"] == again["layers"], "byte for byte"
        frames = [ids[clip["clip_id"], index] for index in clip["frame_index"][first]]
        assert np.array_equal(again["background"], [stored.layer(frame, "background") for frame in frames])
        assert np.array_equal(
            again["character"], [stored.layer(frame, "character")[..., 3] for frame in frames]
        )
        for was, now, decibels in zip(clip["frames"], again["frames"], clip["recompose_psnr"], strict=True):
            assert psnr(was, now) == pytest.approx(decibels, abs=0.1), (
                "as far from the frame as the table says"
            )


def test_instances_and_effects_that_no_file_holds(clips: list[Row], output: Path) -> None:
    back = read(output)
    kinds = (
        {"instances.png" in clip["layer_names"] for clip in clips},
        {"effect.png" in clip["layer_names"] for clip in clips},
    )
    assert kinds == ({True, False}, {True, False}), "both kinds are in the sample"
    for clip in clips:
        again = back[clip["clip_id"]]
        if "instances.png" in clip["layer_names"]:
            assert np.array_equal(again["instances"], clip["instances"])
        else:
            assert ((again["instances"] > 0) != (clip["instances"] > 0)).mean() < 0.01 and set(
                np.unique(again["instances"])
            ) <= {0, 1}
        assert np.array_equal(again["effect"], clip["effect"]) or (
            not again["effect"].any() and set(clip["effect_mode"].split()) == {"none"}
        )
        assert again["effect"].shape == (*again["character"].shape, 4)


def test_only_what_is_asked_for_is_decoded(output: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    whole = Output.stored
    monkeypatch.setattr(Output, "stored", lambda self, row, name: seen.append(name) or whole(self, row, name))
    source = Layers(str(output)).giving({"character", "clip_id"})
    rows = list(source.read(source.plan()))
    assert (
        set(seen) == {"character"}
        and not {"frames", "background", "layers"} & set(rows[0])
        and "matte_model" in rows[0]
    )
    assert len(seen) == sum(len(row["character"]) for row in rows), "once per drawing"


def test_a_stage_reads_it_and_the_rest_passes_byte_for_byte(
    clips: list[Row], output: Path, tmp_path: Path
) -> None:
    source, sink = Layers(str(output)), Shards(str(tmp_path / "out"))
    stages = job.stages(job.compose("decompose", ["output=x", "source.path=x"]), ["quality"])
    pipeline = Pipeline(stages)
    pipeline.check(source.columns)
    source = source.giving(pipeline.needs(source.columns, STORED))
    assert {"layers", "layer_names", "layer_sizes"} <= set(source.columns) and not {
        "frames",
        "character",
        "background",
    } & set(source.columns)
    step = stages["quality"].step()
    store(sink, [step.run([row])[0] for row in pickle.loads(pickle.dumps(source)).read(source.plan())])
    one, other = Output(str(output)), Output(str(tmp_path / "out"))
    assert list(one) == list(other)
    for frame in one:
        held = {name for name in one.layers if one.row(frame)[f"{name}_file"]}
        assert {name: one.read(frame, name) for name in held} == {
            name: other.read(frame, name) for name in held
        }
    kept = [name for name in one.table.column_names if name in RECORD]
    assert one.table.select(kept).equals(other.table.select(kept))


def test_rows_make_a_batch(output: Path) -> None:
    batch = rebatch([row for row in read(output).values() if row["frames"].shape[2] == 192])
    assert set(batch) == set(Layers(str(output)).columns)


def test_a_limit_counts_frames(output: Path) -> None:
    back = list(read(output, limit=9).values())
    assert [len(row["frame_index"]) for row in back] == [7, 2] and len(back[1]["frames"]) == back[1][
        "drawing"
    ].max() + 1 <= 2
    with pytest.raises(ValueError, match="above 0"):
        Layers(str(output), limit=0)


def test_row_bytes_grow_to_the_largest_clip(output: Path) -> None:
    source = Layers(str(output), row_bytes=1000)
    source.plan()
    assert source.row_bytes == 4 * 192 * 108 * (3 + 1 + 1 + 4 + 4 + 3 + 1)
    narrow = Layers(str(output), row_bytes=1000).giving({"character"})
    narrow.plan()
    assert narrow.row_bytes == 4 * 192 * 108


@pytest.mark.parametrize("harm", ["zeros", "short", "gone", "swapped"])
def test_damage_is_the_clips_own(clips: list[Row], tmp_path: Path, harm: str) -> None:
    out = store(Shards(str(tmp_path)), clips)
    source = Layers(str(out))
    plan, table = source.plan(), Output(str(out)).table.to_pylist()
    victim = next(row for row in table if row["source"] == "film.mkv" and row["frame_index"] == 0)
    shard = out / "shards" / victim["shard"]
    data = bytearray(shard.read_bytes())
    at, size = victim["character_offset"], victim["character_size"]
    others = [row["clip_id"] for row in table if row["shard"] != victim["shard"]]
    if harm == "zeros":
        data[at + 40 : at + size - 12] = bytes(size - 52)
    elif harm == "short":
        del data[at + size // 2 :]
    elif harm == "swapped":
        still = next(row for row in table if row["source"] != "film.mkv")
        other = (out / "shards" / still["shard"]).read_bytes()[still["character_offset"] :][
            : still["character_size"]
        ]
        data[at : at + size] = other[:size].ljust(size, b"\0")
    shard.write_bytes(data) if harm != "gone" else shard.unlink()
    back = {row["clip_id"]: row for row in source.read(plan)}
    bad = {clip for clip, row in back.items() if row["error"]}
    together = {row["clip_id"] for row in table if row["shard"] == victim["shard"]}
    assert (
        bad == ({victim["clip_id"]} if harm in ("zeros", "swapped") else together)
        and set(others) <= set(back) - bad
    )
    broken = back[victim["clip_id"]]
    assert broken["error"].startswith("source: ") and broken["error_type"] and broken["frames"].size == 0
    rebatch(list(back.values()))


def test_a_plan_row_that_went_wrong_passes(output: Path) -> None:
    source = Layers(str(output))
    (row,) = source.read(
        [{**source.plan().to_pylist()[0], "error": "decode: killed its worker", "error_type": "Poisonous"}]
    )
    assert (
        row["error"] == "decode: killed its worker"
        and row["frames"].size == 0
        and set(row) == set(source.columns)
    )


def test_the_plan_names_kinds_and_is_the_same_twice(output: Path) -> None:
    plan = Layers(str(output)).plan()
    assert plan.equals(Layers(str(output)).plan())
    assert set(zip(plan["source"].to_pylist(), plan["kind"].to_pylist(), strict=True)) >= {
        ("film.mkv", "video")
    }
    assert {row["kind"] for row in plan.to_pylist() if row["source"] != "film.mkv"} == {"image"}
    assert all(name in IDENTITY for name in ("clip_id", "source")) and not any(plan["error"].to_pylist())


def test_a_clip_made_again_is_noticed(clips: list[Row], tmp_path: Path) -> None:
    out, sink = store(Shards(str(tmp_path / "one")), clips), Shards(str(tmp_path / "two"))
    sink.store.folder("")
    first = RunPlan.of_clips(Layers(str(out)).plan(), sink)
    assert first.changed == [] and first.unscanned == []
    sink.save_plan(first.table)
    again = Shards(str(out))
    victim = clips[0]
    again.forget([victim["clip_id"]])
    sizes, data = victim["layer_sizes"].copy(), victim["layers"] + b"\0"
    sizes[-1, -1] += 1
    with again.open(RUN):
        again.write(
            [{k: v for k, v in (victim | {"layers": data, "layer_sizes": sizes}).items() if k in STORED}], RUN
        )
    second = RunPlan.of_clips(Layers(str(out)).plan(), sink)
    assert second.changed == [victim["clip_id"]] and second.outdated == []
    sink.save_plan(second.table)
    assert RunPlan.of_clips(Layers(str(out)).plan(), sink).changed == [victim["clip_id"]], "told again"
    third = RunPlan.of_clips(Layers(str(out)).plan(), sink, redo_changed=True)
    assert third.changed == [] and third.outdated == [victim["clip_id"]]
    sink.save_plan(third.table)
    assert RunPlan.of_clips(Layers(str(out)).plan(), sink).changed == []


def test_a_folder_that_is_no_output(tmp_path: Path) -> None:
    with pytest.raises(SinkError, match=r"give source.path the folder a job wrote into"):
        _ = Layers(str(tmp_path)).columns


def test_a_remote_output(clips: list[Row], tmp_path: Path) -> None:
    fsspec = pytest.importorskip("fsspec")
    out = store(Shards(str(tmp_path)), clips[-2:])
    remote = fsspec.filesystem("memory")
    remote.put(str(out), "/layers_remote", recursive=True)
    source = Layers("memory://layers_remote")
    assert [row["error"] for row in source.read(source.plan())] == ["", ""]
    remote.rm("/layers_remote", recursive=True)


def annotate(path: Path, name: str, some: list[Row], **values: object) -> None:
    """A set of annotations, one value for all drawings of some clips."""
    sink, rows = Columns(str(path), name, values), []
    for clip in some:
        count = int(clip["drawing"].max()) + 1
        made = {
            column: RECORD[column].gather([value] * count) if RECORD[column].axes else value
            for column, value in values.items()
        }
        rows.append({column: value for column, value in {**clip, **made}.items() if column in sink.takes})
    with sink.open(RUN):
        sink.write(rows, RUN)


def told(path: Path, *wanted: str) -> dict[str, Row]:
    # as a worker has it
    source = pickle.loads(pickle.dumps(Layers(str(path)).knowing(wanted).giving(wanted)))
    return {row["clip_id"]: row for row in source.read(Layers(str(path)).plan())}


def test_what_annotations_know_of_all_frames_comes_along_and_the_last_set_by_name_counts(
    output: Path, clips: list[Row]
) -> None:
    annotate(output, "first", clips, mood="glad", sharpness=0.25, keypoints=np.arange(6), skeleton="coco17")
    annotate(output, "second", clips, mood="tröstlich, 寂しい", letterbox=[0, 1, 2, 3])
    rows = told(output, "mood", "sharpness", "letterbox", "keypoints", "skeleton", "quality")
    assert set(rows) == {clip["clip_id"] for clip in clips} and not any(row["error"] for row in rows.values())
    for clip in clips:
        row, drawings = rows[clip["clip_id"]], int(clip["drawing"].max()) + 1
        assert RECORD["mood"].per_drawing(row["mood"]) == ["tröstlich, 寂しい"] * drawings
        assert (
            row["sharpness"].tolist() == [0.25] * drawings
            and row["letterbox"].tolist() == [[0, 1, 2, 3]] * drawings
        )
        assert (
            row["keypoints"].shape == (drawings, 6)
            and row["skeleton"] == "coco17"
            and not {"quality", "frames"} & set(row)
        )
    assert not {"mood", "sharpness"} & set(Layers(str(output)).columns), "nothing that nobody asked for"


def test_what_annotations_know_of_some_frames_only_is_not_used(
    output: Path, clips: list[Row], caplog: pytest.LogCaptureFixture
) -> None:
    annotate(output, "part", clips[:1], place="outdoor")
    with caplog.at_level(logging.WARNING):
        assert "place" not in Layers(str(output)).knowing(["place"]).columns
    assert "annotations do not know it of all frames: place" in caplog.text
